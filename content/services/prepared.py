"""Queries that PostgreSQL plans once for each connection, and not each time they are asked.

Only for those that are always the same but for their values, and whose plan does not depend on these: a query that
wants another plan for a common word than for a rare one is not for here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.backends.postgresql.base import ServerBindingCursor

AFTER = 2  # times that a connection is asked the same before it is prepared


def rows(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of the query. Values go to PostgreSQL beside it, so that each `%s` must say its type where that is open."""
    database: Any = connections["default"]
    database.ensure_connection()
    database.connection.prepare_threshold = AFTER
    cursor = ServerBindingCursor(database.connection)  # type: ignore[call-arg]
    logged = database.make_debug_cursor(cursor) if database.queries_logged else database.make_cursor(cursor)
    with logged:
        logged.execute(sql, values)
        found: list[tuple[Any, ...]] = logged.fetchall()
        return found
