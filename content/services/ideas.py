"""Ideas and the pieces that are made of them."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from content import platforms
from content.models import Idea, Piece, User
from content.services import audit


@transaction.atomic
def propose(title: str, *, owner: User, description: str = "", category: str = "") -> Idea:
    """A new idea of `owner`."""
    idea = Idea.objects.create(title=title, description=description, category=category, owner=owner)
    audit.record("idea.proposed", idea, by=owner)
    return idea


def start_piece(idea: Idea, platform: str, *, ask: dict[str, Any]) -> Piece:
    """The idea's piece on `platform`, made if it is not there yet; `ask` says what its text has to be."""
    platforms.get(platform)
    piece, _ = Piece.objects.get_or_create(
        idea=idea, platform=platform, defaults={"owner": idea.owner, "title": idea.title, "ask": ask}
    )
    return piece
