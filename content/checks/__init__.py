"""Deterministic checks, one file each; a new file that exposes `check` is found by itself."""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from content.platforms import Ask

from .base import THRESHOLD, Check, Finding, Report


def _discover() -> dict[str, Check]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found: list[Check] = [module.check for module in modules if hasattr(module, "check")]
    return {check.name: check for check in found}


ALL: dict[str, Check] = _discover()


def run(title: str, body: str, ask: Ask, *, extra: Sequence[Finding] = (), threshold: float = THRESHOLD) -> Report:
    """What every check that makes sense on the asked platform says, with findings made elsewhere added."""
    found = [
        check.check(title, body, ask)
        for check in ALL.values()
        if check.platforms is None or ask.platform in check.platforms
    ]
    return Report.of((*found, *extra), threshold)


__all__ = ["ALL", "THRESHOLD", "Ask", "Check", "Finding", "Report", "run"]
