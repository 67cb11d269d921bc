"""The first page of the review queue with 100,000 pieces, beside the same page with 1,000: what the server takes.

The pieces are real rows with versions of their own, most of them waiting, some late, some urgent, some read by somebody;
the page is asked for through Django's own client, with its sessions, middleware and templates.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test import Client

from content.models import Idea, Piece, Role, Status, User, Version
from content.services import editing

FEW, MANY = 1_000, 100_000
ROUNDS, WARM = 40, 5
BOUND_MS = 100
BODY = "# A kettle\n\nKettles are thrown away early. It saves £410 a year.\n\n## The part\n\nIt sits below the base.\n"
PAGES = {
    "the queue": "",
    "lowest score first": "?order=score",
    "failed": "?view=failed",
    "ready": "?view=ready",
    "claimed by nobody": "?reader=nobody",
}
# Copies of one row by the database itself: a hundred thousand by the ORM take longer than all that is measured.
COPIES = """
    INSERT INTO {table} SELECT copied.* FROM {table} one CROSS JOIN generate_series(%(first)s, %(last)s) n,
    LATERAL jsonb_populate_record(NULL::{table}, to_jsonb(one) || {differs}) copied WHERE one.id = %(one)s
"""
IDEA = "jsonb_build_object('id', %(base)s + n, 'title', 'Kettles, number ' || n)"
PIECE = """jsonb_build_object(
    'id', %(base)s + n, 'idea_id', %(base)s + n, 'title', 'Kettles, number ' || n, 'current_id', NULL,
    'status', (%(statuses)s::text[])[n %% 10 + 1],
    'approval', CASE WHEN n %% 10 IN (8, 9) THEN 'approved' ELSE 'pending' END,
    'priority', CASE WHEN n %% 50 = 0 THEN 1 ELSE 0 END,
    'due_at', CASE WHEN n %% 4 = 0 THEN now() + (n - 500) * interval '1 minute' END,
    'updated_at', now() - n * interval '1 minute',
    'claimed_by_id', CASE WHEN n %% 100 = 7 THEN %(colleague)s END,
    'claimed_at', CASE WHEN n %% 100 = 7 THEN now() END)"""
VERSION = """jsonb_build_object(
    'id', %(base)s + n, 'piece_id', %(base)s + n, 'title', 'Kettles, number ' || n,
    'hash', lpad(n::text, 64, '0'), 'score', 4 + n %% 60 / 10.0,
    'report', one.report || jsonb_build_object('score', 4 + n %% 60 / 10.0, 'passed', 4 + n %% 60 / 10.0 >= 7))"""
CURRENT = (
    "UPDATE content_piece SET current_id = version.id FROM content_version version "
    "WHERE version.piece_id = content_piece.id AND content_piece.current_id IS NULL"
)
BASE = 10_000_000  # far from the rows that are there
STATUSES = [Status.GENERATED] * 6 + [Status.EDITED, Status.REVIEWED, Status.READY, Status.PUBLISHED]


def run(installation: Any, report: Callable[..., None], options: Any) -> None:
    editor = User.objects.filter(role=Role.ADMIN).order_by("pk").first() or User.objects.earliest("pk")
    client = Client(raise_request_exception=True, SERVER_NAME="127.0.0.1")
    client.force_login(editor)
    sample, seeded = _sample(editor), 0
    measured: dict[int, dict[str, float]] = {}
    for count in (FEW, MANY):
        _seed(sample, seeded + 1, count)
        seeded = count
        measured[count] = {name: _milliseconds(client, f"/desk/review/{asked}") for name, asked in PAGES.items()}
        piece = Piece.objects.filter(deleted_at=None).waiting()[40]
        measured[count]["a piece of it"] = _milliseconds(client, piece.get_absolute_url())
    for name, many in measured[MANY].items():
        few = measured[FEW][name]
        says = f"{many:.0f} ms with {MANY:,} pieces, {few:.0f} ms with {FEW:,} (median of {ROUNDS})"
        report(f"queue: {name}", says, many < BOUND_MS, {"few_ms": few, "many_ms": many})


def _sample(owner: User) -> Version:
    idea = Idea.objects.create(title="Kettles", owner=owner)
    piece = Piece.objects.create(idea=idea, platform="blog", owner=owner, title="Kettles", ask={"topic": "Kettles"})
    return editing.add_version(piece, title="Kettles", body=BODY, stage="format", model="smollm2:135m")


def _seed(sample: Version, first: int, last: int) -> None:
    """Let there be pieces with these numbers, each with a version of its own."""
    names = {"name": "Ines Duarte", "role": Role.EDITOR}
    colleague, _ = User.objects.get_or_create(email="ines@bench.example.org", defaults=names)
    given = {"base": BASE, "first": first, "last": last, "colleague": colleague.pk, "statuses": list(STATUSES)}
    ones = {
        "content_idea": (IDEA, sample.piece.idea_id),
        "content_piece": (PIECE, sample.piece_id),
        "content_version": (VERSION, sample.pk),
    }
    with connection.cursor() as cursor:
        for table, (differs, one) in ones.items():
            cursor.execute(COPIES.format(table=table, differs=differs), {**given, "one": one})
        cursor.execute(CURRENT)
        for table in ones:
            cursor.execute(f"VACUUM ANALYZE {table}")


def _milliseconds(client: Client, address: str) -> float:
    """The median, once caches and plans are warm."""
    taken = []
    for turn in range(WARM + ROUNDS):
        began = time.perf_counter()
        response = client.get(address)
        spent = (time.perf_counter() - began) * 1000
        assert response.status_code == 200, f"{address}: {response.status_code}"
        if turn >= WARM:
            taken.append(spent)
    return statistics.median(taken)
