"""Running a version's generation record again, and finding what came of it."""

from __future__ import annotations

from django.db import transaction

from content.models import Piece, User, Version
from pipeline.models import Task, TaskStatus, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import tasks
from pipeline.services.reworking import REPLAY


@transaction.atomic
def replay(version: Version, *, by: User) -> Task:
    """Make the calls of this version again; the task that does so already, if there is one.

    Raises `Invalid` with what is missing where its record is not whole.
    """
    Piece.objects.select_for_update(of=("self",)).get(pk=version.piece_id)  # a second click waits for the first
    if (running := of(version)) is not None and running.status in ACTIVE:
        return running
    return tasks.create(TaskType.REPLAY, {"piece": version.piece_id, "version": version.number}, owner=by)


def of(version: Version) -> Task | None:
    """The newest replay of this version."""
    found = Task.objects.filter(
        type=TaskType.REPLAY,
        stages__name=REPLAY,
        stages__piece=version.piece_id,
        stages__kept__version=version.number,
    )
    return found.exclude(status=TaskStatus.DELETED).select_related("owner").order_by("-created_at", "-pk").first()
