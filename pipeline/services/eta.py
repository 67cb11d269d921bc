"""What is left of a task, judged from this installation's own history."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from django.utils import timezone

from pipeline.models import Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import daily, pictures


def eta(task: Task) -> tuple[int, int] | None:
    """(seconds left, number of earlier tasks it is judged from), or None while there is no history."""
    return etas([task]).get(task.pk)


def etas(listed: Iterable[Task]) -> dict[int, tuple[int, int]]:
    """{task id: its `eta`} for those that are active and have a history; few queries, however many they are."""
    active = [task for task in listed if task.is_active]
    runs = [task for task in active if task.type == TaskType.DAILY_WORKFLOW]
    drawn = [task for task in active if task.type == TaskType.IMAGE_GENERATION]
    left = {task.pk: found for task in drawn if (found := pictures.eta(task))}
    return {**_by_stages([task for task in active if task not in (*runs, *drawn)]), **daily.etas(runs), **left}


def _by_stages(active: list[Task]) -> dict[int, tuple[int, int]]:
    """From this installation's own finished tasks of the same type and model: the median of their seconds per stage
    for what is not done yet. Right where stages follow each other."""
    kinds = {kind: _history(*kind) for kind in {(task.type, task.model) for task in active}}
    known = {task.pk: kinds[task.type, task.model] for task in active}
    left = {pk: 0.0 for pk, (_, tasks) in known.items() if tasks}
    todo = Stage.objects.filter(task__in=left).exclude(status=StageStatus.DONE)
    for pk, name, status, began in todo.values_list("task_id", "name", "status", "started_at"):
        seconds = known[pk][0].get(name, 0.0)
        if status == StageStatus.RUNNING and began:
            seconds = max(seconds - (timezone.now() - began).total_seconds(), 0.1 * seconds)
        left[pk] += seconds
    return {pk: (round(seconds), known[pk][1]) for pk, seconds in left.items()}


def _history(task_type: str, model: str) -> tuple[dict[str, float], int]:
    """({stage: its usual seconds}, from how many tasks) of the newest stages that were done for finished tasks."""
    rows = list(
        Stage.objects.filter(
            task__type=task_type, task__model=model, task__status=TaskStatus.COMPLETED, status=StageStatus.DONE
        )
        .order_by("-finished_at")
        .values_list("name", "seconds", "task_id")[:300]
    )
    seconds: dict[str, list[float]] = {}
    for name, took, _ in rows:
        seconds.setdefault(name, []).append(took)
    usual = {name: statistics.median_high(all_took) for name, all_took in seconds.items()}
    return usual, len({task_id for _, _, task_id in rows})
