"""Whether two ideas are so close that a reader of both would ask why there are two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from content.platforms.text import words

from .taste import alike, roots

SAME_TITLE = 88  # of 100: the same words, in whatever order, but for a few letters
SAME_WORDS = 0.5  # of the words of content, Jaccard's measure
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


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """1 is the same direction; 0 where either is nothing."""
    length = (sum(x * x for x in one) * sum(y * y for y in other)) ** 0.5
    return sum(x * y for x, y in zip(one, other, strict=True)) / length if length else 0.0
