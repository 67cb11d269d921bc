"""Texts from elsewhere, and to elsewhere: one file for each format that is read.

A format says whether a file's beginning looks like it (`looks_like`) and gives its texts one by one (`entries`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from . import ghost, json, markdown, wordpress
from .entry import Entry, Meter, Missing, Unreadable, Wishes


class Format(Protocol):
    name: str
    label: str

    def looks_like(self, head: bytes) -> bool: ...
    def entries(self, path: Path, wishes: Wishes, meter: Meter) -> Iterator[Entry | Missing]: ...


FORMATS: dict[str, Format] = {one.name: one for one in (json, ghost, wordpress, markdown)}  # type: ignore[attr-defined]


def guess(path: Path) -> Format:
    """What a file is, by its beginning; a folder holds Markdown."""
    if path.is_dir():
        return FORMATS["markdown"]
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip():
        raise Unreadable("The file is empty.")
    found = next((one for one in FORMATS.values() if one.looks_like(head)), None)
    if found is None:
        raise Unreadable("This is none of the formats that are read. Say which it is with --from.")
    return found


__all__ = ["FORMATS", "Entry", "Format", "Meter", "Missing", "Unreadable", "Wishes", "guess"]
