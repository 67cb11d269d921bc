"""What can be said of approvals, and how surely: shares, the order that a value brings, and their intervals.

Everything works on tallies, that is on counts per value: a score has 101 of them, however many decisions there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

Z = 1.959964  # of the normal distribution: 95 % lie within


@dataclass(frozen=True)
class Tally:
    """Of the texts with this value, how many were approved and how many turned down."""

    value: float
    approved: int
    turned_down: int

    @property
    def count(self) -> int:
        return self.approved + self.turned_down


@dataclass(frozen=True)
class Estimate:
    """A figure, and between what it lies with 95 % confidence."""

    value: float
    low: float
    high: float


def share(hits: int, count: int) -> Estimate | None:
    """A share with Wilson's interval; None of nothing.

    E. B. Wilson, “Probable inference, the law of succession, and statistical inference”, Journal of the American
    Statistical Association 22 (1927). Unlike the usual ± it stays within 0 to 1 and is honest about few and about all.
    """
    if not count:
        return None
    at, spread = hits / count, Z * Z / count
    middle = (at + spread / 2) / (1 + spread)
    reach = sqrt(at * (1 - at) * spread + spread * spread / 4) / (1 + spread)
    return Estimate(at, min(max(middle - reach, 0.0), at), max(min(middle + reach, 1.0), at))


def area(tallies: Sequence[Tally]) -> Estimate | None:
    """The area under the ROC curve: how often, of an approved and a turned-down text, the approved one has the higher
    value; a tie is half. 0.5 is what a coin does. None where all were approved, or none.

    That is Mann and Whitney's U divided by its pairs. The interval is R. G. Newcombe's method 5, “Confidence intervals
    for an effect size measure based on the Mann-Whitney statistic, part 2”, Statistics in Medicine 25 (2006): with the
    variance of J. A. Hanley and B. J. McNeil, Radiology 143 (1982), solved for the area as Wilson solves it for a share.
    A perfect order of ten texts is thus not called certain. In a simulation with scores like ours it held the true area
    in 93 to 99 of 100 samples; the better known one of DeLong in 64 to 96.
    """
    approved = sum(tally.approved for tally in tallies)
    turned_down = sum(tally.turned_down for tally in tallies)
    if not approved or not turned_down:
        return None
    wins, below = 0.0, 0
    for tally in sorted(tallies, key=lambda tally: tally.value):
        wins += tally.approved * (below + tally.turned_down / 2)
        below += tally.turned_down
    at = wins / (approved * turned_down)
    others = (approved + turned_down) / 2 - 1

    def plausible(area: float) -> bool:
        spread = 1 + others * ((1 - area) / (2 - area) + area / (1 + area))
        return (at - area) ** 2 <= Z * Z * area * (1 - area) * spread / (approved * turned_down)

    return Estimate(at, _edge(plausible, at, 0.0), _edge(plausible, at, 1.0))


def _edge(plausible: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where, between the two, it stops being plausible. At 0 and 1 the variance is 0, so that no bound lies there
    unless the estimate does."""
    if inside == outside:
        return outside
    for _ in range(50):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if plausible(middle) else (inside, middle)
    return inside
