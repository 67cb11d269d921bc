"""What makes one candidate better than another: on the topic, new, concrete, and free of what gives a machine away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from content.checks import claims, cliches, filler
from content.checks.concrete import evidence
from content.platforms.text import sentences, stem, words

GOOD = -0.9  # a candidate of this merit needs no second round
_BAD = [
    line.strip()
    for line in Path(__file__).with_name("bad_phrases.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
BAD = re.compile(
    r"(?<![\w'-])(?:" + "|".join(re.escape(p).replace(r"\*", r"[\w]*") for p in _BAD) + r")(?![\w'-])", re.I
)
_ODD = re.compile(
    r"in'(?!\w)|\b(\w+) \1\b|\b(\w+ \w+) \2\b|['-][.]|(?<!['’])\b[b-hj-z]\b(?!['’])", re.I
)  # doubled, torn or single letters
_NAMED = re.compile(r"[\w'-]*[A-Z0-9%:][\w'%:-]*")
# A sentence that leans on the one before falls with it.
LEANS = frozenset(
    [
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "they",
        "their",
        "them",
        "he",
        "his",
        "him",
        "she",
        "her",
        "such",
        "however",
        "but",
        "so",
        "then",
        "also",
        "additionally",
        "moreover",
        "furthermore",
        "another",
        "both",
        "instead",
        "therefore",
        "thus",
        "as",
        "finally",
        "or",
        "similarly",
    ]
)
_BACK = frozenset(
    [
        "it",
        "its",
        "this",
        "these",
        "those",
        "they",
        "them",
        "their",
        "theirs",
        "he",
        "him",
        "his",
        "she",
        "her",
        "also",
        "another",
        "instead",
        "however",
        "so",
        "but",
        "then",
    ]
)
# No sentence ends here; one that does was cut by the cap of words.
_OPEN = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "to",
        "for",
        "with",
        "in",
        "at",
        "by",
        "from",
        "into",
        "as",
        "that",
        "which",
        "who",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "has",
        "have",
        "had",
        "can",
        "could",
        "will",
        "would",
        "should",
        "may",
        "might",
        "must",
        "your",
        "their",
        "its",
        "his",
        "her",
        "this",
        "these",
        "those",
        "very",
        "more",
        "most",
        "less",
        "not",
        "no",
        "how",
        "when",
        "where",
        "what",
        "why",
        "if",
        "than",
        "because",
        "while",
        "such",
        "so",
        "like",
        "about",
        "over",
        "under",
        "between",
        "through",
        "during",
        "without",
        "within",
        "also",
        "even",
        "just",
        "only",
    ]
)
_COMMON = _OPEN | frozenset(
    [
        "you",
        "it",
        "they",
        "there",
        "help",
        "helps",
        "make",
        "makes",
        "use",
        "using",
        "used",
        "it's",
        "don't",
        "you'll",
        "you're",
        "them",
        "one",
    ]
)
_PREFIXES = re.compile(r"^(?:un|re|over|non|co|pre|mis|out|under|inter|multi|self|sub|anti|micro|bio)(?=\w{4})")


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    lines = Path(__file__).with_name("words.txt").read_text("utf-8").splitlines()
    return frozenset(root for line in lines if not line.startswith("#") for root in line.split())


@lru_cache(maxsize=8000)
def is_word(word: str) -> bool:
    """Whether a lower-case word is English, as far as a dictionary knows; a small model makes some up."""
    for part in word.split("'")[0].split("-"):
        if len(part) < 4:
            if part and not set(part) & set("aeiouy"):
                return False
        elif not {stem(part), stem(_PREFIXES.sub("", part))} & _dictionary():
            return False
    return True


@lru_cache(maxsize=4000)
def roots(text: str) -> frozenset[str]:
    """The stems of its words of content."""
    return frozenset(stem(word) for word in words(text) if len(word) > 2 and word not in _COMMON)


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's measure: 1 is the same words."""
    return len(one & other) / len(one | other) if one and other else 0.0


def keepable(
    text: str, *, longest: int, about: str, names: Sequence[str] = (), seen: Sequence[str] = (), firm: bool = False
) -> list[str]:
    """The sentences of `text` that can stand. Those that lean on one that cannot go with it.

    `firm` holds the first to its place: if it falls, nothing is left.
    """
    known = [roots(line) for paragraph in seen for line in sentences(paragraph)]
    starts = {tuple(words(line)[:3]) for paragraph in seen for line in sentences(paragraph)}
    kept: list[str] = []
    fallen = False
    for at, line in enumerate(sentences(text)):
        leans = not (starts_well(line) if kept else stands_alone(line))
        own = [roots(other) for other in kept]
        faulty = is_faulty(line, longest, about, names) or any(alike(roots(line), k) > 0.5 for k in [*known, *own])
        faulty = faulty or (at > 0 and tuple(words(line)[:3]) in starts)
        faulty = faulty or tuple(words(line)[:2]) in {tuple(words(other)[:2]) for other in kept}
        if faulty and firm and at == 0:
            return []
        fallen = faulty or (fallen and leans)
        if not fallen:
            kept.append(line)
    return kept


def worn(text: str) -> bool:
    """Whether it has a phrase that everyone has read before."""
    return bool(cliches.hits(text, cliches.STOCK))


def starts_well(line: str) -> bool:
    """Whether a sentence can stand first: it leans on none before it."""
    return (words(line) or [""])[0].partition("'")[0] not in LEANS


def stands_alone(line: str) -> bool:
    """Whether a sentence can be read without the one that stood before it: it points back to nothing."""
    said = words(line)
    return len(said) >= 9 and not {word.partition("'")[0] for word in said} & _BACK


def is_faulty(line: str, longest: int, about: str, names: Sequence[str] = ()) -> bool:
    """Whether a sentence gives a machine away, claims what nobody gave, was cut, or says the same word over and over."""
    spoken = words(line)
    if any(word not in names for word in _NAMED.findall(line[1:])):
        return True
    given = {*words(about), *(name.lower() for name in names)}
    if not all(word in given or is_word(word) for word in spoken):
        return True
    if not spoken or len(line.split()) >= longest or spoken[-1] in _OPEN:
        return True
    mine = set(words(about))
    if any(not set(words(hit[0])) <= mine for hit in BAD.finditer(line)) or _ODD.search(line):
        return True
    heavy = [stem(word) for word in spoken if len(word) > 3 and word not in _COMMON]
    if any(heavy.count(root) > (2 if root in {stem(w) for w in mine} else 1) + (len(heavy) > 9) for root in heavy):
        return True
    return max(map(len, spoken)) > 17 or any(True for _ in claims.claims(line))


def merit(lines: Sequence[str], *, about: str, seen: Sequence[str] = ()) -> float:
    """How good a text is beside others for the same place; about -1 to 1.5, higher is better."""
    text = " ".join(lines)
    spoken, mine = words(text), roots(about)
    if not spoken:
        return -9.0
    on_topic = len(roots(text) & mine) / max(1, min(len(mine), 4))
    own = {stem(word) for word in words(about)}
    vague = sum(stem(word) in filler._VAGUE and stem(word) not in own for word in spoken) / len(spoken)
    again = max((alike(roots(text), roots(other)) for other in seen), default=0.0)
    worn = len(cliches.hits(text, cliches.STOCK))
    runs = list(zip(spoken, spoken[1:], spoken[2:], strict=False))
    loops = 1 - len(set(runs)) / len(runs) if runs else 0.0
    shown = min(sum(map(evidence, lines)), 3)
    return 0.8 * min(on_topic, 1) + 0.1 * shown - 4 * vague - 1.5 * again - 0.5 * worn - 4 * loops
