"""What readers ask for of the posts: which of them, in which order, from where on.

Written as SQL by hand: composing it by the ORM costs a request more than PostgreSQL takes to answer it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from content.models.post import slug_of
from content.services import changes, prepared

LIVE = "published_at <= STATEMENT_TIMESTAMP() AND withdrawn_at IS NULL"  # as PostQuerySet.live() says it
# What a list can be ordered by; an index has each, so a page costs the same wherever it lies.
ORDERINGS = ("-published_at", "published_at", "-updated_at", "updated_at", "title", "-title")
# A time costs more to read into Python than all else of its row: what is only compared or sent on stays as it comes.
CHANGED = "floor(extract(epoch FROM updated_at))::bigint"
COUNTS = 2000  # counts that a process remembers


@dataclass(frozen=True)
class Filters:
    """Which posts. Category, tag and author by name or slug, in any case; published from `after` on, before `before`."""

    category: str = ""
    tag: str = ""
    author: str = ""
    after: datetime | None = None
    before: datetime | None = None

    def where(self) -> tuple[str, list[Any]]:
        """The condition in SQL, and its values. What is not public is never among them."""
        parts: list[tuple[str, Any]] = []
        if self.category:
            parts.append(("category_slug = %s", slug_of(self.category)))
        if self.tag:
            parts.append(("tag_slugs @> %s::varchar[]", [slug_of(self.tag)]))
        if self.author:
            parts.append(("author_slug = %s", slug_of(self.author)))
        if self.after:
            parts.append(("published_at >= %s", self.after))
        if self.before:
            parts.append(("published_at < %s", self.before))
        # A name without a letter or digit has no slug; posts without a category have none either, and are not meant.
        if any(value in ("", [""]) for _, value in parts):
            return "false", []
        return " AND ".join([LIVE, *(condition for condition, _ in parts)]), [value for _, value in parts]


@dataclass(frozen=True)
class Place:
    """A place in a list: beside the post with this value and id, after it or, `backwards`, before it."""

    ordering: str
    value: str | datetime
    pk: int
    backwards: bool = False


@dataclass(frozen=True)
class Page:
    """Rows of (id, the value that they are ordered by, *columns), and whether there are others around them.

    The value is PostgreSQL's text of it.
    """

    rows: list[tuple[Any, ...]]
    has_next: bool
    has_previous: bool


def page(
    columns: tuple[str, ...],
    filters: Filters,
    *,
    ordering: str = "-published_at",
    place: Place | None = None,
    offset: int = 0,
    limit: int,
) -> Page:
    """`limit` posts from the place, or from the offset, on. A place costs the same however deep it lies."""
    column, down = ordering.lstrip("-"), ordering.startswith("-")
    backwards = place is not None and place.backwards
    where, values = filters.where()
    if place:
        where += f" AND ({column}, id) {'<' if down != backwards else '>'} (%s, %s)"
        values += [place.value, place.pk]
    way = "DESC" if down != backwards else "ASC"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, {column}::text, {', '.join(columns)} FROM content_post WHERE {where} "  # noqa: S608  # our own names
            f"ORDER BY content_post.{column} {way}, id {way} LIMIT %s OFFSET %s",  # not the text above, which no index has
            [*values, limit + 1, offset],
        )
        rows = cursor.fetchall()
    more, rows = len(rows) > limit, rows[:limit]
    if backwards:
        return Page(rows[::-1], has_next=True, has_previous=more)
    return Page(rows, has_next=more, has_previous=place is not None or offset > 0)


def one(columns: tuple[str, ...], slug: str) -> tuple[Any, ...] | None:
    """(whether it was withdrawn, *columns) of the post at this address, if it is or was public."""
    found = prepared.rows(
        f"SELECT withdrawn_at IS NOT NULL, {', '.join(columns)} FROM content_post WHERE slug = %s AND published_at <= STATEMENT_TIMESTAMP()",  # noqa: S608
        [slug],
    )
    return found[0] if found else None


# How many posts pass each filter, as counted at that generation of the posts.
_counts: dict[Hashable, tuple[int, int]] = {}


def count(filters: Filters) -> int:
    """How many posts there are, counted once for each filter until posts change, where this process is told of that."""
    generation = changes.generation()
    known = _counts.get(filters)
    if known and known[0] == generation:
        return known[1]
    where, values = filters.where()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM content_post WHERE {where}", values)  # noqa: S608
        counted = int(cursor.fetchone()[0])
    # What was counted while posts changed may be how many there were before.
    if generation is not None and generation == changes.generation():
        if len(_counts) >= COUNTS:
            _counts.clear()
        _counts[filters] = (generation, counted)
    return counted
