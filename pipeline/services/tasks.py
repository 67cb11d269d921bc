"""What a person can do with a task: ask for it, cancel it, try it again, delete it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from content.errors import Invalid, InvalidMove, NotAllowed
from content.models import Idea, User
from content.services import audit, ideas
from pipeline import events, providers, queue, workflows
from pipeline.models import Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import fields, outgoing, pictures, reworking
from pipeline.workflows import WORKFLOWS, lane_of, planned, planned_transform


@transaction.atomic
def create(task_type: str, params: dict[str, Any], *, owner: User) -> Task:
    """Ask for something: the task, its first stages and, where they are known, idea and empty piece; queued at once.

    `params` are validated here (`Invalid` names each field that does not fit), so that pages, API and commands
    need not know how.
    """
    if task_type not in WORKFLOWS:
        raise Invalid("There is no such type of task.", {"task_type": [f"Choose one of: {', '.join(WORKFLOWS)}."]})
    asked = fields.validate(task_type, params)
    run_after = asked.schedule_for if asked.schedule_for and asked.schedule_for > timezone.now() else None
    provider, model = providers.resolve(asked.writer or settings.MODEL)
    task = Task.objects.create(
        type=task_type,
        name=asked.title,
        owner=owner,
        params=asked.as_params(),
        provider=provider,
        model=model,
        priority=asked.priority,
        run_after=run_after,
        doing="Waiting for its turn",
    )
    Stage.objects.bulk_create(LAYOUTS[task_type](task, asked))
    wait = max((run_after - timezone.now()).total_seconds(), 0) if run_after else 0
    task.stages.filter(position=0).enqueue(after=wait)
    if not wait:
        queue.ticket_on_commit()
    audit.record("task.created", task, by=owner, type=task_type)
    return task


def _blog_post(task: Task, asked: fields.BlogPost) -> list[Stage]:
    idea = ideas.propose(asked.topic, owner=task.owner, category=asked.category)
    piece = ideas.start_piece(idea, "blog", ask=asked.as_ask())
    stages = [planned(task, step.name, piece=piece) for step in WORKFLOWS[task.type]]
    next(stage for stage in stages if stage.name == "illustrate").lane = lane_of(asked.image_source)
    return stages


def _daily_workflow(task: Task, asked: fields.DailyWorkflow) -> list[Stage]:
    """What is to be written, `ideate` lays out when it knows the ideas."""
    return [planned(task, "ideate"), planned(task, "wrap_up")]


def _platform_content(task: Task, asked: fields.PlatformContent) -> list[Stage]:
    if asked.idea is None:
        idea = ideas.propose(asked.topic, owner=task.owner, description=asked.description, category=asked.category)
    elif found := Idea.objects.visible_to(task.owner).filter(pk=asked.idea).first():
        idea = found
    else:
        raise Invalid("Some fields need another look.", {"idea": ["There is no such idea."]})
    piece = ideas.start_piece(idea, asked.platform, ask=asked.ask_for(asked.platform, idea.title))
    if piece.deleted_at:
        raise InvalidMove(f"“{idea}” had a piece for {piece.on.name}, and it was deleted.")
    if piece.is_written:
        raise InvalidMove(f"“{idea}” has a piece for {piece.on.name} already. Edit that one, or send it back.")
    if piece.stages.unsettled().exists():
        raise InvalidMove(f"“{idea}” is being written for {piece.on.name} already.")
    if not asked.task_name:
        task.name = f"{idea.title[:200]}, for {piece.on.name}"
        task.save(update_fields=["name"])
    return [planned_transform(task, piece), planned(task, "wrap_up")]


LAYOUTS: dict[str, Callable[[Task, Any], list[Stage]]] = {
    TaskType.BLOG_POST: _blog_post,
    TaskType.DAILY_WORKFLOW: _daily_workflow,
    TaskType.PLATFORM_CONTENT: _platform_content,
    TaskType.IMAGE_GENERATION: pictures.plan,
    TaskType.PUBLISH: outgoing.plan,
    TaskType.REVISION: reworking.plan_revision,
    TaskType.REPLAY: reworking.plan_replay,
}


@transaction.atomic
def cancel(task: Task, *, by: User) -> None:
    """Stop it. What is being generated is dropped within two seconds; what was stored stays."""
    _require_hand(by, task)
    lock(task)
    task.move_to(TaskStatus.CANCELLED, finished_at=Now(), doing=f"Cancelled by {by}", doing_as="rejected")
    # Without its token the worker may write nothing more; its heartbeat finds the lease gone and stops it.
    task.stages.unsettled().update(status=StageStatus.CANCELLED, run_token=None, lease_expires_at=None)
    audit.record("task.cancelled", task, by=by)
    events.emit(task, "log", source="worker", level="warn", message=f"Cancelled by {by}.")
    events.emit(task, "complete", status=TaskStatus.CANCELLED, percent=task.percent, summary={"says": task.doing})


@transaction.atomic
def retry(task: Task, *, by: User) -> None:
    """Queue it again from the first stage that is not done; what is done is kept."""
    _require_hand(by, task)
    lock(task)
    first = task.stages.exclude(status=StageStatus.DONE).order_by("position", "pk").first()
    if first is None:
        task.refresh_from_db(fields=["status"])
        raise InvalidMove(f"“{task}” is {task.get_status_display().lower()}; there is nothing in it to try again.")
    _run_again(task, task.stages.filter(position=first.position).exclude(status=StageStatus.DONE), first)
    audit.record("task.retried", task, by=by, stage=first.name)
    events.emit(task, "log", source="worker", level="info", message=f"{by} tries again from {first.title.lower()}.")
    _tell_queued(task, first)


@transaction.atomic
def retry_stage(stage: Stage, *, by: User) -> None:
    """Try one failed part of a task again by itself, whether the others are still at work or the task has ended."""
    task = stage.task
    _require_hand(by, task)
    lock(task)
    stage.refresh_from_db()
    if stage.status != StageStatus.FAILED:
        raise InvalidMove(f"{stage.label} has not failed; it is {stage.get_status_display().lower()}.")
    siblings = task.stages.filter(position=stage.position).exclude(pk=stage.pk)
    if siblings.unsettled().exists():  # the step after this one has not begun
        _queue_afresh(task.stages.filter(pk=stage.pk))
    else:
        _run_again(task, task.stages.filter(pk=stage.pk), stage)
    audit.record("task.retried", task, by=by, stage=f"{stage.name} {stage.key}")
    events.emit(task, "log", source="worker", level="info", message=f"{by} tries again: {stage.label}.")
    _tell_queued(task, stage)


FRESH = {"attempt": 0, "failures": 0, "error": "", "doing": "", "run_token": None, "lease_expires_at": None}


def _run_again(task: Task, stages: QuerySet[Stage], first: Stage) -> None:
    """Queue these stages of one step, and everything after that step behind them."""
    step = workflows.step(task.type, first.name)
    again = list(stages.values_list("pk", flat=True))  # read before they change
    of = task.stages.filter(position=first.position).count()
    share = (of - len(again)) / of
    percent: dict[str, Any] = (
        {"percent": round(step.begins + (step.ends - step.begins) * share)} if task.percent == 100 else {}
    )
    task.move_to(
        TaskStatus.QUEUED,
        finished_at=None,
        started_at=None,
        deadline_at=None,
        error="",
        recovery="",
        stage=first.name,
        doing="Waiting for its turn",
        doing_as="queued",
        **percent,
    )
    later = task.stages.filter(position__gt=first.position)
    later.update(status=StageStatus.WAITING, finished_at=None, **FRESH)
    _queue_afresh(Stage.objects.filter(pk__in=again))


def _queue_afresh(stages: QuerySet[Stage]) -> None:
    """Queue these as if they had never failed, save that `tried` tells their seeds from those that have."""
    again = list(stages)
    for stage in again:
        stage.kept = {**stage.kept, "tried": stage.tried}
    Stage.objects.bulk_update(again, ["kept"])
    queued = Stage.objects.filter(pk__in=[stage.pk for stage in again])
    queued.update(**FRESH)
    queued.enqueue()
    queue.ticket_on_commit()


def _tell_queued(task: Task, stage: Stage) -> None:
    events.emit(
        task,
        "progress",
        stage=stage.name,
        stage_id=stage.pk,
        percent=task.percent,
        message="Waiting for its turn",
        **{"as": "queued"},
    )


@transaction.atomic
def delete(task: Task, *, by: User) -> None:
    """Hide it; the row stays for the trail."""
    _require_hand(by, task)
    task.move_to(TaskStatus.DELETED)
    audit.record("task.deleted", task, by=by)


def lock(task: Task) -> None:
    """Lock its stages, in the order in which workers do: stages first, then the task. Otherwise two could wait for
    each other for ever."""
    list(task.stages.select_for_update().order_by("position", "pk").values_list("pk"))


def _require_hand(user: User, task: Task) -> None:
    if not (user.reviews or task.owner_id == user.pk):
        raise NotAllowed("Only its owner or an editor can do that.")
