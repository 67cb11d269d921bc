"""OpenAI's models, and any server that speaks its protocol (chat completions): vLLM, llama.cpp, LM Studio, a gateway."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from content.errors import ExternalError

from . import hosted
from .base import Chunk, Declined, ModelCard, Provider, Reply, Request
from .catalogue import context, is_openais_own, profile

ADDRESS = "https://api.openai.com/v1"
# OpenAI lists everything it has; these write text.
WRITES = re.compile(r"^(gpt-[3-9]|chatgpt-|o[1-9])")
OTHER_TRADES = re.compile(r"audio|realtime|image|tts|transcribe|translate|search|instruct|codex|research|live|cyber")
# What strict mode does not hold a text to; it stays as a hint in the description, and is checked here afterwards.
HINTS = {"minLength": "At least {} characters.", "maxLength": "At most {} characters."}
UNSAID = {"title", "default", *HINTS}


class OpenAI:
    name = "openai"

    def configured(self) -> bool:
        return bool(settings.OPENAI_API_KEY or settings.OPENAI_BASE_URL)

    def stream(self, request: Request) -> Iterator[Chunk]:
        began, vendor = time.monotonic(), _vendor()
        parts: list[str] = []
        refused, digest, reason = "", "", None
        tokens_in = tokens_out = 0
        with hosted.speaking(vendor, request.model), _ask(vendor, request) as answer:
            for part in answer:
                digest = digest or "/".join(filter(None, [part.model, getattr(part, "system_fingerprint", None)]))
                if part.usage:
                    tokens_in, tokens_out = part.usage.prompt_tokens or 0, part.usage.completion_tokens or 0
                for choice in (part.choices or [])[:1]:
                    refused += getattr(choice.delta, "refusal", None) or ""
                    reason = choice.finish_reason or reason
                    if text := choice.delta.content or "":
                        parts.append(text)
                        yield Chunk(text)
        text = "".join(parts)
        if reason == "content_filter" or refused:
            why = f": {refused[:200]}" if refused else ", its content filter stopped it."
            raise Declined(f"{vendor.title} declined to write this{why}")
        if reason is None:
            raise ExternalError("The model stopped in the middle of its answer.", retryable=True)
        yield Chunk(
            reply=Reply(
                text=text,
                model=request.model,
                provider=self.name,
                digest=digest,
                # A server that does not count is believed to speak in tokens of four letters.
                tokens_in=tokens_in or sum(len(message["content"]) for message in request.messages) // 4,
                tokens_out=tokens_out or len(text) // 4,
                seconds=time.monotonic() - began,
                cut=reason == "length",
            )
        )

    def models(self) -> list[ModelCard]:
        vendor = _vendor()
        with hosted.speaking(vendor):
            rows = list(_client(vendor).models.list(timeout=hosted.timeout(vendor, hosted.LIST_SECONDS)).data)
        names = [row.id for row in rows]
        if is_openais_own():
            names = [name for name in names if WRITES.match(name) and not OTHER_TRADES.search(name)]
        return [
            ModelCard(name=name, provider=self.name, digest=name, context=context(name, self.name))
            for name in sorted(names)
        ]


def _vendor() -> hosted.Vendor:
    where = urlsplit(settings.OPENAI_BASE_URL).netloc.rpartition("@")[2]
    title = "OpenAI" if is_openais_own() else f"The model server at {where}"
    return hosted.Vendor(title, "openai", "OPENAI_API_KEY")


def _client(vendor: hosted.Vendor) -> Any:
    key = settings.OPENAI_API_KEY
    if not key and is_openais_own():
        raise ExternalError("There is no key for OpenAI. Set OPENAI_API_KEY and start again.", retryable=False)
    hosted.sdk(vendor)
    return _connected(settings.OPENAI_BASE_URL or ADDRESS, key or "none", os.getpid())


@lru_cache(maxsize=4)
def _connected(address: str, key: str, pid: int) -> Any:
    """One connection pool a process; `pid` keeps a forked worker from using its parent's."""
    from openai import OpenAI as Client

    return Client(base_url=address, api_key=key, max_retries=0)


def _ask(vendor: hosted.Vendor, request: Request) -> Any:
    client, known, own = _client(vendor), profile(request.model, "openai"), is_openais_own()
    cap = request.max_tokens + known.thinks

    def build(unfit: frozenset[str]) -> tuple[dict[str, Any], dict[str, str]]:
        settled: dict[str, Any] = {}
        optional: dict[str, str] = {}

        def offer(name: str, value: Any, words: str = "") -> bool:
            if name not in unfit:
                settled[name] = value
                optional[name] = words or name
            return name not in unfit

        messages = [dict(message) for message in request.messages]
        offer("stream_options", {"include_usage": True})
        if known.samples:
            offer("temperature", request.temperature)
            if request.seed is not None:
                offer("seed", request.seed)
        if known.thinks:
            offer("reasoning_effort", "low")
        if request.stop:
            offer("stop", list(request.stop), "'stop' \"stop\"")
        # OpenAI has given the older name up, most other servers know no other.
        first, second = ("max_completion_tokens", "max_tokens") if own else ("max_tokens", "max_completion_tokens")
        if not offer(first, cap):
            offer(second, cap)
        if request.schema is not None:
            _shape(request.schema, unfit, settled, optional, messages)
        settled |= {"model": request.model, "messages": messages, "stream": True}
        return settled, optional

    def call(**wanted: Any) -> Any:
        return client.chat.completions.create(**wanted, timeout=hosted.timeout(vendor, request.timeout))

    return hosted.ask(vendor, (str(client.base_url), request.model), build, call)


def _shape(
    schema: Mapping[str, Any],
    unfit: frozenset[str],
    settled: dict[str, Any],
    optional: dict[str, str],
    messages: list[dict[str, str]],
) -> None:
    """Ask for the schema itself; where that is refused, for JSON with the schema in the prompt; then by prompt alone."""
    if "json_schema" not in unfit:
        shape = {"name": "answer", "schema": strict(schema), "strict": True}
        settled["response_format"] = {"type": "json_schema", "json_schema": shape}
        optional["json_schema"] = f"response_format json_schema schema grammar {hosted.ANY}"
        return
    told = f"Answer with one JSON object, and nothing else, that fits this JSON Schema:\n{json.dumps(dict(schema))}"
    messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{told}"}
    if "json_object" not in unfit:
        settled["response_format"] = {"type": "json_object"}
        optional["json_object"] = "response_format json_object"


def strict(schema: Any) -> Any:
    """The schema as strict mode takes it: every field is required and no other allowed; what it cannot hold a text to
    becomes a hint."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}  # nothing may stand beside it
    made = {name: strict(part) for name, part in schema.items() if name not in UNSAID and name not in NAMED}
    for name in NAMED & schema.keys():
        made[name] = {field: strict(part) for field, part in schema[name].items()}
    if hints := [text.format(schema[name]) for name, text in HINTS.items() if name in schema]:
        made["description"] = " ".join([*filter(None, [str(schema.get("description", ""))]), *hints])
    if "properties" in made:
        made |= {"required": list(made["properties"]), "additionalProperties": False}
    return made


NAMED = {"properties", "$defs"}  # their keys are names of ours, not words of JSON Schema


provider: Provider = OpenAI()
