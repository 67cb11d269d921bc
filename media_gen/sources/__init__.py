"""Where pictures come from: one module each, with a function `make(request) -> Iterator[Made]` and what is to be said
`about` it. Found by name."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .base import About, Make

NAMES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"))


def get(name: str) -> Make:
    """The `make` of `media_gen/sources/<name>`. `name` comes from our own code or rows, never from a request."""
    make: Make = import_module(f"{__name__}.{name}").make
    return make


def about(name: str) -> About:
    """What `media_gen/sources/<name>` says of itself; it loads nothing heavy. `name` as above."""
    said: About = import_module(f"{__name__}.{name}").about
    return said
