"""The names of providers, and those by which their models are asked for."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

# These files are not providers themselves.
_SHARED = {
    "base",
    "bucket",
    "calling",
    "catalogue",
    "embedding",
    "filler",
    "gate",
    "hosted",
    "naming",
    "session",
    "waiting",
}
NAMES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py") if path.stem not in _SHARED))


def resolve(name: str) -> tuple[str, str]:
    """(provider, model) of “anthropic/claude-sonnet-5-5”; a name without a provider's is the default provider's, and no
    name the default model. Ollama's own names may have a slash."""
    name = name.strip() or settings.MODEL
    prefix, _, model = name.partition("/")
    return (prefix, model) if model and prefix in NAMES else (settings.PROVIDER, name)


def called(provider: str, model: str) -> str:
    """The shortest name that `resolve` takes for this model."""
    return model if resolve(model) == (provider, model) else f"{provider}/{model}"
