"""Daily runs in any state, made of rows: what a worker would leave behind, without one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import make
from django.utils import timezone

from content.models import Approval, Idea, Piece, Status, User
from content.services import editing, ideas
from pipeline.models import Stage, StageStatus, Task, TaskStatus
from pipeline.services import tasks
from pipeline.workflows import planned_transform

PLATFORMS = ["linkedin", "x", "instagram"]
TITLES = [
    "Your chimney is the biggest hole in the house",
    "Three questions before anyone drills a cavity wall",
    "Radon, plainly",
    "The £60 repair that saves a £900 window",
    "What an EPC does not measure",
]
SAYS = "What an open flue costs in a winter, and four ways to close it without blocking it."
TEXT = """An open flue takes more warm air out of a house in one night than a bathroom fan does in a week.

Close it with a balloon or a sheep of felted wool, and leave a hand's width of air below, so that the stack stays dry."""


def asked(owner: User | None = None, **params: Any) -> Task:
    """A daily run in the queue."""
    params = {"count": 5, "platforms": PLATFORMS, **params}
    return tasks.create("daily_workflow", params, owner=owner or make.editor())


def thinking(task: Task, thought_of: int = 2) -> Task:
    """At its ideas, of which so many are there."""
    proposals = [{"title": title_of(n), "description": SAYS, "category": "Draughts"} for n in range(thought_of)]
    task.stages.filter(name="ideate").update(
        status="running", attempt=1, started_at=timezone.now() - timedelta(seconds=9), kept={"proposals": proposals}
    )
    return _now(task, "running", stage="ideate", doing=f"{thought_of} ideas of 5", percent=6, started_at=timezone.now())


def title_of(number: int) -> str:
    return TITLES[number] if number < len(TITLES) else f"{TITLES[number % 5]}, part {number // 5 + 1}"


def laid_out(task: Task, count: int = 5) -> list[Stage]:
    """At its pieces, all of them in the queue."""
    platforms = task.param("platforms")
    done = {"says": f"{count} ideas, {count * len(platforms)} pieces to write"}
    task.stages.filter(name="ideate").update(
        status="done", attempt=1, seconds=21.4, output=done, started_at=_before(60), finished_at=_before(38)
    )
    stages = []
    for number in range(count):
        idea = ideas.propose(title_of(number), owner=task.owner, description=SAYS, category="Draughts")
        for slug in platforms:
            piece = ideas.start_piece(idea, slug, ask={"topic": idea.title})
            stages.append(planned_transform(task, piece))
    Stage.objects.bulk_create(stages)
    task.stages.filter(name="transform").enqueue()
    doing = f"Writing {len(stages)} pieces side by side"
    _now(task, "running", stage="transform", doing=doing, percent=15, started_at=_before(60))
    return list(task.stages.filter(name="transform").select_related("piece__idea").order_by("pk"))


def at_work(stage: Stage, doing: str = "Writing the hook", seconds: int = 4) -> None:
    Stage.objects.filter(pk=stage.pk).update(status="running", attempt=1, started_at=_before(seconds), doing=doing)


def failed(stage: Stage, why: str = "Three tries, each over 280 weighted characters in post 2.") -> None:
    Stage.objects.filter(pk=stage.pk).update(
        status="failed",
        attempt=3,
        failures=3,
        error=why,
        doing="",
        seconds=31.2,
        started_at=_before(30),
        finished_at=_before(2),
    )


def written(stage: Stage, text: str = TEXT, says: str = "214 words") -> Piece:
    """Its piece has a text, and waits for a person."""
    piece = Piece.objects.get(pk=stage.piece_id)
    version = editing.add_version(
        piece, title=piece.title, body=text, stage="transform", model="smollm2:135m", facts={"says": says}
    )
    piece.move_to(Status.GENERATED, approval=Approval.PENDING)
    score = float(version.score or 7.4)
    Stage.objects.filter(pk=stage.pk).update(
        status="done",
        attempt=1,
        doing="",
        seconds=18.3,
        tokens_out=400,
        started_at=_before(30),
        finished_at=_before(12),
        output={"says": says, "score": score, "passed": score >= 7, "piece_id": piece.pk},
    )
    return piece


def ended(task: Task) -> Task:
    """Wrapped up: what is done counts, what has failed is counted too."""
    parts = task.stages.filter(name="transform")
    made, fails = parts.filter(status=StageStatus.DONE).count(), parts.failed().count()
    count = Idea.objects.filter(pieces__stages__task=task).distinct().count()
    of = f"{made} pieces" if not fails else f"{made} of {made + fails} pieces"
    says = f"{count} ideas, {of}"
    task.stages.filter(name="wrap_up").update(
        status="done", attempt=1, seconds=0.2, output={"says": says}, started_at=_before(1), finished_at=timezone.now()
    )
    result = {"says": says, "ideas": count, "pieces": made, "failed": fails}
    return _now(task, TaskStatus.COMPLETED, doing=says, percent=100, result=result, finished_at=timezone.now())


def finished(owner: User | None = None, *, fails: int = 0, **params: Any) -> Task:
    """A run that has ended; the last `fails` of its pieces were not made."""
    task = asked(owner, **params)
    stages = laid_out(task, task.param("count"))
    for number, stage in enumerate(stages):
        if number < len(stages) - fails:
            written(stage)
        else:
            failed(stage)
    return ended(task)


def _now(task: Task, status: str, **fields: Any) -> Task:
    shape = {"running": "running", "completed": "done"}.get(status, status)
    Task.objects.filter(pk=task.pk).update(status=status, doing_as=shape, **fields)
    task.refresh_from_db()
    return task


def _before(seconds: float) -> Any:
    return timezone.now() - timedelta(seconds=seconds)
