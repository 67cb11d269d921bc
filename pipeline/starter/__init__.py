"""The starter model: a loopback server that speaks Ollama's protocol over llama.cpp, for when there is no Ollama.

It runs in a process of its own (`python -m pipeline.starter --port N`), because one that has loaded llama.cpp must
never be forked, and it imports neither Django nor anything else of ours. The application reaches it only through
the Ollama client, so the toy and the real thing are one code path.
"""
