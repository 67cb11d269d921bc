"""Guest links: whoever has one reads exactly one version, without an account, and decides on it once.

The address is signed and says which row it is; the row says whether it still leads anywhere. A guest may what the
reviewer who asked may, at the moment of deciding and not only at the moment of asking.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from content import permissions
from content.errors import CopydeskError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import AuditEntry, Decision, GuestLink, Piece, User, Verdict, Version
from content.services import audit, review
from content.services.editing import without_controls
from content.services.preview_links import Ended, Forged

SALT = "content.guest"  # no preview, and no other signature of this installation, decides on anything
MOST_DAYS = 30
USUAL_DAYS = 7
MOST_OPEN = 20  # of one piece
# A decision that is refused can be tried again, so often; then not for a while.
MOST_REFUSED, PAUSE = 20, datetime.timedelta(hours=1)
REFUSALS = ("guest.refused", "decision.refused")  # the link was over; the decision could not be made
VERDICTS = (Verdict.APPROVED, Verdict.CHANGES_REQUESTED, Verdict.REJECTED)


class Used(Ended):
    """It was good for one decision, and that was made."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("It was good for one decision, which the desk has.", code="used")
        self.decision = decision


class Overtaken(CopydeskError):
    """The piece went on without the guest."""

    code = "overtaken"
    status = 409


@transaction.atomic
def make(version: Version, *, by: User, name: str, days: int = USUAL_DAYS) -> GuestLink:
    """Ask somebody called `name` to decide on exactly this version within `days` (at most 30).

    Only who may decide on it may ask. Raises what `review.decide` raises, and `Invalid` for a name or a number of days
    that does not fit.
    """
    piece = Piece.objects.select_for_update(of=("self",)).select_related("current__by").get(pk=version.piece_id)
    permissions.require_reviewer(by, piece)
    name = " ".join(without_controls(name).split())
    _require_sound(name, days)
    newest = _decidable(piece, version)
    if of(piece).count() >= MOST_OPEN:
        raise InvalidMove(f"{MOST_OPEN} guests are asked already. Take a link back first.")
    ends_at = (timezone.now() + datetime.timedelta(days=days)).replace(microsecond=0)
    link = GuestLink.objects.create(version=newest, name=name, asked_by=by, ends_at=ends_at)
    _record("guest.asked", link, by=by, ends_at=int(ends_at.timestamp()))
    return link


def of(piece: Piece) -> QuerySet[GuestLink]:
    """Those of the piece that wait for their guest, newest first."""
    asked = GuestLink.objects.filter(version__piece=piece, taken_back_at=None, decision=None)
    asked = asked.filter(ends_at__gt=timezone.now(), asked_by__is_active=True)
    return asked.select_related("version", "asked_by").defer("version__body", "version__record", "version__report")


@transaction.atomic
def take_back(link: GuestLink, *, by: User) -> None:
    """It leads nowhere from now on. Any reviewer may: a guest decides for the desk, not for one person."""
    if not by.reviews:
        raise NotAllowed("Only an editor can take it back.")
    taken = GuestLink.objects.filter(pk=link.pk, taken_back_at=None, decision=None).update(taken_back_at=timezone.now())
    if not taken:
        raise InvalidMove("It is too late: the guest has decided, or somebody took it back already.")
    _record("guest.taken_back", link, by=by)


def url_of(link: GuestLink) -> str:
    """The address to give away, host and all. Whoever has it can decide, so show it only to who asked."""
    return f"{settings.SITE_URL}{reverse('guest', args=[_signer().sign(str(link.pk))])}"


def read(token: str) -> GuestLink:
    """The link, as long as its guest can decide; else `Forged`, `Ended`, `Used` or `Overtaken`."""
    link = _named(token)
    _require_open(link)
    return link


def opened(link: GuestLink) -> None:
    """The guest has the page before them: the first time is kept."""
    with transaction.atomic():
        if GuestLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now()):
            _record("guest.opened", link)


