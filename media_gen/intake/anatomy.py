"""What a picture file is made of, told from its bytes before any decoder sees them.

A decoder stops at the end of the picture and is content. What hides behind that end, or beside the pixels, and how much
work the pixels will be, only a walk through the file tells.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from content.errors import Invalid

TAKEN = "Send a JPEG, PNG, WebP, AVIF or GIF."
MOST_PARTS = 20_000  # of one file; a decoder that is written in Python takes its time with each
MOST_SCANS = 32  # of a JPEG; programs make about ten, and each goes over all pixels again
# Nothing that a camera or a drawing program writes beside the pixels, but what a browser or an archiver would act on.
# Six bytes and more: the pixels of a large picture hold every shorter sequence by chance.
PROGRAMS = (b"<script", b"<?php ", b"<!doctype", b"<html>", b"%pdf-1.", b"pk\x03\x04\x14\x00", b"pk\x03\x04\x0a\x00")

# What people send by mistake, by its first bytes: (offset, bytes, what it is).
OTHERS = (
    (0, b"II*\0", "a TIFF"),
    (0, b"MM\0*", "a TIFF"),
    (0, b"II+\0", "a TIFF"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%!PS", "an EPS"),
    (0, b"\xc5\xd0\xd3\xc6", "an EPS"),
    (0, b"%PDF", "a PDF"),
    (0, b"\0\0\0\x0cjP", "a JPEG 2000"),
    (0, b"\0\0\0\x0cJXL", "a JPEG XL"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"icns", "an icon"),
    (0, b"qoif", "a QOI"),
    (0, b"DDS ", "a DDS texture"),
    (0, b"\xd7\xcd\xc6\x9a", "a Windows metafile"),
    (40, b" EMF", "a Windows metafile"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"7z\xbc\xaf", "a 7z archive"),
    (0, b"Rar!", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x1aE\xdf\xa3", "a film"),
    (8, b"AVI ", "a film"),
    (8, b"WAVE", "a sound"),
    (0, b"ID3", "a sound"),
    (0, b"OggS", "a sound"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
    (0, b"#!", "a program"),
    (0, b"BM", "a BMP"),
    (0, b"P1\n", "a PNM"),
    (0, b"P2\n", "a PNM"),
    (0, b"P3\n", "a PNM"),
    (0, b"P4\n", "a PNM"),
    (0, b"P5\n", "a PNM"),
    (0, b"P6\n", "a PNM"),
)
HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}


@dataclass(frozen=True)
class Anatomy:
    """`format` as Pillow names it; the picture proper is the first `end` bytes; `scans` over its pixels."""

    format: str
    end: int
    scans: int = 1


def examine(content: bytes) -> Anatomy:
    """What this file is; `Invalid`, with a sentence that says what is wrong with it, unless it is one whole still
    picture of a kind that is taken, and nothing besides."""
    by_start = (walk for start, walk in WALKS if content.startswith(start))
    walk = next(by_start, _boxes if content[4:8] == b"ftyp" else _refuse_other)
    try:
        found = walk(content)
    except IndexError as error:
        raise cut_off() from error
    lowered = content.lower()
    if any(program in lowered for program in PROGRAMS):
        raise Invalid(
            "There is a web page, an archive or a program hidden in this picture. Save it again as a plain one."
        )
    return found


def cut_off() -> Invalid:
    return Invalid("The picture is cut off: its end is missing. Send it again, or another copy of it.")


def _attached(length: int) -> Invalid:
    return Invalid(
        f"Something is attached behind the end of the picture ({length:,} bytes), as in a live photo. "
        "Save it again as a plain picture."
    )


def _moves() -> Invalid:
    return Invalid("This picture moves. Send a still one, such as its first frame.")


def _count(parts: int) -> None:
    if parts > MOST_PARTS:
        raise Invalid("This picture is cut into more parts than any camera or program makes. Save it again.")


def _number(content: bytes, at: int, size: int, order: str = "big") -> int:
    """The number that stands there; IndexError where the file ends too early."""
    if at + size > len(content):
        raise IndexError(at)
    return int.from_bytes(content[at : at + size], "little" if order == "little" else "big")


# --- JPEG: markers; between a start of scan and the next marker lie the pixels ---

MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _jpeg(content: bytes) -> Anatomy:
    end, scans = _one_jpeg(content, 0)
    rest = end
    # Cameras put further JPEGs behind the first: a preview, or how much brighter a good screen may show it.
    while content[rest:].strip(b"\0"):
        if content[rest : rest + 2] != b"\xff\xd8":
            raise _attached(len(content) - rest)
        rest, _ = _one_jpeg(content, rest)
    return Anatomy("JPEG", end, scans)


def _one_jpeg(content: bytes, at: int) -> tuple[int, int]:
    """Where the JPEG that starts `at` ends, and its scans."""
    at, parts, scans = at + 2, 0, 0
    while True:
        found = MARKER.search(content, at)
        if not found:
            raise IndexError(at)
        marker, at = content[found.end() - 1], found.end()
        if marker == 0xD9:
            return at, scans
        scans += marker == 0xDA
        parts += 1
        _count(parts)
        if scans > MOST_SCANS:
            raise Invalid(
                f"This JPEG draws its picture more than {MOST_SCANS} times over. Save it again as a plain one."
            )
        at += _number(content, at, 2)


# --- PNG: chunks of length, name, content, check sum ---


def _png(content: bytes) -> Anatomy:
    at, parts = 8, 0
    while True:
        length, name = _number(content, at, 4), content[at + 4 : at + 8]
        at += 12 + length
        if at > len(content):
            raise IndexError(at)
        if zlib.crc32(content[at - length - 8 : at - 4]) != _number(content, at - 4, 4):
            raise Invalid("This PNG is damaged and cannot be read. Send another copy of it.")
        if name == b"acTL":
            raise _moves()
        if name == b"IEND":
            break
        parts += 1
        _count(parts)
    if at < len(content):
        raise _attached(len(content) - at)
    return Anatomy("PNG", at)


# --- GIF: blocks ---


def _gif(content: bytes) -> Anatomy:
    at, parts, frames = 13 + _palette(content, 10), 0, 0
    while True:
        kind = content[at]
        if kind == 0x3B:
            break
        if kind == 0x2C:
            frames += 1
            at = at + 11 + _palette(content, at + 9)
        elif kind == 0x21:
            at += 2
        else:
            raise Invalid("This GIF is damaged and cannot be read. Send another copy of it.")
        while content[at]:  # sub-blocks, each with its length before it
            at += 1 + content[at]
        at += 1
        parts += 1
        _count(parts)
        if frames > 1:
            raise _moves()
    at += 1
    if content[at:].strip(b"\0"):
        raise _attached(len(content) - at)
    return Anatomy("GIF", at)


def _palette(content: bytes, at: int) -> int:
    """The bytes of the palette that the flags there speak of."""
    return 3 << ((content[at] & 7) + 1) if content[at] & 0x80 else 0


# --- WebP: RIFF ---


def _webp(content: bytes) -> Anatomy:
    if content[8:12] != b"WEBP":
        _refuse_other(content)
    end, at, parts = 8 + _number(content, 4, 4, "little"), 12, 0
    if end > len(content):
        raise IndexError(end)
    if content[end:].strip(b"\0"):
        raise _attached(len(content) - end)
    while at < end:
        name, length = content[at : at + 4], _number(content, at + 4, 4, "little")
        if name in (b"ANIM", b"ANMF"):
            raise _moves()
        at += 8 + length + length % 2
        parts += 1
        _count(parts)
    if at > end + 1:
        raise IndexError(at)
    return Anatomy("WEBP", end)


# --- AVIF: boxes, of the same make as films and the photos of telephones ---


def _boxes(content: bytes) -> Anatomy:
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, min(_number(content, 0, 4), 256), 4))}
    if content[8:12] == b"avis":
        raise _moves()
    if b"avif" not in brands:
        if brands & HEIC:
            raise Invalid(f"This is a HEIC photo, which most browsers cannot show. {TAKEN}")
        raise Invalid(f"This is a film. {TAKEN}")
    at, parts = 0, 0
    while at < len(content):
        length, name = _number(content, at, 4), content[at + 4 : at + 8]
        if length == 1:  # a long box: its length follows in eight bytes
            length = _number(content, at + 8, 8)
        if name == b"moov":
            raise _moves()
        if parts and not (length >= 8 and name in (b"meta", b"mdat", b"free", b"skip")):
            raise _attached(len(content) - at)
        at += length
        parts += 1
        _count(parts)
    if at > len(content):
        raise IndexError(at)
    return Anatomy("AVIF", at)


def _refuse_other(content: bytes) -> Anatomy:
    for at, start, name in OTHERS:
        if content[at : at + len(start)] == start:
            raise Invalid(f"This is {name}. {TAKEN}")
    head = content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head or b"<!doctype svg" in head:
        raise Invalid(f"SVG pictures are not taken, since they can carry programs. {TAKEN}")
    if head.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        raise Invalid(f"This is a web page. {TAKEN}")
    raise Invalid(f"This is no picture that we can read. {TAKEN}")


WALKS: tuple[tuple[bytes, Callable[[bytes], Anatomy]], ...] = (
    (b"\xff\xd8\xff", _jpeg),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"GIF87a", _gif),
    (b"GIF89a", _gif),
    (b"RIFF", _webp),
)
