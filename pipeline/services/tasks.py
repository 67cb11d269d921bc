"""What a person can do with a task: ask for it, cancel it, try it again, delete it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from content.errors import Invalid, NotAllowed
from content.models import User
from content.services import audit, ideas
from pipeline import events, queue
from pipeline.models import Stage, StageStatus, Task, TaskStatus
from pipeline.services import fields
from pipeline.workflows import WORKFLOWS


@transaction.atomic
def create(task_type: str, params: dict[str, Any], *, owner: User) -> Task:
    """Ask for something: the task, its stages and, for a blog post, its idea and empty piece; queued at once.

    `params` are validated here (`Invalid` names each field that does not fit), so that pages, API and commands
    need not know how.
    """
    if task_type not in WORKFLOWS:
        raise Invalid("There is no such type of task.", {"task_type": [f"Choose one of: {', '.join(WORKFLOWS)}."]})
    asked = fields.validate(task_type, params)
    run_after = asked.schedule_for if asked.schedule_for and asked.schedule_for > timezone.now() else None
    task = Task.objects.create(
        type=task_type,
        name=asked.task_name or asked.topic,
        owner=owner,
        params=asked.as_params(),
        provider=settings.PROVIDER,
        model=asked.model or settings.MODEL,
        priority=asked.priority,
        run_after=run_after,
        doing="Waiting for its turn",
    )
    idea = ideas.propose(asked.topic, owner=owner, category=asked.category)
    piece = ideas.start_piece(idea, "blog", ask=asked.as_ask())
    _lay_out(task, piece_id=piece.pk, run_after=run_after)
    audit.record("task.created", task, by=owner, type=task_type)
    return task


def _lay_out(task: Task, *, piece_id: int, run_after: datetime | None) -> None:
    """The task's stages, the first of them queued."""
    Stage.objects.bulk_create(
        Stage(
            task=task,
            name=step.name,
            position=position,
            lane=step.lane,
            piece_id=piece_id,
            priority=task.priority,
            asked_at=task.created_at,
        )
        for position, step in enumerate(WORKFLOWS[task.type])
    )
    wait = max((run_after - timezone.now()).total_seconds(), 0) if run_after else 0
    task.stages.filter(position=0).enqueue(after=wait)
    if not wait:
        queue.ticket_on_commit()


@transaction.atomic
def cancel(task: Task, *, by: User) -> None:
    """Stop it. What is being generated is dropped within two seconds; what was stored stays."""
    _require_hand(by, task)
    lock(task)
    task.move_to(TaskStatus.CANCELLED, finished_at=Now(), doing=f"Cancelled by {by}", doing_as="rejected")
    # Without its token the worker may write nothing more; its heartbeat finds the lease gone and stops it.
    unfinished = [StageStatus.WAITING, StageStatus.QUEUED, StageStatus.RUNNING]
    task.stages.filter(status__in=unfinished).update(
        status=StageStatus.CANCELLED, run_token=None, lease_expires_at=None
    )
    audit.record("task.cancelled", task, by=by)
    events.emit(task, "log", source="worker", level="warn", message=f"Cancelled by {by}.")
    events.emit(task, "complete", status=TaskStatus.CANCELLED, percent=task.percent, summary={"says": task.doing})


@transaction.atomic
def retry(task: Task, *, by: User) -> None:
    """Queue it again from the first stage that is not done; what is done is kept."""
    _require_hand(by, task)
    lock(task)
    task.move_to(
        TaskStatus.QUEUED,
        finished_at=None,
        started_at=None,
        error="",
        recovery="",
        doing="Waiting for its turn",
        doing_as="queued",
    )
    todo = task.stages.exclude(status=StageStatus.DONE).order_by("position")
    todo.update(status=StageStatus.WAITING, attempt=0, failures=0, error="", run_token=None, lease_expires_at=None)
    first = todo.first()
    if first is None:
        raise Invalid("Every stage of it is done; there is nothing to try again.")
    Stage.objects.filter(task=task, position=first.position).exclude(status=StageStatus.DONE).enqueue()
    Task.objects.filter(pk=task.pk).update(stage=first.name)
    queue.ticket_on_commit()
    audit.record("task.retried", task, by=by, stage=first.name)
    events.emit(task, "log", source="worker", level="info", message=f"{by} tries again from {first.title.lower()}.")
    events.emit(
        task, "progress", stage=first.name, percent=task.percent, message="Waiting for its turn", **{"as": "queued"}
    )


@transaction.atomic
def delete(task: Task, *, by: User) -> None:
    """Hide it; the row stays for the trail."""
    _require_hand(by, task)
    task.move_to(TaskStatus.DELETED)
    audit.record("task.deleted", task, by=by)


def eta_seconds(task: Task) -> tuple[int, int] | None:
    """(seconds left, number of earlier tasks it is judged from), or None while there is no history."""
    return etas([task]).get(task.pk)


def etas(listed: Sequence[Task]) -> dict[int, tuple[int, int]]:
    """{task id: its `eta_seconds`} for those that are active and have a history; few queries, however many they are.

    From this installation's own finished tasks of the same type and model: the median of their seconds per
    stage for what is not done yet.
    """
    active = [task for task in listed if task.is_active]
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


def lock(task: Task) -> None:
    """Lock its stages, in the order in which workers do: stages first, then the task. Otherwise two could wait for
    each other for ever."""
    list(task.stages.select_for_update().order_by("pk").values_list("pk"))


def _require_hand(user: User, task: Task) -> None:
    if not (user.reviews or task.owner_id == user.pk):
        raise NotAllowed("Only its owner or an editor can do that.")
