"""Cards of the board: a piece with the one quiet fact that says what it waits for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from content.models import Approval, AuditEntry, Decision, Piece, Status, Verdict
from content.models.piece import WAITING
from content.templatetags.desk import clock

FIRST_WORDS = 90  # characters of a reason that a card shows


@dataclass(frozen=True)
class Card:
    """A piece as the board shows it."""

    piece: Piece
    fact: str

    @property
    def below(self) -> bool:
        """Under the mark, or broken by a hard rule."""
        version = self.piece.current
        return bool(version and version.report and not version.checks.passed)


def cards(pieces: Collection[Piece]) -> dict[int, Card]:
    """A card for each piece by its pk, in two queries for all. The pieces come from `for_cards`."""
    keys = [piece.pk for piece in pieces]
    latest = Decision.objects.filter(piece__in=keys).order_by("piece_id", "-created_at", "-pk").distinct("piece_id")
    said = {decision.piece_id: decision for decision in latest.select_related("by", "guest__asked_by")}
    looked = AuditEntry.objects.filter(object_type="piece", object_id__in=keys, event="piece.reviewed")
    seen = {entry.object_id: entry for entry in looked.select_related("actor").order_by("created_at", "pk")}
    return {piece.pk: Card(piece, _fact(piece, said.get(piece.pk), seen.get(piece.pk))) for piece in pieces}


def _fact(piece: Piece, decision: Decision | None, seen: AuditEntry | None) -> str:
    """When it is due, who has it or had it last, what is missing, or why it was turned down."""
    version = piece.current
    stands = decision if decision and version and decision.version_id == version.pk else None
    if stands and stands.verdict in {Verdict.REJECTED, Verdict.CHANGES_REQUESTED}:
        return f"{stands.first_name}: “{_first_words(stands.feedback)}”"
    if piece.status == Status.PUBLISHED:
        post = getattr(piece, "post", None)
        return f"Public since {clock(post.published_at if post else piece.updated_at)}"
    if piece.due_at:
        return f"Due {clock(piece.due_at)}"
    if piece.status == Status.READY and stands:
        return f"Approved by {stands.first_name}, {clock(stands.created_at)}"
    if piece.status == Status.EDITED and version and version.by:
        return f"{version.by.get_short_name()}, version {version.number}"
    if piece.status == Status.REVIEWED and seen and seen.actor:
        return f"Seen by {seen.actor.get_short_name()}, {clock(seen.created_at)}"
    if piece.status in WAITING and piece.approval == Approval.PENDING and piece.on.public and not piece.cover:
        return "Picture not chosen"
    return _since(piece.updated_at)


def _since(moment: datetime) -> str:
    return f"Since {clock(moment)}"


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= FIRST_WORDS else f"{line[:FIRST_WORDS].rsplit(' ', 1)[0]} …"
