"""What every image source takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """What is asked of a source. `title` and `seed` settle the picture; the rest is what stands on or behind it."""

    title: str
    seed: int = 0
    category: str = ""
    site: str = ""


@dataclass(frozen=True)
class Made:
    """A finished picture: WebP bytes, its size in pixels, the seconds it took and how to make it again.

    `alt` is a proposal that a person may better; `credit` is the line the licence asks for.
    """

    image: bytes
    width: int
    height: int
    seconds: float
    provenance: dict[str, Any] = field(default_factory=dict)
    alt: str = ""
    credit: str = ""


def unheard(step: int, steps: int) -> None:
    """For callers that do not listen to progress and cannot cancel."""


class Make(Protocol):
    """A source's one function.

    `at_step(step, steps)` is called as the work goes on; what it raises ends the work (that is how it is
    cancelled) and reaches the caller as it is.
    """

    def __call__(self, request: Request, *, at_step: Callable[[int, int], None] = unheard) -> Made: ...
