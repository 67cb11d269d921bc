"""The audit trail: how many rows a second it takes, beside a plain table, and how long a million take to verify."""

from __future__ import annotations

import argparse
import os
import threading
import time
from collections.abc import Callable

import psycopg
from installation import Installation

from config.embedded import DataDir
from content.services import chain

ROWS = 1_000_000
AT_ONCE = 50_000
WRITERS = (1, 8, 32)
SECONDS = 4.0
BOUND_SECONDS = 60
COLUMNS = "event, object_type, object_id, object_name, data, personal, request_id, ip, agent"
VALUES = """
    'piece.edited', 'piece', 12, 'A kettle that lasts twenty years', '{"version": 3, "hash": "9f3a"}'::jsonb, '{}'::jsonb,
    'b2f0c9', '192.0.2.7'::inet, 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
"""
CHAINED = f"INSERT INTO content_auditentry ({COLUMNS}) SELECT {VALUES}"
PLAIN = f"INSERT INTO bench_plain ({COLUMNS}, number) SELECT {VALUES}, (random() * 1e15)::bigint"


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    _writing(report, DataDir(installation.data).holder()["environment"]["DATABASE_URL"])
    _verifying(report)


def _owner() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _writing(report: Callable[..., None], desk: str) -> None:
    """Each row in a transaction of its own, as events happen. The plain table has the same columns and indexes."""
    with _owner() as owner:
        owner.execute("CREATE TABLE bench_plain (LIKE content_auditentry INCLUDING ALL)")
        owner.execute("GRANT SELECT, INSERT ON bench_plain TO PUBLIC")
    for writers in WRITERS:
        bare, ours = _rate(desk, PLAIN, writers), _rate(desk, CHAINED, writers)
        report(
            f"audit rows a second, {writers} writers",
            f"{ours:,.0f} chained; {bare:,.0f} plain; {ours / bare:.0%}",
            ours > 200,
            {"chained": ours, "plain": bare},
        )
    with _owner() as owner:
        owner.execute("DROP TABLE bench_plain")


def _rate(desk: str, statement: str, writers: int) -> float:
    written, ready, stop = [0] * writers, threading.Barrier(writers + 1), threading.Event()

    def write(number: int) -> None:
        with psycopg.connect(desk, autocommit=True) as line:
            ready.wait()
            while not stop.is_set():
                line.execute(statement)
                written[number] += 1

    threads = [threading.Thread(target=write, args=[number]) for number in range(writers)]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.monotonic()
    time.sleep(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()
    return sum(written) / (time.monotonic() - started)


def _verifying(report: Callable[..., None]) -> None:
    """A million rows through the trigger; whole; then one bit, one row, and one pair, each found and put back."""
    with _owner() as owner:
        have = owner.execute("SELECT count(*) FROM content_auditentry").fetchone()[0]
        started = time.monotonic()
        for _ in range(-(-(ROWS - have) // AT_ONCE)):
            owner.execute(f"{CHAINED} FROM generate_series(1, {AT_ONCE})")
        filled = time.monotonic() - started
        owner.execute("VACUUM ANALYZE content_auditentry")
    result = chain.verify()
    report(
        "rows chained at once",
        f"{(result.rows - have) / filled:,.0f} a second in {AT_ONCE:,} a statement",
        True,
        (result.rows - have) / filled,
    )
    report(
        f"verify_audit, {result.rows:,} rows",
        f"{result.seconds:.1f} s (≤ {BOUND_SECONDS}), {result.rows / result.seconds:,.0f} rows a second",
        result.whole and result.seconds <= BOUND_SECONDS,
        {"seconds": result.seconds, "rows": result.rows},
    )
    lane, (last, _) = max(result.heads.items(), key=lambda head: head[1][0])
    middle = last // 2
    row = f"lane = {lane} AND number ="
    harm = {
        "one flipped bit": (
            [f"UPDATE content_auditentry SET event = 'piece.editee' WHERE {row} {middle}"],
            ["changed"],
        ),
        "a removed row": ([f"DELETE FROM content_auditentry WHERE {row} {middle}"], ["missing"]),
        "a swapped pair": (
            [
                f"UPDATE content_auditentry SET number = 0 WHERE {row} {middle}",
                f"UPDATE content_auditentry SET number = {middle} WHERE {row} {middle + 1}",
                f"UPDATE content_auditentry SET number = {middle + 1} WHERE {row} 0",
            ],
            ["order", "order"],
        ),
    }
    for what, (statements, kinds) in harm.items():
        found = _harmed(statements, lane, middle)
        report(
            f"finds {what} in {result.rows:,}",
            f"{found.seconds:.1f} s: {found.first}",
            [one.what for one in found.findings] == kinds and found.first.number == middle,
            found.seconds,
        )


def _harmed(statements: list[str], lane: int, middle: int) -> chain.Result:
    """What verifying finds after the harm, which is then undone from a copy."""
    with _owner() as owner:
        owner.execute("ALTER TABLE content_auditentry DISABLE TRIGGER ALL")
        near = f"WHERE lane = {lane} AND number BETWEEN {middle} AND {middle + 1}"
        owner.execute(f"CREATE TABLE bench_kept AS SELECT * FROM content_auditentry {near}")
        for statement in statements:
            owner.execute(statement)
        try:
            return chain.verify()
        finally:
            owner.execute(f"DELETE FROM content_auditentry {near}")
            owner.execute("INSERT INTO content_auditentry SELECT * FROM bench_kept")
            owner.execute("DROP TABLE bench_kept")
            owner.execute("ALTER TABLE content_auditentry ENABLE TRIGGER ALL")
            for guard in ("trail_guard", "trail_keep", "trail_keep_all"):
                owner.execute(f"ALTER TABLE content_auditentry ENABLE ALWAYS TRIGGER {guard}")
