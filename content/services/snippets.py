"""The piece of a text where the words are that somebody looked for, with those words marked.

PostgreSQL's own ts_headline reads a whole text for a millisecond or more; here a text is only looked through for what
begins like one of the words, and PostgreSQL is asked how it stems those, once per process for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import takewhile

from django.db import connection

from content.models.post import LANGUAGE

AROUND = 240  # characters of a text that are shown
LED_BY = 60  # of them before the first word that was found
PLACES = 100  # of one word in one text that are weighed
LONGEST = 100  # characters of a word
WINDOWS = 20  # parts of a text that are compared
STEMS_KEPT = 50_000
BLANK = re.compile(r"\s")

# A text's own word, once stemmed: each language has some ten thousand that are in use.
_stems: dict[str, frozenset[str]] = {}


@dataclass(frozen=True)
class Looked:
    """The words that were looked for, as PostgreSQL stems them; of `beginning` a word need only begin like it."""

    stems: frozenset[str]
    beginning: str = ""

    @cached_property
    def roots(self) -> list[str]:
        """What a word that is one of these begins with: “happi” stands for “happy”, “sky” for “skies”, “hope” for “hoping”."""
        cut = (s[:-1] if s[-1] in "eiy" and len(s) > 2 else s for s in self.stems)
        return list(dict.fromkeys([*cut, *filter(None, [self.beginning])]))

    def has(self, word: str) -> bool:
        """Whether this word of a text, in small letters, is one of them. `learn` its stems before."""
        if word in self.stems:
            return True
        if self.beginning and word.startswith(self.beginning):
            return True
        return not self.stems.isdisjoint(_stems.get(word, ()))


class Text:
    """A text, and where in it there may be words that were looked for."""

    def __init__(self, text: str, looked: Looked) -> None:
        self.text, self.looked = text, looked
        lower = text.lower()
        if len(lower) != len(text):  # a few capitals have two small letters; then only small letters are found
            lower = text
        self.places = sorted(place for root in looked.roots for place in _places(lower, root))
        self.words = [lower[start:end] for start, end in self.places]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """Where the words are that were looked for, none within another."""
        found: list[tuple[int, int]] = []
        for place, word in zip(self.places, self.words, strict=True):
            if self.looked.has(word) and (not found or place[0] >= found[-1][1]):
                found.append(place)
        return found

    def marked(self) -> str:
        """The whole text as safe HTML, the words marked."""
        return _html(self.text, self.spans)

    def snippet(self) -> str:
        """The part that says most of what was looked for, as safe HTML; "" where nothing of it is found."""
        spans = self.spans
        if not spans:
            return ""
        start, end = _window(self.text, spans)
        inside = [(left - start, right - start) for left, right in spans if start <= left and right <= end]
        shown = _html(self.text[start:end], inside)
        return f"{'… ' if start else ''}{' '.join(shown.split())}{' …' if end < len(self.text) else ''}"


def learn(looked: Looked, texts: Iterable[Text]) -> None:
    """Ask PostgreSQL for the stems of what may be the words in these texts, where they are not known yet."""
    unknown = sorted({word for text in texts for word in text.words} - looked.stems - _stems.keys())
    if not unknown:
        return
    if len(_stems) + len(unknown) > STEMS_KEPT:
        _stems.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word, tsvector_to_array(to_tsvector(%s::regconfig, word)) FROM unnest(%s::text[]) AS word",
            [LANGUAGE, unknown],
        )
        _stems.update((word, frozenset(stems)) for word, stems in cursor.fetchall())


def _places(lower: str, root: str) -> Iterator[tuple[int, int]]:
    """Each word that begins with `root`; the whole of it, as far as it is letters and digits."""
    at = lower.find(root)
    for _ in range(PLACES):
        if at < 0:
            return
        end = at + len(root)
        if at == 0 or not lower[at - 1].isalnum():
            while end < len(lower) and end - at < LONGEST and lower[end].isalnum():
                end += 1
            yield at, end
        at = lower.find(root, end)


def _window(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """From where to where: with the most different words, then the most of them, then the first such place."""
    best, most = spans[0], (0, 0)
    for index, (start, _) in enumerate(spans[:WINDOWS]):
        near = [text[left:right].lower() for left, right in _within(spans, index, start + AROUND - LED_BY)]
        if (worth := (len(set(near)), len(near))) > most:
            best, most = spans[index], worth
    start = max(0, best[0] - LED_BY)
    if start:  # at the beginning of a word
        blank = BLANK.search(text, start, best[0])
        start = blank.end() if blank else best[0]
    end = start + AROUND
    if end < len(text):
        last = max(text.rfind(" ", best[1], end), text.rfind("\n", best[1], end))
        end = last if last > 0 else max(end, best[1])
    return start, min(end, len(text))


def _within(spans: list[tuple[int, int]], first: int, end: int) -> Iterator[tuple[int, int]]:
    return takewhile(lambda span: span[1] <= end, spans[first:])


def _html(text: str, spans: list[tuple[int, int]]) -> str:
    """Each part is escaped by itself, so whatever the text says, only these marks are marks."""
    parts, at = [], 0
    for start, end in spans:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return "".join([*parts, escape(text[at:])])
