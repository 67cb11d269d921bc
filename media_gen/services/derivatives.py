"""What the public gets of a picture: a few sizes, as WebP and as JPEG, without anything a camera wrote into it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageOps

WIDTHS = (480, 960, 1200)
SAVES = {"webp": {"quality": 86, "method": 4}, "jpeg": {"quality": 85, "progressive": True, "optimize": True}}


@dataclass(frozen=True)
class Derivative:
    """One size in one format; width and height in pixels, `type` as browsers name it."""

    content: bytes
    width: int
    height: int
    type: str

    @property
    def suffix(self) -> str:
        return {"image/webp": "webp", "image/jpeg": "jpg"}[self.type]


def derive(original: bytes) -> Iterator[Derivative]:
    """Every size that is not larger than the original, the largest last. The same bytes in give the same out."""
    with Image.open(io.BytesIO(original)) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    for width in sorted({min(width, picture.width) for width in WIDTHS}):
        height = max(1, round(picture.height * width / picture.width))
        sized = picture if width == picture.width else picture.resize((width, height), Image.Resampling.LANCZOS)
        for kind, options in SAVES.items():
            kept = io.BytesIO()
            sized.save(kept, kind, **options)
            yield Derivative(kept.getvalue(), width, height, f"image/{kind}")
