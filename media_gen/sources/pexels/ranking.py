"""Which words to look for, and which of the photographs that they find fit best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rapidfuzz import fuzz, utils

from .searching import Photo

MOST_WORDS = 6  # more of them find nothing
SMALLEST = 1200  # pixels wide, where a page shows it over its whole width
# Words that say nothing of what is to be seen: small ones, those of headlines, and those that image models like to hear.
SILENT = frozenset(Path(__file__).with_name("silent.txt").read_text("utf-8").split())
WORD = re.compile(r"[^\W_]+(?:[-’'][^\W_]+)*")


def keywords(text: str) -> list[str]:
    """The words of a prompt or a title that say what is to be seen, in their order, each once."""
    words = dict.fromkeys(word.casefold().replace("’", "'").removesuffix("'s") for word in WORD.findall(text))
    telling = [word for word in words if word not in SILENT and not word.isdecimal() and len(word) > 1]
    return telling[:MOST_WORDS]


def broader(words: Sequence[str]) -> Iterator[str]:
    """All the words, then half of them, then the first alone: what to look for until something is found."""
    yield from dict.fromkeys(" ".join(words[:most]) for most in (len(words), (len(words) + 1) // 2, 1))


def ranked(photos: Sequence[Photo], words: Sequence[str]) -> list[Photo]:
    """Those that are large enough, the ones whose description shares the words first; among equals Pexels's order."""
    asked = " ".join(words)
    large = [photo for photo in photos if photo.width >= SMALLEST and photo.height >= SMALLEST / 2]
    return sorted(large, key=lambda photo: -fuzz.token_set_ratio(asked, photo.alt, processor=utils.default_process))
