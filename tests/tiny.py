"""A type of task whose stages do next to nothing: for what is true of every stage, whatever it does."""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import make
from django.utils import timezone

from content.errors import ExternalError
from pipeline import workflows
from pipeline.models import Stage, Task
from pipeline.stages.base import Work

TYPE = "tiny"
MANY = "tiny_many"
ran: list[int] = []
meetings: dict[int, threading.Barrier] = {}


def run(work: Work) -> dict[str, Any]:
    """The stage `tiny`: takes `params["seconds"]`, fails as often as `params["fails"]` says."""
    ran.append(work.stage.pk)
    if work.stage.key in work.task.params.get("failing", []):
        raise ExternalError("The model will not.", retryable=False)
    if work.stage.name == "tiny_part" and (meeting := work.task.params.get("meeting")):
        meetings.setdefault(work.task.pk, threading.Barrier(meeting, timeout=30)).wait()
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


def install_many() -> None:
    """A type whose second step is made of many stages side by side."""
    for name in ("tiny", "tiny_part", "tiny_end"):
        sys.modules[f"pipeline.stages.{name}"] = sys.modules[__name__]
    workflows.WORKFLOWS[MANY] = (
        workflows.Step("tiny", 0, 10, ""),
        workflows.Step("tiny_part", 10, 90, "", side_by_side=True),
        workflows.Step("tiny_end", 90, 100, ""),
    )


def many(parts: int, **params: Any) -> Task:
    """A queued task of one stage, then `parts` side by side, then one."""
    install_many()
    made = Task.objects.create(
        type=MANY, name="Many", owner=make.creator(), params=params, provider="scripted", model="scripted"
    )
    names = [("tiny", ""), *(("tiny_part", str(n)) for n in range(parts)), ("tiny_end", "")]
    Stage.objects.bulk_create([workflows.planned(made, name, key=key) for name, key in names])
    made.stages.filter(position=0).enqueue()
    return made


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
