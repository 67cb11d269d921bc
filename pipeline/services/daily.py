"""The daily run by its history: what one takes here, and what is left of one that is at work."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone

from pipeline.models import Task, TaskType
from pipeline.providers import called
from pipeline.services.estimating import Estimate, History, Size

AT_LEAST = 0.05  # of the usual: one that takes longer than usual is not “done any moment” for ever


def size_of(task: Task) -> Size:
    """How many ideas and pieces a run was asked for."""
    ideas = int(task.param("count", 5))
    return Size(ideas=ideas, pieces=ideas * len(task.param("platforms", settings.DAILY_PLATFORMS)))


def estimate(model: str, size: Size) -> Estimate:
    """What a run of that size would take; `model` as a task names it."""
    return History(TaskType.DAILY_WORKFLOW).estimate(model, size)


def etas(runs: Iterable[Task]) -> dict[int, tuple[int, int]]:
    """{task id: (seconds left, from how many runs that is known)} of those that are active and have a history.

    By the clock and not by adding up its stages, as most of them run side by side.
    """
    active = [run for run in runs if run.is_active]
    if not active:
        return {}
    history, left = History(TaskType.DAILY_WORKFLOW), {}
    for run in active:
        usual = history.estimate(called(run.provider, run.model), size_of(run))
        if usual.seconds is not None:
            gone = (timezone.now() - run.started_at).total_seconds() if run.started_at else 0
            left[run.pk] = (round(max(usual.seconds - gone, usual.seconds * AT_LEAST)), usual.tasks)
    return left
