"""The trail: what PostgreSQL refuses, how rows are chained, and what verifying finds."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import make
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from config import roles
from content.models import AuditEntry, AuditLane, Decision, Status, TrailCheck, Version
from content.services import audit, chain, review

DESK = "copydesk_desk"
TABLES = ("content_version", "content_decision", "content_auditentry")


@contextmanager
def as_desk() -> Iterator[None]:
    """As the application's own role comes."""
    roles.grant(DESK)
    sql(f"SET LOCAL ROLE {DESK}")
    yield
    sql("RESET ROLE")


def try_to(statement: str, *, owner: bool) -> None:
    with transaction.atomic():
        if not owner:
            roles.grant(DESK)
            sql(f"SET LOCAL ROLE {DESK}")
        sql(statement)


@contextmanager
def guards_lifted() -> Iterator[None]:
    """As an owner can who has become an enemy."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")  # what waits for the end of the test would be in the way
    for table in (*TABLES, "content_auditlane"):
        sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    for table in (*TABLES, "content_auditlane"):
        sql(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def in_one_lane(count: int = 300) -> list[AuditEntry]:
    """Rows of this test's own transaction."""
    sql(
        "INSERT INTO content_auditentry (event, actor_id, object_type, object_id, object_name, data, personal, request_id, "
        "agent) SELECT 'piece.edited', %s, 'piece', n, 'A kettle', jsonb_build_object('version', n), '{}', '', '' "
        "FROM generate_series(1, %s) n",
        make.editor().pk,
        count,
    )
    entries = list(AuditEntry.objects.order_by("number"))
    assert [entry.number for entry in entries] == list(range(1, count + 1))
    return entries


def first_of(result: chain.Result) -> tuple[int | None, int | None, str]:
    assert result.first
    return result.first.id, result.first.number, result.first.what


# --- What is refused ---


