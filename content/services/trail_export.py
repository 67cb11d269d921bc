"""The trail as a file, made while it is sent: CSV for spreadsheets, JSON lines for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any, TypedDict

from content.errors import Invalid
from content.models import User
from content.services import audit, trail_reading, trail_rows
from content.services.trail_reading import Asked
from content.services.trail_rows import Row

A_PART = 1000
# A cell that begins with one of these is a formula to a spreadsheet, whoever wrote it:
# https://owasp.org/www-community/attacks/CSV_Injection
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Line(TypedDict):
    """One entry for programs: what a line of the file and of the API holds."""

    id: int
    created_at: str
    event: str
    who: str
    actor: int | None
    object_type: str
    object_id: int | None
    object: str
    says: str
    data: dict[str, Any]
    request_id: str
    ip: str | None
    agent: str
    is_blanked: bool
    lane: int
    number: int
    previous: str
    hash: str


def line(row: Row) -> Line:
    entry = row.entry
    return {
        "id": entry.pk,
        "created_at": entry.created_at.isoformat(),
        "event": entry.event,
        "who": entry.who,
        "actor": entry.actor_id,
        "object_type": entry.object_type,
        "object_id": entry.object_id,
        "object": entry.about,
        "says": row.says,
        "data": entry.data,
        "request_id": entry.request_id,
        "ip": row.ip,
        "agent": row.agent,
        "is_blanked": entry.is_blanked,
        "lane": entry.lane,
        "number": entry.number,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def export(kind: str, asked: Asked, *, by: User) -> Iterator[str]:
    """What `by` may see of what was asked for, newest first, as text in parts; that it was taken is recorded before.

    What is added while it runs is not in it. No transaction is held open.
    Raises `Invalid` for a kind that there is not.
    """
    if kind not in KINDS:
        raise Invalid("The trail is exported as csv or jsonl.", {"format": ["Choose one of: csv, jsonl."]})
    filters = {name: value for name, value in asdict(asked).items() if value}
    words = {"words": filters.pop("words")} if "words" in filters else {}
    filters = {name: str(value) if isinstance(value, date) else value for name, value in filters.items()}
    # Words that are looked for may be somebody's name.
    audit.record("audit.exported", by=by, personal=words, format=kind, filters=filters)
    return _sent(KINDS[kind](), asked, by=by)


def _sent(write: Callable[[Iterable[Row]], str], asked: Asked, *, by: User) -> Iterator[str]:
    yield write(())
    entries = trail_reading.narrow(trail_reading.visible_to(by), asked)
    for part in trail_reading.in_parts(entries, A_PART):
        yield write(trail_rows.rows(part, by=by))


def _csv() -> Callable[[Iterable[Row]], str]:
    """Writes rows below each other, and the heading when it is first called."""
    heading = [list(Line.__annotations__)]

    def write(rows: Iterable[Row]) -> str:
        text = io.StringIO()
        writer = csv.writer(text)
        if heading:
            writer.writerow(heading.pop())
        writer.writerows([_cell(value) for value in line(row).values()] for row in rows)
        return text.getvalue()

    return write


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) else text


def _jsonl() -> Callable[[Iterable[Row]], str]:
    return lambda rows: "".join(json.dumps(line(row), ensure_ascii=False) + "\n" for row in rows)


KINDS = {"csv": _csv, "jsonl": _jsonl}
TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
