"""The school grade that a text asks of its reader (Flesch-Kincaid)."""

import re
from collections.abc import Iterable
from functools import lru_cache

import pyphen

from .text import blocks, sentences, words

_HYPHENS = pyphen.Pyphen(lang="en_US")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?<=[^aeiouy])(?:e|(?<![sxz])(?<![cs]h)(?<![cg])es|(?<![td])ed)$")
_COMMON = frozenset(words("""the of and to a in is it you that for on with as are this be at by from or have not"""))


def grade(body: str) -> float | None:
    """The Flesch-Kincaid grade of the prose, one decimal; None where it is too short, or not in English.

    0.39 × words per sentence + 11.8 × syllables per word - 15.59 (Kincaid and others, 1975).
    """
    return grade_of(line for b in blocks(body) if b.kind in ("p", "li", "quote") for line in sentences(b.text))


def grade_of(lines: Iterable[str]) -> float | None:
    """The same of sentences."""
    spoken = [[word for word in words(line) if word[0].isalpha()] for line in lines]
    spoken = [line for line in spoken if line]
    total = sum(map(len, spoken))
    if total < 20 or sum(word in _COMMON for line in spoken for word in line) < total * 0.12:
        return None
    beats = sum(syllables(word) for line in spoken for word in line)
    return round(0.39 * total / len(spoken) + 11.8 * beats / total - 15.59, 1)


@lru_cache(maxsize=20_000)
def syllables(word: str) -> int:
    """Syllables of an English word, at least 1.

    Hyphenation leaves a lone first or last letter where it is (“about”, “city”), so vowels are counted within each
    part.
    """
    if len(word) > 40:
        return len(word) // 3
    parts = _HYPHENS.inserted(word).split("-")
    return sum(max(1, len(_VOWELS.findall(_SILENT.sub("", part)))) for part in parts)
