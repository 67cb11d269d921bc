"""The faces of a card: which letters each can draw, and drawing a line that needs more than one of them."""

from __future__ import annotations

import hashlib
import io
import lzma
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

FOLDER = Path(__file__).resolve().parents[2] / "fonts"
# Pillow's wheels carry HarfBuzz and Raqm, and look for the machine's own FriBidi. Without it nothing is joined,
# turned or kerned, and a font that needs that is not used.
SHAPED = bool(features.check("raqm") and features.check("fribidi"))
FINE = 2  # letters are set and drawn this much larger: Pillow puts each on a whole pixel, and that shows in small print
REFERENCE = 100  # pixels an em at which a text is measured; unhinted letters grow in proportion


@dataclass(frozen=True)
class Font:
    """A file in `media_gen/fonts`. `scale` makes its letters look as large as the others'; `leading` is in ems."""

    file: str
    scale: float = 1.0
    leading: float = 1.04
    joins: bool = False  # its letters join or are moved, so it is of no use without shaping
    pictures: bool = False


SERIF = Font("Newsreader-Display.ttf.xz")
SANS = Font("LibreFranklin-Medium.ttf.xz")
EASTERN = Font("CopydeskEastern-Display.ttf.xz", scale=0.95, leading=1.08)
ARABIC = Font("NotoNaskhArabic.ttf.xz", scale=0.98, leading=1.42, joins=True)
HEBREW = Font("FrankRuhlLibre.ttf.xz", scale=1.04, leading=1.12, joins=True)
DEVANAGARI = Font("NotoSerifDevanagari.ttf.xz", scale=0.92, leading=1.3, joins=True)
JAPANESE = Font("NotoSerifJP.ttf.xz", scale=0.92, leading=1.24)
CHINESE = Font("NotoSerifSC.ttf.xz", scale=0.92, leading=1.24)
KOREAN = Font("NotoSerifKR.ttf.xz", scale=0.92, leading=1.22)
EMOJI = Font("NotoEmoji.ttf.xz", scale=0.9, pictures=True)
TITLE = (SERIF, EASTERN, ARABIC, HEBREW, DEVANAGARI, JAPANESE, CHINESE, KOREAN, EMOJI)
SMALL = (SANS, EASTERN, ARABIC, HEBREW, DEVANAGARI, JAPANESE, CHINESE, KOREAN, EMOJI)
# Letters that belong to the one before them, beside the combining marks: joiners, selectors, skin tones, tags.
_ATTACHED = frozenset("\u200c\u200d\u20e3") | {chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400))}


@cache
def _content(file: str) -> bytes:
    kept = (FOLDER / file).read_bytes()
    return lzma.decompress(kept) if file.endswith(".xz") else kept


@cache
def version(font: Font) -> str:
    """Tells two editions of a font file apart."""
    return hashlib.sha256((FOLDER / font.file).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=128)
def face(font: Font, size: int) -> ImageFont.FreeTypeFont:
    """The font at `size` pixels an em, before its scale."""
    return ImageFont.truetype(io.BytesIO(_content(font.file)), max(1, round(size * font.scale)))


@cache
def _shape(font: Font, letter: str) -> bytes:
    return bytes(face(font, 40).getmask(letter))


@lru_cache(maxsize=8192)
def draws(font: Font, letter: str) -> bool:
    """Whether the font has this letter. Pillow draws a box for one it lacks and says nothing, so we compare."""
    if font.joins and not SHAPED:
        return False
    shape = _shape(font, letter)
    return any(shape) != letter.isspace() and shape != _shape(font, "\uffff")


def clusters(text: str) -> Iterator[str]:
    """Letters with all that stands on them: an accent, a selector, the second half of a flag or a family."""
    cluster = ""
    for letter in text:
        attached = letter in _ATTACHED or unicodedata.category(letter) in {"Mn", "Mc", "Me"}
        if cluster and not attached and not (cluster[-1] == "\u200d" and ord(letter) > 0x2000):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


@dataclass(frozen=True)
class Run:
    font: Font
    text: str


