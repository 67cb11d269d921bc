"""Texts as people and models write them for social platforms, and as nobody should: the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

WORDS = [
    "the",
    "wall",
    "faces",
    "rain",
    "a",
    "gap",
    "and",
    "damp",
    "crosses",
    "ask",
    "who",
    "pays",
    "if",
    "it",
    "fails",
    "look",
    "in",
    "first",
    "bricks",
    "stay",
    "dry",
]
STRANGE = [
    "👩‍👩‍👧‍👦",
    "👨🏿‍🚒",
    "🏳️‍🌈",
    "🇩🇪",
    "🇩",
    "☂️",
    "☂",
    "👍🏽",
    "1️⃣",
    "🫠",
    "漢字仮名",
    "ひらがな",
    "한국어",
    "e\u0301\u0302\u0323",
    "Z\u0351\u036b\u0343a\u0353l",
    "naïve",
    "ﬁ",
    "مرحبا",
    "שלום",
    "\u200f",
    "\u200b",
    "\u00ad",
    "\ufeff",
    "𝒳𝓎",
    "\U0010ffff",
    "don’t",
    "“quoted”",
    "—",
    "…",
    "<b>&amp;</b>",
    "{{ 7 }}",
    "&#35;",
]
LINKS = [
    "https://example.com",
    "http://example.org/a/b?c=d&e=f#g",
    "example.com",
    "bücher.example",
    "例え.jp",
    "https://t.co/abc",
    "https://example.com/" + "path/" * 60,
    "mail@example.com",
    "www.example.co.uk.",
    "not.alink",
]
TAGS = ["#damp", "#old_houses", "#1", "#漢字", "#", "##", "#ümlaut", "@somebody", "$GAS"]
LINES = [
    "---",
    "--- ",
    "----",
    "## Hook",
    "## Value",
    "## Call to action",
    "## Caption",
    "##Hook",
    "Scene: rain on a gable",
    "scene:",
    "# Title",
    "- item",
    "1. item",
    "> quoted",
    "```",
    "| a | b |",
    "\t",
    "",
]


def texts(count: int, seed: int = 3) -> Iterator[str]:
    """`count` bodies, from nothing at all to some hundred words."""
    chance = random.Random(seed)
    for _ in range(count):
        yield _text(chance)


def _text(chance: random.Random) -> str:
    parts = []
    for _ in range(chance.choice([0, 1, 1, 2, 3, 5, 8])):
        if chance.random() < 0.35:
            parts.append(chance.choice(LINES))
            continue
        pool = chance.choices([WORDS, STRANGE, LINKS, TAGS], weights=[12, 3, 1, 1], k=chance.choice([1, 6, 20, 45]))
        parts.append(chance.choice([" ", " ", " ", "", "\u3000"]).join(chance.choice(some) for some in pool))
    return chance.choice(["\n\n", "\n\n", "\n", "\r\n"]).join(parts)
