"""May this text be stored at all, and must a person look at it first? Not part of the score."""

import codecs
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .base import several

Verdict = Literal["ok", "flag", "refuse"]


@dataclass(frozen=True)
class Moderation:
    """`refuse`: do not store it. `flag`: store it, and show a person the reasons, which repeat no private data."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def _lists() -> dict[str, frozenset[str]]:
    """The word lists by their heading; kept in rot13, so that nobody reads them in passing."""
    found: dict[str, set[str]] = {}
    under: set[str] = set()
    for line in Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            under = found.setdefault(line.strip("[] "), set())
        elif line.strip() and not line.startswith("#"):
            under.add(codecs.decode(line.strip(), "rot13"))
    return {name: frozenset(entries) for name, entries in found.items()}


_LISTS = _lists()
_LEET = str.maketrans("013457@$!", "oieastasi")
_TOKEN = re.compile(r"[^\W_](?:[\w@$!'’]*\w)?")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@((?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24})\b")
_NO_ONES = re.compile(r"(?:^|\.)example(?:\.(?:com|org|net))?$", re.I)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_CARD = re.compile(r"(?<![\d.,-])[3-6]\d{3}(?:[ -]?\d){9,15}(?![\d-]|[.,]\d)")
_PHONE = re.compile(
    r"(?<![\w.,/£$€+-])(?:\+[1-9]|\(0\d|0[1-9]|\(\d{3}\) ?|\d{3}[ .-](?=\d{3}[ .-]\d{4}))"
    r"[\d ().-]{5,22}\d(?![\w/]|[.,]\d)"
)
_DATE = re.compile(r"\d{1,4}[.-]\d{1,2}[.-]\d{2,4}")


def moderate(text: str) -> Moderation:
    """Looks for offensive words, threats, and personal data (e-mail, phone, IBAN, payment card)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    tokens = [token.replace("’", "'") for token in _TOKEN.findall(plain)]
    tokens = [token if token.isalpha() else token.translate(_LEET) for token in tokens]
    spoken, said = set(tokens), f" {' '.join(tokens)} "
    if spoken & _LISTS["slurs"]:
        return Moderation("refuse", ("It uses a word that insults people for who they are.",))
    if any(f" {phrase} " in said for phrase in _LISTS["threats"]):
        return Moderation("refuse", ("It threatens someone, or calls for violence.",))
    reasons = []
    if rude := [token for token in tokens if token in _LISTS["coarse"]]:
        reasons.append(f"Coarse language: {several(len(rude), 'word')}.")
    if any(f" {phrase} " in said for phrase in _LISTS["grave"]):
        reasons.append("It touches on suicide or self-harm. Read it with care.")
    return Moderation("flag" if (reasons := reasons + _personal(text)) else "ok", tuple(reasons))


def _personal(text: str) -> list[str]:
    found = [f"An e-mail address at {m[1]}." for m in _EMAIL.finditer(text) if not _NO_ONES.search(m[1])]
    taken: list[tuple[int, int]] = []
    for m in _IBAN.finditer(text):
        if iban(m[0]):
            taken.append(m.span())
            found.append(f"A bank account (IBAN) ending in {m[0].replace(' ', '')[-4:]}.")
    for m in _CARD.finditer(text):
        if luhn(m[0]) and not _within(m, taken):
            taken.append(m.span())
            found.append(f"A payment card number ending in {m[0][-4:]}.")
    for m in _PHONE.finditer(text):
        if 9 <= sum(map(str.isdigit, m[0])) <= 15 and not (_within(m, taken) or _DATE.match(m[0])):
            found.append(f"A telephone number ending in {m[0][-2:]}.")
    return list(dict.fromkeys(found))[:20]


def _within(match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return any(match.start() < end and start < match.end() for start, end in spans)


def luhn(number: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1), for 13 to 19 digits."""
    digits = [int(c) for c in number if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    return sum(sum(divmod(2 * d, 10)) if at % 2 else d for at, d in enumerate(reversed(digits))) % 10 == 0


def iban(text: str) -> bool:
    """The check digits of a bank account (ISO 13616: mod 97 is 1), for 15 to 34 characters."""
    code = text.replace(" ", "")
    return 15 <= len(code) <= 34 and int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1
