"""Files that somebody might send as a picture: bombs, polyglots, cut off ones, other things. Each with what is to be said.

`python tests/hostile_pictures.py FOLDER URL` decodes every file of a folder and fetches the URL, one after the other, and prints
the megabytes that this took over idle at the worst moment, and those of the largest process that it started.
"""

from __future__ import annotations

import base64
import functools
import gzip
import io
import itertools
import os
import random
import resource
import struct
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

TAKEN = "Send a JPEG, PNG, WebP, AVIF or GIF."
CUT_OFF = "is cut off"
DAMAGED = "is damaged and cannot be read"
ATTACHED = "Something is attached behind the end of the picture"
HIDDEN = "a web page, an archive or a program hidden"
MOVES = "This picture moves."
UNPACKS = "unpack to far too much"
PARTS = "cut into more parts"
UNKNOWN = "no picture that we can read"


@dataclass(frozen=True)
class Hostile:
    """What is sent, and words of the refusal."""

    name: str
    content: bytes
    says: str


def everything() -> Iterator[Hostile]:
    return itertools.chain(others(), cut_off(), polyglots(), bombs(), moving(), damaged(), of_a_bad_size())


@functools.cache
def saved(kind: str, size: tuple[int, int] = (320, 240), mode: str = "RGB", **options: Any) -> bytes:
    """A good picture of something."""
    if mode == "P":
        picture = Image.linear_gradient("L").resize(size).convert("P")
    else:
        picture = Image.radial_gradient("L").resize(size).convert(mode)
    kept = io.BytesIO()
    picture.save(kept, kind, **options)
    return kept.getvalue()


def good() -> dict[str, bytes]:
    return {
        "jpeg": saved("JPEG"),
        "progressive": saved("JPEG", progressive=True),
        "png": saved("PNG"),
        "gif": saved("GIF", mode="P"),
        "webp": saved("WEBP"),
        "lossless": saved("WEBP", lossless=True),
        "avif": saved("AVIF", speed=10),
    }


# --- Other things ---

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def others() -> Iterator[Hostile]:
    for kind, name in {
        "TIFF": "a TIFF",
        "BMP": "a BMP",
        "ICO": "an icon",
        "JPEG2000": "a JPEG 2000",
        "PPM": "a PNM",
        "QOI": "a QOI",
        "DDS": "a DDS texture",
        "EPS": "an EPS",
        "PDF": "a PDF",
    }.items():
        yield Hostile(f"real-{kind}", saved(kind), f"This is {name}. {TAKEN}")
    for kind in ("TGA", "PCX", "SGI", "MSP"):
        yield Hostile(f"real-{kind}", saved(kind, mode="1" if kind == "MSP" else "RGB"), UNKNOWN)
    for start, name in {
        b"MM\0*": "a TIFF",
        b"II+\0": "a TIFF",
        b"8BPS\0\x01": "a Photoshop file",
        b"\xc5\xd0\xd3\xc6": "an EPS",
        b"\0\0\0\x0cJXL \r\n": "a JPEG XL",
        b"\xff\x0a\xfa\x1f": "a JPEG XL",
        b"icns": "an icon",
        b"\xd7\xcd\xc6\x9a": "a Windows metafile",
        b"\x01\0\0\0" + bytes(36) + b" EMF": "a Windows metafile",
        b"PK\x03\x04": "a ZIP archive",
        b"7z\xbc\xaf\x27\x1c": "a 7z archive",
        b"Rar!\x1a\x07": "a RAR archive",
        bytes(257) + b"ustar": "a tar archive",
        b"\x1aE\xdf\xa3": "a film",
        b"RIFF\xff\0\0\0AVI LIST": "a film",
        b"RIFF\xff\0\0\0WAVEfmt ": "a sound",
        b"ID3\x04": "a sound",
        b"OggS": "a sound",
        b"MZ\x90": "a program",
        b"\x7fELF": "a program",
        b"#!/bin/sh\nrm -rf /\n": "a program",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom": "a film",
        b"\0\0\0\x14ftypqt  \0\0\0\0qt  ": "a film",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "a HEIC photo, which most browsers cannot show",
        b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic": "a HEIC photo, which most browsers cannot show",
        b"\0\0\0\x18ftypheix\0\0\0\0mif1heix": "a HEIC photo, which most browsers cannot show",
        b"<!DOCTYPE html><title>x</title>": "a web page",
        b"\n <html><body>not found": "a web page",
        gzip.compress(SVG.encode(), mtime=0): "a gzip archive",
    }.items():
        yield Hostile(f"other-{start[:12]!r}", start + bytes(400), f"This is {name}. {TAKEN}")
    svg = "SVG pictures are not taken"
    for text in (SVG, f"\ufeff{SVG}", f'<?xml version="1.0"?>{SVG}', f"<!-- GIF89a -->\n{SVG}", f"<!DOCTYPE svg>{SVG}"):
        yield Hostile(f"svg-{text[:8]!r}", text.encode(), svg)
    for name, content in {
        "text": b"This is a picture.",
        "json": b'{"image": "cat"}',
        "zeros": bytes(5000),
        "noise": b"\x17" + random.Random(4).randbytes(5000),
        "one-byte": b"\xff",
        "utf-16-svg": SVG.encode("utf-16"),
        "riff": b"RIFF\x04\0\0\0FILM",
        "xbm": b"#define x_width 300\n#define x_height 300\nstatic char x_bits[] = {0};",
    }.items():
        yield Hostile(name, content, UNKNOWN)
    yield Hostile("empty", b"", "The file is empty.")
    yield Hostile("too-many-bytes", good()["jpeg"] + bytes(20_000_000), "at most 20 MB are taken")


