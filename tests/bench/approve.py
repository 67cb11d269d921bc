"""What an approval takes, all its files and its rows, over a bare Pillow loop that makes the same files; and a card."""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.utils import timezone
from installation import Installation
from PIL import Image as Picture

from content.models import Idea, Piece, User
from media_gen import sources, storage
from media_gen.models import Image
from media_gen.services import candidates, choosing, derivatives, provenance
from media_gen.sources.base import Made, Request

BOUND = 1.25  # approve over the bare loop; well under 1 where a second core is free
TIMES = 7
TITLE = "A kettle that lasts for twenty years, and what it saves"
LARGE = (1600, 1067)  # as photographs come, and about what SDXL is asked for


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    cards = [_seconds(lambda seed=seed: _card(seed)) for seed in range(2 * TIMES)]
    report("card", f"{_ms(cards)} ms, median of {len(cards)}", True, _ms(cards))
    editor = User.objects.filter(role__in=("editor", "admin")).first()
    assert editor
    for name, content in (("card", _card(0).image), ("photograph", _photograph())):
        ours, bare = [], []
        for number in range(TIMES):
            image = _candidate(editor, content, f"{name}-{number}-{timezone.now():%H%M%S%f}", source="upload")
            ours.append(_seconds(lambda image=image: choosing.choose(image, by=editor, alt="A picture.")))
            packet = provenance.packet(image, by=editor)
            bare.append(_seconds(lambda image=image, packet=packet: _bare(image, packet)))
        ratio = statistics.median(ours) / statistics.median(bare)
        report(
            f"approve a {name} over bare Pillow",
            f"{ratio:.2f} (≤ {BOUND}): {_ms(ours)} ms with 9 files, rows and audit; bare {_ms(bare)} ms",
            ratio <= BOUND,
            {"ratio": round(ratio, 3), "ms": _ms(ours), "bare_ms": _ms(bare)},
        )


def _card(seed: int) -> Made:
    return next(iter(sources.get("card")(Request(title=TITLE, seed=seed, category="Home", site="The Working House"))))


def _photograph() -> bytes:
    """Noise of two grains over a slope: as hard for an encoder as a photograph of leaves."""
    width, height = LARGE
    layers = []
    for _ in range(3):
        coarse = Picture.effect_noise((width // 8, height // 8), 90).resize(LARGE, Picture.Resampling.BICUBIC)
        layers.append(Picture.blend(coarse, Picture.effect_noise(LARGE, 30), 0.15))
    kept = io.BytesIO()
    Picture.merge("RGB", layers).save(kept, "webp", quality=95)
    return kept.getvalue()


def _candidate(owner: User, content: bytes, key: str, *, source: str) -> Image:
    idea = Idea.objects.create(title=f"Approved {key}", owner=owner)
    piece = Piece.objects.create(idea=idea, platform="blog", owner=owner, title=TITLE)
    with Picture.open(io.BytesIO(content)) as opened:
        made = Made(content, *opened.size, seconds=0.0, alt="A picture.")
    return candidates.keep(piece, made, source=source, key=key)


def _bare(image: Image, packet: bytes) -> None:
    """The same encodes, one after the other, into memory and nowhere else."""
    with Picture.open(io.BytesIO(storage.read(storage.PREVIEWS, image.preview))) as opened:
        picture = opened.convert("RGB")
    for width in sorted({min(width, picture.width) for width in derivatives.WIDTHS}):
        sized = picture.resize((width, round(picture.height * width / picture.width)), Picture.Resampling.LANCZOS)
        for kind, how in derivatives.SAVES.items():
            sized.save(io.BytesIO(), kind, xmp=packet, **how)


def _seconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _ms(seconds: list[float]) -> int:
    return round(1000 * statistics.median(seconds))
