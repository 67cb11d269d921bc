"""Where a long word may be cut: by the rules of the language that the title seems to be in."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pyphen

LONG = 12  # letters; a shorter word is never cut
KEPT = 4  # letters at least on either side of a hyphen
# Words that are common in titles and rare in the other languages, and letters that give a language away.
_MARKS = {
    "de_DE": "der die das und für mit nicht ist ein eine im vom zum zur wie warum auf bei aus ß ä ö ü",
    "en_US": "the and of for with how why what your you is are a to in that from",
    "fr": "le la les des du et pour avec une est sur dans pourquoi comment qui que ç œ ê è",
    "es": "el los las del y para con una por qué cómo más su ñ ¿ ¡",
    "it_IT": "il gli della delle dei e per con una perché come più che ò",
    "nl_NL": "het een van voor met niet wat hoe waarom je uw ij",
    "pt_BR": "o os as da do dos e para com uma por não como ã õ",
    "sv": "och för med att är en ett hur varför som på å",
    "pl_PL": "i w na z do jak nie co dla się ł ą ę ś ż",
    "cs_CZ": "a v na s do jak ne co pro se ř ě ů",
    "hu_HU": "a az és egy hogy nem mit ő ű",
}
_SCRIPTS = (("ѐёыэ", "ru_RU"), ("ієїґ", "uk_UA"), ("α-ω", "el_GR"), ("а-я", "ru_RU"))
_DIRECTIVES = ("LEFTHYPHENMIN", "RIGHTHYPHENMIN", "COMPOUND", "NEXTLEVEL", "NOHYPHEN")
_SEAMS = ("ungs", "heits", "keits", "schafts", "ions", "täts", "lings", "tums", "fahrts")


def language(text: str) -> str:
    """The language whose common words and letters the title has most of; English when nothing tells."""
    text = text.lower()
    for letters, name in _SCRIPTS:
        if re.search(f"[{letters}]", text):
            return name
    words = re.findall(r"\w+", text)

    def told(name: str) -> int:
        marks = _MARKS[name].split()
        letters = {mark for mark in marks if len(mark) == 1 and not mark.isascii()}
        return sum(word in marks for word in words) * 2 + sum(letter in text for letter in letters)

    best = max(_MARKS, key=told)
    if told(best) == 0:
        # Nothing but compounds: no other language that we know writes them as long.
        return "de_DE" if any(len(word) > 20 for word in words) else "en_US"
    return best


def parts(word: str, language: str) -> list[str]:
    """A long word cut at each place where a hyphen may stand; a short one whole."""
    if sum(letter.isalpha() for letter in word) < LONG:
        return [word]
    cut: list[str] = []
    last = 0
    for match in re.finditer(rf"[^\W\d_]{{{LONG},}}", word):
        for position in positions(match.group(), language):
            cut.append(word[last : match.start() + position])
            last = match.start() + position
    return [*cut, word[last:]]


def is_seam(part: str, language: str) -> bool:
    """Whether a German compound is likely to be joined where this part of it ends."""
    return language == "de_DE" and part.lower().endswith(_SEAMS)


def positions(word: str, language: str) -> list[int]:
    """Where a hyphen may stand in a word, by Liang's method: the odd ones of the largest numbers at each place."""
    patterns, longest = _patterns(language)
    dotted = f".{word.lower()}."
    points = [0] * (len(dotted) + 1)
    for start in range(len(dotted)):
        for end in range(start + 1, min(len(dotted), start + longest) + 1):
            if pattern := patterns.get(dotted[start:end]):
                at = start
                for sign in pattern:
                    if sign.isdigit():
                        points[at] = max(points[at], int(sign))
                    else:
                        at += 1
    return [at for at in range(KEPT, len(word) - KEPT + 1) if points[at + 1] % 2]


@cache
def _patterns(language: str) -> tuple[dict[str, str], int]:
    """(letters → letters with numbers between, the length of the longest) of pyphen's dictionary.

    Read here, since pyphen takes a second or two to prepare all that German has; we look at what a word meets.
    """
    encoding, *rest = Path(pyphen.LANGUAGES[language]).read_bytes().splitlines()
    written = b"\n".join(rest).decode(encoding.decode("ascii").strip()).split("\n")
    patterns = {
        re.sub(r"\d", "", line): line
        for line in map(str.strip, written)
        # Comments, settings, and the rare patterns that also change a letter.
        if line and line[0] not in "#%" and "/" not in line and "^^" not in line and not line.startswith(_DIRECTIVES)
    }
    return patterns, max(map(len, patterns))
