"""Posts by the ten thousand, fast, whose words come as often as words do.

A vocabulary of 30,000 by Zipf's law among English small words; a post is some forty sentences from a common pool. What
readers get of a post is made by the real `fragments.of` for a few hundred patterns; all others are such a pattern with
another address, title, date and text put in.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.text import slugify

from content.models import Idea, Piece, Post, Status, User
from content.services import fragments, rendering

COMMON = [
    "water",
    "winter",
    "house",
    "garden",
    "kettle",
    "window",
    "morning",
    "paper",
    "kitchen",
    "summer",
    "letter",
    "market",
    "bread",
    "river",
    "forest",
    "engine",
    "weather",
    "stone",
    "bicycle",
    "copper",
    "battery",
    "village",
    "cellar",
    "ladder",
    "timber",
    "orchard",
    "pepper",
    "curtain",
    "harbour",
    "needle",
]
RARE = [
    "zeugma",
    "quagga",
    "widdershins",
    "xebec",
    "ytterbium",
    "zarzuela",
    "quincunx",
    "jabot",
    "gnomon",
    "fylfot",
    "cwm",
    "dzo",
    "euouae",
    "ghazal",
    "ibex",
    "kvass",
    "ouzo",
    "pyx",
    "syzygy",
    "tmesis",
]
SMALL = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "a",
    "is",
    "that",
    "for",
    "it",
    "on",
    "with",
    "as",
    "at",
    "by",
    "from",
    "this",
    "be",
    "are",
    "or",
    "an",
    "was",
    "not",
    "have",
    "they",
    "you",
    "but",
]
CATEGORIES = ["Repair", "Garden", "Kitchen", "Work", "Money", "Travel", "Health", "History"]
TAGS = [f"{what} {where}" for what in ("tools", "advice", "repairs", "plans", "lists") for where in CATEGORIES[:8]]
AUTHORS = [f"{first} {last}" for first in ("Mara", "Ivo", "Lena", "Tom") for last in ("Holt", "Brandt", "Okoye")]
VOCABULARY = 30_000
SENTENCES, PARAGRAPHS, A_PARAGRAPH = 30_000, 9, 5
PATTERNS, BATCH = 200, 500
FIRST_DAY = datetime(2024, 1, 1, 8, tzinfo=UTC)


@dataclass
class Pattern:
    """A post with signs in the places of what differs, and what was made of it."""

    post: Post
    made: dict[str, Any]


def seed(upto: int, *, owner: User) -> None:
    """Let there be `upto` posts."""
    already = Post.objects.count()
    random.seed(f"posts from {already}")
    sentences = _sentences()
    patterns = [_pattern(number, owner) for number in range(PATTERNS)]
    with connection.cursor() as cursor:  # the index is made in one go: a tenth of the time
        cursor.execute("DROP INDEX IF EXISTS post_words")
    for start in range(already, upto, BATCH):
        numbers = range(start, min(start + BATCH, upto))
        ideas = Idea.objects.bulk_create(Idea(title=f"Idea {number}", owner=owner) for number in numbers)
        pieces = Piece.objects.bulk_create(
            Piece(idea=idea, platform="blog", owner=owner, title=idea.title, status=Status.PUBLISHED) for idea in ideas
        )
        Post.objects.bulk_create(
            _filled(patterns[number % PATTERNS], number, piece, sentences)
            for number, piece in zip(numbers, pieces, strict=True)
        )
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute("CREATE INDEX post_words ON content_post USING gin (vector)")
        cursor.execute("VACUUM ANALYZE content_post")


def _sentences() -> list[str]:
    words = COMMON_AT | {}
    pool = list(_made_up(set(COMMON) | set(RARE) | set(SMALL)))
    for rank, word in words.items():
        pool[rank] = word
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(VOCABULARY)))
    made = []
    for _ in range(SENTENCES):
        content = random.choices(pool, cum_weights=weights, k=8)
        small = random.choices(SMALL, k=6)
        mixed = [word for pair in itertools.zip_longest(small, content) for word in pair if word]
        made.append(f"{' '.join(mixed)}.".capitalize())
    return made


# Ranks of the known common words: each is in about half of the posts.
COMMON_AT = dict(zip(range(40, 40 + len(COMMON)), COMMON, strict=True))


def _made_up(taken: set[str]) -> Iterator[str]:
    begins, vowels, ends = (
        [
            "b",
            "br",
            "c",
            "d",
            "dr",
            "f",
            "g",
            "gl",
            "h",
            "k",
            "l",
            "m",
            "n",
            "p",
            "pr",
            "r",
            "s",
            "st",
            "t",
            "tr",
            "v",
            "w",
        ],
        "aeiou",
        ["l", "m", "n", "nd", "r", "rk", "s", "t", "x"],
    )
    syllables = [begin + vowel for begin in begins for vowel in vowels]
    seen = set(taken)
    while len(seen) < VOCABULARY + len(taken):
        word = "".join(random.choices(syllables, k=random.choice((1, 2, 2, 3)))) + random.choice(ends)
        if word not in seen:
            seen.add(word)
            yield word


def _pattern(number: int, owner: User) -> Pattern:
    body = "\n\n".join(
        (f"## Part {index // 2 + 1}\n\n" if index and index % 2 == 0 else "") + f"@@{index}@@"
        for index in range(PARAGRAPHS)
    )
    page = rendering.article("@@TITLE@@", body)
    day = FIRST_DAY + timedelta(days=number)
    post = Post(
        version_number=1,
        version_hash="0" * 64,
        slug="0-slug-0",
        title="@@TITLE@@",
        excerpt="@@EXCERPT@@",
        body=page.body,
        html=page.html,
        headings=page.headings,
        category=CATEGORIES[number % len(CATEGORIES)],
        tags=[TAGS[number % len(TAGS)], TAGS[(number * 7 + 3) % len(TAGS)], TAGS[0] if number % 3 else TAGS[1]],
        author=AUTHORS[number % len(AUTHORS)],
        reviewer="Ida Reimann",
        made_with="smollm2:135m",
        word_count=600,
        read_minutes=3,
        published_at=day,
        updated_at=day,
    )
    return Pattern(post, fragments.of(post))


def _filled(pattern: Pattern, number: int, piece: Piece, sentences: list[str]) -> Post:
    paragraphs = [" ".join(random.choices(sentences, k=A_PARAGRAPH)) for _ in range(PARAGRAPHS)]
    for offset, word in enumerate(RARE):
        if number % 1000 == offset * 37 + 5:  # each is in one of a thousand posts
            paragraphs[4] += f" They call it {word}."
    title = sentences[number % len(sentences)][:60].rstrip(" .")
    slug = f"{slugify(title)[:80]}-{number}"
    moment = pattern.post.published_at + timedelta(seconds=number // PATTERNS)
    put = {"@@TITLE@@": title, "@@EXCERPT@@": paragraphs[0][:180], "0-slug-0": slug}
    put |= {f"@@{index}@@": text for index, text in enumerate(paragraphs)}
    put |= {pattern.post.published_at.isoformat(): moment.isoformat()}
    put |= {pattern.post.published_at.strftime("%Y-%m-%dT%H:%M:%SZ"): moment.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def filled(text: str) -> str:
        for sign, value in put.items():
            text = text.replace(sign, value)
        return text

    fixed = {
        field.name: getattr(pattern.post, field.name)
        for field in Post._meta.concrete_fields
        if field.name not in {"id", "piece", "vector"}
    }
    texts = {name: filled(value) for name, value in (fixed | pattern.made).items() if isinstance(value, str)}
    own = {"piece": piece, "published_at": moment, "updated_at": moment, "digest": f"{number:064x}"}
    return Post(**(fixed | pattern.made | texts | own))
