"""Who may do what. What one may *see* is decided by the querysets (`visible_to`)."""

from __future__ import annotations

from content.errors import NotAllowed
from content.models import HouseRules, Piece, User, Version


def require_reviewer(user: User, piece: Piece) -> None:
    """Editors and admins decide; with the second-person rule, not on what they themselves asked for or wrote."""
    if not user.reviews:
        raise NotAllowed("Only an editor can decide. Ask one to look at it.")
    if not HouseRules.in_force().needs_second_person:
        return
    wrote_it = piece.current is not None and piece.current.by_id == user.pk
    if wrote_it or piece.owner_id == user.pk:
        raise NotAllowed("This installation asks for a second person: somebody else has to decide on your own work.")


def require_writer(user: User, piece: Piece) -> None:
    """Editors and admins may edit every piece, creators their own."""
    if not (user.reviews or piece.owner_id == user.pk):
        raise NotAllowed("Only its owner or an editor can change it.")


def require_reader_of_reports(user: User) -> None:
    """Editors and admins; how much of the trail each of them reads is decided by `trail_reading.visible_to`."""
    if not user.reviews:
        raise NotAllowed("Only editors and admins read the reports. Ask one of them.")


def may_decide(user: User, version: Version | None) -> bool:
    """For pages: whether to show the verdict bar at all."""
    return version is not None and user.reviews
