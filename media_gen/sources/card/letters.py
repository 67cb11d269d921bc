"""Setting a title: the two faces, what they can draw, and lines that balance."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import ImageFont

Face = ImageFont.FreeTypeFont

FONTS = Path(__file__).resolve().parents[2] / "fonts"
SERIF = "Newsreader-Display.ttf"
SANS = "LibreFranklin-Medium.ttf"


@lru_cache(maxsize=64)
def face(name: str, size: int) -> Face:
    """A font at `size` pixels an em."""
    return ImageFont.truetype(FONTS / name, size)


@cache
def _shape(name: str, letter: str) -> bytes:
    return bytes(face(name, 40).getmask(letter))


@lru_cache(maxsize=4096)
def draws(name: str, letter: str) -> bool:
    """Whether the font has this letter. Pillow draws a box for one it lacks and says nothing, so we compare."""
    if letter == " ":
        return True
    shape = _shape(name, letter)
    return bool(shape) and shape != _shape(name, "\uffff")


def settable(text: str, *, prefer: str = SERIF) -> tuple[str, str, str]:
    """(what of `text` can be drawn, in which font, the letters left out).

    One font for the whole of it, the one that leaves out least; a line in two faces looks like an accident.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    fonts = (prefer, SANS if prefer == SERIF else SERIF)
    font = min(fonts, key=lambda name: sum(not draws(name, letter) for letter in text))
    kept = "".join(letter for letter in text if draws(font, letter))
    # Joiners and variation selectors belong to a letter that is named already.
    missing = (c for c in dict.fromkeys(text) if not draws(font, c) and unicodedata.category(c) not in {"Cf", "Mn"})
    return " ".join(kept.split()), font, "".join(missing)


@dataclass(frozen=True)
class Setting:
    """Lines of a title in one face; `leading` is the distance between their baselines in pixels."""

    lines: tuple[str, ...]
    face: Face
    leading: int

    @property
    def height(self) -> int:
        return self.leading * len(self.lines)


def fit(text: str, font: str, *, width: int, height: int, largest: int, smallest: int) -> Setting:
    """The largest setting of `text` in that box, its lines about equally long; cut with an ellipsis if need be."""
    for size in range(largest, smallest - 1, -4):
        at = face(font, size)
        leading = round(size * (1.04 if size > 60 else 1.1))
        lines = wrap(text, at, width)
        if leading * len(lines) <= height and all(at.getlength(line) <= width for line in lines):
            return Setting(tuple(balanced(lines, at, width)), at, leading)
    at, leading = face(font, smallest), round(smallest * 1.1)
    lines = wrap(_split_long_words(text, at, width), at, width)
    room = max(height // leading, 1)
    if len(lines) > room:
        lines = lines[:room]
        while at.getlength(lines[-1] + "…") > width:
            lines[-1] = lines[-1][:-1]
        lines[-1] = lines[-1].rstrip(" .,;:") + "…"
    return Setting(tuple(lines), at, leading)


def wrap(text: str, at: Face, width: float) -> list[str]:
    """Words into lines of at most `width` pixels; a word that is longer has a line of its own."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}".strip()
        if line and at.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines


def balanced(lines: list[str], at: Face, width: int) -> list[str]:
    """The same words in as many lines, at the narrowest measure that needs no more."""
    best, text = lines, " ".join(lines)
    low, high = 0.4 * width, float(width)
    for _ in range(8):
        middle = (low + high) / 2
        lines = wrap(text, at, middle)
        if len(lines) > len(best) or any(at.getlength(line) > middle for line in lines):
            low = middle
        else:
            best, high = lines, middle
    return best


def _split_long_words(text: str, at: Face, width: int) -> str:
    """Words that no line can hold, cut where they reach its end."""
    pieces: list[str] = []
    for word in text.split(" "):
        part = ""
        for letter in word:
            if part and at.getlength(part + letter) > width:
                pieces.append(part)
                part = ""
            part += letter
        pieces.append(part)
    return " ".join(pieces)
