"""The stages of a task as columns: how far each is, its seconds, and what it came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from pipeline.models import Stage, StageStatus, Task
from pipeline.models.stage import SETTLED, title_of
from pipeline.workflows import Step


@dataclass(frozen=True)
class Column:
    """One stage on the page. `at` is done, now or next; `ticks` while its seconds grow."""

    name: str
    title: str
    at: str
    seconds: float | None
    says: str
    ticks: bool = False


def of_stage(task: Task, stage: Any, promise: str) -> Column:
    """`stage` carries what its output `says`."""
    running = stage.status == StageStatus.RUNNING
    if stage.status == StageStatus.DONE:
        at, says = "done", str(stage.says or promise)
    elif stage.status == StageStatus.FAILED:
        at, says = "now", "Stopped here"
    elif stage.status == StageStatus.CANCELLED and stage.attempt:
        at, says = "now", "Cancelled here"
    elif running or (task.is_active and stage.attempt):
        at, says = "now", promise
    else:
        at, says = "next", promise
    return Column(stage.name, stage.title, at, spent(stage) if at != "next" else None, says, ticks=running)


def of_step(task: Task, step: Step, stages: list[Any]) -> Column:
    """The column of a step that may be made of many stages; none of them need be there yet."""
    if len(stages) == 1:
        return of_stage(task, stages[0], step.promises)
    title = title_of(step.name)
    begun = [stage for stage in stages if stage.attempt]
    if not begun:
        return Column(step.name, title, "next", None, step.promises)
    done = sum(stage.status == StageStatus.DONE for stage in stages)
    failed = sum(stage.status == StageStatus.FAILED for stage in stages)
    says = f"{done} of {len(stages)} {step.parts}{f', {failed} failed' if failed else ''}"
    settled = all(stage.status in SETTLED for stage in stages)
    ticks = any(stage.status == StageStatus.RUNNING for stage in stages)
    return Column(step.name, title, "done" if settled else "now", _together(begun), says, ticks=ticks)


def _together(stages: Iterable[Stage]) -> float:
    """The seconds in which at least one of them was at work, not their sum."""
    now, total, until = timezone.now(), 0.0, None
    for began, ended in sorted((s.started_at, s.finished_at or now) for s in stages if s.started_at):
        begins = began if until is None else max(began, until)
        total += max((ended - begins).total_seconds(), 0)
        until = ended if until is None else max(ended, until)
    return total


def spent(stage: Stage) -> float | None:
    """The seconds it has taken in all its runs, the one that goes on included; None if it never ran."""
    if stage.status == StageStatus.RUNNING and stage.started_at:
        return stage.seconds + (timezone.now() - stage.started_at).total_seconds()
    return stage.seconds or None
