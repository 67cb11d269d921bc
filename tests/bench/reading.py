"""Reading a piece: two versions of 3,000 words compared, beside a plain word diff; and a piece of 200 versions opened,
beside one of three.

The plain diff is Python's own `difflib` over the same words: no blocks, no moves, no authors.
"""

from __future__ import annotations

import argparse
import difflib
import random
import re
import statistics
import time
from collections.abc import Callable
from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from installation import Installation

from content.models import Authorship, Idea, Piece, Status, User, Version
from content.models.version import digest
from content.platforms import text
from content.services import diffing, editing

WORDS, VERSIONS, ROUNDS = 3_000, 200, 5
COMPARE_MS, GROWTH = 150, 2.5  # the history lists 20 instead of three, and more was changed
Report = Callable[[str, str, bool, object], None]


def run(installation: Installation, report: Report, options: argparse.Namespace) -> None:
    chance = random.Random("reading")
    _compare(report, chance)
    _open(report, chance)


# --- Two texts ---


def _compare(report: Report, chance: random.Random) -> None:
    parts = _parts(chance)
    for name, other in _patterns(parts, chance).items():
        old, new = "\n\n".join(parts), "\n\n".join(other)
        own, plain = [], []
        for _ in range(ROUNDS):
            own.append(_ms(partial(diffing.compare, old, new)))
            plain.append(_ms(partial(_plain, old, new)))
        took, beside = statistics.median(own), statistics.median(plain)
        says = f"{took:.0f} ms (≤ {COMPARE_MS}), difflib {beside:.0f} ms"
        report(f"compare, {name}", says, took <= COMPARE_MS, {"ms": round(took, 1), "difflib_ms": round(beside, 1)})


def _plain(old: str, new: str) -> int:
    one, other = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    return len(difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes())


def _parts(chance: random.Random) -> list[str]:
    """Headings and paragraphs of some 75 words, from a vocabulary like that of a text."""
    pool = ["".join(chance.choices("abcdefghilmnoprstu", k=chance.randint(2, 9))) for _ in range(900)]

    def said(words: int) -> str:
        return f"{' '.join(chance.choices(pool, k=words))}.".capitalize()

    return [f"## {said(4)}" if at % 6 == 0 else said(72) for at in range(WORDS // 60)]


def _patterns(parts: list[str], chance: random.Random) -> dict[str, list[str]]:
    def edited(part: str) -> str:
        words = part.split(" ")
        for _ in range(len(words) // 20):
            words[chance.randrange(len(words))] = "edited"
        return " ".join(words)

    moved = [*parts[4:40], *parts[:4], *parts[40:]]
    return {
        "nothing changed": parts,
        "scattered words": [edited(part) for part in parts],
        "paragraphs moved": moved,
        "moved and edited": [edited(part) for part in moved],
        "words in another order": [" ".join(chance.sample(part.split(), len(part.split()))) for part in parts],
        "all written anew": _parts(random.Random("another")),
    }


def _ms(work: Callable[[], object]) -> float:
    """Of processor time: nothing is waited for, so that is what it takes where nobody else is at work."""
    text.blocks.cache_clear()  # two texts that nobody has read before
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


# --- A piece and its page ---


def _open(report: Report, chance: random.Random) -> None:
    owner = User.objects.first()
    assert owner
    parts = _parts(chance)
    few, many = _piece(owner, parts, 3, chance), _piece(owner, parts, VERSIONS, chance)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(owner)

    def opened(piece: Piece, query: str) -> float:
        began = time.perf_counter()
        answer = client.get(f"{piece.get_absolute_url()}{query}")
        assert answer.status_code == 200, answer.status_code
        return 1000 * (time.perf_counter() - began)

    Authorship.objects.filter(version__piece=many).delete()
    seconds = opened(many, "") / 1000
    report("authors of 200 versions, lost", f"{seconds:.1f} s to make again, once", True, round(seconds, 2))
    for query in ("", "?panel=changes", "?panel=history", "?marks=side", "?marks=who"):
        short, long = [], []
        for _ in range(ROUNDS):
            short.append(opened(few, query))
            long.append(opened(many, query))
        queries = [_queries(partial(opened, piece, query)) for piece in (few, many)]
        growth = statistics.median(one / other for one, other in zip(long, short, strict=True))
        says = f"{statistics.median(long):.0f} ms, {growth:.2f} of three versions (≤ {GROWTH}), queries {queries}"
        holds = growth <= GROWTH and queries[0] == queries[1]
        kept = {"ms": round(statistics.median(long), 1), "growth": round(growth, 3), "queries": queries}
        report(f"open 200 versions {query}".strip(), says, holds, kept)
    _save(report, owner, few, many)


def _save(report: Report, owner: User, few: Piece, many: Piece) -> None:
    """What a save costs: it is where who wrote what is worked out."""
    took: dict[int, list[float]] = {few.pk: [], many.pk: []}
    for number in range(ROUNDS):
        for piece in (few, many):
            now = Piece.objects.select_related("current").get(pk=piece.pk)
            assert now.current
            body = f"{now.current.body}\n\nAnd one line more, the number {number}."
            began = time.perf_counter()
            editing.save_edit(now, by=owner, based_on=now.current.hash, title=now.title, body=body)
            took[piece.pk].append(1000 * (time.perf_counter() - began))
    short, long = (statistics.median(took[piece.pk]) for piece in (few, many))
    report(
        "save after 200 versions", f"{long:.0f} ms, after three {short:.0f} ms", True, [round(long, 1), round(short, 1)]
    )


def _piece(owner: User, parts: list[str], count: int, chance: random.Random) -> Piece:
    title = f"A piece of {count} versions"
    idea = Idea.objects.create(title=title, owner=owner)
    piece = Piece.objects.create(idea=idea, platform="blog", owner=owner, title=title)
    first = editing.add_version(piece, title=title, body="\n\n".join(parts), stage="format", model="smollm2:135m")
    written, made = list(parts), []
    for number in range(2, count + 1):
        at = chance.randrange(len(written))
        words = written[at].split(" ")
        words[chance.randrange(len(words))] = f"edited{number}"
        written[at] = " ".join(words)
        body = "\n\n".join(written)
        made.append(
            Version(
                piece=piece,
                number=number,
                title=title,
                body=body,
                hash=digest(title, body),
                stage="edit",
                by=owner,
                report=first.report,
                score=first.score,
            )
        )
    newest = Version.objects.bulk_create(made)[-1]
    Piece.objects.filter(pk=piece.pk).update(current=newest, status=Status.EDITED)
    return Piece.objects.get(pk=piece.pk)


def _queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)
