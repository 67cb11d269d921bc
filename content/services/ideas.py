"""Ideas and the pieces that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from content import permissions, platforms
from content.errors import InvalidMove
from content.models import Idea, Piece, Post, User
from content.services import audit


def propose(title: str, *, owner: User, description: str = "", category: str = "") -> Idea:
    """A new idea of `owner`."""
    return propose_all([Idea(title=title, description=description, category=category)], owner=owner)[0]


@transaction.atomic
def propose_all(proposed: Sequence[Idea], *, owner: User) -> list[Idea]:
    """Store several new ideas, as those of `owner`."""
    for idea in proposed:
        idea.owner = owner
    stored = Idea.objects.bulk_create(proposed)
    audit.record_each("idea.proposed", stored, by=owner)
    return stored


def start_piece(idea: Idea, platform: str, *, ask: dict[str, Any]) -> Piece:
    """The idea's piece on `platform`, made if it is not there yet; `ask` says what its text has to be."""
    platforms.get(platform)
    piece, _ = Piece.objects.get_or_create(
        idea=idea, platform=platform, defaults={"owner": idea.owner, "title": idea.title, "ask": ask}
    )
    return piece


def start_pieces(asks: Sequence[tuple[Idea, str, dict[str, Any]]]) -> list[Piece]:
    """Pieces of new ideas, each on a platform, with what its text has to be."""
    for _, slug, _ in asks:
        platforms.get(slug)
    return Piece.objects.bulk_create(
        Piece(idea=idea, platform=slug, owner=idea.owner, title=idea.title, ask=ask) for idea, slug, ask in asks
    )


@transaction.atomic
def delete_piece(piece: Piece, *, by: User) -> None:
    """Take a piece away from every list; its texts and its trail stay. What is public must be unpublished first."""
    permissions.require_writer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    if Post.objects.live().filter(piece=locked).exists():
        raise InvalidMove(f"“{locked}” is public. Unpublish it first.")
    if not Piece.objects.filter(pk=locked.pk, deleted_at=None).update(deleted_at=Now()):
        raise InvalidMove(f"“{locked}” was deleted already.")
    audit.record("piece.deleted", locked, by=by)
