"""Small pictures for tests that are not about how a picture comes about."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image as Picture

from content.models import Piece
from media_gen.models import Image
from media_gen.services import candidates
from media_gen.sources.base import Made


def picture(width: int = 64, height: int = 40, *, seed: int = 0) -> Picture.Image:
    """One that is no plain colour: two gradients, and a third colour by seed."""
    across, down = Picture.linear_gradient("L").rotate(90), Picture.linear_gradient("L")
    colour = Picture.new("L", across.size, 40 * seed % 256)
    return Picture.merge("RGB", [across, down, colour]).resize((width, height))


def candidate(piece: Piece, *, seed: int = 0, size: tuple[int, int] = (64, 40), source: str = "upload") -> Image:
    kept = io.BytesIO()
    picture(*size, seed=seed).save(kept, "webp", lossless=True)
    made = Made(kept.getvalue(), *size, seconds=0.0, provenance={"seed": seed}, alt=f"Picture number {seed}.")
    return candidates.keep(piece, made, source=source, key=f"drawn-{source}-{seed}")


def public_files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "public").rglob("*") if path.is_file())
