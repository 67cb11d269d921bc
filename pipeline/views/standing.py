"""How a task, or one part of a run, stands: a drawn shape and what is so, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils import timezone

from content.models import Piece
from content.templatetags.desk import clock
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus, TaskType

PLACES_SHOWN = 500  # who waits further back is told that it waits, and not where


@dataclass(frozen=True)
class Standing:
    """A drawn shape (`data-s` of `.state`) and what is so, in words. Never a bare “Running”."""

    shape: str
    words: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.words}: {self.why}" if self.why else self.words


def standing(task: Task, piece: Piece | None = None) -> Standing:
    """What a task does or waits for; `piece` is the one that it has written, where there is but one."""
    if task.status == TaskStatus.QUEUED:
        if task.run_after and task.run_after > timezone.now():
            return Standing("queued", f"Starts {clock(task.run_after)}")
        return Standing("queued", in_the_queue(task.queue_position or 1))
    if task.status == TaskStatus.RUNNING:
        words, _, why = task.doing.partition(": ") if task.doing_as == "retry" else (task.doing, "", "")
        return Standing(task.doing_as, words or "Starting", why)
    if task.status == TaskStatus.COMPLETED:
        if task.type == TaskType.IMAGE_GENERATION:
            return Standing("generated", task.doing or "Finished")
        if task.type == TaskType.REPLAY:  # “Different in 3 of 12 calls”
            return Standing("ready" if task.result.get("same") else "changes", task.doing or "Finished")
        if task.type == TaskType.PUBLISH:  # “Up to date in 1 of 2 places”
            withdrawn = task.result.get("post", {}).get("withdrawn")
            shape = "changes" if task.result.get("failed") else "none" if withdrawn else "published"
            return Standing(shape, task.doing or "Finished")
        if task.type == TaskType.DAILY_WORKFLOW:  # “5 ideas, 14 of 15 pieces”
            return Standing("changes" if task.result.get("failed") else "generated", task.doing or "Finished")
        if piece is None or piece.waits:
            return Standing("generated", "Waiting for you" if piece else task.doing or "Finished")
        return Standing(str(piece.status), str(piece.get_status_display()))  # type: ignore[attr-defined]
    if task.status == TaskStatus.FAILED:
        if task.type == TaskType.PUBLISH:  # which step it was says less than why
            return Standing("failed", "Failed", task.error)
        return Standing("failed", task.doing or "Failed")
    return Standing("rejected", task.doing or task.get_status_display())  # type: ignore[attr-defined]


def part_standing(
    stage: Stage | None, piece: Piece | None, place: int | None = None, shape: str = "running"
) -> Standing:
    """What one idea on one platform is, or waits for. `place` is that of its stage in the queue, `shape` what goes with
    what it does while it is at work."""
    if piece and piece.is_written:
        return Standing(str(piece.status), str(piece.get_status_display()))  # type: ignore[attr-defined]
    match stage.status if stage else "":
        case StageStatus.RUNNING:
            return Standing(shape, (stage and stage.doing) or "Starting")
        case StageStatus.QUEUED if stage and stage.not_before and stage.not_before > timezone.now():
            return Standing("retry", *_said(stage.doing or "Waiting before it starts over"))
        case StageStatus.QUEUED:
            return Standing("queued", in_the_queue(place) if place else "Waiting for its turn")
        case StageStatus.WAITING:
            return Standing("queued", "Waiting for its turn")
        case StageStatus.FAILED:
            return Standing("failed", "Failed", stage.error if stage else "")
        case StageStatus.CANCELLED:
            return Standing("none", "Not made", "Cancelled before it was written.")
        case _:
            return Standing("none", "Not made")


def _said(doing: str) -> tuple[str, str]:
    words, _, why = doing.partition(": ")
    return words, why


def in_the_queue(place: int) -> str:
    return "Next in the queue" if place == 1 else f"{ordinal(place)} in the queue"


def places(stages: Iterable[Stage]) -> dict[int, int]:
    """{stage id: its place in the queue, 1 is next} of those that wait there; one query if any does."""
    queued = [stage for stage in stages if stage.status == StageStatus.QUEUED]
    if not queued:
        return {}
    ahead = Stage.objects.claimable(list({stage.lane for stage in queued})).values_list("pk", flat=True)
    return {pk: place for place, pk in enumerate(ahead[:PLACES_SHOWN], start=1)}


def shapes(stages: Iterable[Stage]) -> dict[int, str]:
    """{stage id: the shape of what it does} of those at work: loading, queued or retry where a model lets it wait."""
    at_work = [stage for stage in stages if stage.status == StageStatus.RUNNING]
    if not at_work:
        return {}
    told = Event.objects.filter(
        task__in={stage.task_id for stage in at_work},
        type="progress",
        data__stage_id__in=[stage.pk for stage in at_work],
    )
    newest = told.order_by("data__stage_id", "-seq").distinct("data__stage_id")
    return dict(newest.values_list("data__stage_id", "data__as"))
