"""What the stages of a text share: the assignment, the way to write for this model, and the generation record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pipeline.agents import fieldwriter, writer
from pipeline.agents.assignment import Assignment, Fact
from pipeline.agents.guided import seed_of
from pipeline.models import Stage

from .base import Work


def assignment(work: Work) -> Assignment:
    """What is to be written: the task's fields, and what research found if that is done."""
    asked, found = work.piece.asked, _research(work)
    words = asked.word_count or work.piece.on.default_word_count
    low, high = asked.word_range or (words * 9 // 10, words * 11 // 10)
    return Assignment(
        topic=asked.topic,
        word_count=words,
        low=low,
        high=high,
        keyword=asked.keyword,
        audience=asked.audience,
        style=asked.style,
        tone=asked.tone,
        facts=tuple(Fact(fact["text"], fact["source"], fact.get("url", "")) for fact in found.get("facts", [])),
        angles=tuple(found.get("angles", [])),
        tags=tuple(work.task.param("tags", [])),
        guidance=work.piece.on.guidance,
        # The same for a run that was cut off, another one after a failure: the same seeds would fail the same way.
        seed=work.task.param("seed", seed_of(work.task.pk)) + work.stage.tried,
    )


def _research(work: Work) -> dict[str, Any]:
    return work.task.stages.filter(name="research", key=work.stage.key).values_list("output", flat=True).first() or {}


def desk(work: Work) -> Any:
    """The writer that suits the model: `outline(session, asked)` and `section(session, asked, article, at, …)`."""
    return fieldwriter if work.session.profile.by_fields else writer


class Ledger:
    """Cuts the session's record into one for each thing that is made, so that a second run still has the first's."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._before = work.session.record()

    def cut(self) -> dict[str, Any]:
        """What was asked since the last cut, in the shape of `Session.record`."""
        now, before = self.work.session.record(), self._before
        self._before = now
        return {
            "calls": now["calls"][len(before["calls"]) :],
            **{name: round(now[name] - before[name], 3) for name in ("spared", "tokens_in", "tokens_out", "seconds")},
            "cost": None if now["cost"] is None or before["cost"] is None else round(now["cost"] - before["cost"], 8),
        }


def together(records: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Several records as one; `more` is what assembling the text needs beside the calls."""
    sums = {
        name: round(sum(record[name] for record in records), 3)
        for name in ("spared", "tokens_in", "tokens_out", "seconds")
    }
    costs = [record.get("cost") for record in records]
    known = [cost for cost in costs if cost is not None]
    spent = round(sum(known), 8) if len(known) == len(costs) else None
    return {"calls": [call for record in records for call in record["calls"]], **sums, "cost": spent, **more}


def showing(work: Work, block: str, before: str = "") -> Callable[[str], None]:
    """A listener that shows a paragraph while it grows."""
    return lambda text: work.live(block, f"{before}{text}")


def told(count: int, noun: str) -> str:
    """ "1 section", "1,287 words"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def spent(record: dict[str, Any]) -> str:
    """ "612 tokens in 11.8 s"."""
    return f"{record['tokens_out']:,} tokens in {record['seconds']:.1f} s"


def cost(stages: Iterable[Stage]) -> float | None:
    """US dollars of all of them; None where the price of one is not known."""
    amounts = [stage.cost for stage in stages]
    known = [amount for amount in amounts if amount is not None]
    return float(sum(known)) if len(known) == len(amounts) else None