@dataclass(frozen=True)
class Type:
    """A text's fonts in the order they are asked, and the side that it begins on."""

    fonts: tuple[Font, ...]
    rtl: bool = False

    def font(self, cluster: str) -> Font | None:
        """The first font that has the letter; what stands on it may be lost, the letter may not."""
        whole = [letter for letter in cluster if letter not in _ATTACHED]
        for font in self.fonts:
            if all(draws(font, letter) for letter in whole):
                return font
        return next((font for font in self.fonts if draws(font, cluster[0])), None)

    def runs(self, text: str) -> list[Run]:
        """The text cut where its font changes; a space stays with what stands before it, if that font has one."""
        runs: list[Run] = []
        for cluster in clusters(text):
            same = cluster.isspace() and runs and draws(runs[-1].font, cluster)
            font = runs[-1].font if same else self.font(cluster)
            if font is None:
                continue
            if font.pictures:  # each part of a family or a flag is drawn; the joiner has no form of its own
                cluster = "".join(letter for letter in cluster if letter not in _ATTACHED)
            if runs and runs[-1].font == font:
                runs[-1] = Run(font, runs[-1].text + cluster)
            else:
                runs.append(Run(font, cluster))
        return runs

    def length(self, text: str, size: int = REFERENCE) -> float:
        return sum(self._advance(run, size) for run in self.runs(text))

    def ink(self, text: str, size: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of what is printed, from the line's beginning on its baseline."""
        x, boxes = 0.0, []
        for run in self._visual(text):
            box = face(run.font, size * FINE).getbbox(run.text, anchor="ls", direction=self._direction)
            left, top, right, bottom = (edge / FINE for edge in box)
            if right > left:
                boxes.append((x + left, top, x + right, bottom))
            x += self._advance(run, size)
        if not boxes:
            return (0.0, 0.0, 0.0, 0.0)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        return (min(lefts), min(tops), max(rights), max(bottoms))

    def print(self, page: Image.Image, x: float, y: float, text: str, size: int, *, fill: str, lit: str) -> None:
        """Print a line on the page, from its left end on its baseline; pictures are printed in `lit`."""
        for run in self._visual(text):
            at = face(run.font, size * FINE)
            left, top, right, bottom = at.getbbox(run.text, anchor="ls", direction=self._direction)
            # The corner of the run's sheet, on a whole pixel of the page, with room for soft edges.
            corner = (math.floor(x + left / FINE) - 2, math.floor(y + top / FINE) - 2)
            wide, high = math.ceil((right - left) / FINE) + 6, math.ceil((bottom - top) / FINE) + 6
            sheet = Image.new("L", (wide * FINE, high * FINE), 0)
            ImageDraw.Draw(sheet).text(
                ((x - corner[0]) * FINE, (y - corner[1]) * FINE),
                run.text,
                font=at,
                fill=255,
                anchor="ls",
                direction=self._direction,
            )
            colour = lit if run.font.pictures else fill
            page.paste(Image.new("RGB", (wide, high), colour), corner, sheet.reduce(FINE))
            x += self._advance(run, size)

    def leading(self, text: str) -> float:
        return max((run.font.leading for run in self.runs(text)), default=SERIF.leading)

    @property
    def _direction(self) -> str | None:
        return ("rtl" if self.rtl else "ltr") if SHAPED else None

    def _advance(self, run: Run, size: int) -> float:
        return face(run.font, size * FINE).getlength(run.text, direction=self._direction) / FINE

    def _visual(self, text: str) -> Sequence[Run]:
        runs = self.runs(text)
        return runs[::-1] if self.rtl else runs


def clean(text: str) -> str:
    """Composed letters, single spaces, none of the marks that steer a screen. No-break spaces and soft hyphens stay."""
    letters = unicodedata.normalize("NFC", text).replace("\u202f", "\u00a0")
    kept = "".join(_printed(letter) for letter in letters)
    return " ".join(word for word in kept.split(" ") if word)


def _printed(letter: str) -> str:
    if letter in "\u00a0\u00ad\u200c\u200d":
        return letter
    if letter.isspace():
        return " "
    return "" if unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"} else letter


def settable(text: str, fonts: tuple[Font, ...] = TITLE) -> tuple[str, Type, str]:
    """(what of `text` can be printed, its type, the letters left out).

    The font that has most of the text comes first, since a line in two faces looks like an accident.
    """
    text = clean(text)
    strong = (unicodedata.bidirectional(letter) for letter in text)
    rtl = next((side for side in strong if side in {"L", "R", "AL"}), "L") != "L" and SHAPED
    order = _preferred(text, fonts, rtl=rtl)
    type_ = Type(order, rtl)
    kept, missing = [], []
    for cluster in clusters(text):
        if cluster[0] == "\u00ad" or type_.font(cluster):
            kept.append(cluster)
        else:
            missing.append(cluster[0])
    return " ".join(word for word in "".join(kept).split(" ") if word), type_, "".join(dict.fromkeys(missing))


def _preferred(text: str, fonts: tuple[Font, ...], *, rtl: bool) -> tuple[Font, ...]:
    letters = [letter for letter in text if letter.isalpha()]

    def wanting(font: Font) -> int:
        return sum(not draws(font, letter) for letter in letters)

    alphabets = [font for font in fonts if not font.pictures and font not in (JAPANESE, CHINESE, KOREAN)]
    # A right-to-left face brings its own Latin: the line is then turned as a whole, digits and names in place.
    first = min(alphabets, key=lambda font: (not (rtl and font in (ARABIC, HEBREW)), wanting(font)))
    japanese = any("\u3040" <= letter <= "\u30ff" for letter in text)
    rest = [font for font in fonts if font != first]
    if not japanese:  # Chinese forms of the letters that both write, unless there is kana
        rest.sort(key=lambda font: font == JAPANESE)
        rest.sort(key=lambda font: font == EMOJI)
    return (first, *rest)