@pytest.mark.parametrize("owner", [False, True], ids=["the application’s role", "the owner"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.django_db
def test_raw_sql_neither_changes_nor_removes_what_was_written(table: str, owner: bool) -> None:
    make.piece(status=Status.READY)
    before = sql(f"SELECT * FROM {table} ORDER BY id")
    assert before
    attempts = [
        f"UPDATE {table} SET created_at = now() - interval '1 year'",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET created_at = now()",
        f"MERGE INTO {table} old USING {table} new ON old.id = new.id WHEN MATCHED THEN DELETE",
        # What django-pgtrigger's own guards can be told by anybody.
        f"SET LOCAL pgtrigger.ignore = '{{pgtrigger_version_never_changes_ce6d7,trail_keep}}'; DELETE FROM {table}",
    ]
    attempts.append(f"SET LOCAL session_replication_role = replica; DELETE FROM {table}")
    if not owner:
        attempts += [
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"ALTER TABLE {table} DISABLE TRIGGER trail_keep",
            f"DROP TRIGGER trail_keep ON {table}",
            f"DROP TABLE {table} CASCADE",
            f"ALTER TABLE {table} OWNER TO {DESK}",
            f"CREATE RULE nothing AS ON INSERT TO {table} DO INSTEAD NOTHING",
            "CREATE OR REPLACE FUNCTION trail_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "CREATE OR REPLACE FUNCTION trail_retention() RETURNS interval LANGUAGE sql AS 'SELECT interval ''0'''",
            "CREATE TABLE mine (id int)",
            "DELETE FROM content_auditlane",
            "UPDATE content_auditlane SET number = number + 1",
            f"GRANT copydesk TO {DESK}",
        ]
    for attempt in attempts:
        with pytest.raises(DatabaseError):
            try_to(attempt, owner=owner)

    assert sql(f"SELECT * FROM {table} ORDER BY id") == before
    assert chain.verify().whole


@pytest.mark.django_db
def test_bulk_queries_are_refused_too() -> None:
    make.piece(status=Status.READY)
    for model in (Version, Decision, AuditEntry):
        for act in (lambda rows: rows.update(created_at=timezone.now()), lambda rows: rows._raw_delete(rows.db)):
            with pytest.raises(DatabaseError, match="Cannot (update|delete) rows"), transaction.atomic():
                act(model.objects.all())


@pytest.mark.django_db
def test_a_lane_is_never_noted_shorter_than_it_was() -> None:
    in_one_lane(10)
    with pytest.raises(DatabaseError, match="a lane only grows"), transaction.atomic():
        AuditLane.objects.update(number=3)


@pytest.mark.django_db
def test_the_application_works_as_a_role_that_owns_nothing() -> None:
    with as_desk():
        piece = make.piece(status=Status.READY)
        review.revoke(piece.current, by=make.editor())
        assert chain.keep_verified().whole


# --- The chain ---


@pytest.mark.django_db
def test_a_row_that_raw_sql_writes_is_chained_like_any_other() -> None:
    entry = audit.record("task.created", by=make.editor(), type="blog_post")
    forged = "a" * 64
    sql(
        "INSERT INTO content_auditentry (event, object_type, object_name, data, personal, request_id, agent, created_at, "
        "lane, number, previous, hash) VALUES ('x', '', '', '{}', '{}', '', '', '2001-01-01', 77, 99, %s, %s)",
        forged,
        forged,
    )
    last = AuditEntry.objects.latest("pk")

    assert (last.lane, last.number, last.previous) == (entry.lane, entry.number + 1, entry.hash)
    assert last.hash != forged
    assert last.created_at >= entry.created_at
    assert chain.verify().whole


@pytest.mark.django_db
def test_what_is_written_at_once_is_chained_one_by_one() -> None:
    audit.record_each("idea.proposed", [make.idea() for _ in range(20)], by=make.editor())
    numbers = AuditEntry.objects.order_by("pk").values_list("number", flat=True)

    assert list(numbers) == list(range(1, 21))
    assert chain.verify().rows == 20
    assert AuditLane.objects.get().number == 20


@pytest.mark.django_db
def test_what_was_rolled_back_leaves_no_gap() -> None:
    audit.record("one")
    with transaction.atomic():
        audit.record("two")
        transaction.set_rollback(True)
    audit.record("three")

    assert list(AuditEntry.objects.order_by("pk").values_list("event", "number")) == [("one", 1), ("three", 2)]
    assert chain.verify().whole


@pytest.mark.django_db(transaction=True)
def test_twelve_writers_with_rollbacks_leave_whole_lanes_and_never_wait_for_each_other() -> None:
    people = [make.editor() for _ in range(3)]
    before = AuditEntry.objects.count()
    written, wrong = [], []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            rows = chance.randint(1, 4)
            try:
                with transaction.atomic():
                    # Rows of people are locked in any order but one, so that only lanes could make a knot.
                    for _ in range(rows):
                        audit.record("piece.edited", by=chance.choice(people), seed=seed)
                    if chance.random() < 0.3:
                        with transaction.atomic():
                            audit.record_each("idea.proposed", people[:2])
                            raise RuntimeError
                    if chance.random() < 0.3:
                        raise RuntimeError
                written.append(rows)
            except RuntimeError:
                continue
            except DatabaseError as error:
                wrong.append(error)
        connections.close_all()

    threads = [threading.Thread(target=write, args=[seed]) for seed in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = chain.verify()

    assert not wrong
    assert result.whole
    assert result.rows == AuditEntry.objects.count() == before + sum(written)
    assert sum(number for number, _ in result.heads.values()) == result.rows


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_stays_open_holds_nobody_up() -> None:
    done = threading.Event()

    def other() -> None:
        for _ in range(20):  # also those that would begin in the same lane
            audit.record("other")
            connection.close()
        done.set()

    with transaction.atomic():
        mine = audit.record("mine")
        thread = threading.Thread(target=other)
        thread.start()
        assert done.wait(60)
        assert audit.record("mine again").lane == mine.lane
    thread.join()

    assert not AuditEntry.objects.filter(event="other", lane=mine.lane).exists()
    assert chain.verify().rows == 22


# --- What verifying finds ---


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("event", "'piece.editee'"),
        ("data", "'{\"version\": 150}'"),
        ("object_id", "object_id # 1"),
        ("actor_id", "NULL"),
        ("created_at", "created_at + interval '1 microsecond'"),
        ("hash", "translate(hash, '0123456789abcdef', '1032547698badcfe')"),
        ("origin_seal", f"'{'0' * 64}'"),
    ],
)
@pytest.mark.django_db
def test_one_flipped_bit_is_found_and_named(column: str, value: str) -> None:
    entry = in_one_lane()[150]

    with guards_lifted():
        sql(f"UPDATE content_auditentry SET {column} = {value} WHERE id = %s", entry.pk)
    result = chain.verify()

    assert len(result.findings) == 1
    assert first_of(result) == (entry.pk, entry.number, "changed")


@pytest.mark.django_db
def test_a_row_that_was_changed_and_hashed_anew_is_named_by_the_one_after_it() -> None:
    entry = in_one_lane()[150]
    with guards_lifted():
        sql("UPDATE content_auditentry SET event = 'forged' WHERE id = %s", entry.pk)
        sql("UPDATE content_auditentry forged SET hash = (trail_seal(forged)).hash WHERE id = %s", entry.pk)
    result = chain.verify()

    assert first_of(result) == (entry.pk, entry.number, "changed")
    assert "hashed anew" in str(result.first)


@pytest.mark.django_db
def test_a_removed_row_is_missed() -> None:
    entry = in_one_lane()[150]
    with guards_lifted():
        sql("DELETE FROM content_auditentry WHERE id = %s", entry.pk)
    result = chain.verify()

    assert first_of(result) == (None, 151, "missing")
    assert str(result.first) == f"Row 151 of lane {entry.lane}: row 151 is gone."


@pytest.mark.django_db
def test_a_swapped_pair_is_found() -> None:
    entries = in_one_lane()
    first, second = entries[150], entries[200]
    with guards_lifted():
        sql("UPDATE content_auditentry SET number = 0 WHERE id = %s", first.pk)
        sql("UPDATE content_auditentry SET number = 151 WHERE id = %s", second.pk)
        sql("UPDATE content_auditentry SET number = 201 WHERE id = %s", first.pk)
    result = chain.verify()

    assert first_of(result)[1:] in {(151, "order"), (201, "order")}
    assert f"here belongs the row with id {first.pk}" in " ".join(map(str, result.findings))


@pytest.mark.django_db
def test_rows_cut_off_at_the_end_are_missed_and_leave_a_gap_for_good() -> None:
    entries = in_one_lane()
    with guards_lifted():
        sql("DELETE FROM content_auditentry WHERE number > 290")
    cut = chain.verify()
    audit.record("went.on")

    assert first_of(cut) == (None, 291, "cut")
    assert AuditEntry.objects.get(event="went.on").number == 301
    assert AuditEntry.objects.get(event="went.on").previous == entries[-1].hash
    assert first_of(chain.verify()) == (None, 291, "missing")


@pytest.mark.django_db
def test_who_rewrites_everything_is_found_out_by_a_line_that_was_kept_elsewhere() -> None:
    in_one_lane(20)
    line = chain.anchor(chain.verify().heads)
    with guards_lifted():
        sql("DELETE FROM content_auditentry WHERE number > 5")
        sql("UPDATE content_auditlane SET number = 5, hash = (SELECT hash FROM content_auditentry WHERE number = 5)")
    assert chain.verify().whole

    for _ in range(15):
        audit.record("forged")

    assert chain.verify().whole
    assert first_of(chain.verify(against=[chain.anchored(line)])) == (None, 20, "anchor")


@pytest.mark.django_db
def test_what_was_verified_is_not_read_again_but_has_to_be_there() -> None:
    in_one_lane(20)
    full = chain.keep_verified()
    audit.record("new")
    new = chain.keep_verified()
    known = chain._known()
    with guards_lifted():
        sql("UPDATE content_auditentry SET hash = %s WHERE number = 21", "f" * 64)

    assert (full.full, full.rows, full.whole) == (True, 20, True)
    assert (new.full, new.rows, new.whole) == (False, 21, True)
    assert not chain.verify(since=known).whole
    assert not chain.keep_verified().whole or not chain.note(chain.verify(), full=True).whole
    assert chain.last_verified() == TrailCheck.objects.latest("pk")
    assert AuditEntry.objects.filter(event="trail.altered").exists()


# --- The command ---


def verify_audit(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=out)
    except CommandError as error:
        return error.returncode, f"{out.getvalue()}{error}"
    return 0, out.getvalue()


@pytest.mark.django_db
def test_the_command_says_whether_it_is_whole_and_what_was_altered_first() -> None:
    entry = in_one_lane(30)[10]
    make.piece()
    status, says = verify_audit("--texts")
    assert (status, "Whole." in says, "30 rows in 1 lanes" in says) == (0, True, True)

    _, line = verify_audit("--anchor")
    with guards_lifted():
        sql("UPDATE content_auditentry SET event = 'forged' WHERE id = %s", entry.pk)
        sql("UPDATE content_version SET body = body || '!'")
    status, says = verify_audit("--json", "--texts", "--against", line.strip())
    told = json.loads(says[: says.rindex("}") + 1])

    assert status == 1
    assert not told["whole"]
    assert told["first"]["what"] in {"version", "changed"}
    assert {finding["what"] for finding in told["findings"]} == {"version", "changed"}
    assert verify_audit("--lane", str(entry.lane))[0] == 1
    assert verify_audit("--against", "copydesk-trail and nonsense")[0] == 2
    assert verify_audit("--against", "/no/such/file")[0] == 2
    assert not chain.last_verified().whole
    assert "changed" in chain.last_verified().finding
