"""An image source that a test tells what to do: found by its name like the others, quick, and private to the test."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from drawn import picture

from content.errors import ExternalError
from media_gen import sources
from media_gen.sources.base import About, AtStep, Made, Request, unheard


class Painter:
    """Gives its pictures in batches of `at_once`, after `steps` steps each; `after_step` is called after each of them."""

    def __init__(self) -> None:
        self.about = About("Painter", "Fetching the brushes", by_prompt=True, by_negative=True, on_device=True)
        self.asked: list[Request] = []
        self.steps, self.at_once, self.gives = 3, 1, 8
        self.after_step: Any = None
        self.fails: ExternalError | None = None

    def make(self, request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]:
        self.asked.append(request)
        if self.fails:
            raise self.fails
        for first in range(0, min(request.count, self.gives), self.at_once):
            many = min(self.at_once, request.count - first)
            for step in range(self.steps + 1):
                at_step(step, self.steps, many)
                if self.after_step:
                    self.after_step(first, step)
            for number in range(first, first + many):
                yield painted(request, request.seed + number)


def painted(request: Request, seed: int) -> Made:
    how = {
        "seed": seed,
        "prompt": request.prompt,
        "negative": request.negative,
        "steps": 3,
        "photographer": "Oana Craciun",
    }
    kept = io.BytesIO()
    picture(seed=seed).save(kept, "webp", lossless=True)
    return Made(kept.getvalue(), 64, 40, 0.1, how, alt=f"What seed {seed} shows", credit="Photo by Oana")


def install(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """Make it known to this process as the source `painter`, for the length of a test."""
    source = Painter()
    monkeypatch.setitem(sys.modules, "media_gen.sources.painter", source)
    monkeypatch.setattr(sources, "NAMES", (*sources.NAMES, "painter"))
    return source
