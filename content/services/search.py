"""Finding posts by the words in them, the best first.

Ranking reads each match's words, so of a common word not all matches are ranked: the newest, and those that have the
words in their title. What is counted and paged through are these; `is_capped` says that there are more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection
from django.urls import reverse

from content.errors import CopydeskError, Invalid
from content.models.post import LANGUAGE, SEARCHED
from content.services import prepared, snippets
from content.services.reading import CHANGED, LIVE, Filters
from content.services.snippets import Looked, Text

SHORTEST, LONGEST = 2, 200  # characters that may be looked for
# The newest matches, and as many older ones that have it all in their title: these are ranked, counted, paged through.
NEWEST_MATCHES, TITLES = 200, 100
# What a word weighs in the body, the excerpt and the title; PostgreSQL wants them from D to A.
WEIGHTS = [0.0, 0.1, 0.4, 1.0]
MOST = NEWEST_MATCHES + TITLES
FACETS = 20  # names of each kind

Query = tuple[str, list[Any]]  # a tsquery in SQL, and its values

# Which posts are ranked: the newest matches and, where these are not all, older ones that have it in their title.
MATCHES = """
SET LOCAL statement_timeout = {ms};
WITH near AS MATERIALIZED ({near} ORDER BY published_at DESC, id DESC LIMIT {newest}),
titled AS ( -- IS TRUE: to be looked at, not up, where the title has found it
    SELECT id FROM content_post WHERE to_tsvector('{language}'::regconfig, COALESCE(title, '')) @@ {query}
        AND (SELECT count(*) FROM near) = {newest} AND (vector @@ {query}) IS TRUE AND {where} LIMIT {titles}
)
SELECT {query}::text, querytree({query}), (SELECT array_agg(id) FROM near), (SELECT array_agg(id) FROM titled);
SET LOCAL statement_timeout = DEFAULT;
"""
# It is the same for every search, and so it is planned once.
RANKED = """
WITH ranked AS MATERIALIZED (
    SELECT *, ts_rank(%s::real[], vector, %s::tsquery, 1) AS rank FROM content_post WHERE id = ANY(%s::bigint[]) AND {live}
),
alike AS (
    SELECT category_slug, category, author_slug, author, tag_slugs, tags, count(*) AS count
    FROM ranked GROUP BY category_slug, category, author_slug, author, tag_slugs, tags
)
SELECT place, -- once, and not with each hit
    CASE WHEN place IS NULL OR place = 1 THEN (SELECT count(*) FROM ranked) END,
    CASE WHEN place IS NULL OR place = 1 THEN
        (SELECT json_agg(json_build_array(
            count, category_slug, category, author_slug, author, tag_slugs, tags)) FROM alike) END,
    hits.*
