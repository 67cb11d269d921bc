"""What the public gets of a picture: a few sizes, as AVIF, WebP and JPEG, with nothing in them but where it is from."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL import Image, ImageOps

T = TypeVar("T")

WIDTHS = (480, 960, 1600)  # pixels
# AVIF at speed 9 and WebP at method 2: the slower ones take three to ten times as long for about a tenth less. One
# thread for each AVIF file, since the bytes depend on how many there are.
SAVES: dict[str, dict[str, Any]] = {
    "avif": {"quality": 62, "speed": 9, "max_threads": 1},
    "webp": {"quality": 84, "method": 2},
    "jpeg": {"quality": 85, "progressive": True, "optimize": True},
}
SUFFIXES = {"avif": "avif", "webp": "webp", "jpeg": "jpg"}
AT_ONCE = 4  # they wait on a disk or a network as long as they compute
HINT = (24, 24)  # pixels at most, of what is shown until the picture is there


@dataclass(frozen=True)
class Derivative:
    """One size in one format; width and height in pixels, `type` as browsers name it."""

    content: bytes
    width: int
    height: int
    type: str

    @property
    def suffix(self) -> str:
        return SUFFIXES[self.type.removeprefix("image/")]


def opened(original: bytes) -> Image.Image:
    """A candidate, which is upright and in sRGB already, without anything that may still stand beside its pixels."""
    with Image.open(io.BytesIO(original)) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    picture.info = {}  # Pillow would write a colour profile from here into every copy
    return picture


def derive(picture: Image.Image, provenance: bytes, put: Callable[[Derivative], T]) -> list[T]:
    """What `put` makes of every derivative: each size that is not larger than the picture, the smallest first, and of
    each AVIF, WebP and JPEG in this order. `put` is called on several threads at once, as they are ready.

    The same picture and provenance (an XMP packet) give the same bytes.
    """

    def make(sized: Image.Image, kind: str) -> T:
        kept = io.BytesIO()
        # A copy: Pillow keeps what it is told for one save in the picture, and another thread would read it.
        sized.copy().save(kept, kind, xmp=provenance, **SAVES[kind])
        return put(Derivative(kept.getvalue(), *sized.size, f"image/{kind}"))

    # The largest is begun first: it takes longest, and the small ones fill what is left of the time.
    sizes = [_sized(picture, width) for width in sorted({min(width, picture.width) for width in WIDTHS}, reverse=True)]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="derivative") as pool:
        begun = [[pool.submit(make, sized, kind) for kind in SAVES] for sized in sizes]
        in_order = [one for of_size in reversed(begun) for one in of_size]
        wait(in_order, return_when=FIRST_EXCEPTION)
        pool.shutdown(wait=False, cancel_futures=True)  # after a fault the others need not be tried
        return [one.result() for one in in_order if not one.cancelled()]


def hint(picture: Image.Image) -> str:
    """A data URI of a few hundred bytes: the picture as a blur, to be shown until it is there."""
    small = picture.copy()
    small.thumbnail(HINT, Image.Resampling.BOX)
    kept = io.BytesIO()
    small.save(kept, "webp", quality=30, method=4)
    return f"data:image/webp;base64,{base64.b64encode(kept.getvalue()).decode()}"


def by_type(variants: Iterable[dict[str, Any]], kind: str) -> str:
    """The `srcset` of one format."""
    return ", ".join(f"{one['url']} {one['width']}w" for one in variants if one["type"] == kind)


def _sized(picture: Image.Image, width: int) -> Image.Image:
    if width == picture.width:
        return picture
    height = max(1, round(picture.height * width / picture.width))
    return picture.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)
