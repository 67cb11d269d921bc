"""Where pictures come from: one module each, with a function `make(request) -> Iterator[Made]`. Found by name."""

from __future__ import annotations

from importlib import import_module

from .base import Make


def get(name: str) -> Make:
    """The `make` of `media_gen/sources/<name>`. `name` comes from our own code or rows, never from a request."""
    make: Make = import_module(f"{__name__}.{name}").make
    return make
