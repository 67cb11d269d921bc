"""The typographic card: a cover of 1200 by 630 pixels, drawn here from the title. No model, no key, no network."""

from __future__ import annotations

import hashlib
import io
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog
from django.conf import settings
from PIL import Image, ImageDraw

from media_gen.sources.base import About, AtStep, Made, Request, unheard

from . import faces, lines, motifs
from .colours import Ground, grounds, mix
from .layouts import FULL, HEIGHT, LAYOUTS, MARK, WIDTH, Layout

log = structlog.get_logger(__name__)

DRAWING = 2  # raised when the same request would give another picture
SMALLEST = 22  # pixels an em of a title of hundreds of letters
SMALL_PRINT = 26

about = About("Typographic card", "Drawing the card", digital_source_type="algorithmicMedia")


def make(request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]:
    """Draw the cards. The same request gives the same bytes, and each next seed another ground, layout and drawing."""
    for number in range(request.count):
        at_step(0, 1)
        yield _draw(replace(request, seed=request.seed + number, count=1))


def _draw(request: Request) -> Made:
    began = time.perf_counter()
    title, type_, missing = faces.settable(request.title)
    if missing:
        codes = " ".join(f"U+{ord(letter):04X}" for letter in missing[:20])
        log.info("left out of the card, no font has it", letters=codes)
    site = request.site
    if not title:  # a script that we ship no font for: the sheet still says whose it is
        title, type_, _ = faces.settable(request.site)
        site = ""
    ground, motif, order = look(request.title, request.seed)
    layout, setting = _laid_out(title, type_, order)

    page = Image.new("RGB", (WIDTH, HEIGHT), ground.paper)
    _illustrate(page, ground, layout, motif, random.Random(f"{request.title}|{request.seed}"))
    draw = ImageDraw.Draw(page)
    for left, top, right in layout.rules:
        draw.rectangle((left, top, right - 1, top + 1), fill=ground.letters)
    if setting:
        _print(page, ground, layout, setting)
    _small_print(page, ground, layout, request.category, site)
    if layout.mark:
        _caret(page, ground, layout.mark)

    kept = io.BytesIO()
    page.save(kept, "WEBP", lossless=True, method=1, quality=25)
    facts = {
        "ground": ground.name,
        "motif": motif.__name__,
        "layout": layout.name,
        **_provenance(request, ground, title, type_),
    }
    return Made(
        image=kept.getvalue(),
        width=WIDTH,
        height=HEIGHT,
        seconds=time.perf_counter() - began,
        provenance=facts,
        alt=f"“{request.title}” in large type."[:300],
    )


def _provenance(request: Request, ground: Ground, title: str, type_: faces.Type) -> dict[str, Any]:
    """All that the same card is drawn from, and the editions of its fonts."""
    used = {run.font for run in type_.runs(title)}
    return {
        "title": request.title,
        "category": request.category,
        "site": request.site,
        "seed": request.seed,
        "colours": [ground.paper, ground.letters, ground.pencil],
        "fonts": {font.file: faces.version(font) for font in sorted(used, key=lambda font: font.file)},
        "drawing": DRAWING,
    }