# --- The end is missing ---


def cut_off() -> Iterator[Hostile]:
    for name, whole in good().items():
        for part in (0.2, 0.4, 0.6, 0.8, 0.95):
            yield Hostile(f"{name}-{part:.0%}", whole[: int(len(whole) * part)], CUT_OFF)
        yield Hostile(f"{name}-but-a-byte", whole[:-1], CUT_OFF)


# --- Two things in one file ---

BEHIND = {
    "zip": b"PK\x03\x04\x14\0\0\0\0\0" + bytes(40) + b"PK\x05\x06" + bytes(18),
    "page": b"<html><script>alert(1)</script></html>",
    "php": b"<?php system($_GET['c']); ?>",
    "program": b"\x7fELF\x02\x01\x01" + bytes(60),
    "film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(60),
    "words": b"*/=1;alert(document.domain)//",
    "noise": random.Random(2).randbytes(64),
    "gif": b"GIF89a" + bytes(60),
}


def polyglots() -> Iterator[Hostile]:
    pictures = good()
    for name in ("jpeg", "png", "gif", "webp", "avif"):
        for what, behind in BEHIND.items():
            yield Hostile(f"{name}+{what}", pictures[name] + behind, ATTACHED)
    for what in ("page", "php", "zip"):
        hidden = BEHIND[what]
        yield Hostile(f"jpeg({what})", saved("JPEG", comment=hidden), HIDDEN)
        yield Hostile(f"gif({what})", saved("GIF", mode="P", comment=hidden), HIDDEN)
        yield Hostile(f"webp({what})", saved("WEBP", xmp=hidden), HIDDEN)
        yield Hostile(f"avif({what})", saved("AVIF", speed=10, xmp=hidden), HIDDEN)
        yield Hostile(f"png({what})", _png(_chunk(b"tEXt", b"Comment\0" + hidden)), HIDDEN)
        exif = Image.Exif()
        exif[0x010E] = hidden.decode("latin-1")
        yield Hostile(f"exif({what})", saved("JPEG", exif=exif.tobytes()), HIDDEN)
    yield Hostile("page+jpeg", b"<html><!--" + pictures["jpeg"], "a web page")
    yield Hostile("pdf+jpeg", b"%PDF-1.7\n" + pictures["jpeg"], "a PDF")
    yield Hostile("zip+png", BEHIND["zip"] + pictures["png"], "a ZIP archive")


# --- A few bytes that want much ---


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _header(width: int, height: int, depth: int = 8, kind: int = 2) -> bytes:
    return _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))


