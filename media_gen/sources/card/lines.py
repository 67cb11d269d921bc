"""Breaking a title into lines that balance: where a break may stand, what it costs, and which set costs least."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from itertools import pairwise

from . import hyphens
from .faces import REFERENCE, Type, clusters

# Costs are shares of a line's squared slack: a line that is half as long as the others costs 0.25.
TORN, HYPHEN, SOFT, JOINT, WEAK_END, SHORT_LAST = 2.0, 0.5, 0.2, 0.1, 0.12, 0.3
OKURIGANA, SIGNS = 0.25, 0.08  # within a Japanese word, most likely; between two characters, which may be one
MOST_LINES = 13
RAGGED = 0.45  # how much smaller a smooth setting may be than a ragged one
LIGHT = 0.1
# No line begins with the first of these or ends with the second (JIS X 4051, and good manners in any script).
NOT_FIRST = frozenset(
    "、。，．・：；？！）」』】〉》〕］｝ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々…‥％.,:;?!)]}»”’%–—،؛؟।"
)
NOT_LAST = frozenset("（「『【〈《〔［｛([{«“‘„‚¿¡")
HANGS = frozenset("“„«‘\"'「『")
JOINTS = frozenset("-‐/")
PAUSES = frozenset(".,:;?!–—،؛؟।、。，：；？！")


@dataclass(frozen=True)
class Unit:
    """What is never broken. `after` is what stands behind it within a line, `broken` what a break adds instead."""

    text: str
    after: str = " "
    broken: str = ""
    cost: float = 0.0


def units(text: str) -> list[Unit]:
    """A title's words; for scripts that set no spaces, its syllables, names and signs."""
    found: list[Unit] = []
    for word in text.split(" "):
        parts = _parts(word)
        if found and (_all(parts[0].text, NOT_FIRST) or _all(found[-1].text, NOT_LAST)):  # “Why ?” keeps its mark
            parts[0] = replace(parts[0], text=f"{found.pop().text} {parts[0].text}")
        found += parts[:-1]
        last = parts[-1]
        weak = len(last.text) <= 3 and last.text.isalpha() and last.text.islower()
        found.append(Unit(last.text, " ", "", WEAK_END if weak else -0.06 if last.text[-1:] in PAUSES else 0.0))
    return found


def _parts(word: str) -> list[Unit]:
    """A word at its own joints: soft hyphens, hyphens, slashes, and between two letters of a spaceless script."""
    parts, part = [], ""
    letters = list(clusters(word))
    for number, letter in enumerate(letters):
        if letter == "\u00ad":
            parts.append(Unit(part, "", "-", SOFT))
            part = ""
            continue
        part += letter
        following = letters[number + 1] if number + 1 < len(letters) else ""
        cost = _between(letter, following) if following not in ("", "\u00ad") else None
        # “coûte-t-il” and “X-ray” are one word.
        whole = letter in JOINTS and (len(part) < 3 or _until_joint(letters[number + 1 :]) < 4)
        if cost is not None and not whole:
            parts.append(Unit(part, "", "", cost))
            part = ""
    return [*parts, Unit(part, "")] if part or not parts else parts


def _between(letter: str, following: str) -> float | None:
    """What a break between two letters of a word costs; None where none may stand."""
    if letter in NOT_LAST or following in NOT_FIRST:
        return None
    if letter in JOINTS and following.isalpha():
        return JOINT
    if not (_spaceless(letter) or _spaceless(following)):
        return None
    kinds = _kind(letter), _kind(following)
    if kinds == ("katakana", "katakana"):  # a foreign word
        return None
    if letter in PAUSES or letter == "的" or (kinds[0] == "hiragana" and kinds[1] != "hiragana"):
        return 0.0  # Japanese words mostly begin with a character and end in hiragana
    return OKURIGANA if kinds[1] == "hiragana" else SIGNS


def _all(text: str, signs: frozenset[str]) -> bool:
    return all(letter in signs for letter in text)


def _until_joint(letters: list[str]) -> int:
    return next((number for number, letter in enumerate(letters) if letter in JOINTS), len(letters))


def _kind(letter: str) -> str:
    if "\u3040" <= letter[0] <= "\u309f":
        return "hiragana"
    return "katakana" if "\u30a0" <= letter[0] <= "\u30ff" else unicodedata.category(letter[0])


def _spaceless(letter: str) -> bool:
    code = ord(letter[0])
    return (
        0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFF60 or 0x20000 <= code <= 0x3FFFF
    )


def hyphenated(found: list[Unit], language: str) -> list[Unit]:
    """The same units, those with long words cut where the language lets a hyphen stand."""
    cut: list[Unit] = []
    for unit in found:
        parts = hyphens.parts(unit.text, language)
        cut += [Unit(part, "", "-", SOFT if hyphens.is_seam(part, language) else HYPHEN) for part in parts[:-1]]
        cut.append(Unit(parts[-1], unit.after, unit.broken, unit.cost))
    return cut


def torn(found: list[Unit]) -> list[Unit]:
    """The same units cut between any two letters: for what no language has a rule for."""
    step = 1 + sum(len(unit.text) for unit in found) // 120  # the search grows with the square
    cut: list[Unit] = []
    for unit in found:
        letters = list(clusters(unit.text))
        parts = ["".join(letters[at : at + step]) for at in range(0, len(letters), step)]
        cut += [Unit(part, "", "", TORN) for part in parts[:-1]]
        cut.append(Unit(parts[-1] if parts else "", unit.after, unit.broken, unit.cost))
    return cut


class Breaks(Enum):
    """Where a line may end."""

    WORDS = 1
    HYPHENS = 2
    ANYWHERE = 3


