"""What scores are worth: whether a higher one is approved more often, and how the pass mark divides them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from .statistics import Estimate, Tally, area, share

ENOUGH = 30  # decisions; with fewer no figure is drawn, rather than a wrong one
FEW = 15  # decisions of one band: its dot is hollow
WIDTH = 0.5  # of a band, in points of score
GOOD = 0.8  # of those that pass, approved: eight in ten


@dataclass(frozen=True)
class Band:
    """The texts with a score from `low` up to `high`; the highest band includes its end, which is 10."""

    low: float
    high: float
    score: float
    approved: int
    count: int
    share: Estimate

    @property
    def is_few(self) -> bool:
        return self.count < FEW

    @property
    def off(self) -> float:
        """How far from the truth it is to read the score as a chance."""
        return abs(self.share.value - self.score / 10)


@dataclass(frozen=True)
class Mark:
    """What a pass mark does: of those that reach it, how many are approved."""

    mark: float
    passed: int
    approved: int
    share: Estimate | None


@dataclass(frozen=True)
class Curve:
    """Everything that is said of a set of scored decisions; the shares are None where there is nothing to divide."""

    tallies: tuple[Tally, ...]
    mark: float

    @property
    def count(self) -> int:
        return sum(tally.count for tally in self.tallies)

    @property
    def is_enough(self) -> bool:
        return self.count >= ENOUGH

    @property
    def bands(self) -> list[Band]:
        """Those that have a decision, lowest first."""
        within: dict[int, list[Tally]] = {}
        for tally in self.tallies:
            # Scores have one decimal: in whole tenths, no rounding puts 7.0 below 7.
            at = min(floor(round(tally.value * 10) / (WIDTH * 10)), round(10 / WIDTH) - 1)
            within.setdefault(at, []).append(tally)
        return [_band(at * WIDTH, within[at]) for at in sorted(within)]

    @property
    def area(self) -> Estimate | None:
        """How well the score tells what is approved from what is not."""
        return area(self.tallies)

    @property
    def error(self) -> float | None:
        """The mean calibration error, were the score read as a chance: 7.4 as “74 in 100 are approved”.

        Band by band the distance between the mean score and the share approved, weighted with the decisions (M. P.
        Naeini, G. Cooper, M. Hauskrecht, “Obtaining well calibrated probabilities using Bayesian binning”, AAAI 2015).
        The score promises no chance, so this says how far one may read it as one, and not that it is wrong.
        """
        return sum(band.off * band.count for band in self.bands) / self.count if self.count else None

    @property
    def at_mark(self) -> Mark:
        return self.at(self.mark)

    def at(self, mark: float) -> Mark:
        reached = [tally for tally in self.tallies if tally.value >= mark]
        passed, approved = sum(tally.count for tally in reached), sum(tally.approved for tally in reached)
        return Mark(mark, passed, approved, share(approved, passed))

    @property
    def passed_then_turned_down(self) -> int:
        return self.at_mark.passed - self.at_mark.approved

    @property
    def failed_then_approved(self) -> int:
        return sum(tally.approved for tally in self.tallies) - self.at_mark.approved

    @property
    def agreement(self) -> Estimate | None:
        """Passed and approved, or failed and turned down."""
        return share(self.count - self.passed_then_turned_down - self.failed_then_approved, self.count)

    @property
    def good_mark(self) -> Mark | None:
        """The lowest mark with which eight in ten of those that pass would have been approved, if enough pass it."""
        for tally in self.tallies:
            at = self.at(tally.value)
            if at.passed < ENOUGH:
                break
            if at.share and at.share.value >= GOOD:
                return at
        return None


def curve(tallies: Sequence[Tally], mark: float) -> Curve:
    return Curve(tuple(sorted(tallies, key=lambda tally: tally.value)), mark)


def _band(low: float, tallies: list[Tally]) -> Band:
    count, approved = sum(tally.count for tally in tallies), sum(tally.approved for tally in tallies)
    score = sum(tally.value * tally.count for tally in tallies) / count
    found = share(approved, count)
    assert found  # a band is made of tallies, which count somebody
    return Band(low, low + WIDTH, score, approved, count, found)
