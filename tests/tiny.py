"""A type of task whose stages do next to nothing: for what is true of every stage, whatever it does."""

from __future__ import annotations

import sys
import time
from typing import Any

import make
from django.utils import timezone

from content.errors import ExternalError
from pipeline import workflows
from pipeline.models import Stage, Task
from pipeline.stages.base import Work

TYPE = "tiny"
ran: list[int] = []


def run(work: Work) -> dict[str, Any]:
    """The stage `tiny`: takes `params["seconds"]`, fails as often as `params["fails"]` says."""
    ran.append(work.stage.pk)
    ends = time.monotonic() + float(work.task.params.get("seconds", 0))
    while time.monotonic() < ends:
        work.check()
        time.sleep(0.02)
    if work.stage.failures < int(work.task.params.get("fails", 0)):
        raise ExternalError("The model does not answer.", retryable=bool(work.task.params.get("retryable", True)))
    if work.task.params.get("breaks"):
        raise ZeroDivisionError("a bug")
    return {"says": "Tiny and done", "run": work.stage.attempt}


def install(stages: int = 1) -> None:
    """Make the type known to this process."""
    sys.modules["pipeline.stages.tiny"] = sys.modules[__name__]
    share = 100 // stages
    steps = (workflows.Step("tiny", n * share, (n + 1) * share if n + 1 < stages else 100, "") for n in range(stages))
    workflows.WORKFLOWS[TYPE] = tuple(steps)


def task(*, priority: int = 0, stages: int = 1, lane: str = "io", owner: Any = None, **params: Any) -> Task:
    """A queued tiny task of `stages` stages, one after the other."""
    made = Task.objects.create(
        type=TYPE,
        name="Tiny",
        owner=owner or make.creator(),
        params=params,
        provider="scripted",
        model="scripted",
        priority=priority,
    )
    Stage.objects.bulk_create(
        Stage(task=made, name="tiny", key=str(n), position=n, lane=lane, priority=priority, asked_at=timezone.now())
        for n in range(stages)
    )
    made.stages.filter(position=0).enqueue()
    return made
