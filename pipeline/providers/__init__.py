"""Model providers: one file each, found by name. `get("ollama")` is `pipeline/providers/ollama.py`'s `provider`."""

from __future__ import annotations

from importlib import import_module

from content.errors import Invalid

from .base import Provider

# These files are not providers themselves.
_SHARED = {"base", "catalogue", "session"}


def get(name: str) -> Provider:
    """The provider called `name`, imported when it is first asked for."""
    if not name.isidentifier() or name in _SHARED:
        raise Invalid(f"There is no model provider called “{name}”.")
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise Invalid(f"There is no model provider called “{name}”.") from error
    provider: Provider = module.provider
    return provider
