"""Many pieces at once, each by the very service that moves it singly: the same rules, the same refusals, the same trail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from content.errors import CopydeskError, Invalid, InvalidMove, Stale
from content.models import Piece, User, Verdict, Version
from content.services import ideas, review

MOST = 100  # a person can look through so many, and one request can move them


@dataclass(frozen=True)
class Verb:
    """One thing that can be done to many pieces. `does` is its button, `done` what they then are, `cannot` what those
    that it does not fit cannot be; `act(version, by, feedback)` does it to one."""

    name: str
    does: str
    done: str
    cannot: str
    icon: str
    act: Callable[[Version, User, str], object]
    needs_reason: bool = False
    for_reviewers: bool = True
    key: str = ""
    verdict: str = ""  # that it gives; what is refused of those is in the trail


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            "approve",
            "Approve",
            "approved",
            "be approved",
            "check",
            lambda version, by, feedback: review.approve(version, by=by, feedback=feedback),
            key="a",
            verdict=Verdict.APPROVED,
        ),
        Verb(
            "reviewed",
            "Mark as reviewed",
            "marked as reviewed",
            "be marked as reviewed",
            "search",
            lambda version, by, feedback: review.mark_reviewed(version, by=by),
        ),
        Verb(
            "changes",
            "Request changes",
            "sent back",
            "be sent back",
            "back",
            lambda version, by, feedback: review.request_changes(version, by=by, feedback=feedback),
            needs_reason=True,
            key="c",
            verdict=Verdict.CHANGES_REQUESTED,
        ),
        Verb(
            "reject",
            "Reject",
            "rejected",
            "be rejected",
            "cross",
            lambda version, by, feedback: review.reject(version, by=by, feedback=feedback),
            needs_reason=True,
            key="r",
            verdict=Verdict.REJECTED,
        ),
        Verb(
            "delete",
            "Delete",
            "deleted",
            "be deleted",
            "x",
            lambda version, by, feedback: ideas.delete_piece(version.piece, by=by),
            for_reviewers=False,
        ),
    )
}


@dataclass(frozen=True)
class Outcome:
    """What became, or would become, of one piece; `refusal` is empty where it moves. `piece` is None where there is
    none (any more) that this person may see."""

    piece: Piece | None
    refusal: str = ""


def verb(name: str) -> Verb:
    """The verb of that name; `Invalid` where there is none."""
    try:
        return VERBS[name]
    except KeyError:
        raise Invalid("Say what is to be done with the pieces: approve, reject or another of the buttons.") from None


def rehearse(does: Verb, pieces: Collection[int], *, by: User) -> list[Outcome]:
    """What `move` would do now. Each is really moved and taken back, so that no rule is written down twice."""
    _require_some(pieces)
    reason = "Why" if does.needs_reason else ""  # the reason is asked for together with the confirmation
    return [_one(does, pk, None, by=by, feedback=reason, keep=False) for pk in sorted(pieces)]


def move(does: Verb, pinned: Mapping[int, str], *, by: User, feedback: str = "") -> list[Outcome]:
    """Move the pieces whose newest text still has the hash it is `pinned` to, each in a transaction of its own.

    One that was edited, decided or deleted meanwhile is skipped, and its outcome says why; the others are moved.
    """
    _require_some(pinned)
    if does.needs_reason and not feedback.strip():
        raise Invalid("Say why: feedback is needed unless you approve.", {"feedback": ["Say why."]})
    # In one order always: of two people with the same selection neither then waits for the other for ever.
    return [_one(does, pk, pinned[pk], by=by, feedback=feedback) for pk in sorted(pinned)]


def _require_some(pieces: Collection[int]) -> None:
    if not pieces:
        raise Invalid("Nothing is selected. Tick the pieces first, then say what is to be done with them.")
    if len(pieces) > MOST:
        raise Invalid(f"At most {MOST} pieces can be moved at once; these are {len(pieces)}. Take fewer.")


def _one(does: Verb, pk: int, pin: str | None, *, by: User, feedback: str, keep: bool = True) -> Outcome:
    try:
        with transaction.atomic():
            piece = Piece.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=pk).first()
            if piece is None:
                return Outcome(None, "It is not there any more.")
            does.act(_read(piece, pin), by, feedback)
            if not keep:
                transaction.set_rollback(True)
    except CopydeskError as refusal:
        left = Piece.objects.with_current().get(pk=pk)
        if keep and does.verdict and left.current:
            review.record_refusal(left.current, does.verdict, refusal, by=by)
        return Outcome(left, refusal.message)
    return Outcome(Piece.objects.with_current().get(pk=pk))


def _read(piece: Piece, pin: str | None) -> Version:
    """The newest text of a piece, if it is the one that was shown when the person said yes."""
    newest = piece.versions.select_related("piece", "by").order_by("-number").first()
    if newest is None or not piece.is_written:
        raise InvalidMove(f"“{piece}” is still being written.")
    if pin is not None and newest.hash != pin:
        raise Stale(f"Version {newest.number} by {newest.author} is newer than the text you said it of.")
    return newest
