"""Run one claimed stage: call it, save output and status in one transaction, try again or fail, queue what follows."""

from __future__ import annotations

import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from content.errors import CopydeskError, ExternalError
from pipeline import events, notifications, queue, stages, workflows
from pipeline.models import Stage, StageStatus, Task, TaskStatus
from pipeline.models.stage import LeaseLost, Spent
from pipeline.stages.base import Lease, Work

log = structlog.get_logger(__name__)

TRIES = 3  # how often a stage may say that it failed
LIVES = 6  # how often its worker may die under it

# So many stages of one process begin or store what they made at the same time: one waits for the disk while another
# counts words. Thirty answers that come in one moment are not stored sooner by thirty threads: those would wait for one
# interpreter, with the row of their task locked.
at_the_desk = threading.BoundedSemaphore(4)


def execute(stage: Stage, lease: Lease) -> None:
    """Run `stage` to its end, whatever that is. Raises only if the database is away: the lease then expires."""
    work = Work(stage, lease)
    began = time.monotonic()
    try:
        with at_the_desk:
            _started(work)
        output = stages.get(stage.name)(work)
        with at_the_desk:
            _finish(work, output, began)
    except LeaseLost:
        log.info("lease lost", task=stage.task_id, stage=stage.name)
    except (OperationalError, InterfaceError):
        raise
    except CopydeskError as error:
        _failed(work, error, time.monotonic() - began)
    except Exception as error:
        log.exception("stage failed", task=stage.task_id, stage=stage.name)
        _failed(work, error, time.monotonic() - began)


def _started(work: Work) -> None:
    stage = work.stage
    if stage.position == 0 and stage.attempt == 1:
        events.emit(work.task, "started", task_type=work.task.type, name=work.task.name)
    again = f", run {stage.attempt}" if stage.attempt > 1 else ""
    with transaction.atomic(), events.together():
        work.progress(0, work.opening)
        work.log("worker", f"Claimed stage {stage.name}{again}, lease {settings.LEASE_SECONDS:.0f} s")


def _finish(work: Work, made: stages.Output, began: float) -> None:
    """The output and everything that follows from it, once."""
    stage, task = work.stage, work.task
    with work.fenced():
        output = made() if callable(made) else made
        before, seconds = stage.seconds, time.monotonic() - began
        stage.finish(output, _spent(work, seconds))
        percent, was_last = work.passed()
        events.emit(
            task,
            "stage_complete",
            percent=percent,
            seconds=round(before + seconds, 1),
            result=output.get("says", ""),
            **work.which,
        )
        if was_last:
            _go_on(task, stage, output)


def _go_on(task: Task, stage: Stage, output: dict[str, Any]) -> None:
    """Queue the next step when this one has nothing left to run; complete the task if there is no next one.

    Called after the task's row was written, so with it locked: of two stages that end at once, the second
    sees the first.
    """
    if task.stages.filter(position=stage.position).unsettled().exists():
        return
    following = task.stages.filter(position=stage.position + 1, status=StageStatus.WAITING)
    if following.exists():
        Stage.objects.filter(pk__in=following.values("pk")).enqueue()
        queue.ticket_on_commit()
    else:
        _complete(task, output)


def _complete(task: Task, output: dict[str, Any]) -> None:
    task.move_to(
        TaskStatus.COMPLETED,
        percent=100,
        result=output,
        doing=str(output.get("says") or "Finished")[:200],
        doing_as="done",
        finished_at=Now(),
        error="",
        recovery="",
    )
    events.emit(task, "complete", status=TaskStatus.COMPLETED, percent=100, summary=output)
    notifications.run_ended(task)


def _failed(work: Work, error: Exception, seconds: float) -> None:
    """Try again in a while if that can help, else fail with what to do."""
    stage, task = work.stage, work.task
    reason = (
        error.message if isinstance(error, CopydeskError) else f"Something in Copydesk broke: {type(error).__name__}."
    )
    again = isinstance(error, ExternalError) and error.retryable and stage.failures + 1 < TRIES
    try:
        with work.fenced():
            stage.fail(reason, _spent(work, seconds))
            if again:
                pause = _pause(stage, error)
                Stage.objects.filter(pk=stage.pk).enqueue(after=pause)
                if work.is_one_of_many:
                    work.say(f"Waiting {pause:.0f} s before run {stage.failures + 1} of {TRIES}: {reason}", "retry")
                    work.log("worker", f"{reason} In {pause:.0f} s run {stage.failures + 1} of {TRIES}.", level="warn")
                    return
                # Not “trying again, 2 of 3”: that is what each call to the model says of its own tries.
                run = f"it starts over with {stage.title.lower()}, run {stage.failures + 1} of {TRIES}"
                doing = f"Waiting {pause:.0f} s before {run}: {reason}"[:200]
                Task.objects.filter(pk=task.pk).update(doing=doing, doing_as="retry")
                events.emit(task, "progress", stage=stage.name, percent=task.percent, message=doing, **{"as": "retry"})
                work.log("worker", f"{reason} In {pause:.0f} s {run}.", level="warn")
            else:
                stage.write(status=StageStatus.FAILED, finished_at=Now(), lease_expires_at=None)
                _give_up(task, stage, reason, recovery_for(stage, error))
    except LeaseLost:
        log.info("lease lost", task=stage.task_id, stage=stage.name)


