"""The calibration curve as a drawing: where everything of it stands, in the units of its viewBox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

from content.services.calibration import Band, Curve

LEFT, RIGHT, TOP, BOTTOM = 60, 820, 40, 290
TALLEST = 36  # bar
ROOM = 80  # of the words beside a dot


@dataclass(frozen=True)
class Dot:
    """A band: its dot, its interval from `low` up to `high`, its bar, and where its words stand."""

    band: Band
    x: float
    y: float
    low: float
    high: float
    bar: float
    is_left: bool

    @property
    def bar_x(self) -> float:
        return round(self.x - 9, 1)

    @property
    def bar_y(self) -> float:
        return round(BOTTOM - self.bar, 1)

    @property
    def words_x(self) -> float:
        return round(self.x + (-11 if self.is_left else 11), 1)

    @property
    def words_y(self) -> float:
        """Above the dot on its left, below it on its right: there a rising line leaves room."""
        return round(max(self.y - 9, TOP - 6) if self.is_left else min(self.y + 17, BOTTOM - 6), 1)


@dataclass(frozen=True)
class Tick:
    at: float
    says: str


@dataclass(frozen=True)
class Drawing:
    """One curve, from a whole point below its lowest score and the mark to one above the highest."""

    curve: Curve
    first: int
    last: int

    def x(self, score: float) -> float:
        return round(LEFT + (score - self.first) / (self.last - self.first) * (RIGHT - LEFT), 1)

    @property
    def dots(self) -> list[Dot]:
        bands = self.curve.bands
        most = max(band.count for band in bands)
        return [
            Dot(
                band,
                self.x(band.score),
                _y(band.share.value),
                _y(band.share.low),
                _y(band.share.high),
                max(round(band.count / most * TALLEST, 1), 1),
                band.score < self.curve.mark or self.x(band.score) > RIGHT - ROOM,
            )
            for band in bands
        ]

    @property
    def line(self) -> str:
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)

    @property
    def chance(self) -> tuple[float, float]:
        """How high the score stands at both ends, read as a chance."""
        return _y(self.first / 10), _y(self.last / 10)

    @property
    def cut(self) -> float:
        return self.x(self.curve.mark)

    @property
    def scores(self) -> Iterator[Tick]:
        return (Tick(self.x(score), str(score)) for score in range(self.first, self.last + 1))

    @property
    def shares(self) -> Iterator[Tick]:
        return (Tick(_y(percent / 100), f"{percent} %") for percent in (0, 25, 50, 75, 100))


def draw(curve: Curve) -> Drawing:
    """The drawing of a curve that has a decision."""
    reached = [*(tally.value for tally in curve.tallies), curve.mark]
    # The outer dots keep clear of the edges.
    return Drawing(curve, max(floor(min(reached) - 0.4), 0), min(ceil(max(reached) + 0.4), 10))


def _y(share: float) -> float:
    return round(BOTTOM - share * (BOTTOM - TOP), 1)
