"""What a task would take, in seconds, tokens and dollars: from what finished tasks of its type took here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Min, QuerySet, Sum

from pipeline.models import Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.providers import catalogue, resolve

NEWEST = 100  # finished tasks of a type that are looked at, all models together
NEAREST = 10  # of those of one model, the nearest in size, of which the median is taken: work that runs side by side
# does not take twice as long for twice as much

# Tokens (in, out) for one word of a blog post, one idea and one piece, as long as nothing has finished here that says
# it better: what our prompts and the filler's answers come to at four characters a token, and some more for schemas,
# for what is remembered of 30 days, and for answers that are asked for again.
ASSUMED = {"words": (6.5, 2.5), "ideas": (150.0, 90.0), "pieces": (450.0, 350.0)}


@dataclass(frozen=True)
class Size:
    """What decides how long a task takes: so many words, or so many ideas and pieces; of one piece its platform."""

    words: int = 0
    ideas: int = 0
    pieces: int = 0
    platform: str = ""

    @property
    def units(self) -> dict[str, int]:
        return {name: count for name in ASSUMED if (count := getattr(self, name))}


@dataclass(frozen=True)
class Rate:
    """What one unit of a finished task took: a word, an idea or a piece."""

    seconds: float
    tokens_in: float
    tokens_out: float


@dataclass(frozen=True)
class Past:
    """A finished task: its size, and what each of its units took."""

    size: Size
    rates: dict[str, Rate]

    def distance(self, size: Size) -> float:
        """How unlike in size another one is, by factors: half as large and twice as large are equally far."""
        return sum(
            abs(math.log(count / self.size.units[unit])) if unit in self.rates else math.inf
            for unit, count in size.units.items()
        )


@dataclass(frozen=True)
class Estimate:
    """What a task would take by one model. `seconds` is None while that model has finished nothing of the kind here;
    the tokens are then `assumed`. `cost` is in US dollars, None where the price is not known. `tasks` is from how many
    finished tasks it is judged."""

    model: str
    seconds: float | None
    tokens_in: float
    tokens_out: float
    cost: Decimal | None
    tasks: int
    thinks: bool = False  # what it thinks is paid for too, and in no assumption

    @property
    def is_assumed(self) -> bool:
        return not self.tasks

    @property
    def is_free(self) -> bool:
        return self.cost == 0

    @property
    def tokens(self) -> int:
        """To two figures: an estimate does not pretend to be exact."""
        exact = self.tokens_in + self.tokens_out
        return int(float(f"{exact:.1e}"))


class History:
    """What the newest finished tasks of one type took here, by model."""

    def __init__(self, task_type: str) -> None:
        self._seen: dict[tuple[str, str], list[Past]] = {}
        newest = Task.objects.filter(type=task_type, status=TaskStatus.COMPLETED).order_by("-finished_at")
        done = Stage.objects.filter(task__in=newest.values("pk")[:NEWEST], status=StageStatus.DONE)
        for model, past in READ[task_type](done.order_by()):
            self._seen.setdefault(model, []).append(past)

    def estimate(self, model: str, size: Size) -> Estimate:
        """`model` as a task names it; empty is the one that this installation writes with."""
        provider, name = resolve(model)
        near = self._nearest((provider, name), size)
        units = size.units
        if near:
            rates = {unit: _median([past.rates[unit] for past in near]) for unit in units}
        else:
            rates = {unit: Rate(0.0, *ASSUMED[unit]) for unit in units}
        tokens_in = sum(rates[unit].tokens_in * count for unit, count in units.items())
        tokens_out = sum(rates[unit].tokens_out * count for unit, count in units.items())
        return Estimate(
            model=model,
            seconds=sum(rates[unit].seconds * count for unit, count in units.items()) if near else None,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=catalogue.cost(round(tokens_in), round(tokens_out), name, provider),
            tasks=len(near),
            thinks=bool(catalogue.profile(name, provider).thinks),
        )

    def _nearest(self, model: tuple[str, str], size: Size) -> list[Past]:
        known = [past for past in self._seen.get(model, []) if past.distance(size) < math.inf]
        alike = [past for past in known if past.size.platform == size.platform] or known
        return sorted(alike, key=lambda past: past.distance(size))[:NEAREST]


def _median(rates: list[Rate]) -> Rate:
    names = ("seconds", "tokens_in", "tokens_out")
    return Rate(*(statistics.median(getattr(rate, name) for rate in rates) for name in names))


Found = list[tuple[tuple[str, str], Past]]


def _blog_posts(done: QuerySet[Stage]) -> Found:
    rows = done.values(
        "task_id", provider=F("task__provider"), model=F("task__model"), words=F("task__params__word_count")
    ).annotate(seconds_spent=Sum("seconds"), read=Sum("tokens_in"), wrote=Sum("tokens_out"))
    return [
        (
            (row["provider"], row["model"]),
            Past(Size(words=row["words"]), {"words": _rate(row, row["seconds_spent"], row["words"])}),
        )
        for row in rows
        if row["words"]
    ]


def _runs(done: QuerySet[Stage]) -> Found:
    """Ideas one after the other, and pieces side by side: what counts there is from the first to the last."""
    rows: dict[int, dict[str, dict[str, Any]]] = {}
    for row in _by_step(done):
        rows.setdefault(row["task_id"], {})[row["name"]] = row
    found: Found = []
    for steps in rows.values():
        ideate, transform = steps.get("ideate"), steps.get("transform")
        if ideate and transform and ideate["ideas"]:
            size = Size(ideas=ideate["ideas"], pieces=transform["stages"])
            rates = {
                "ideas": _rate(ideate, ideate["seconds_spent"], size.ideas),
                "pieces": _rate(transform, _wall(transform), size.pieces),
            }
            found.append(((ideate["provider"], ideate["model"]), Past(size, rates)))
    return found


def _pieces(done: QuerySet[Stage]) -> Found:
    return [
        (
            (row["provider"], row["model"]),
            Past(Size(pieces=1, platform=row["platform"]), {"pieces": _rate(row, row["seconds_spent"], 1)}),
        )
        for row in _by_step(done.filter(name="transform"))
    ]


def _by_step(done: QuerySet[Stage]) -> Any:
    known = done.filter(name__in=["ideate", "transform"])
    return known.values(
        "task_id", "name", provider=F("task__provider"), model=F("task__model"), ideas=F("task__result__ideas")
    ).annotate(
        stages=Count("pk"),
        seconds_spent=Sum("seconds"),
        read=Sum("tokens_in"),
        wrote=Sum("tokens_out"),
        began=Min("started_at"),
        ended=Max("finished_at"),
        platform=Max("piece__platform"),
    )


def _rate(row: Mapping[str, Any], seconds: float, count: int) -> Rate:
    return Rate(seconds / count, row["read"] / count, row["wrote"] / count)


def _wall(row: Mapping[str, Any]) -> float:
    """Of stages side by side; a night between a failure and its retry is not counted."""
    spent: float = row["seconds_spent"]
    if not (row["began"] and row["ended"]):
        return spent
    wall: float = (row["ended"] - row["began"]).total_seconds()
    return min(wall, spent)


READ: dict[str, Callable[[QuerySet[Stage]], Found]] = {
    TaskType.BLOG_POST: _blog_posts,
    TaskType.DAILY_WORKFLOW: _runs,
    TaskType.PLATFORM_CONTENT: _pieces,
}
