"""The admin with 1,000 pieces and with 100,000: each list, a search, and the page of a piece with 200 versions.

Milliseconds of the middle one of seven, in this process and without a network, and how many queries. There are as many
ideas, versions, decisions, lines of the trail, tasks, stages, events, pictures, deliveries and notifications as pieces.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone
from installation import Installation

from content.models import (
    AuditEntry,
    Decision,
    FormerAddress,
    GuestLink,
    Idea,
    Piece,
    Post,
    Status,
    User,
    Verdict,
    Version,
)
from content.services import audit, editing
from media_gen.models import Image
from pipeline.models import Delivery, Event, Kind, Notification, Stage, Task

SIZES = (1_000, 100_000)
ROUNDS, VERSIONS = 7, 200
GROWTH = 2.5
WORDS = ["kettle", "winter", "garden", "ladder", "copper", "village", "harbour", "needle", "orchard", "pepper"]
BODY = "Most kettles are thrown away while they still boil. " * 40
SEARCHES = {
    Piece: ["kettle winter", "zeugma", "person@example.org"],
    Version: ["zeugma"],
    Decision: ["zeugma"],
    AuditEntry: ["piece.approved", "zeugma"],
    Task: ["zeugma"],
    Event: ["zeugma"],
    Image: ["zeugma"],
    Idea: ["zeugma"],
}
Report = Callable[[str, str, bool, object], None]


def run(installation: Installation, report: Report, options: argparse.Namespace) -> None:
    boss = User.objects.create_superuser("bench-admin@example.org")
    browser = Client(headers={"host": "localhost"})
    browser.force_login(boss)
    long = _long_piece(boss)
    took: dict[int, dict[str, float]] = {}
    for size in SIZES:
        seed(size, owner=boss)
        took[size] = {}
        for name, address, query in _pages(long):
            median, slowest, queries = _measured(browser, address, query)
            took[size][name] = median
            says = f"{median:.0f} ms (slowest {slowest:.0f}), {queries} queries"
            report(f"admin {name}, {size:,}", says, True, round(median, 1))
    for name, few in took[SIZES[0]].items():
        grown = took[SIZES[-1]][name] / few
        says = f"{grown:.2f} (≤ {GROWTH}) from {SIZES[0]:,} to {SIZES[-1]:,} pieces"
        report(f"admin {name}, growth", says, grown <= GROWTH, round(grown, 2))


def _pages(long: Piece) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(what it is called, its address, its query)."""
    for model in admin.site._registry:
        label = model._meta.label_lower
        if model._meta.app_label not in {"content", "media_gen", "pipeline"}:
            continue
        address = reverse(f"admin:{label.replace('.', '_')}_changelist")
        yield f"{label} list", address, {}
        for words in SEARCHES.get(model, []):
            yield f"{label} “{words}”", address, {"q": words}
    yield f"piece of {VERSIONS} versions", reverse("admin:content_piece_change", args=[long.pk]), {}
    task = Task.objects.latest("pk")
    yield "task page", reverse("admin:pipeline_task_change", args=[task.pk]), {}


def _measured(browser: Client, address: str, query: dict[str, str]) -> tuple[float, float, int]:
    """(median and slowest in milliseconds, queries)."""
    with override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False):
        with CaptureQueriesContext(connection) as queries:
            first = browser.get(address, query)
        asked = len(queries)
        assert first.status_code == 200, (address, first.status_code)
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            browser.get(address, query)
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), max(times), asked


def _long_piece(owner: User) -> Piece:
    idea = Idea.objects.create(title="A piece with a history", owner=owner)
    piece = Piece.objects.create(idea=idea, platform="blog", owner=owner, title=idea.title)
    for number in range(VERSIONS):
        editing.add_version(piece, title=idea.title, body=f"# {idea.title}\n\n{BODY}{number}", stage="edit", by=owner)
    return piece


