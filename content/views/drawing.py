"""The calibration curve as a drawing: where everything of it stands, in the units of its viewBox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

from content.services.calibration import Band, Curve

LEFT, RIGHT, TOP, BOTTOM = 60, 820, 40, 290
FLOOR, TALLEST = 394, 34  # of the bars, which stand below the curve


@dataclass(frozen=True)
class Dot:
    """A band: its dot, its interval from `low` up to `high`, and its bar."""

    band: Band
    x: float
    y: float
    low: float
    high: float
    bar: float

    @property
    def bar_x(self) -> float:
        return round(self.x - 9, 1)

    @property
    def bar_y(self) -> float:
        return round(FLOOR - self.bar, 1)

    @property
    def words_x(self) -> float:
        """On the left: there a rising line leaves room above the dot."""
        return round(self.x - 8, 1)

    @property
    def words_y(self) -> float:
        return round(self.y - 8, 1)

    @property
    def count_y(self) -> float:
        return round(self.bar_y - 5, 1)


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
