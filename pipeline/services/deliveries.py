"""What other places have of a post, and bringing them in step with what is public here."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from content.models import Piece, Post, User
from pipeline import publishers
from pipeline.models import Delivery, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import tasks


def of(piece: Piece) -> list[Delivery]:
    """What each target has of this piece's post, those that are not set up any more included."""
    return list(Delivery.objects.filter(post__piece=piece).select_related("post"))


@transaction.atomic
def follow(post: Post, *, by: User) -> Task | None:
    """The task that brings every target in step with what is public now: published, updated or withdrawn. None when no
    target is set up.

    Call it in the transaction of the change, so that neither stands without the other. One that is queued and not begun
    reads the post when it begins, so it is enough: its stages are locked, and none begins before this is committed.
    """
    targets = [target.name for target in publishers.targets()]
    if not targets:
        return None
    Piece.objects.select_for_update(of=("self",)).get(pk=post.piece_id)  # of two that follow at once one asks
    return _queued(post, targets) or tasks.create(TaskType.PUBLISH, {"piece": post.piece_id}, owner=by)


def _queued(post: Post, targets: Sequence[str]) -> Task | None:
    waiting = Stage.objects.filter(
        name="deliver",
        piece=post.piece_id,
        status=StageStatus.QUEUED,
        attempt=0,
        task__type=TaskType.PUBLISH,
        task__status=TaskStatus.QUEUED,
    )
    held = list(waiting.select_for_update(skip_locked=True, of=("self",)).select_related("task"))
    found: dict[Task, set[str]] = {}
    for stage in held:
        found.setdefault(stage.task, set()).add(stage.key)
    return next((task for task, keys in found.items() if keys.issuperset(targets)), None)
