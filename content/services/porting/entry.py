"""What comes in and goes out, whatever its format: one text with all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils import timezone as clock

from content.errors import Invalid
from content.services.editing import without_controls

MAX_ENTRY = 16_000_000  # bytes or characters of one text with all that stands beside it; nothing larger is read at once
KEY = 300  # characters that `Piece.came_from` holds


class Unreadable(Invalid):
    """A file, or a text in it, is not what it should be. The message says why, for whoever brings it."""


@dataclass
class Entry:
    """One text, as a format found it. Only a title and a body are always there.

    `key` says where it comes from, the same each time, so that nothing arrives twice. `body` is as its platform keeps
    it: for the blog, Markdown under its own title line. `public` is whether everybody could read it there.
    """

    key: str
    title: str
    body: str
    platform: str = "blog"
    slug: str = ""
    excerpt: str = ""
    category: str = ""
    tags: list[str] = field(default_factory=list)
    author: str = ""
    made_with: str = ""
    public: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    published_at: datetime | None = None
    picture: dict[str, Any] = field(default_factory=dict)
    marked_url: str = ""
    idea: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Missing:
    """One text that does not come in, and why; `failed` where somebody has to do something about it."""

    name: str
    why: str
    failed: bool = True


@dataclass
class Wishes:
    """What may be said beside the file. `site` is the address that relative links lead to; `pages` asks for a site's
    pages as well as its posts."""

    site: str = ""
    pages: bool = False


@dataclass
class Meter:
    """How much of the work is done, from 0 to 1."""

    share: float = 0.0


def under_title(title: str, body: str) -> str:
    """The text under its title line, which is not set twice."""
    opening = re.match(r"\s*#[ \t]+([^\n]*)", body)
    if opening and opening[1].strip().strip("#").strip() == title.strip():
        return body
    return f"# {title}\n\n{body}"


def line(value: object, limit: int = 0) -> str:
    """One line of plain text of whatever stands there; empty for what is no text."""
    if isinstance(value, bool | None) or not isinstance(value, str | int | float):
        return ""
    text = without_controls(re.sub(r"[\t\n\v\f\r]+", " ", str(value))).strip()
    return text[:limit].strip() if limit else text


def names(values: object, limit: int, *, most: int = 100) -> list[str]:
    """A list of names, each once; commas part those that come as one text."""
    if isinstance(values, str):
        values = values.split(",")
    if not isinstance(values, Iterable) or isinstance(values, dict):
        return []
    found = (line(value.get("name") if isinstance(value, dict) else value, limit) for value in values)
    return list(dict.fromkeys(name for name in found if name))[:most]


def moment(value: object, *, utc: bool = False) -> datetime | None:
    """The moment that is meant, however it is written; None where none is. One without a zone is as this installation's
    clock says, or `utc`."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, str):
        value = _read(value.strip())
    if not isinstance(value, datetime):
        return None
    try:
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC) if utc else clock.make_aware(value)
        value = value.astimezone(UTC)
    except (OverflowError, ValueError):
        return None
    return value if 1900 < value.year < 9000 else None


def _read(text: str) -> datetime | None:
    if not text or len(text) > 60:
        return None
    # “2024-05-01 10:00:00 +0200”, as Jekyll writes it
    text = re.sub(r"\s+([+-]\d\d:?\d\d|Z|UTC)$", lambda zone: zone[1].replace("UTC", "Z"), text)
    for reads in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return reads(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def spelt(when: datetime) -> str:
    """How a moment is written in our files."""
    return when.isoformat().replace("+00:00", "Z")


def facts(value: object, depth: int = 4) -> Any:
    """JSON that PostgreSQL takes: no control characters, nothing that is not JSON, nothing deep."""
    if isinstance(value, dict) and depth:
        return {line(key, 100): facts(inner, depth - 1) for key, inner in list(value.items())[:50]}
    if isinstance(value, list) and depth:
        return [facts(inner, depth - 1) for inner in value[:50]]
    if isinstance(value, str):
        return without_controls(value)[:2000]
    return value if isinstance(value, int | float | None) else None


def is_past(when: datetime | None) -> bool:
    return when is not None and when <= clock.now() + timedelta(minutes=1)
