"""Who reads a piece now, so that two do not read the same. It is said and never enforced: of two verdicts the first
holds, whoever made it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from content import permissions
from content.errors import InvalidMove
from content.models import Piece, User
from content.services import audit


@transaction.atomic
def claim(piece: Piece, *, by: User) -> None:
    """`by` is at it: it is theirs unless somebody else reads it, and stays theirs for another while.

    What waits for nobody is claimed by nobody. Raises `NotAllowed` for who may not decide on it.
    """
    permissions.require_reviewer(by, piece)
    waiting = Piece.objects.filter(pk=piece.pk, deleted_at=None).waiting()
    now = timezone.now()
    renewed = waiting.filter(claimed_by=by).update(claimed_at=now)
    if not renewed and waiting.free().update(claimed_by=by, claimed_at=now):
        audit.record("piece.claimed", piece, by=by)
    piece.refresh_from_db(fields=["claimed_by", "claimed_at", "status", "approval"])


@transaction.atomic
def take_over(piece: Piece, *, by: User, from_whom: int) -> None:
    """`by` reads it instead of the person whose number is `from_whom`, which is whom they saw there.

    Raises `NotAllowed`, and `InvalidMove` where it waits for nobody or a third person was quicker.
    """
    permissions.require_reviewer(by, piece)
    waiting = Piece.objects.filter(pk=piece.pk, deleted_at=None).waiting()
    won = waiting.filter(claimed_by=from_whom).update(claimed_by=by, claimed_at=timezone.now())
    piece.refresh_from_db(fields=["claimed_by", "claimed_at", "status", "approval"])
    if not won:
        now = f"{piece.reader.get_short_name()} is reading it by now." if piece.reader else "It can be claimed again."
        raise InvalidMove(now if piece.waits else f"“{piece}” was decided meanwhile.")
    audit.record("piece.taken_over", piece, by=by, taken_from=from_whom)


@transaction.atomic
def let_go(piece: Piece, *, by: User) -> None:
    """`by` reads it no more and leaves it to others. Not theirs: nothing happens."""
    if Piece.objects.filter(pk=piece.pk, claimed_by=by).update(claimed_by=None, claimed_at=None):
        audit.record("piece.let_go", piece, by=by)
    piece.refresh_from_db(fields=["claimed_by", "claimed_at"])