def _png(*chunks: bytes) -> bytes:
    """A good PNG with more chunks after its header."""
    whole = saved("PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def _bare_png(width: int, height: int, pixels: bytes = b"", **header: int) -> bytes:
    idat = _chunk(b"IDAT", pixels or zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + _header(width, height, **header) + idat + _chunk(b"IEND", b"")


def _jpeg_of(width: int, height: int, **options: Any) -> bytes:
    """A small JPEG that says of itself that it is large."""
    whole = bytearray(saved("JPEG", **options))
    at = whole.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(whole)


def _gif_of(width: int, height: int, *, frame: tuple[int, int] = (1, 1)) -> bytes:
    palette = bytes(6)
    image = b"\x2c" + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + palette + image + b"\x3b"


def _riff(*chunks: bytes) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _webp_of(width: int, height: int) -> bytes:
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return _riff(b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas, saved("WEBP", lossless=True)[12:])


def _lossless_of(width: int, height: int) -> bytes:
    whole = bytearray(saved("WEBP", lossless=True))
    at = whole.index(b"VP8L") + 9
    whole[at : at + 4] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    return bytes(whole)


def _avif_of(width: int, height: int) -> bytes:
    whole = bytearray(saved("AVIF", speed=10))
    at = whole.index(b"ispe") + 8
    whole[at : at + 8] = struct.pack(">II", width, height)
    return bytes(whole)


# An AVIF of 16,000 × 16,000 grey pixels, whose header says 300 × 300; to make it takes 14 s and 3 GB.
LIAR = (
    "c-muNV30{GsVqn=%S>Yc0uY^>nP!-qnF!*)%uOvxWPkw0jFg-rD4U@mGr5ET4e%9YmgIt2j6f`xnUkLk;<$kLj1W;qUIqrX*Fd&L"
    "W@cU*T&)z4lgb3;C6*Z&I_Kx)gYC-5EGQ}f(w><G$@xH9B(u066=EHu4g`bjt;ht6Z~zIO#4<zYMtK>KfN*ktPElTRP6g0hUIw-"
    "XppbZGK`zWkKxeTqGBvXR-Sjy(C9y<^fs0%IdtLp{zss1UcpZ#x@(M5|8#S_g0-"
    "9@j{#@t>FI!=*R)uA)t;?gX|9c~M;ggn7g68X$`fIle$%h}?wq?dy*~0IBryZZPE!wF0^>F4y;X$NrtH$oP`p5XXo;GLBbXhlXGM"
    "mxnn>UuRY2AD<>bFt9jrwiWZ=-(0?>9rzZKIDClD)G40D8K!_W"
)


def bombs() -> Iterator[Hostile]:
    million = "million are taken"
    for side in (6000, 12_000, 30_000, 65_535, 2**31 - 1):
        yield Hostile(f"png-{side}", _bare_png(side, side), million)
    yield Hostile(
        "png-of-nothing", _bare_png(12_000, 12_000, zlib.compress(bytes(18_012_000), 9), depth=1, kind=0), million
    )
    yield Hostile("png-claims", _bare_png(4900, 4900), CUT_OFF)
    for side in (8000, 20_000, 65_500):
        yield Hostile(f"jpeg-{side}", _jpeg_of(side, side), million)
        yield Hostile(f"progressive-{side}", _jpeg_of(side, side, progressive=True), million)
        yield Hostile(f"gif-{side}", _gif_of(side, side), million)
    yield Hostile("gif-frame", _gif_of(300, 300, frame=(65_535, 65_535)), million)
    yield Hostile("webp-canvas", _webp_of(16_384, 16_384), million)
    yield Hostile("webp-canvas-of-another-size", _webp_of(4000, 4000), DAMAGED)
    for width, height in ((16_384, 16_384), (4001, 4001), (16_384, 800)):
        yield Hostile(f"lossless-{width}-{height}", _lossless_of(width, height), million)
        yield Hostile(f"avif-{width}-{height}", _avif_of(width, max(height, 1200)), million)
    # The header says that it is small; the compressed picture inside is not.
    yield Hostile("avif-liar", zlib.decompress(base64.b85decode(LIAR)), DAMAGED)
    packed = zlib.compress(bytes(100_000_000), 1)
    yield Hostile("png-ztxt", _png(_chunk(b"zTXt", b"Comment\0\0" + packed)), UNPACKS)
    yield Hostile("png-itxt", _png(_chunk(b"iTXt", b"Comment\0\1\0\0\0" + packed)), UNPACKS)
    yield Hostile("png-iccp", _png(_chunk(b"iCCP", b"profile\0\0" + packed)), UNPACKS)
    note = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1_000_000), 1))
    yield Hostile("png-ztxts", _png(*[note] * 80), UNPACKS)
    profile = b"".join(
        b"\xff\xe2" + struct.pack(">H", 65_535) + b"ICC_PROFILE\0" + bytes([number, 70]) + bytes(65_519)
        for number in range(1, 71)
    )
    yield Hostile("jpeg-profile", good()["jpeg"][:2] + profile + good()["jpeg"][2:], "colour profile")
    yield Hostile("png-parts", _png(*[_chunk(b"tEXt", b"a\0b")] * 20_001), PARTS)
    yield Hostile("jpeg-parts", b"\xff\xd8" + b"\xff\xfe\0\x03a" * 20_001 + good()["jpeg"][2:], PARTS)
    yield Hostile("gif-parts", good()["gif"][:-1] + b"\x21\xfe\x01a\0" * 20_001 + b";", PARTS)
    yield Hostile("webp-parts", _riff(good()["webp"][12:], b"JUNK\0\0\0\0" * 20_001), PARTS)
    yield Hostile("avif-parts", good()["avif"] + b"\0\0\0\x08free" * 20_001, PARTS)
    progressive = good()["progressive"]
    last = progressive[progressive.rindex(b"\xff\xda") : -2]
    yield Hostile("jpeg-scans", progressive[:-2] + last * 40 + b"\xff\xd9", "more than 32 times over")