def seed(upto: int, *, owner: User) -> None:
    """Let there be `upto` pieces, and one of everything else for each: copies of one, made by PostgreSQL."""
    already = Piece.objects.count()
    if upto <= already:
        return
    first = _one_of_each(owner)
    many = upto - already
    with transaction.atomic(), connection.cursor() as cursor:
        ids = {model: (model.objects.latest("pk").pk, first[model].pk) for model in first}

        def new(model: Any) -> str:
            """The key of the copy number g."""
            return f"{ids[model][0]} + g"

        title = "initcap(w[g % 10 + 1]) || ' and ' || w[g / 10 % 10 + 1] || ', number ' || g"
        changes: dict[Any, dict[str, str]] = {
            Idea: {"title": title},
            Piece: {"title": title, "idea_id": new(Idea), "current_id": new(Version), "came_from": "''"},
            Version: {"title": title, "piece_id": new(Piece)},
            GuestLink: {"version_id": new(Version)},
            Decision: {"piece_id": new(Piece), "version_id": new(Version)},
            AuditEntry: {"object_id": new(Piece), "object_name": title, "event": "'piece.' || w[g % 3 + 1]"},
            Post: {"piece_id": new(Piece), "title": title, "slug": f"'p-' || {new(Post)}"},
            FormerAddress: {"post_id": new(Post), "slug": f"'old-' || {new(Post)}"},
            Delivery: {"post_id": new(Post)},
            Image: {"piece_id": new(Piece)},
            Task: {"name": title, "model": "'model-' || g % 5"},
            Stage: {"task_id": new(Task), "piece_id": new(Piece)},
            Event: {"task_id": new(Task)},
            Notification: {"task_id": new(Task), "key": new(Task)},
        }
        for model, of_copy in changes.items():
            _copy(cursor, model, first[model].pk, {"id": new(model), **of_copy}, many)
        cursor.execute(
            "INSERT INTO content_words (piece_id, vector) SELECT id, to_tsvector('simple', title || "
            "CASE WHEN id %% 1000 = 0 THEN ' zeugma' ELSE '' END) FROM content_piece WHERE id > %s",
            [ids[Piece][0]],
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _copy(cursor: Any, model: Any, pk: int, changes: dict[str, str], many: int) -> None:
    """Copy a row so many times; what differs is said in SQL, by `g` from 1 and `w`, words."""
    table = model._meta.db_table
    filled = {"lane", "number", "previous", "hash", "created_at"} if model is AuditEntry else set()
    columns = [
        field.column for field in model._meta.concrete_fields if not field.generated and field.column not in filled
    ]
    values = ", ".join(changes.get(column, f'r."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    words = ", ".join(f"'{word}'" for word in WORDS)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} r, generate_series(1, {many}) g, "
        f"(SELECT ARRAY[{words}] AS w) words WHERE r.id = {pk}"
    )
    # As often as it was not asked: the desk's role may not set it.
    cursor.execute(f"SELECT count(nextval(pg_get_serial_sequence('{table}', 'id'))) FROM generate_series(1, {many})")


def _one_of_each(owner: User) -> dict[Any, Any]:
    """What all others are copies of."""
    now = timezone.now()
    idea = Idea.objects.create(title="First", category="kettle", owner=owner)
    piece = Piece.objects.create(idea=idea, platform="blog", owner=owner, title="First", status=Status.READY)
    version = Version.objects.create(
        piece=piece, number=1, stage="format", title="First", body=BODY, model="m", record={"calls": [BODY]}, score=7
    )
    link = GuestLink.objects.create(version=version, name="Nora", asked_by=owner, ends_at=now)
    decision = Decision.objects.create(
        piece=piece, version=version, version_hash=version.hash, verdict=Verdict.APPROVED, by=owner, feedback=BODY[:200]
    )
    entry = audit.record("piece.approved", piece, by=owner)
    post = Post.objects.create(
        piece=piece, version_number=1, version_hash=version.hash, slug=f"first-{piece.pk}", title="First", body=BODY,
        html=BODY, category="kettle", category_slug="kettle", author="Mara", published_at=now, updated_at=now,
    )  # fmt: skip
    task = Task.objects.create(
        type="blog_post", name="First", owner=owner, provider="ollama", model="m", status="completed"
    )
    made = [
        *(idea, piece, version, link, decision, entry, post, task),
        FormerAddress.objects.create(slug=f"once-{piece.pk}", post=post),
        Delivery.objects.create(post=post, target="main", external_id="e"),
        Image.objects.create(piece=piece, source="card", preview="none.png", width=1200, height=630, key="one"),
        Stage.objects.create(task=task, name="draft", position=1, piece=piece, status="done", asked_at=now),
        Event.objects.create(task=task, seq=1, type="log", data={"message": "Claimed"}),
        Notification.objects.create(
            owner=owner, kind=Kind.WAITING, key=f"first-{piece.pk}", title="A piece waits", task=task
        ),
    ]
    return {type(row): row for row in made}