def _pause(stage: Stage, error: Exception) -> float:
    """Seconds before its next try: what its step says, or longer where a service asked for that."""
    usual = workflows.step(stage.task.type, stage.name).pauses[stage.failures - 1]
    return max(usual, getattr(error, "retry_after", None) or 0)


def _give_up(task: Task, stage: Stage, reason: str, recovery: str) -> None:
    """A stage has failed for good. One of several side by side leaves the others be; any other fails the task."""
    if not workflows.step(task.type, stage.name).side_by_side:
        return fail(task, stage, reason, recovery)
    Task.objects.all().touch(task.pk)  # locks it, as `_go_on` needs
    events.emit(task, "log", source="worker", level="error", message=f"{stage.label}: {reason}")
    events.emit(
        task,
        "error",
        stage=stage.name,
        stage_id=stage.pk,
        piece_id=stage.piece_id,
        error_message=reason,
        recovery="The others go on. Try this one again by itself when they are done.",
    )
    _go_on(task, stage, {})


def fail(task: Task, stage: Stage, reason: str, recovery: str) -> None:
    """The task has failed at `stage`; say why and what to do."""
    task.move_to(
        TaskStatus.FAILED,
        error=reason,
        recovery=recovery,
        doing=f"{stage.title} failed",
        doing_as="failed",
        finished_at=Now(),
    )
    events.emit(task, "log", source="worker", level="error", message=f"{stage.title}: {reason}")
    events.emit(task, "error", stage=stage.name, error_message=reason, recovery=recovery)
    notifications.run_ended(task)


def recovery_for(stage: Stage, error: Exception) -> str:
    """What a person can do about it."""
    if its_own := workflows.step(stage.task.type, stage.name).recovery:
        return its_own
    stages = stage.task.stages.order_by("position", "pk")
    done = list(dict.fromkeys(s.title for s in stages.filter(status=StageStatus.DONE)))
    one = len(done) == 1 and not done[0].endswith("s")  # “Research is kept”, “Ideas are kept”
    kept = f"{' and '.join(done)} {'is' if one else 'are'} kept. " if done else ""
    first = (stages.exclude(status=StageStatus.DONE).first() or stage).title.lower()
    if isinstance(error, ExternalError):
        return f"{kept}See that the model is running (manage.py doctor tells), then try again from {first}."
    return f"{kept}Try again from {first}; if it fails the same way, the log says where."


@transaction.atomic
def return_expired() -> int:
    """Give the stages of workers that died back to the queue; how many. Safe to run in several clocks."""
    expired = list(
        Stage.objects.expired().select_for_update(skip_locked=True, of=("self",)).select_related("task")[:200]
    )
    for stage in expired:
        if stage.attempt >= LIVES:
            Stage.objects.filter(pk=stage.pk).update(
                status=StageStatus.FAILED, run_token=None, lease_expires_at=None, error="Its worker died."
            )
            reason = f"Its worker died {stage.attempt} times in this stage."
            _give_up(stage.task, stage, reason, recovery_for(stage, RuntimeError(reason)))
            continue
        Stage.objects.filter(pk=stage.pk).enqueue()
        doing = "Its worker stopped; another one takes over"
        Task.objects.filter(pk=stage.task_id).update(doing=doing, doing_as="retry")
        events.emit(stage.task, "log", source="worker", level="warn", message=f"{doing} (run {stage.attempt + 1}).")
        events.emit(
            stage.task, "progress", stage=stage.name, percent=stage.task.percent, message=doing, **{"as": "retry"}
        )
        queue.ticket_on_commit()
    return len(expired)


def _spent(work: Work, seconds: float) -> Spent:
    session = work.session
    return Spent(seconds, session.seconds, session.tokens_in, session.tokens_out, session.cost)
