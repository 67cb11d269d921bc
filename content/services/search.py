"""Finding posts by the words in them, the best first.

Ranking reads each match's words, so of a common word not all matches are ranked: the newest, and those that have the
words in their title. What is counted and paged through are these; `is_capped` says that there are more.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db import OperationalError, connection
from django.db.models.functions import Left
from django.urls import reverse

from content.errors import CopydeskError, Invalid
from content.models import Post
from content.models.post import LANGUAGE, SEARCHED, slug_of
from content.services import snippets
from content.services.reading import Filters
from content.services.snippets import Looked, Text

SHORTEST, LONGEST = 2, 200  # characters that may be looked for
# The newest matches, and as many older ones that have it all in their title: these are ranked, counted, paged through.
NEWEST_MATCHES, TITLES = 200, 100
MOST = NEWEST_MATCHES + TITLES
FACETS = 20  # names of each kind

Query = tuple[str, list[Any]]  # a tsquery in SQL, and its values

SQL = """
SET LOCAL statement_timeout = {ms};
SELECT querytree({query}), found.* FROM (SELECT) AS asked LEFT JOIN (
    WITH near AS MATERIALIZED ({near} ORDER BY published_at DESC, id DESC LIMIT {newest}),
    titled AS MATERIALIZED (
        SELECT id FROM content_post WHERE to_tsvector('{language}'::regconfig, COALESCE(title, '')) @@ {query}
            AND vector @@ {query} AND querytree({query}) <> 'T' AND {where} LIMIT {titles}
    )
    SELECT id, ts_rank('{weights}', vector, {query}, 1) AS rank, (SELECT count(*) FROM near) AS near,
        category, category_slug, tags, tag_slugs, author, author_slug
    FROM content_post WHERE id IN (SELECT id FROM near UNION SELECT id FROM titled)
    ORDER BY rank DESC, published_at DESC, id DESC
) AS found ON true;
SET LOCAL statement_timeout = DEFAULT;
"""
# What a word weighs in the body, the excerpt and the title; PostgreSQL wants them from D to A.
WEIGHTS = "{0, 0.1, 0.4, 1}"
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
    tags: list[str]
    author: str
    author_slug: str
    published_at: datetime
    updated_at: datetime
    line_html: str
    line_json: str

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


@dataclass(frozen=True)
class Candidate:
    pk: int
    rank: float
    category: tuple[str, str]  # name, slug
    tags: list[tuple[str, str]]
    author: tuple[str, str]


def find(typed: str, *, filters: Filters | None = None, limit: int = 20, offset: int = 0) -> Found:
    """Posts with all the words of `typed`: “quoted” words side by side, `or` for either, `-` for those without it.

    Where nothing has them, posts with words that begin like the last one. `Invalid` for what cannot be looked for.
    """
    cleaned, filters = clean(typed), filters or Filters()
    looked, found, capped = _candidates(_whole_words(cleaned), filters)
    unfinished = None if found else _unfinished(cleaned)
    if unfinished:
        looked, found, capped = _candidates(unfinished, filters, beginnings=True)
    shown = found[offset : offset + limit]
    return Found(
        count=len(found),
        is_capped=capped,
        hits=_hits(shown, looked) if shown else [],
        facets=_facets(found),
        by_beginnings=looked.beginnings and bool(found),
    )


def clean(typed: str) -> str:
    """What can be looked for of what was typed. `Invalid` if that is too short or too long."""
    cleaned = " ".join(re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", " ", typed).split())
    if len(cleaned) < SHORTEST:
        raise Invalid("Type two characters or more.", {"q": ["Type two characters or more."]})
    if len(cleaned) > LONGEST:
        says = f"Type {LONGEST} characters at most."
        raise Invalid(says, {"q": [says]})
    return cleaned


def _whole_words(typed: str) -> Query:
    return f"websearch_to_tsquery('{LANGUAGE}', %s)", [typed]


def _unfinished(typed: str) -> Query | None:
    """The same, but of the last word only its beginning; None where that is not a plain word of three letters."""
    before, _, last = typed.rpartition(" ")
    if not re.fullmatch(r"[^\W_]{3,}", last) or last.lower() == "or" or before.count('"') % 2:
        return None
    return f"(websearch_to_tsquery('{LANGUAGE}', %s) && to_tsquery('simple', %s))", [before, f"{last}:*"]


def _candidates(query: Query, filters: Filters, *, beginnings: bool = False) -> tuple[Looked, list[Candidate], bool]:
    """What was looked for, the ranked matches, best first, and whether there are more than these."""
    for near, ms in PLANS:
        try:
            tree, found, capped = _ask(query, filters, near, ms)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != CANCELLED:
                raise
            continue
        if tree == EVERYTHING:
            says = "Say what to look for, too, and not only what to leave out."
            raise Invalid(says, {"q": [says]})
        stems = frozenset(stem.replace("''", "'").replace("\\\\", "\\") for stem in STEM.findall(tree))
        return Looked(stems, beginnings), found, capped
    raise CopydeskError("That takes too long to look for. Try fewer or rarer words.", code="too_broad")


def _ask(query: Query, filters: Filters, near: str, ms: int) -> tuple[str, list[Candidate], bool]:
    """What the words are, the ranked matches, best first, and whether there are more than these."""
    with connection.cursor() as cursor:
        parts = {"query": cursor.mogrify(*query), "where": cursor.mogrify(*filters.where()), "language": LANGUAGE}
        limits = {"newest": NEWEST_MATCHES, "titles": TITLES, "weights": WEIGHTS, "ms": ms}
        switches = LOOK_UP if near is BY_INDEX else ()
        # One message to PostgreSQL with all of it: a transaction of its own would cost four.
        cursor.execute(
            "".join(f"SET LOCAL {name} = off;" for name in switches)
            + SQL.format(near=near.format(**parts), **parts, **limits)
            + "".join(f"SET LOCAL {name} = DEFAULT;" for name in switches)
        )
        while cursor.description is None:
            cursor.nextset()
        rows = cursor.fetchall()
    capped = near is AMONG_NEWEST or (rows[0][3] or 0) >= NEWEST_MATCHES
    return rows[0][0], [_candidate(row) for row in rows if row[1] is not None], capped


def _candidate(row: tuple[Any, ...]) -> Candidate:
    pk, rank, _, category, category_slug, tags, tag_slugs, author, author_slug = row[1:]
    # Of two tags that are spelled alike but for their case, only one slug is left.
    by_slug = (
        {slug_of(tag): tag for tag in tags} if len(tags) != len(tag_slugs) else dict(zip(tag_slugs, tags, strict=True))
    )
    return Candidate(pk, rank, (category_slug, category), list(by_slug.items()), (author_slug, author))


def _facets(found: list[Candidate]) -> dict[str, list[Facet]]:
    """How many of them are of each category, tag and author, the most first."""
    return {
        "category": _counted([candidate.category for candidate in found]),
        "tag": _counted([tag for candidate in found for tag in candidate.tags]),
        "author": _counted([candidate.author for candidate in found]),
    }


def _counted(pairs: list[tuple[str, str]]) -> list[Facet]:
    counts = Counter(slug for slug, _ in pairs if slug)
    names = dict(reversed(pairs))  # the name as the best match has it
    common = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:FACETS]
    return [Facet(name=names[slug], slug=slug, count=count) for slug, count in common]


COLUMNS = (
    *("id", "slug", "title", "excerpt", "category", "category_slug", "tags", "author", "author_slug"),
    *("published_at", "updated_at", "line_html", "line_json"),
)


def _hits(shown: list[Candidate], looked: Looked) -> list[Hit]:
    """The posts themselves, in the order of `shown`."""
    posts = Post.objects.filter(pk__in=[candidate.pk for candidate in shown]).values_list(
        *COLUMNS, Left("text", SEARCHED)
    )
    rows = [(row[-1], dict(zip(COLUMNS, row, strict=False))) for row in posts.order_by()]
    read = [[Text(part, looked) for part in (post["title"], post.pop("excerpt"), text)] for text, post in rows]
    snippets.learn(looked, chain.from_iterable(read))
    ranks = {candidate.pk: candidate.rank for candidate in shown}
    hits = {post["id"]: _hit(ranks[post.pop("id")], post, *texts) for (_, post), texts in zip(rows, read, strict=True)}
    return [hits[candidate.pk] for candidate in shown if candidate.pk in hits]  # one may be gone since


def _hit(rank: float, post: dict[str, Any], title: Text, excerpt: Text, text: Text) -> Hit:
    return Hit(title_html=title.marked(), snippet_html=text.snippet() or excerpt.marked(), rank=rank, **post)
