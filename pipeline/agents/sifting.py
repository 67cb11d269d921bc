"""Which sentences of a small model can stand: the rest gives a machine away, claims what nobody gave, or breaks off."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from content.checks import claims
from content.platforms.text import sentences, stem, words

from .taste import alike, roots, worn

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
_COLON = re.compile(r"([a-z]): (?=[a-z])")  # between two halves of a sentence; elsewhere it belongs to a time or a list
_NAMED = re.compile(r"[\w'-]*[A-Z0-9%:][\w'%:-]*")
# Two sentences glued by a comma, and a sentence that never gets a verb.
_SPLICE = re.compile(
    r"^(?!(?:if|when|while|because|as|since|once|though|although|whether|after|before|in|for|with|by|at|on|to|over|even|not|"
    r"without|unless|until|instead|by|from|this|that|so|but)\b).*?, (?:it's|it is|it will|they're|they are|you'll|you will)\b",
    re.I,
)
_FRAGMENT = re.compile(
    r"^\w+(?:ing|ed) (?:to|by|with|through|in|on|for|at|from)\b(?!.*\b(?:is|are|can|will|may|might|should|must|\w+[^s]s)\b)",
    re.I,
)
# A sentence that leans on the one before falls with it.
_LEANS = frozenset(
    """
    it its this that these those they them their he him his she her such however but so then also additionally
    moreover furthermore another both instead therefore thus as finally or similarly
    """.split()  # noqa: SIM905
)
_BACK = frozenset(
    """
    it its this these those they them their theirs he him his she her also another instead however so but then
    """.split()  # noqa: SIM905
)
# No sentence ends here; one that does was cut by the cap of words.
_OPEN = frozenset(
    """
    a an the and or but of to for with in at by from into as that which who is are was were be been has have had
    can could will would should may might must your their its his her this these those very more most less not
    no how when where what why if than because while such so like about over under between through during
    without within also even just only
    """.split()  # noqa: SIM905
)
# “sustainability” is no word of the list, “sustainable” is.
_ABILITY = re.compile(r"(?:abilit(?:y|ies)|ably)$")
_PREFIXES = re.compile(r"^(?:un|re|over|non|co|pre|mis|out|under|inter|multi|self|sub|anti|micro|bio)(?=\w{4})")


@lru_cache(maxsize=1)
def _dictionary() -> frozenset[str]:
    lines = Path(__file__).with_name("words.txt").read_text("utf-8").splitlines()
    return frozenset(root for line in lines if not line.startswith("#") for root in line.split())


@lru_cache(maxsize=8000)
def is_word(word: str) -> bool:
    """Whether a lower-case word is English, as far as a dictionary knows; a small model makes some up."""
    word = "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))  # “café”
    for part in _ABILITY.sub("able", word.removesuffix("n't").split("'")[0]).split("-"):
        if len(part) < 4:
            if part and not set(part) & set("aeiouy"):
                return False
        elif not {stem(part), stem(_PREFIXES.sub("", part))} & _dictionary():
            return False
    return True


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


def starts_well(line: str) -> bool:
    """Whether a sentence can stand first: it leans on none before it."""
    return (words(line) or [""])[0].partition("'")[0] not in _LEANS


def stands_alone(line: str) -> bool:
    """Whether a sentence can be read without the one that stood before it: it points back to nothing."""
    said = words(line)
    # “A solid plan that …” began as the end of the sentence before it, and often has no verb of its own.
    return len(said) >= 9 and said[0] not in {"a", "an"} and not {word.partition("'")[0] for word in said} & _BACK


def is_faulty(line: str, longest: int, about: str, names: Sequence[str] = ()) -> bool:
    """Whether a sentence gives a machine away, claims what nobody gave, was cut, or says the same word over and over."""
    spoken = words(line)
    if any(word not in names for word in _NAMED.findall(_COLON.sub(r"\1 ", line[1:]))):
        return True
    given = {*words(about), *(name.lower() for name in names)}
    if not all(word in given or is_word(word) for word in spoken):
        return True
    if not spoken or len(line.split()) >= longest or spoken[-1] in _OPEN:
        return True
    mine = set(words(about))
    if any(not set(words(hit[0])) <= mine for hit in BAD.finditer(line)):
        return True
    if worn(line) or _ODD.search(line) or _SPLICE.search(line) or _FRAGMENT.search(line):
        return True
    heavy = [stem(word) for word in spoken if len(word) > 3 and word not in _OPEN]
    if any(heavy.count(root) > (2 if root in {stem(w) for w in mine} else 1) + (len(heavy) > 9) for root in heavy):
        return True
    return any(len(word) > 17 and word not in given for word in spoken) or any(True for _ in claims.claims(line))
