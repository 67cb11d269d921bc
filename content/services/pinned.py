"""Whether every text is still the one that was decided on: hashes of versions and of decisions, worked out anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from content.models.version import digest
from content.services.chain import Finding, Result

AT_ONCE = 500  # texts in memory

VERSIONS = "SELECT id, piece_id, number, title, body, hash, extract(epoch FROM created_at)::float FROM content_version"
DECISIONS = """
SELECT decision.id, version.piece_id, version.number, extract(epoch FROM decision.created_at)::float
FROM content_decision decision LEFT JOIN content_version version ON version.id = decision.version_id
WHERE version.hash IS DISTINCT FROM decision.version_hash OR version.piece_id <> decision.piece_id
"""


def verify(result: Result) -> None:
    """Add to `result` how many texts there are, and each whose hash is not what it says."""
    for pk, piece, number, title, body, kept, at in _rows(VERSIONS):
        result.texts += 1
        if digest(title, body) != kept:
            says = f"Version {number} of piece {piece} (id {pk}): its text was changed"
            result.findings.append(Finding(None, number, "version", says, pk, at))
    for pk, piece, number, at in _rows(DECISIONS):
        says = f"Decision {pk} on version {number} of piece {piece}: it was given on another text"
        result.findings.append(Finding(None, number, "decision", says, pk, at))


def _rows(query: str) -> Iterator[tuple[Any, ...]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows
