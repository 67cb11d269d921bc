"""Which decisions count, and how many there are of each score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, Min, OuterRef, QuerySet

from content.models import Decision, Verdict
from content.services import days

from .statistics import Tally


@dataclass(frozen=True)
class Cell:
    """So many decisions alike: on one platform, by one person (`by` is None for all guests together), on one score."""

    platform: str
    by: int | None
    score: float | None
    verdict: str
    count: int
    first: datetime

    @property
    def is_approved(self) -> bool:
        return self.verdict == Verdict.APPROVED


def standing(first: date | None = None, last: date | None = None) -> QuerySet[Decision]:
    """The decisions that hold: of each text the latest, unless that took the one before it back or undid it.

    From the beginning of `first` to the end of `last`, as this installation's clock says.
    """
    later = Decision.objects.filter(version=OuterRef("version"), pk__gt=OuterRef("pk"))
    made = Decision.objects.exclude(verdict=Verdict.REVOKED).filter(days.within("created_at", first, last))
    return made.filter(~Exists(later)).order_by()


def cells(first: date | None = None, last: date | None = None) -> list[Cell]:
    """All of them, in one query that returns a row for each kind and not for each decision."""
    kinds = standing(first, last).values_list("piece__platform", "by", "version__score", "verdict")
    return [
        Cell(platform, by, None if score is None else float(score), verdict, count, earliest)
        for platform, by, score, verdict, count, earliest in kinds.annotate(Count("pk"), Min("created_at"))
    ]


def tallies(chosen: Iterable[Cell]) -> list[Tally]:
    """How many of each score were approved and turned down, lowest score first; those without a score are left out."""
    approved, turned_down = Counter[float](), Counter[float]()
    for cell in chosen:
        if cell.score is not None:
            (approved if cell.is_approved else turned_down)[cell.score] += cell.count
    return [Tally(score, approved[score], turned_down[score]) for score in sorted({*approved, *turned_down})]


def counted(chosen: Iterable[Cell], which: Callable[[Cell], bool] = lambda cell: True) -> int:
    return sum(cell.count for cell in chosen if which(cell))
