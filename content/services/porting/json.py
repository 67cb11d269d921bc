"""Our own JSON: one document of any length, written and read one entry at a time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from .entry import Entry, Meter, Missing, Unreadable, Wishes, line
from .record import VERSION, entry_of
from .unrolling import unroll

name = "json"
label = "a Copydesk export (JSON)"


def looks_like(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"copydesk"' in head[:200]


def written(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The document, piece by piece: a version, who wrote it when, and one entry a line."""
    yield f'{{"copydesk": {VERSION}, "site": {_said(settings.SITE_URL)}, "exported_at": {_said(timezone.now().isoformat())}, '
    yield '"entries": ['
    for at, record in enumerate(records):
        yield f"{',' if at else ''}\n{_said(record)}"
    yield "\n]}\n"


def entries(path: Path, wishes: Wishes, meter: Meter) -> Iterator[Entry | Missing]:
    """The entries of a document; `Unreadable` where it is none, or one of a newer Copydesk."""
    version: Any = None
    for where, value in unroll(path, {("copydesk",), ("entries",)}, meter):
        if where == ("copydesk",):
            version = value
        elif version is None:
            raise Unreadable("This JSON is no Copydesk export: it does not begin with its version.")
        else:
            yield _entry(value, version)
    if version is None:
        raise Unreadable("This JSON is no Copydesk export: it names no version.")


def _entry(value: Any, version: Any) -> Entry | Missing:
    if not isinstance(value, dict) or not isinstance(value.get("body"), str):
        return Missing("An entry", "It has no text.")
    try:
        found = entry_of({"copydesk": version, **value}, value["body"], key="")
        if not found.key:
            raise Unreadable("It has no id.")
    except Unreadable as error:
        return Missing(line(value.get("title"), 100) or "Untitled", str(error))
    return found


def _said(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
