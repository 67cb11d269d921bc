"""Where posts are published beside our own site: one module for each kind of target, with a function
`targets() -> list[Publisher]` of those that the settings name. Found by name, imported when they are first asked for."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from content.errors import CopydeskError

from .base import Publisher

KINDS = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "base"))


def targets() -> list[Publisher]:
    """Every target that is set up here, by name."""
    return [target for kind in KINDS for target in import_module(f"{__name__}.{kind}").targets()]


def get(name: str) -> Publisher:
    """The target of that name; a refusal when it is not set up any more."""
    for target in targets():
        if target.name == name:
            return target
    raise CopydeskError(f"{name} is not set up here any more. Its article there is left as it is.", code="no_target")
