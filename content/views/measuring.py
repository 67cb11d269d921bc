"""A text's figures beside their limits, its broken rules and how it will look, for the page and while one types.

All of it comes from the platform itself, the same code that the checks judge by, so no two figures can disagree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from content.models import Piece
from content.platforms import Copy, Measure, Platform

PLAIN = "content/previews/plain.html"  # for a platform without a preview of its own
WIDTH = 200  # of a scale, in the units of its drawing


@dataclass(frozen=True)
class Scale:
    """One measure in words and as a drawing: a line with a notch at each limit and a bar as long as the value."""

    measure: Measure

    @property
    def value(self) -> str:
        return self._figure(self.measure.value)

    @property
    def rest(self) -> str:
        """What stands after the value: “of 150 to 300 words”, “of 280 characters”, “sections, at least 3”, “words”."""
        low, high, unit = self.measure.low, self.measure.high, self.measure.unit
        if high is not None:
            return f"of {'' if low is None else f'{self._figure(low)} to '}{self._figure(high)} {unit}".rstrip()
        return unit if low is None else f"{unit}, at least {self._figure(low)}".lstrip(", ")

    @property
    def off(self) -> str:
        """By how much it is out of its limits: “12 too few”; nothing where it keeps them."""
        value, low, high = self.measure.value, self.measure.low, self.measure.high
        if low is not None and value < low:
            return f"{self._figure(low - value)} too few"
        if high is not None and value > high:
            return f"{self._figure(value - high)} too many"
        return ""

    @property
    def name(self) -> str:
        """What it is a figure of, where that is not in the figure already."""
        return "" if self.measure.label.lower() in self.measure.unit else self.measure.label

    @property
    def fate(self) -> str:
        """`keeps`, or for what is out: `breaks` a rule, or only `strays` from what was asked."""
        return "keeps" if self.measure.keeps else "breaks" if self.measure.hard else "strays"

    @property
    def bar(self) -> int:
        return self._at(self.measure.value)

    @property
    def notches(self) -> list[int]:
        low, high = self.measure.low, self.measure.high
        return [self._at(limit) for limit in (low, high) if limit]

    @property
    def _end(self) -> float:
        """What the whole line stands for: room for the limits, and for a value that is out of them."""
        low, high = self.measure.low or 0, self.measure.high or 0
        return max(high * 1.15, low * 1.6, self.measure.value) or 1

    def _at(self, value: float) -> int:
        return round(WIDTH * min(max(value, 0), self._end) / self._end)

    def _figure(self, number: float) -> str:
        """Whole numbers whole; else as many decimals as it takes to tell it from its limits."""
        if number == int(number):
            return f"{int(number):,}"
        value, low, high = self.measure.value, self.measure.low, self.measure.high
        off = max((low or value) - value, value - (high or value), 0)
        return f"{number:,.{min(max(1, math.ceil(-math.log10(off))), 6) if off else 1}f}"


class Measured:
    """One text of a piece, measured against its platform's rules and what was asked of it."""

    def __init__(self, piece: Piece, title: str, body: str) -> None:
        self.piece, self.title, self.body = piece, title, body
        self.platform: Platform = piece.on
        self.byline = piece.owner.byline
        self.initial = piece.owner.initials[:1]

    @cached_property
    def scales(self) -> list[Scale]:
        return [Scale(measure) for measure in self.platform.measures(self.title, self.body, self.piece.asked)]

    @property
    def main(self) -> Scale | None:
        """The one that is never out of sight: the first that breaks a rule or strays, else the first of all; of a
        thread's posts the fullest."""
        if out := [scale for fate in ("breaks", "strays") for scale in self.scales if scale.fate == fate]:
            return out[0]
        like_the_first = [s for s in self.scales if s.measure.unit == self.scales[0].measure.unit]
        return max(like_the_first, key=lambda scale: scale.measure.value, default=None)

    @cached_property
    def faults(self) -> list[str]:
        """Every broken rule, in the words of the check."""
        return self.platform.faults(self.title, self.body, self.piece.asked)

    @property
    def said(self) -> str:
        """The verdict in a sentence, to be read out when it changes."""
        if self.faults:
            more = len(self.faults) - 1
            return f"{self.faults[0]} {more} more rule{'s' * (more > 1)} broken." if more else self.faults[0]
        strays = [f" {scale.measure.label}: {scale.off}." for scale in self.scales if scale.fate == "strays"]
        return f"Keeps every rule of {self.platform.name}.{''.join(strays)}"

    @property
    def template(self) -> str:
        """The template of its preview; nothing where it is an article on our own site."""
        return self.platform.preview or ("" if self.platform.public else PLAIN)

    @cached_property
    def look(self) -> dict[str, Any]:
        return self.platform.look(self.title, self.body)

    @cached_property
    def copies(self) -> list[Copy]:
        return self.platform.copies(self.title, self.body)
