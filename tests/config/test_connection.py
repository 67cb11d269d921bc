from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection as django_s
from psycopg_pool import ConnectionPool

from config.connection import Connection


@pytest.fixture
def pool(db: None) -> Iterator[ConnectionPool[Any]]:
    place = {**django_s.get_connection_params(), "autocommit": True}
    place.pop("cursor_factory")
    opened = ConnectionPool(
        kwargs=place, connection_class=Connection, check=ConnectionPool.check_connection, min_size=1, max_size=1
    )
    with opened:
        yield opened


def last_statement(pid: int) -> Any:
    with django_s.cursor() as cursor:
        cursor.execute("SELECT query_start, query FROM pg_stat_activity WHERE pid = %s", [pid])
        return cursor.fetchone()


def test_a_connection_that_lives_is_handed_out_without_asking_postgresql(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as taken:
        pid = taken.info.backend_pid
        taken.execute("SELECT 'the last thing said'")
    before = last_statement(pid)
    with pool.connection() as again:
        assert again.info.backend_pid == pid
        assert last_statement(pid) == before
        assert again.execute("SELECT 2").fetchone() == (2,)


def test_one_whose_server_went_away_is_replaced(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as taken:
        pid = taken.info.backend_pid
    with django_s.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    with pool.connection() as other:
        assert other.info.backend_pid != pid
        assert other.execute("SELECT 2").fetchone() == (2,)


def test_one_that_was_told_something_is_asked_and_kept(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as taken:
        pid = taken.info.backend_pid
        taken.execute("LISTEN something")
        with psycopg.connect(**django_s.get_connection_params() | {"cursor_factory": psycopg.Cursor}) as speaker:
            speaker.execute("NOTIFY something")
    with pool.connection() as again:
        assert again.info.backend_pid == pid
        assert again.execute("SELECT 2").fetchone() == (2,)


def test_a_closed_one_says_so(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as taken:
        taken.close()
        with pytest.raises(psycopg.OperationalError):
            pool.check_connection(taken)