def decide(token: str, verdict: str, feedback: str) -> Decision:
    """The guest's decision, once.

    Raises what `read` and `review.decide_as_guest` raise, and 429 after too many refusals. A refusal is kept in the
    trail; a form that was not filled in is none.
    """
    link = _named(token)
    _require_patience(link)
    try:
        _require_open(link)
    except CopydeskError as refusal:
        _record("guest.refused", link, verdict=verdict[:20], code=refusal.code)
        raise
    if verdict not in VERDICTS:
        raise Invalid("Say what you decided: approve, request changes or reject.")
    return review.decide_as_guest(link, verdict, feedback)


def _require_sound(name: str, days: int) -> None:
    fields: dict[str, list[str]] = {}
    if not 1 <= len(name) <= 120:
        fields["name"] = ["Their name, as the record will say it; at most 120 characters."]
    if not 1 <= days <= MOST_DAYS:
        fields["days"] = [f"From 1 to {MOST_DAYS} days."]
    if fields:
        raise Invalid("Nobody was asked.", fields)


def _decidable(piece: Piece, version: Version) -> Version:
    """The newest version, which is the one that was read and waits for a decision."""
    newest = piece.current
    if piece.deleted_at:
        raise InvalidMove(f"“{piece}” was deleted.")
    if newest is None or not piece.is_written:
        raise InvalidMove(f"“{piece}” is still being written.")
    if newest.hash != version.hash:
        raise Stale(
            f"Version {newest.number} by {newest.author} is newer. Read it, then ask.",
            newest=newest.number,
            newest_hash=newest.hash,
        )
    if (stands := review.standing(newest)) is not None:
        raise InvalidMove(f"There is nothing to decide: {stands.get_verdict_display().lower()} by {stands.who}.")
    return newest


def _named(token: str) -> GuestLink:
    rows = GuestLink.objects.select_related("asked_by", "version__by", "version__piece__owner", "version__piece__idea")
    try:
        link = rows.filter(pk=int(_signer().unsign(token))).first()
    except (signing.BadSignature, ValueError):
        link = None
    if link is None:
        raise Forged("There is no such link. See that the whole address was copied.")
    return link


def _require_open(link: GuestLink) -> None:
    """In words for a stranger: they name nobody but who asked, and say nothing of what the desk does since."""
    piece = Piece.objects.select_related("current__by").get(pk=link.version.piece_id)
    if decision := Decision.objects.filter(guest=link).first():
        raise Used(decision)
    if link.ends_at <= timezone.now():
        raise Ended("Its time is over. Ask whoever sent it for a new link.")
    if link.taken_back_at or piece.deleted_at or not _may_still_ask(link.asked_by, piece):
        raise Ended("It was taken back. Ask whoever sent it, if you think that is a mistake.")
    if piece.current is None or not piece.is_written or piece.current.hash != link.version.hash:
        raise Overtaken(
            "The text was changed since you were asked. Whoever sent the link can send one to the new text."
        )
    if review.standing(piece.current) is not None:
        raise Overtaken("Somebody at the desk decided before you. Thank you all the same.")


def _may_still_ask(user: User, piece: Piece) -> bool:
    try:
        permissions.require_reviewer(user, piece)
    except NotAllowed:
        return False
    return user.is_active


def _require_patience(link: GuestLink) -> None:
    since = timezone.now() - PAUSE
    lines = AuditEntry.objects.filter(object_type="piece", object_id=link.version.piece_id, created_at__gt=since)
    if lines.filter(event__in=REFUSALS, data__link=link.pk).count() >= MOST_REFUSED:
        raise CopydeskError("That was refused too often. Wait an hour, then try again.", code="too_many", status=429)


def _record(event: str, link: GuestLink, *, by: User | None = None, **data: Any) -> None:
    version = link.version
    audit.record(event, version.piece, by=by, guest=link, version=version.number, **data)


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)
