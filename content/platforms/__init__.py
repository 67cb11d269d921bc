"""The places a text can go to, one file each. A new file that exposes `platform` is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from .base import Ask, Beat, Copy, Measure, Platform


class UnknownPlatform(KeyError):
    """No file here answers to that slug."""

    def __str__(self) -> str:
        return str(self.args[0])


def _discover() -> dict[str, Platform]:
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    found: list[Platform] = [module.platform for module in modules if hasattr(module, "platform")]
    return {platform.slug: platform for platform in found}


ALL: dict[str, Platform] = _discover()


def get(slug: str) -> Platform:
    """The platform of that slug; `UnknownPlatform`, a `KeyError`, names those there are."""
    try:
        return ALL[slug]
    except KeyError:
        raise UnknownPlatform(f"There is no platform “{slug}”. There are: {', '.join(sorted(ALL))}.") from None


__all__ = ["ALL", "Ask", "Beat", "Copy", "Measure", "Platform", "UnknownPlatform", "get"]
