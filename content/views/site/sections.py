"""What there is to read: the categories and the months that have live posts.

Neither looks at every post. Each step asks the index for the next category, or the next month, after the one it has:
as many look-ups as there are categories, however many posts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db import connection
from django.urls import reverse

from content.services import prepared

AT_THE_TOP = 8  # categories in the navigation: those written in last; the archive names all
MOST = 2000  # names that one page can hold

_CATEGORIES = """
    WITH RECURSIVE live AS NOT MATERIALIZED (
        SELECT category_slug, category, published_at, id FROM content_post
        WHERE published_at <= STATEMENT_TIMESTAMP() AND withdrawn_at IS NULL
    ), walk AS (
        (SELECT * FROM live WHERE category_slug > '' ORDER BY category_slug, published_at DESC, id DESC LIMIT 1)
        UNION ALL
        SELECT following.* FROM walk, LATERAL (
            SELECT * FROM live WHERE category_slug > walk.category_slug
            ORDER BY category_slug, published_at DESC, id DESC LIMIT 1
        ) following
    )
    SELECT category_slug, category, published_at FROM walk LIMIT %s
"""
# A month begins where the site is, not where the database thinks it is.
_MONTHS = """
    WITH RECURSIVE live AS NOT MATERIALIZED (
        SELECT date_trunc('month', published_at AT TIME ZONE %(zone)s) AS month, published_at, id FROM content_post
        WHERE published_at <= STATEMENT_TIMESTAMP() AND withdrawn_at IS NULL
    ), walk AS (
        (SELECT month FROM live ORDER BY published_at DESC, id DESC LIMIT 1)
        UNION ALL
        SELECT earlier.month FROM walk, LATERAL (
            SELECT month FROM live WHERE published_at < walk.month AT TIME ZONE %(zone)s
            ORDER BY published_at DESC, id DESC LIMIT 1
        ) earlier
    )
    SELECT month FROM walk LIMIT %(most)s
"""


@dataclass(frozen=True)
class Category:
    """`name` as the newest of its articles spells it; `newest` is when that one was published."""

    slug: str
    name: str
    newest: datetime

    @property
    def url(self) -> str:
        return reverse("category", args=[self.slug])


def categories() -> list[Category]:
    """The categories that have something to read, by name. “Repair” and “repair” have one address: they are one."""
    found = [Category(*row) for row in prepared.rows(_CATEGORIES, [MOST])]
    return sorted(found, key=lambda one: one.name.casefold())


def for_the_top(known: list[Category]) -> list[Category]:
    """Those of the categories that the navigation has room for."""
    chosen = sorted(known, key=lambda one: one.newest, reverse=True)[:AT_THE_TOP]
    return [one for one in known if one in chosen]


def months() -> list[date]:
    """The first day of each month in which something was published that can be read, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS, {"zone": settings.TIME_ZONE, "most": MOST})
        return [moment.date() for (moment,) in cursor.fetchall()]
