"""Asking for pictures: what is not said is settled here, so that however often their stage runs it makes the same."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from content import permissions
from content.errors import Invalid, InvalidMove
from content.models import Piece, User
from media_gen import sources
from media_gen.models import Image
from media_gen.services import candidates
from pipeline.models import Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import fields
from pipeline.workflows import lane_of, planned

STAGE = "pictures"
JUDGED_FROM = 20  # the newest tasks of a source


def plan(task: Task, asked: fields.ImageGeneration) -> list[Stage]:
    """The one stage of the task, which holds what is to be made: {source, prompt, negative, seed, count}.

    The piece's row is locked to the end of the transaction: of two that are asked at once the second gets the seeds
    after the first's.
    """
    like = _like(task.owner, asked)
    piece = _piece(task.owner, like.piece_id if like else asked.piece)
    permissions.require_writer(task.owner, piece)
    if not piece.is_written:
        raise InvalidMove(f"“{piece}” is still being written. Its pictures come after its text.")
    source = _source(asked, like)
    about, same = sources.about(source), like.made if like and like.source == source else {}
    prompt = (asked.prompt or same.get("prompt") or candidates.proposed_prompt(piece)) if about.by_prompt else ""
    wanted: dict[str, Any] = {
        "source": source,
        "prompt": prompt,
        "negative": (asked.negative or same.get("negative") or "") if about.by_negative else "",
        "count": asked.count,
        "seed": _next_seed(piece, source, prompt) if asked.seed is None else asked.seed,
    }
    task.model = source  # what tells its history from that of other tasks; nothing is written by a model here
    task.name = asked.task_name or f"Pictures for “{piece.title[:270]}”"
    task.save(update_fields=["model", "name"])
    stage = planned(task, STAGE, piece=piece, lane=lane_of(source))
    stage.kept = {"asked": wanted}
    return [stage]


def _piece(user: User, pk: int | None) -> Piece:
    found = Piece.objects.visible_to(user).filter(pk=pk or 0).select_for_update(of=("self",))
    if piece := found.select_related("current", "idea").first():
        return piece
    raise Invalid("Some fields need another look.", {"piece": ["There is no such piece."]})


def _like(user: User, asked: fields.ImageGeneration) -> Image | None:
    if asked.like is None:
        return None
    like = Image.objects.visible_to(user).filter(pk=asked.like).first()
    if like is None or asked.piece not in (None, like.piece_id):
        raise Invalid("Some fields need another look.", {"like": ["There is no such picture for it."]})
    return like


def _source(asked: fields.ImageGeneration, like: Image | None) -> str:
    source = asked.source or (like.source if like else candidates.CARD)
    if source not in sources.NAMES:
        says = "An uploaded picture has no more like it. Choose where they are to come from."
        raise Invalid("Some fields need another look.", {"source": [says]})
    about = sources.about(source)
    if not about.is_on():
        raise Invalid("Some fields need another look.", {"source": [f"{about.name} is off here. {about.needs}"]})
    return source


def _next_seed(piece: Piece, source: str, prompt: str) -> int:
    """The seed after those that are used or waited for: with the same words another picture comes of it."""
    made = piece.images.filter(source=source, made__prompt=prompt) if prompt else piece.images.filter(source=source)
    used = [int(how["seed"]) for how in made.values_list("made", flat=True) if how.get("seed") is not None]
    coming = Stage.objects.unsettled().filter(piece=piece, name=STAGE, kept__asked__source=source)
    used += [
        asked["seed"] + asked["count"] - 1
        for asked in coming.values_list("kept__asked", flat=True)
        if asked["prompt"] == prompt
    ]
    return (max(used) + 1) % (fields.MOST_SEED + 1) if used else sources.about(source).first_seed()


# --- How long it takes ---


@dataclass(frozen=True)
class Pace:
    """What one picture of a source takes here, in seconds, and from how many tasks that is judged."""

    seconds: float
    tasks: int


def pace(source: str) -> Pace | None:
    """None while this installation has no history of the source."""
    done = Stage.objects.filter(
        name=STAGE, status=StageStatus.DONE, task__type=TaskType.IMAGE_GENERATION, task__model=source
    )
    newest = done.filter(task__status=TaskStatus.COMPLETED).order_by("-finished_at")
    rows = newest.values_list("seconds", "kept__asked__count")[:JUDGED_FROM]
    each = [seconds / count for seconds, count in rows if count]
    return Pace(statistics.median_high(each), len(each)) if each else None


def eta(task: Task) -> tuple[int, int] | None:
    """(seconds left, number of earlier tasks it is judged from)"""
    usual = pace(task.model)
    if usual is None:
        return None
    count = task.param("count", 1)
    return round(usual.seconds * count * (100 - task.percent) / 100), usual.tasks


def ahead(source: str) -> int:
    """How many stages would be served before a new one of this source."""
    waits = Q(status=StageStatus.QUEUED) | Q(status=StageStatus.RUNNING)
    return Stage.objects.filter(waits, lane=lane_of(source)).count() if sources.about(source).on_device else 0
