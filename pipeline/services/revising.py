"""Sending a text back to the model: what a reviewer wants otherwise becomes the next version."""

from __future__ import annotations

from content.models import Piece, User, Verdict, Version
from content.services import review
from pipeline.models import Preferences, Stage, Task, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import tasks
from pipeline.services.reworking import REVISE


def revise(version: Version, *, by: User, note: str = "") -> Task:
    """Ask for changes to exactly this version, and have the model make them. Without a `note` by the one that stands,
    where changes were requested already.

    Raises what `review.request_changes` raises; `InvalidMove` also where a revision is being written.
    """
    with review.recording_refusals(version, Verdict.CHANGES_REQUESTED, by=by):
        params = {
            "piece": version.piece_id,
            "version_hash": version.hash,
            "feedback": note,
            "model": Preferences.objects.of(by).model,
        }
        return tasks.create(TaskType.REVISION, params, owner=by)


def under_way(piece: Piece) -> Task | None:
    """The task that revises it now."""
    found = Stage.objects.unsettled().filter(piece=piece, name=REVISE, task__status__in=ACTIVE)
    stage = found.select_related("task__owner").first()
    return stage.task if stage else None