@dataclass(frozen=True)
class Setting:
    """Lines of one title at `size` pixels an em; `baselines` are counted from the top of the ink."""

    type: Type
    lines: tuple[str, ...]
    size: int
    baselines: tuple[float, ...]
    height: float
    width: float

    @property
    def hyphens(self) -> int:
        """How many lines end in the middle of a word."""
        return sum(line.endswith("-") for line in self.lines[:-1])


def fit(
    text: str, type_: Type, *, width: float, height: float, largest: int, smallest: int, breaks: Breaks
) -> Setting | None:
    """The best setting of `text` in that box: large, its lines about equally long. None if it is too long for it.

    Where more breaks are allowed, a long word is hyphenated if that lets the letters grow by a third, and torn only
    if nothing else fits.
    """
    whole = units(text)

    def set_(found: list[Unit], least: int) -> Setting | None:
        return _best(found, type_, width=width, height=height, largest=largest, smallest=least)

    plain = set_(whole, smallest)
    if breaks is Breaks.WORDS or (plain and plain.size >= 0.6 * largest):
        return plain
    least = max(smallest, round(plain.size * 1.3)) if plain else smallest
    cut = hyphenated(whole, hyphens.language(text))
    fitted = (set_(cut, least) if len(cut) > len(whole) else None) or plain
    return fitted or (set_(torn(whole), smallest) if breaks is Breaks.ANYWHERE else None)


def _best(
    found: list[Unit], type_: Type, *, width: float, height: float, largest: int, smallest: int
) -> Setting | None:
    """The setting that is best among those of one line, of two, of three …"""
    lengths = [_length(type_, unit.text) / REFERENCE for unit in found]
    gaps = [_length(type_, unit.after) / REFERENCE if unit.after else 0.0 for unit in found]
    leading = type_.leading("".join(unit.text for unit in found))
    longest = width / smallest  # of a line, in ems
    if max(lengths, default=0) > longest or (sum(lengths) + sum(gaps)) * smallest**2 * leading > 1.2 * width * height:
        return None
    best: tuple[float, Setting] | None = None
    for count in range(1, min(MOST_LINES, len(found)) + 1):
        lines, cost = _partition(found, lengths, gaps, count, longest)
        if not lines:
            continue
        room = height / (leading * (count - 0.25))
        size = int(min(largest, room, width / max(_length(type_, line) / REFERENCE for line in lines)))
        if size < smallest or (best and size / (1 + RAGGED * cost) <= best[0]):
            continue
        setting = _settle(lines, type_, size, leading, width, height)
        score = setting.size / (1 + RAGGED * cost)
        if setting.size >= smallest and (best is None or score > best[0]):
            best = (score, setting)
    return best[1] if best else None


def _settle(lines: list[str], type_: Type, size: int, leading: float, width: float, height: float) -> Setting:
    """The lines at the largest size, up to `size`, at which all their ink stands in the box."""
    while True:
        inks = [type_.ink(line, size) for line in lines]
        # Small letters in long lines want more light between them.
        step = size * leading * (1 + LIGHT * min(1.0, max(0.0, (84 - size) / 40)))
        baselines = [-inks[0][1]]
        for above, below in pairwise(inks):  # an accent never touches the letter over it
            baselines.append(baselines[-1] + max(step, above[3] - below[1] + 0.05 * size))
        bottom = baselines[-1] + inks[-1][3]
        wide = max(max(ink[2], type_.length(line, size)) for ink, line in zip(inks, lines, strict=True))
        if (bottom <= height and wide <= width) or size <= 8:
            return Setting(type_, tuple(lines), size, tuple(baselines), bottom, wide)
        size = min(size - 1, max(8, int(size * max(height / bottom, 0.8)))) if bottom > height else size - 1


@lru_cache(maxsize=4096)
def _length(type_: Type, text: str) -> float:
    return type_.length(text)


def _partition(
    found: list[Unit], lengths: list[float], gaps: list[float], count: int, longest: float
) -> tuple[list[str], float]:
    """`count` lines of least raggedness, as in Knuth and Plass's total fit, and what they cost; no lines if none fit."""
    total = len(found)
    mean = (sum(lengths) + sum(gaps[:-1])) / count
    widest = min(longest, mean * 1.7 + max(lengths) * 0.5)
    # best[line][end]: cost and start of the cheapest `line` lines that end before `end`.
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for line in range(1, count + 1):
        row: dict[int, tuple[float, int]] = {}
        for start, (spent, _) in best[-1].items():
            length = 0.0
            for end in range(start + 1, total - (count - line) + 1):
                length += lengths[end - 1] + (gaps[end - 2] if end - 1 > start else 0.0)
                if length > widest and end > start + 1:
                    break
                if line == count and end < total:
                    continue
                cost = spent + ((length - mean) / mean) ** 2
                if end < total:
                    cost += found[end - 1].cost
                elif count > 1 and length < 0.45 * mean:
                    cost += SHORT_LAST
                if end not in row or cost < row[end][0]:
                    row[end] = (cost, start)
        best.append(row)
    if total not in best[count]:
        return [], 0.0
    lines, end = [], total
    for line in range(count, 0, -1):
        start = best[line][end][1]
        lines.append(_joined(found[start:end]))
        end = start
    return lines[::-1], best[count][total][0]


def _joined(found: list[Unit]) -> str:
    return "".join(unit.text + unit.after for unit in found[:-1]) + found[-1].text + found[-1].broken


def hanging(line: str, setting: Setting) -> float:
    """Pixels by which an opening quotation mark stands out of the column, so that the letters align."""
    if setting.type.rtl or line[:1] not in HANGS or len(setting.lines) == 1:
        return 0.0
    return setting.type.length(line[0], setting.size) * (0.5 if line[0] > "\u3000" else 0.92)
