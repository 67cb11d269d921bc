"""Decisions on pieces. Each is pinned to exactly the version that the reviewer read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from content import permissions
from content.errors import CopydeskError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import Approval, Decision, GuestLink, Piece, Status, User, Verdict, Version
from content.models.state import UNDOING
from content.services import audit
from content.services.editing import without_controls

UNDO_WITHIN = timedelta(seconds=10)  # long enough to notice a wrong key; later there is "take back"

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


def decide(version: Version, verdict: str, *, by: User, feedback: str = "") -> Decision:
    """Write one decision and move the piece with it, or say who was first.

    Raises `NotAllowed`, `Invalid` (no reason given), `Stale` (a newer version exists) or `InvalidMove` (it was
    decided already, breaks a rule of the place it is pasted to, is still being written, is public, or was deleted).
    """
    verdict = Verdict(verdict)
    with recording_refusals(version, verdict, by=by):
        return _decide(version, verdict, by=by, feedback=feedback)


def decide_as_guest(link: GuestLink, verdict: str, feedback: str = "") -> Decision:
    """What somebody without an account says of the one version that `link` shows, once.

    Raises what `decide` raises for whoever asked the guest, and `InvalidMove` where the link has ended, was used, or
    is asked to take something back.
    """
    verdict = Verdict(verdict)
    with recording_refusals(link.version, verdict, guest=link):
        if verdict == Verdict.REVOKED:
            raise InvalidMove("A guest decides once. Ask whoever sent you the link to take it back.")
        # The link before the piece, always, so that of two windows of one guest the second finds it used.
        locked = GuestLink.objects.select_for_update(of=("self",)).select_related("asked_by", "version").get(pk=link.pk)
        used = Decision.objects.filter(guest=locked).first()
        if used is not None:
            raise InvalidMove(f"You have decided already: {used.get_verdict_display().lower()}.", verdict=used.verdict)
        if locked.taken_back_at or locked.ends_at <= timezone.now():
            raise InvalidMove("This link has ended. Ask whoever sent it for another one.")
        if not locked.asked_by.is_active:
            raise NotAllowed("Whoever sent you this link does not work here any more. Ask somebody else of the desk.")
        return _decide(locked.version, verdict, by=locked.asked_by, guest=locked, feedback=feedback)


def undo(decision: Decision, *, by: User) -> Decision:
    """Take back what the same person decided a moment ago: its piece waits again, as it did before.

    Raises `NotAllowed` (somebody else’s decision) or `InvalidMove` (too late, or the piece has moved on).
    """
    with recording_refusals(decision.version, Verdict.REVOKED, by=by):
        piece = Piece.objects.select_for_update(of=("self",)).select_related("current").get(pk=decision.piece_id)
        if decision.by_id != by.pk:
            raise NotAllowed(f"{decision.who} decided that. Only they can undo it; an editor can take it back.")
        permissions.require_reviewer(by, piece)
        if timezone.now() - decision.created_at > UNDO_WITHIN:
            raise InvalidMove(f"It is too late to undo that. Open “{piece}” and take the decision back.")
        newest, became = piece.current, OUTCOMES[Verdict(decision.verdict)][0]
        stands = standing(newest) if newest else None
        if newest is None or stands != decision or piece.status != became or piece.deleted_at:
            raise InvalidMove(f"“{piece}” has moved on since, so there is nothing to undo.")
        piece.move_to(decision.status_before, along=UNDOING, approval=Approval.PENDING)
        return _written(piece, newest, Verdict.REVOKED, "Undone", before=became, by=by)


@contextmanager
def recording_refusals(
    version: Version, verdict: str, *, by: User | None = None, guest: GuestLink | None = None
) -> Iterator[None]:
    """A transaction whose refusal is written into the trail once it is rolled back: who was second, read an older
    text, or may not decide. What is only filled in wrongly is nobody’s affair.

    Whoever decides inside a transaction of their own opens this one around it: what they roll back takes the line
    that is written here along.
    """
    try:
        with transaction.atomic():
            yield
    except CopydeskError as refusal:
        record_refusal(version, verdict, refusal, by=by, guest=guest)
        raise


def record_refusal(
    version: Version, verdict: str, refusal: CopydeskError, *, by: User | None = None, guest: GuestLink | None = None
) -> None:
    """The line for a verdict that was refused, unless it was only filled in wrongly."""
    if isinstance(refusal, InvalidMove | Stale | NotAllowed):
        what = {"verdict": str(verdict), "version": version.number, "hash": version.hash, "code": refusal.code}
        # The sentence can name who was first.
        audit.record("decision.refused", version.piece, by=by, guest=guest, personal={"why": refusal.message}, **what)


def _decide(version: Version, verdict: Verdict, *, by: User, guest: GuestLink | None = None, feedback: str) -> Decision:
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
    piece.move_to(status, approval=approval, claimed_by=None, claimed_at=None)
    return _written(piece, newest, verdict, feedback, before=before, by=None if guest else by, guest=guest)


def _written(
    piece: Piece,
    version: Version,
    verdict: Verdict,
    feedback: str,
    *,
    before: str,
    by: User | None,
    guest: GuestLink | None = None,
) -> Decision:
    """The decision and its line in the trail."""
    decision = Decision.objects.create(
        piece=piece,
        version=version,
        version_hash=version.hash,
        verdict=verdict,
        feedback=feedback,
        by=by,
        guest=guest,
        status_before=before,
    )
    audit.record(f"piece.{verdict.value}", piece, by=by, version=version.number, hash=version.hash, guest=guest)
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
    piece.move_to(Status.REVIEWED, claimed_by=None, claimed_at=None)
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