# --- Films in disguise ---


def moving() -> Iterator[Hostile]:
    frames = [Image.new("RGB", (240, 240), (shade, 0, 0)) for shade in (0, 128, 255)]
    for kind, options in {"GIF": {}, "PNG": {}, "WEBP": {}, "AVIF": {"speed": 10}}.items():
        kept = io.BytesIO()
        frames[0].save(kept, kind, save_all=True, append_images=frames[1:], duration=100, **options)
        yield Hostile(f"moving-{kind}", kept.getvalue(), MOVES)
    gif = _gif_of(300, 300, frame=(300, 300))
    yield Hostile("gif-of-5000-frames", gif[:-1] + gif[19:-1] * 5000 + b";", MOVES)


# --- Broken, by accident or not ---


def damaged() -> Iterator[Hostile]:
    pictures = good()
    png, jpeg = saved("PNG"), pictures["jpeg"]
    for name, content in {
        "png-header": png[:20] + b"\xff" + png[21:],
        "png-sum": png[:60] + bytes([png[60] ^ 0xFF]) + png[61:],
        "png-without-pixels": b"\x89PNG\r\n\x1a\n" + _header(300, 300) + _chunk(b"IEND", b""),
        "png-without-header": b"\x89PNG\r\n\x1a\n" + png[33:],
        "png-no-width": _bare_png(0, 300),
        "png-no-colours": _bare_png(300, 300, kind=5),
        "png-noise": _bare_png(300, 300, random.Random(1).randbytes(500)),
        "jpeg-without-header": jpeg[:2] + jpeg[jpeg.index(b"\xff\xda") :],
        "jpeg-empty": b"\xff\xd8\xff\xd9",
        "jpeg-lossless": jpeg.replace(b"\xff\xc0", b"\xff\xc3"),
        "jpeg-arithmetic-lossless": jpeg.replace(b"\xff\xc0", b"\xff\xcb"),
        "jpeg-nine-colours": jpeg.replace(b"\x08\x00\xf0\x01\x40\x03", b"\x08\x00\xf0\x01\x40\x09"),
        "webp-empty": _riff(),
        "webp-noise": _riff(b"VP8 " + struct.pack("<I", 400) + random.Random(3).randbytes(400)),
        "webp-no-canvas": _riff(b"VP8X" + struct.pack("<I", 10) + bytes(10)),
        "avif-without-meta": pictures["avif"][:32] + b"\0\0\0\x08mdat",
        "avif-noise": pictures["avif"][:-400] + random.Random(5).randbytes(400),
        "gif-block": pictures["gif"][:-1] + b"\x99\x00\x3b",
        "gif-without-picture": b"GIF89a" + struct.pack("<HHBBB", 300, 300, 0, 0, 0) + b"\x3b",
    }.items():
        yield Hostile(name, content, DAMAGED)


def of_a_bad_size() -> Iterator[Hostile]:
    least = "it needs at least 200 on each side"
    for kind, size in itertools.product(("JPEG", "PNG", "WEBP", "GIF"), ((1, 1), (199, 600), (600, 199))):
        yield Hostile(f"small-{kind}-{size[0]}", saved(kind, size, "P" if kind == "GIF" else "RGB"), least)
    yield Hostile("strip", saved("PNG", (210, 12_000), "L"), least)


# --- What they cost ---


def heavy() -> bytes:
    """The good picture that takes most memory to decode: a PNG as large as may be, with transparency."""
    kept = io.BytesIO()
    Image.new("RGBA", (6100, 4090), (0, 90, 90, 120)).save(kept, "PNG", compress_level=1)
    return kept.getvalue()


def _memory(what: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1000


def main(folder: str, url: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import django

    django.setup()
    from content.errors import CopydeskError
    from media_gen.intake import decoding, fetching

    refused = taken = 0
    idle = _memory("VmRSS:")
    for path in sorted(Path(folder).iterdir()):
        try:
            decoding.encode(decoding.decode(path.read_bytes()))
            taken += 1
        except CopydeskError:
            refused += 1
    try:
        fetching.fetch(url, hosts=["127.0.0.1"])
    except CopydeskError:
        refused += 1
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(refused, taken, round(_memory("VmHWM:") - idle), round(started))


if __name__ == "__main__":
    main(*sys.argv[1:])
