"""What an entry of the trail means to a person: what happened, to what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F
from django.utils import timezone

from content import platforms
from content.models import AuditEntry, Decision, Piece, User, Verdict, Version
from content.services import trail_reading

# What is said elsewhere in the row, or says nothing to a person.
UNSAID = {"version", "hash", "piece", "link", "version_hash"}


@dataclass(frozen=True)
class Row:
    """An entry, with what the tables beside the trail know of it. `origin` is left out where it is not theirs to see."""

    entry: AuditEntry
    platform: str
    piece: Piece | None
    says: str
    shows_origin: bool

    @property
    def ip(self) -> str | None:
        return self.entry.ip if self.shows_origin else None

    @property
    def agent(self) -> str:
        return self.entry.agent if self.shows_origin else ""

    @property
    def day(self) -> date:
        return timezone.localdate(self.entry.created_at)

    @property
    def version(self) -> int | None:
        number = self.entry.data.get("version")
        return number if isinstance(number, int) else None

    @property
    def mark(self) -> str:
        """The beginning of the hash, as it is read out: “c41e 90aa”."""
        return f"{self.entry.hash[:4]} {self.entry.hash[4:8]}".strip()


def rows(entries: Sequence[AuditEntry], *, by: User) -> list[Row]:
    """Each entry with what is known of it: three queries, however many there are."""
    about = [entry.object_id for entry in entries if entry.object_type == "piece" and entry.object_id]
    pieces = Piece.objects.filter(deleted_at=None).only("platform", "title").in_bulk(about)
    reasons, lengths = _reasons(entries), _lengths(entries)
    found = []
    for entry in entries:
        piece = pieces.get(entry.object_id or 0) if entry.object_type == "piece" else None
        found.append(
            Row(
                entry=entry,
                platform=platforms.get(piece.platform).name if piece and piece.platform in platforms.ALL else "",
                piece=piece,
                says=_says(entry, reasons, lengths),
                shows_origin=trail_reading.may_see_origin(by, entry),
            )
        )
    return found


def _reasons(entries: Sequence[AuditEntry]) -> dict[tuple[int, str, str], list[Decision]]:
    """The decisions that these entries speak of, by piece, hash and verdict."""
    decided = [entry for entry in entries if _verdict(entry)]
    found: dict[tuple[int, str, str], list[Decision]] = {}
    if not decided:
        return found
    hashes = {str(entry.data["hash"]) for entry in decided}
    of_them = Decision.objects.filter(piece__in={entry.object_id for entry in decided}, version_hash__in=hashes)
    for decision in of_them.exclude(feedback="").order_by():
        found.setdefault((decision.piece_id, decision.version_hash, decision.verdict), []).append(decision)
    return found


def _lengths(entries: Sequence[AuditEntry]) -> dict[tuple[int, int], int]:
    """The words of the texts that were edited and of those they were made from, by piece and number."""
    edited = [(entry.object_id, entry.data["version"]) for entry in entries if _is_edit(entry)]
    if not edited:
        return {}
    numbers = {number - step for _, number in edited for step in (0, 1)}
    texts = Version.objects.filter(piece__in={pk for pk, _ in edited}, number__in=numbers).order_by()
    counts = texts.values_list("piece", "number", F("facts__word_count"))
    return {(piece, number): count for piece, number, count in counts if isinstance(count, int)}


def _says(entry: AuditEntry, reasons: dict[Any, list[Decision]], lengths: dict[tuple[int, int], int]) -> str:
    if verdict := _verdict(entry):
        meant = reasons.get((entry.object_id, entry.data["hash"], verdict), [])
        if meant:
            # One text can be approved, taken back and approved again.
            nearest = min(meant, key=lambda decision: abs(decision.created_at - entry.created_at))
            return f"“{nearest.feedback}”"
    if _is_edit(entry) and entry.object_id:
        number = entry.data["version"]
        new, old = lengths.get((entry.object_id, number)), lengths.get((entry.object_id, number - 1))
        if new is not None and old is not None:
            return f"{'−' if new < old else '+'}{abs(new - old):,} {'word' if abs(new - old) == 1 else 'words'}"
    if why := entry.data.get("why") or entry.personal.get("why"):
        return str(why)
    said = {name: value for name, value in entry.data.items() if name not in UNSAID}
    return "; ".join(f"{name.replace('_', ' ')}: {_value(value)}" for name, value in said.items())


def _value(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
    return str(value)


def _verdict(entry: AuditEntry) -> str:
    """The verdict that this entry records, or ""."""
    said = entry.event.removeprefix("piece.")
    return said if entry.object_type == "piece" and said in Verdict.values and entry.data.get("hash") else ""


def _is_edit(entry: AuditEntry) -> bool:
    return entry.event == "piece.edited" and isinstance(entry.data.get("version"), int)
