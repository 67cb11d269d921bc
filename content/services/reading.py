"""What readers ask for of the posts: which of them, in which order, from where on.

Written as SQL by hand: composing it by the ORM costs a request more than PostgreSQL takes to answer it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from content.models.post import slug_of

LIVE = "published_at <= now() AND withdrawn_at IS NULL"  # as PostQuerySet.live() says it


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
