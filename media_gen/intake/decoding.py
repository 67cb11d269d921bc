"""From bytes that somebody sent to a clean picture: RGB, upright, sRGB, without a word that was written beside the pixels."""

from __future__ import annotations

import io
import threading
import warnings
import zlib
from contextlib import suppress
from struct import error as StructError

import structlog
from django.conf import settings
from PIL import Image, ImageCms

from content.errors import Invalid

from . import anatomy, apart

log = structlog.get_logger(__name__)

SIDE = 2560  # pixels; the largest public size is 1600, so a crop has room and no more is kept
SMALLEST = 200  # pixels on each side
# Million pixels. A JPEG is read at a half or a quarter of its size, so it may be large; a progressive one is held whole
# while it is read. What the others need while they are decoded was measured: 8 bytes a pixel (PNG), 16 (WebP).
MOST = {"JPEG": 50, "progressive JPEG": 25, "PNG": 25, "GIF": 25, "AVIF": 16, "WEBP": 12}
PROFILE_BYTES = 4_000_000
NAMES = {"WEBP": "WebP"}
# What Pillow raises over a file that is not what it says.
DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    RuntimeError,
    StructError,
)
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# It would be said of pictures that are refused in the next line.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
_one_at_a_time = threading.Lock()  # so that many uploads at once need no more memory than one


def decode(content: bytes) -> Image.Image:
    """The picture in `content`: mode RGB, at most 2560 pixels a side, EXIF orientation applied, transparency on white.

    `Invalid`, with a sentence for whoever sent it, if it is not one whole, still, reasonable picture and nothing else.
    """
    most = settings.IMAGE_MB * 1_000_000
    if not content:
        raise Invalid("The file is empty.")
    if len(content) > most:
        raise Invalid(f"The file has {len(content) / 1_000_000:,.1f} MB; at most {settings.IMAGE_MB} MB are taken.")
    found = anatomy.examine(content)
    with _one_at_a_time:
        try:
            picture = _decoded(content[: found.end], found)
        except Image.DecompressionBombError as error:
            raise Invalid(
                f"This picture has far too many pixels; at most {max(MOST.values())} million are taken."
            ) from error
        except (*DAMAGED, zlib.error, apart.Failed) as error:
            raise _refusal(error) from error
    if min(picture.size) < SMALLEST:
        raise _too_small(picture)
    return picture


def encode(picture: Image.Image) -> bytes:
    """As WebP: what a candidate is kept as. No metadata goes along, whatever the picture brought."""
    bare = picture.convert("RGB")
    bare.info = {}
    kept = io.BytesIO()
    bare.save(kept, "WEBP", quality=95, method=2)
    return kept.getvalue()


def _decoded(content: bytes, found: anatomy.Anatomy) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=[found.format]) as opened:
        _require_reasonable(opened, found)
        if found.format != "AVIF":
            return _clean(opened)
    with Image.open(io.BytesIO(apart.as_png(content)), formats=["PNG"]) as opened:
        return _clean(opened)


def _require_reasonable(opened: Image.Image, found: anatomy.Anatomy) -> None:
    """Before a pixel is decoded: not too many of them, not too few, one frame."""
    kind = "progressive JPEG" if found.format == "JPEG" and found.scans > 1 else found.format
    width, height = opened.size
    if width * height > MOST[kind] * 1_000_000:
        raise Invalid(
            f"This {NAMES.get(kind, kind)} has {width:,} × {height:,} pixels, {width * height / 1e6:,.0f} million; "
            f"at most {MOST[kind]} million are taken. Send a smaller copy."
        )
    if min(opened.size) < SMALLEST:
        raise _too_small(opened)
    if found.format == "AVIF" and getattr(opened, "n_frames", 1) > 1:
        raise Invalid("This picture moves. Send a still one, such as its first frame.")
    if len(opened.info.get("icc_profile") or b"") > PROFILE_BYTES:
        raise Invalid("The colour profile in this picture is larger than any real one. Save it again without it.")


def _too_small(picture: Image.Image) -> Invalid:
    width, height = picture.size
    return Invalid(f"The picture has {width:,} × {height:,} pixels; it needs at least {SMALLEST} on each side.")


def _refusal(error: BaseException) -> Invalid:
    says = str(error).lower()
    if "truncated" in says or "not enough" in says:
        return anatomy.cut_off()
    if "decompressed data too large" in says or "too much memory" in says:
        return Invalid(
            "The notes or the colour profile in this picture unpack to far too much. Save it again without them."
        )
    log.info("a picture that cannot be decoded", error=f"{type(error).__name__}: {error}"[:200])
    return Invalid("The picture is damaged and cannot be read. Send another copy of it.")


def _clean(opened: Image.Image) -> Image.Image:
    """Upright RGB, small enough to keep. The large one is let go as early as can be."""
    scale = SIDE / max(opened.size)
    if opened.format in ("JPEG", "MPO") and scale < 1:
        opened.draft(None, (round(opened.width * scale), round(opened.height * scale)))
    opened.load()
    # After the pixels: to find its EXIF a PNG loads itself, and what fails there is not said again.
    turn, profile = _turn(opened), opened.info.get("icc_profile")
    picture = _of_plain_mode(opened)
    if max(picture.size) > SIDE:
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if picture.mode == "RGBA":
        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture = _in_srgb(picture, profile)
    if turn is not None:
        picture = picture.transpose(turn)
    picture.info = {}
    return picture


def _turn(opened: Image.Image) -> Image.Transpose | None:
    """How the camera was held; unreadable EXIF says nothing, and goes away anyhow."""
    with suppress(*DAMAGED):
        return TURNS.get(opened.getexif().get(0x0112, 1))
    return None


def _of_plain_mode(opened: Image.Image) -> Image.Image:
    """One of L, RGB, RGBA and CMYK, of 8 bits each."""
    if opened.mode.startswith("I"):  # 16 bits of grey; converting would cut off, not scale
        return opened.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if opened.has_transparency_data:
        return opened if opened.mode == "RGBA" else opened.convert("RGBA")
    if opened.mode in ("L", "RGB", "CMYK"):
        return opened
    return opened.convert("L" if opened.mode == "1" else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours as the profile means them; without one, or with a broken one, as they stand."""
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if made is not None:
                return made
        except (ImageCms.PyCMSError, *DAMAGED) as error:
            log.info("a colour profile that does not fit its picture", error=str(error)[:200])
    return picture if picture.mode == "RGB" else picture.convert("RGB")
