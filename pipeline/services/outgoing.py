"""What a `publish` task is made of."""

from __future__ import annotations

from content import permissions
from content.errors import Invalid, Stale
from content.models import Piece, Post, User
from content.services import publishing
from pipeline import publishers
from pipeline.models import Stage, Task
from pipeline.services import fields
from pipeline.workflows import planned


def plan(task: Task, asked: fields.Publish) -> list[Stage]:
    """With the hash of a version it begins on our own site, with that version, and that stage lays out what follows.
    Without one it is about what is public there already, or was."""
    piece = _piece(task.owner, asked.piece)
    permissions.require_reviewer(task.owner, piece)
    if asked.version_hash:
        _require_current(piece, asked.version_hash, by=task.owner)
        _name(task, asked, f"Publish “{piece}”")
        first = [planned(task, "publish", piece=piece)]
    else:
        _name(task, asked, f"Update “{_post(piece)}” elsewhere")
        first = [planned(task, "deliver", piece=piece, key=target.name) for target in publishers.targets()]
        if not first:
            raise _refused("No other place is set up here: see COPYDESK_STRAPI in README.md.")
    last = planned(task, "summary", piece=piece)
    # Without gaps, whichever steps it has: a position at which there is nothing would be waited for.
    for stage in first:
        stage.position = 0
    last.position = 1
    return [*first, last]


def _require_current(piece: Piece, version_hash: str, *, by: User) -> None:
    _, version, _ = publishing.require_publishable(piece, by=by)
    if version.hash != version_hash:
        raise Stale(f"Version {version.number} is newer than the one that was named. Read it, then decide.")


def _name(task: Task, asked: fields.Publish, name: str) -> None:
    task.name, task.model = asked.task_name or name[:300], ""  # no model has to do with it
    task.save(update_fields=["name", "model"])


def _piece(user: User, pk: int) -> Piece:
    if piece := Piece.objects.visible_to(user).filter(pk=pk).first():
        return piece
    raise _refused("There is no such piece.")


def _post(piece: Piece) -> Post:
    if post := Post.objects.filter(piece=piece).first():
        return post
    raise _refused("It was never public. Name the version_hash of what is to be published.")


def _refused(says: str) -> Invalid:
    return Invalid("Some fields need another look.", {"piece": [says]})
