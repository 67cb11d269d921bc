"""A trail that was begun before there was a chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from content.services.chain import ROWS

OLD = "trail_of_old"


@pytest.fixture
def old(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """An empty database of its own."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {OLD}")
    there = connections[OLD] = type(connections["default"])({**connection.settings_dict, "NAME": OLD}, alias=OLD)
    yield there
    there.close()
    del connections[OLD]
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {OLD} WITH (FORCE)")


def test_what_was_written_before_is_chained_and_names_move_to_where_they_can_be_blanked(
    old: BaseDatabaseWrapper,
) -> None:
    MigrationExecutor(old).migrate([("content", "0003_world")])
    rows = [
        ("auth.refused", None, "", None, "", {"email": "mara@example.org", "reason": "wrong"}, "192.0.2.7"),
        ("user.changed", 1, "user", 1, "Mara Lindqvist", {"fields": ["role"]}, None),
        ("auth.refused", None, "", None, "", {"email": "nobody@example.org", "reason": "wrong"}, "192.0.2.7"),
        ("piece.approved", 1, "piece", 7, "A kettle", {"version": 3}, None),
    ]
    with old.cursor() as cursor:
        cursor.execute(
            "INSERT INTO content_user (id, password, is_superuser, email, name, role, is_staff, is_active, keys, created_at) "
            "VALUES (1, '', false, 'Mara@example.org', 'Mara Lindqvist', 'editor', false, true, true, now())"
        )
        cursor.executemany(
            "INSERT INTO content_auditentry (event, actor_id, object_type, object_id, object_name, data, ip, request_id, "
            "created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, '', now())",
            [(*row[:5], json.dumps(row[5]), row[6]) for row in rows],
        )

    MigrationExecutor(old).migrate([("content", "0004_review_desk")])

    with old.cursor() as cursor:
        cursor.execute(ROWS, [0, 0])
        chained = cursor.fetchall()
        cursor.execute("SELECT object_type, object_id, object_name, personal::text FROM content_auditentry ORDER BY id")
        people = cursor.fetchall()
        cursor.execute("SELECT lane, number, hash FROM content_auditlane")
        heads = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'trail%' AND tgenabled = 'A'")
        guards = cursor.fetchone()[0]

    before = ""
    for number, (_, place, previous, kept, _, text, origin_seal, origin, *_rest) in enumerate(chained, start=1):
        assert (place, previous, kept) == (number, before, sha256(text.encode()).hexdigest())
        assert origin_seal == (sha256(origin.encode()).hexdigest() if origin else "")
        before = kept
    assert heads == [(0, 4, before)]
    assert guards == 10
    assert people == [
        ("user", 1, "", '{"email": "mara@example.org"}'),
        ("user", 1, "", '{"name": "Mara Lindqvist"}'),
        ("", None, "", '{"email": "nobody@example.org"}'),
        ("piece", 7, "A kettle", "{}"),
    ]
