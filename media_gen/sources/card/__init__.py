"""The typographic card: a cover of 1200 by 630 pixels, drawn here from the title. No model, no key, no network."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import structlog
from PIL import Image, ImageDraw

from media_gen.sources.base import About, AtStep, Made, Request, unheard

from . import letters, motifs

log = structlog.get_logger(__name__)

WIDTH, HEIGHT = 1200, 630
# What must be read stands between these; previews on the desk are 3 by 2 and lose the page's outer edges.
LEFT, RIGHT = 128, 1072
TOP, BOTTOM = 85, 530  # the double rule over the title, the rule under it
BESIDE_MOTIF = 690  # pixels for the title when there is a drawing beside it
FINE_BELOW = 56  # a title that would be smaller than this takes the whole width, without a drawing


@dataclass(frozen=True)
class Ground:
    """A paper and what is printed on it."""

    name: str
    paper: str
    letters: str
    quiet: str
    pencil: str


GROUNDS = (
    Ground("ink", "#191713", "#f2efe7", "#45413a", "#ff8278"),
    Ground("newsprint", "#f2efe7", "#191713", "#cdc6b7", "#b5101c"),
    Ground("blue", "#16357f", "#fcfbf7", "#3f5da6", "#9ab8ff"),
    Ground("wash", "#e7e3d8", "#191713", "#c3bba9", "#1c46b8"),
    Ground("red", "#8d0d17", "#fcfbf7", "#b04550", "#f5dfd9"),
)


about = About("Typographic card", "Drawing the card")


def make(request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]:
    """Draw the cards. The same request gives the same bytes, and each next seed another ground and drawing."""
    for number in range(request.count):
        at_step(0, 1)
        yield _draw(replace(request, seed=request.seed + number, count=1))


def _draw(request: Request) -> Made:
    began = time.perf_counter()
    title, font, missing = letters.settable(request.title)
    if missing:
        codes = " ".join(f"U+{ord(letter):04X}" for letter in missing[:20])
        log.info("left out of the card, no font has it", letters=codes)
    site, site_font, _ = letters.settable(request.site, prefer=letters.SANS)
    if not title:  # a script that we ship no font for: the sheet still says whose it is
        title, font, _ = letters.settable(request.site)
        site = ""
    category, category_font, _ = letters.settable(request.category, prefer=letters.SANS)
    name = hashlib.sha256(request.title.encode()).digest()
    turn = int.from_bytes(name[:4], "big") + request.seed
    # Five grounds and six drawings share no divisor: thirty seeds go by before a pair comes again.
    ground, motif = GROUNDS[turn % len(GROUNDS)], motifs.MOTIFS[turn % len(motifs.MOTIFS)]

    height = BOTTOM - TOP - 70
    setting = letters.fit(title, font, width=BESIDE_MOTIF, height=height, largest=116, smallest=FINE_BELOW - 16)
    page = Image.new("RGB", (WIDTH * motifs.SCALE, HEIGHT * motifs.SCALE), ground.paper)
    if setting.face.size < FINE_BELOW:
        setting = letters.fit(title, font, width=RIGHT - LEFT, height=height, largest=116, smallest=36)
    else:
        pen = motifs.Pen(ImageDraw.Draw(page), quiet=ground.quiet, pencil=ground.pencil)
        motif(pen, random.Random(f"{request.title}|{request.seed}"))
    page = page.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    _print(page, ground, setting, site=(site, site_font), category=(category, category_font))

    kept = io.BytesIO()
    page.save(kept, "WEBP", lossless=True, method=2)
    return Made(
        image=kept.getvalue(),
        width=WIDTH,
        height=HEIGHT,
        seconds=time.perf_counter() - began,
        provenance={"title": request.title, "seed": request.seed, "ground": ground.name, "motif": motif.__name__},
        alt=f"“{request.title}” in large type."[:300],
    )


def _print(
    page: Image.Image, ground: Ground, setting: letters.Setting, *, site: tuple[str, str], category: tuple[str, str]
) -> None:
    """Rules from edge to edge, the title between them, who and what above and below."""
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, BOTTOM, WIDTH, HEIGHT), fill=ground.paper)  # a drawing ends at the rule
    for y in (TOP, TOP + 7, BOTTOM):
        draw.rectangle((0, y, WIDTH, y + 1), fill=ground.letters)
    # Baselines, so that a line without a descender stands where one with would.
    middle = (TOP + 7 + BOTTOM) / 2
    baseline = middle - setting.height / 2 + setting.leading * 0.5 + setting.face.size * 0.33
    for line in setting.lines:
        draw.text((LEFT, baseline), line, font=setting.face, fill=ground.letters, anchor="ls")
        baseline += setting.leading
    for (text, font), y in ((category, 56), (site, 588)):
        small = letters.fit(text, font, width=RIGHT - LEFT - 80, height=34, largest=26, smallest=22)
        if small.lines:
            draw.text((LEFT, y), small.lines[0], font=small.face, fill=ground.letters, anchor="ls")
    _caret(page, ground)


def _caret(page: Image.Image, ground: Ground) -> None:
    """The name's mark, in the foot of the page: where the person comes in."""
    size = (44, 40)
    big = Image.new("L", (size[0] * 4, size[1] * 4), 0)
    ImageDraw.Draw(big).line([(12, 150), (88, 22), (164, 150)], fill=255, width=26, joint="curve")
    mask = big.resize(size, Image.Resampling.LANCZOS)
    page.paste(Image.new("RGB", size, ground.pencil), (RIGHT - size[0], 556), mask)
