"""Tables that nobody may empty are emptied between tests all the same, by their owner, who takes the guard away."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations

GUARDED = ("content_auditentry", "content_auditlane", "content_version", "content_decision")

_flush = DatabaseOperations.sql_flush


def sql_flush(self: DatabaseOperations, style: Any, tables: list[str], **options: Any) -> list[str]:
    return unguarded(_flush(self, style, tables, **options), [table for table in GUARDED if table in tables])


def unguarded(statements: list[str], guarded: list[str]) -> list[str]:
    """These statements, with the guards of these tables off as long."""
    return [
        *(f"ALTER TABLE {table} DISABLE TRIGGER trail_keep_all" for table in guarded),
        *statements,
        *(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER trail_keep_all" for table in guarded),
    ]


def install() -> None:
    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
