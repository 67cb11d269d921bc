"""Decisions on pieces. Each is pinned to exactly the version that the reviewer read."""

from __future__ import annotations

from django.db import transaction

from content import permissions
from content.errors import Invalid, InvalidMove, Stale
from content.models import Approval, Decision, Piece, Status, User, Verdict, Version
from content.services import audit
from content.services.editing import without_controls

# verdict: (the piece becomes, its approval becomes, a reason is needed)
OUTCOMES = {
    Verdict.APPROVED: (Status.READY, Approval.APPROVED, False),
    Verdict.CHANGES_REQUESTED: (Status.REVIEWED, Approval.CHANGES_REQUESTED, True),
    Verdict.REJECTED: (Status.REJECTED, Approval.REJECTED, True),
    Verdict.REVOKED: (Status.REVIEWED, Approval.PENDING, False),
}


def approve(version: Version, *, by: User, feedback: str = "") -> Decision:
    """The piece is ready to be published, with exactly this text."""
    return decide(version, Verdict.APPROVED, by=by, feedback=feedback)


def request_changes(version: Version, *, by: User, feedback: str) -> Decision:
    """It is good, but not yet; `feedback` says what is missing."""
    return decide(version, Verdict.CHANGES_REQUESTED, by=by, feedback=feedback)


def reject(version: Version, *, by: User, feedback: str) -> Decision:
    """It will not be published; `feedback` says why."""
    return decide(version, Verdict.REJECTED, by=by, feedback=feedback)


def revoke(version: Version, *, by: User, feedback: str = "") -> Decision:
    """Take the standing decision back: the piece waits for a person again."""
    return decide(version, Verdict.REVOKED, by=by, feedback=feedback)


@transaction.atomic
def decide(version: Version, verdict: str, *, by: User, feedback: str = "") -> Decision:
    """Write one decision and move the piece with it, or say who was first.

    Raises `NotAllowed`, `Invalid` (no reason given), `Stale` (a newer version exists) or `InvalidMove` (it was
    decided already, breaks a rule of the place it is pasted to, is still being written, is public, or was deleted).
    """
    verdict = Verdict(verdict)
    status, approval, needs_reason = OUTCOMES[verdict]
    piece, newest = _read(version, by=by)
    feedback = without_controls(feedback, keep="\n\t").strip()
    if needs_reason and not feedback:
        raise Invalid("Say why: feedback is needed unless you approve.", {"feedback": ["Say why."]})
    stands = standing(newest)
    if verdict == Verdict.REVOKED:
        if stands is None:
            raise InvalidMove("There is no decision to take back.")
        if piece.status == Status.PUBLISHED:
            by_hand = f"It is marked as published on {piece.on.name}. Take that mark off first."
            raise InvalidMove("It is public. Unpublish it first." if piece.on.public else by_hand)
    elif stands is not None:
        raise _second(stands)
    if verdict == Verdict.APPROVED:
        _require_postable(piece, newest)
    before = piece.status
    piece.move_to(status, approval=approval)
    decision = Decision.objects.create(
        piece=piece,
        version=newest,
        version_hash=newest.hash,
        verdict=verdict,
        feedback=feedback,
        by=by,
        status_before=before,
    )
    audit.record(f"piece.{verdict.value}", piece, by=by, version=newest.number, hash=newest.hash)
    return decision


@transaction.atomic
def mark_reviewed(version: Version, *, by: User) -> None:
    """A reviewer has read it and leaves the decision open: it is reviewed, and still waits.

    Raises what `decide` raises; also `InvalidMove` where there is nothing to wait for.
    """
    piece, newest = _read(version, by=by)
    if (stands := standing(newest)) is not None:
        raise _second(stands)
    if piece.status == Status.REVIEWED or not piece.waits:
        raise InvalidMove(piece.refusal(Status.REVIEWED))
    piece.move_to(Status.REVIEWED)
    audit.record("piece.reviewed", piece, by=by, version=newest.number, hash=newest.hash)


def _read(version: Version, *, by: User) -> tuple[Piece, Version]:
    """The piece, locked to the end of the transaction, and its newest text, which is the one that `by` has read."""
    piece = Piece.objects.select_for_update(of=("self",)).select_related("current__by").get(pk=version.piece_id)
    permissions.require_reviewer(by, piece)
    newest = piece.current
    if piece.deleted_at:
        raise InvalidMove(f"“{piece}” was deleted.")
    if newest is None or not piece.is_written:
        raise InvalidMove(f"“{piece}” is still being written.")
    if newest.hash != version.hash:
        raise Stale(
            f"You read version {version.number}, but version {newest.number} by {newest.author} is newer. "
            "Read the difference, then decide again.",
            newest=newest.number,
            newest_hash=newest.hash,
        )
    return piece, newest


def _require_postable(piece: Piece, version: Version) -> None:
    """A text that a person pastes elsewhere keeps to the rules there: X would not take it, and nobody could publish it."""
    faults = [] if piece.on.public else piece.on.faults(version.title, version.body, piece.asked)
    if faults:
        raise InvalidMove(f"It breaks a rule of {piece.on.name}: {' '.join(faults[:3])} Edit it, then approve.")


def _second(first: Decision) -> InvalidMove:
    asked = first.verdict == Verdict.CHANGES_REQUESTED
    already = "Changes were already requested" if asked else f"Already {first.get_verdict_display().lower()}"
    return InvalidMove(f"{already} by {first.who}.", first=first.who, verdict=first.verdict)


def standing(version: Version) -> Decision | None:
    """The decision that holds for this version, if one was made and not taken back."""
    latest = version.decisions.select_related("by", "guest__asked_by").order_by("-created_at", "-pk").first()
    return None if latest is None or latest.verdict == Verdict.REVOKED else latest
