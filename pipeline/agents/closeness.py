"""Whether two ideas are so close that a reader of both would ask why there are two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from content.platforms.text import words

from .taste import alike, roots

SAME_TITLE = 88  # of 100: the same words, in whatever order, but for a few letters
SAME_WORDS = 0.5  # of the words of content, Jaccard's measure
SAME_MEANING = 0.92  # cosine; ideas of one topic stand near 0.7 to 0.85 with the usual embedders
FEW = 3  # words of content; of fewer, one in common is half


@dataclass(frozen=True)
class Told:
    """A title and what is said of it. `topic` are the words that all ideas of that topic share: they tell nothing."""

    title: str
    description: str = ""
    topic: str = ""

    @property
    def name(self) -> str:
        return " ".join(words(self.title))

    def roots(self) -> frozenset[str]:
        return roots(f"{self.title} {self.description}") - roots(self.topic)


def same_title(one: str, other: str) -> bool:
    return fuzz.token_sort_ratio(one, other) >= SAME_TITLE


def near(one: Told, other: Told) -> bool:
    """Whether the titles are the same, or title and description say the same; sharing a topic is not being close."""
    if same_title(one.name, other.name):
        return True
    mine, theirs = one.roots() - roots(other.topic), other.roots() - roots(one.topic)
    return min(len(mine), len(theirs)) >= FEW and alike(mine, theirs) >= SAME_WORDS


def nearest(one: Told, others: Iterable[Told]) -> Told | None:
    """The first of the others that is near, if there is one."""
    return next((other for other in others if near(one, other)), None)


def means_the_same(one: Sequence[float], others: Iterable[Sequence[float]]) -> bool:
    """Whether a text's vector points where another's does; all are of length 1."""
    return any(sum(x * y for x, y in zip(one, other, strict=True)) >= SAME_MEANING for other in others)