def look(title: str, seed: int) -> tuple[Ground, motifs.Motif, tuple[Layout, ...]]:
    """(ground, drawing, the layouts in the order they are tried) of a title, each another one for the next seed.

    Five grounds, seven drawings and three layouts share no divisor: 105 seeds go by before a card comes again.
    """
    turn = int.from_bytes(hashlib.sha256(title.encode()).digest()[:4], "big") + seed
    inks = grounds(tuple(settings.CARD_COLOURS))

    def next_of(count: int) -> int:
        # As many grounds as drawings would marry each to one; a brand may have seven, or nine.
        return (turn + (turn // len(inks) if len(inks) % count == 0 else 0)) % count

    first = next_of(len(LAYOUTS))
    motif = motifs.MOTIFS[next_of(len(motifs.MOTIFS))]
    return inks[turn % len(inks)], motif, (*LAYOUTS[first:], *LAYOUTS[:first])


def _laid_out(title: str, type_: faces.Type, order: tuple[Layout, ...]) -> tuple[Layout, lines.Setting | None]:
    """The first layout in which the title is large enough; a long one takes the page. Rather another than a hyphen."""
    if not title:
        return order[0], None
    for layout in order:
        if setting := _fit(title, type_, layout, layout.finest, lines.Breaks.WORDS):
            return _turned(layout, type_), setting
    cut = [(layout, _fit(title, type_, layout, layout.finest, lines.Breaks.HYPHENS)) for layout in order]
    if fitting := [(setting.hyphens, layout, setting) for layout, setting in cut if setting]:
        _, layout, setting = min(fitting, key=lambda found: found[0])
        return _turned(layout, type_), setting
    setting = _fit(title, type_, FULL, SMALLEST, lines.Breaks.ANYWHERE)
    while not setting:  # longer than any title of ours may be
        title = title[: len(title) * 9 // 10].rstrip(" .,;:…") + "…"
        setting = _fit(title, type_, FULL, SMALLEST, lines.Breaks.ANYWHERE)
    return _turned(FULL, type_), setting


def _turned(layout: Layout, type_: faces.Type) -> Layout:
    return layout.mirrored() if type_.rtl else layout


def _fit(title: str, type_: faces.Type, layout: Layout, smallest: int, breaks: lines.Breaks) -> lines.Setting | None:
    box, largest = layout.title, layout.largest
    return lines.fit(
        title, type_, width=box.width, height=box.height, largest=largest, smallest=smallest, breaks=breaks
    )


def _illustrate(
    page: Image.Image,
    ground: Ground,
    layout: Layout,
    motif: motifs.Motif,
    dice: random.Random,
) -> None:
    field = layout.field
    paper, quiet, pencil = ground.paper, ground.quiet, ground.pencil
    if layout.panel:
        paper, quiet, pencil = ground.pencil, mix(ground.pencil, ground.paper, 0.25), ground.paper
    pen = motifs.Pen(
        round(field.width), round(field.height), paper=paper, quiet=quiet, pencil=pencil, fades=layout.fades
    )
    motif(pen, dice)
    drawn = pen.picture()
    if layout.rtl:
        drawn = drawn.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    page.paste(drawn, (round(field.left), round(field.top)))


def _print(page: Image.Image, ground: Ground, layout: Layout, setting: lines.Setting) -> None:
    box = layout.title
    top = box.top + (box.height - setting.height) * layout.anchor
    for line, baseline in zip(setting.lines, setting.baselines, strict=True):
        x = box.left - lines.hanging(line, setting)
        if layout.rtl:
            x = box.right - setting.type.length(line, setting.size)
        setting.type.print(page, x, top + baseline, line, setting.size, fill=ground.letters, lit=ground.pencil)


def _small_print(page: Image.Image, ground: Ground, layout: Layout, category: str, site: str) -> None:
    for text, box, right in ((category, layout.category, layout.rtl), (site, layout.site, layout.site_right)):
        kept, type_, _ = faces.settable(text, faces.SMALL)
        while kept and type_.length(kept, SMALL_PRINT) > box.width:
            kept = kept[:-2].rstrip() + "…"
        x = box.right - type_.length(kept, SMALL_PRINT) if right else box.left
        type_.print(page, x, box.bottom, kept, SMALL_PRINT, fill=ground.letters, lit=ground.pencil)


def _caret(page: Image.Image, ground: Ground, at: tuple[float, float]) -> None:
    """The name's mark, in the foot of the page: where the person comes in."""
    big = Image.new("L", (MARK[0] * 4, MARK[1] * 4), 0)
    ImageDraw.Draw(big).line([(12, 150), (88, 22), (164, 150)], fill=255, width=26, joint="curve")
    page.paste(
        Image.new("RGB", MARK, ground.pencil), (round(at[0]), round(at[1])), big.resize(MARK, Image.Resampling.LANCZOS)
    )
