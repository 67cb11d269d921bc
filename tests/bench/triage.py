"""The first page of the review queue with 100,000 pieces, beside the same page with 1,000: what the server takes.

The pieces are real rows with versions of their own, most of them waiting, some late, some urgent, some read by somebody;
the page is asked for through Django's own client, with its sessions, middleware and templates.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from content.models import Approval, Idea, Piece, Role, Status, User, Version
from content.services import editing

FEW, MANY = 1_000, 100_000
BATCH, ROUNDS = 2_000, 40
BOUND_MS = 100
BODY = "# A kettle\n\nKettles are thrown away early. It saves £410 a year.\n\n## The part\n\nIt sits below the base.\n"
STATUSES = [Status.GENERATED] * 6 + [Status.EDITED, Status.REVIEWED, Status.READY, Status.PUBLISHED]
CURRENT = (
    "UPDATE content_piece SET current_id = version.id FROM content_version version "
    "WHERE version.piece_id = content_piece.id AND content_piece.current_id IS NULL"
)
PAGES = {
    "the queue": "",
    "lowest score first": "?order=score",
    "failed": "?view=failed",
    "ready": "?view=ready",
    "claimed by nobody": "?reader=nobody",
}


def run(installation: Any, report: Callable[..., None], options: Any) -> None:
    editor = User.objects.filter(role=Role.ADMIN).order_by("pk").first() or User.objects.earliest("pk")
    client = Client(raise_request_exception=True, SERVER_NAME="127.0.0.1")
    client.force_login(editor)
    measured = {}
    for count in (FEW, MANY):
        seed(count, owner=editor)
        measured[count] = {name: _milliseconds(client, f"/desk/review/{asked}") for name, asked in PAGES.items()}
        piece = Piece.objects.waiting().filter(deleted_at=None)[40]
        measured[count]["a piece beside it"] = _milliseconds(client, piece.get_absolute_url())
    for name, many in measured[MANY].items():
        few = measured[FEW][name]
        says = f"{many:.0f} ms with {MANY:,} pieces, {few:.0f} ms with {FEW:,} (median of {ROUNDS})"
        bound = BOUND_MS if name != "a piece beside it" else float("inf")
        report(f"queue: {name}", says, many < bound, {"few_ms": few, "many_ms": many})


def seed(upto: int, *, owner: User) -> None:
    """Let there be `upto` pieces, each with a version of its own."""
    already = Piece.objects.count()
    colleague, _ = User.objects.get_or_create(
        email="ines@bench.example.org", defaults={"name": "Ines Duarte", "role": Role.EDITOR}
    )
    now = timezone.now()
    sample = Piece(platform="blog", ask={"topic": "Kettles"})
    report = editing.judge(sample, "A kettle", BODY)
    for start in range(already, upto, BATCH):
        numbers = range(start, min(start + BATCH, upto))
        ideas = Idea.objects.bulk_create(Idea(title=f"Kettles, number {n}", owner=owner) for n in numbers)
        pieces = Piece.objects.bulk_create(
            Piece(
                idea=idea,
                platform="blog",
                owner=owner,
                title=idea.title,
                status=STATUSES[n % 10],
                approval=Approval.APPROVED
                if STATUSES[n % 10] in (Status.READY, Status.PUBLISHED)
                else Approval.PENDING,
                priority=1 if n % 50 == 0 else 0,
                due_at=now + timedelta(minutes=n - 500) if n % 4 == 0 else None,
                claimed_by=colleague if n % 100 == 7 else None,
                claimed_at=now if n % 100 == 7 else None,
            )
            for n, idea in zip(numbers, ideas, strict=True)
        )
        Version.objects.bulk_create(_version(piece, n, report) for n, piece in zip(numbers, pieces, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(CURRENT)
        for table in ("content_piece", "content_version", "content_idea"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _version(piece: Piece, number: int, report: Any) -> Version:
    score = 4 + number % 60 / 10
    told = {**report.as_dict(), "score": score, "passed": score >= report.threshold}
    body = f"{BODY}\nNumber {number}.\n"
    return Version(
        piece=piece, number=1, stage="format", title=piece.title, body=body, model="smollm2:135m", score=score,
        report=told, facts={"word_count": 700 + number % 500, "read_minutes": 3}, hash=f"{number:064x}",
    )  # fmt: skip


def _milliseconds(client: Client, address: str) -> float:
    """The median, once caches and plans are warm."""
    taken = []
    for turn in itertools.count():
        began = time.perf_counter()
        response = client.get(address)
        spent = (time.perf_counter() - began) * 1000
        assert response.status_code == 200, f"{address}: {response.status_code}"
        if turn >= 5:
            taken.append(spent)
        if len(taken) == ROUNDS:
            return statistics.median(taken)
    raise AssertionError("unreachable")
