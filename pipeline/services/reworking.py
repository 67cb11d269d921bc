"""What a `revision` and a `replay` are made of: a text that is there, and what is to be done with it once more."""

from __future__ import annotations

from content import permissions
from content.errors import Invalid, InvalidMove, Stale
from content.models import Approval, Decision, Piece, User, Verdict, Version
from content.services import review
from pipeline.models import Stage, Task
from pipeline.services import fields
from pipeline.stages.replaying import Recorded
from pipeline.workflows import planned

REVISE, REPLAY = "revise", "replay"


def plan_revision(task: Task, asked: fields.Revision) -> list[Stage]:
    """The decision that changes are wanted, if it does not stand already, and the stage that makes them.

    The piece's row is locked to the end of the transaction: of two that ask at once, the second is refused.
    """
    piece = _piece(task.owner, asked.piece)
    version = _read(piece, asked.version_hash)
    decision = _decision(piece, version, asked.feedback, by=task.owner)
    if being_revised(piece):
        raise InvalidMove(f"A revision of “{piece}” is being written already.")
    _name(task, asked, f"Revise “{piece.title[:280]}”")
    stage = planned(task, REVISE, piece=piece)
    stage.kept = {"version": version.number, "decision": decision.pk}
    return [stage]


def being_revised(piece: Piece) -> bool:
    return Stage.objects.unsettled().filter(piece=piece, name=REVISE).exists()


def _decision(piece: Piece, version: Version, feedback: str, *, by: User) -> Decision:
    """The one that asks for changes, made now, or the one that stands and says the same."""
    stands = review.standing(version) if version.pk == piece.current_id else None
    wants = stands and stands.verdict == Verdict.CHANGES_REQUESTED and piece.approval == Approval.CHANGES_REQUESTED
    if stands and wants and feedback.strip() in ("", stands.feedback):
        permissions.require_reviewer(by, piece)
        return stands
    return review.request_changes(version, by=by, feedback=feedback)


def _read(piece: Piece, version_hash: str) -> Version:
    found = piece.versions.select_related("by").filter(hash=version_hash).order_by("-number").first()
    if found is None:
        raise Stale(
            "No version of this piece has that hash. Read the newest, then decide.",
            newest=piece.current.number if piece.current else None,
            newest_hash=piece.current.hash if piece.current else None,
        )
    return found


def plan_replay(task: Task, asked: fields.Replay) -> list[Stage]:
    """The stage that makes the calls of one version again; `Invalid` where its record does not hold what that needs."""
    piece = _piece(task.owner, asked.piece)
    versions = piece.versions.select_related("by")
    if asked.version is None:
        version = versions.filter(by=None).order_by("-number").first()
    else:
        version = versions.filter(number=asked.version).first()
    if version is None:
        raise Invalid("Some fields need another look.", {"version": ["There is no such version."]})
    recorded = Recorded.of(version)
    if recorded.gaps:
        raise Invalid(f"It cannot be replayed. {' '.join(recorded.gaps)}", {"version": recorded.gaps})
    task.provider, task.model = recorded.calls[0]["provider"], recorded.calls[0]["model"][:120]
    _name(task, asked, f"Replay version {version.number} of “{piece.title[:260]}”")
    stage = planned(task, REPLAY, piece=piece)
    stage.kept = {"version": version.number}
    return [stage]


def _piece(user: User, pk: int) -> Piece:
    found = Piece.objects.visible_to(user).filter(pk=pk).select_for_update(of=("self",))
    if piece := found.select_related("current", "idea").first():
        return piece
    raise Invalid("Some fields need another look.", {"piece": ["There is no such piece."]})


def _name(task: Task, asked: fields.Asked, name: str) -> None:
    task.name = asked.task_name or name
    task.save(update_fields=["name", "provider", "model"])