FROM (SELECT) AS asked LEFT JOIN (
    SELECT rank, CASE WHEN octet_length(text) > {searched} THEN left(text, {searched}) ELSE text END, excerpt, {columns},
        row_number() OVER () AS place
    FROM (SELECT * FROM ranked ORDER BY rank DESC, published_at DESC, id DESC LIMIT %s OFFSET %s) AS best
) AS hits ON true
"""
# PostgreSQL knows how common a word is: it walks from the newest on till it has enough, or looks words up that are rare.
AS_PLANNED = "SELECT id FROM content_post WHERE vector @@ {query} AND querytree({query}) <> 'T' AND {where}"
# It cannot know that two common words never meet; then it walks on and on, and has to be told.
BY_INDEX = """
SELECT id FROM (
    SELECT id, published_at FROM content_post WHERE vector @@ {query} AND querytree({query}) <> 'T' AND {where} OFFSET 0
) AS all_of_them
"""
# Two common words side by side: the index knows who has both, and each one’s text must be read for the rest.
AMONG_NEWEST = """
SELECT id FROM (SELECT * FROM content_post WHERE {where} ORDER BY published_at DESC, id DESC LIMIT 2000) AS newest
WHERE vector @@ {query} AND querytree({query}) <> 'T'
"""
LOOK_UP = ("enable_seqscan", "enable_indexscan")  # what is switched off for it
PLANS = ((AS_PLANNED, 250), (BY_INDEX, 1000), (AMONG_NEWEST, 1000))  # in turn, while the one before takes longer (ms)
CANCELLED = "57014"
COLUMNS = {
    **{name: name for name in ("slug", "title", "category", "category_slug", "author", "author_slug")},
    "published": "published_at::text",
    "changed": CHANGED,
    "line_json": "line_json",
}
EVERYTHING = "T"  # what querytree() says of a query that only leaves out
STEM = re.compile(r"'((?:[^']|'')+)'")


@dataclass(frozen=True)
class Hit:
    """A post that was found. `title_html` and `snippet_html` are safe: escaped text with <mark> round the words."""

    slug: str
    title: str
    title_html: str
    snippet_html: str
    rank: float
    category: str
    category_slug: str
    author: str
    author_slug: str
    published: str  # as PostgreSQL writes it
    changed: int  # in seconds since 1970
    line_json: str

    @property
    def published_at(self) -> datetime:
        return datetime.fromisoformat(self.published)

    def get_absolute_url(self) -> str:
        return reverse("post", args=[self.slug])


@dataclass(frozen=True)
class Facet:
    name: str
    slug: str
    count: int


@dataclass(frozen=True)
class Found:
    """`count` and `facets` are of the matches that were ranked; `is_capped`: there may be more of them."""

    count: int = 0
    is_capped: bool = False
    hits: list[Hit] = field(default_factory=list)
    facets: dict[str, list[Facet]] = field(default_factory=lambda: {"category": [], "tag": [], "author": []})
    by_beginnings: bool = False  # nothing has the words, so these have words that begin like the last one


def find(typed: str, *, filters: Filters | None = None, limit: int = 20, offset: int = 0) -> Found:
    """Posts with all the words of `typed`: “quoted” words side by side, `or` for either, `-` for those without it.

    Where nothing has them, posts with words that begin like the last one. `Invalid` for what cannot be looked for.
    """
    cleaned, filters = clean(typed), filters or Filters()
    found = _find(_whole_words(cleaned), filters, limit, offset)
    if not found.count and (last := _unfinished(cleaned)):
        found = _find(_words_and_beginning(cleaned, last), filters, limit, offset, beginning=last)
    return found


def clean(typed: str) -> str:
    """What can be looked for of what was typed. `Invalid` if that is too short or too long."""
    cleaned = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", typed).split())
    if len(cleaned) < SHORTEST:
        raise _invalid("Type two characters or more.")
    if len(cleaned) > LONGEST:
        raise _invalid(f"Type {LONGEST} characters at most.")
    return cleaned


def _invalid(says: str) -> Invalid:
    return Invalid(says, {"q": [says]})


def _whole_words(typed: str) -> Query:
    return f"websearch_to_tsquery('{LANGUAGE}', %s)", [typed]


def _unfinished(typed: str) -> str:
    """The last word, if it may be the beginning of one; "" where it is not a plain word of three letters."""
    before, _, last = typed.rpartition(" ")
    plain = re.fullmatch(r"[^\W_]{3,}", last) and last.lower() != "or" and before.count('"') % 2 == 0
    return last.lower() if plain else ""


def _words_and_beginning(typed: str, last: str) -> Query:
    before = typed.rpartition(" ")[0]
    return f"(websearch_to_tsquery('{LANGUAGE}', %s) && to_tsquery('simple', %s))", [before, f"{last}:*"]


def _find(query: Query, filters: Filters, limit: int, offset: int, *, beginning: str = "") -> Found:
    for near, ms in PLANS:
        try:
            wanted, tree, newest, titled = _matches(query, filters, near, ms)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != CANCELLED:
                raise
            continue
        if tree == EVERYTHING:
            raise _invalid("Say what to look for, too, and not only what to leave out.")
        if not newest:
            return Found(is_capped=near is AMONG_NEWEST)
        rows = _ranked(wanted, [*newest, *(titled or [])], limit, offset)
        count, alike = rows[0][1:3]
        stems = frozenset(stem.replace("''", "'").replace("\\\\", "\\") for stem in STEM.findall(tree))
        return Found(
            count=count,
            is_capped=len(newest) >= NEWEST_MATCHES or near is AMONG_NEWEST,
            hits=_hits([row[3:-1] for row in rows if row[0]], Looked(stems - {beginning}, beginning)),
            facets=_facets(alike or []),
            by_beginnings=beginning != "" and count > 0,
        )
    raise CopydeskError("That takes too long to look for. Try fewer or rarer words.", code="too_broad")


def _matches(query: Query, filters: Filters, near: str, ms: int) -> tuple[Any, ...]:
    """The query as PostgreSQL understands it, its tree, and the ids of what is to be ranked."""
    with connection.cursor() as cursor:
        parts = {"query": cursor.mogrify(*query), "where": cursor.mogrify(*filters.where()), "language": LANGUAGE}
        switches = LOOK_UP if near is BY_INDEX else ()
        # One message to PostgreSQL with all of it: a transaction of its own would cost four.
        cursor.execute(
            "".join(f"SET LOCAL {name} = off;" for name in switches)
            + MATCHES.format(near=near.format(**parts), **parts, newest=NEWEST_MATCHES, titles=TITLES, ms=ms)
            + "".join(f"SET LOCAL {name} = DEFAULT;" for name in switches)
        )
        while cursor.description is None:
            cursor.nextset()
        found: tuple[Any, ...] = cursor.fetchone()
        return found


def _ranked(wanted: str, ids: list[int], limit: int, offset: int) -> list[tuple[Any, ...]]:
    """Rows of RANKED’s columns, the best first; at least one, that has no hit where there is none."""
    sql = RANKED.format(live=LIVE, searched=SEARCHED, columns=", ".join(COLUMNS.values()))
    return prepared.rows(sql, [WEIGHTS, wanted, ids, limit, offset])


def _facets(alike: list[list[Any]]) -> dict[str, list[Facet]]:
    """By kind, the most common first. `alike` are the posts’ names and slugs, and how many posts have all of them."""
    names: dict[str, dict[str, str]] = {"category": {}, "tag": {}, "author": {}}
    counts: Counter[tuple[str, str]] = Counter()
    for count, category_slug, category, author_slug, author, tag_slugs, tags in alike:
        named = tags if len(tags) == len(tag_slugs) else tag_slugs
        of_tags = [("tag", slug, name) for slug, name in zip(tag_slugs, named, strict=True)]
        for kind, slug, name in [("category", category_slug, category), ("author", author_slug, author), *of_tags]:
            if slug:
                counts[kind, slug] += count
                names[kind][slug] = min(name, names[kind].get(slug, name))  # “Repair” and “repair” are one
    facets = Found().facets
    for (kind, slug), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0][1])):
        if len(facets[kind]) < FACETS:
            facets[kind].append(Facet(names[kind][slug], slug, count))
    return facets


def _hits(rows: list[tuple[Any, ...]], looked: Looked) -> list[Hit]:
    """The rows of SQL as they are shown: where the words are, in the body or, if they are not there, in the excerpt."""
    posts = [dict(zip(COLUMNS, columns, strict=True)) for _, _, _, *columns in rows]
    titles = [Text(post["title"], looked) for post in posts]
    bodies = [Text(text, looked) for _, text, *_ in rows]
    snippets.learn(looked, (*titles, *bodies))
    shown = [body.snippet() for body in bodies]
    excerpts = {at: Text(rows[at][2], looked) for at, found in enumerate(shown) if not found}
    snippets.learn(looked, excerpts.values())
    return [
        Hit(
            title_html=titles[at].marked(),
            snippet_html=shown[at] or excerpts[at].marked(),
            rank=rows[at][0],
            **post,
        )
        for at, post in enumerate(posts)
    ]
