"""Only whole, still, reasonable pictures come in, and of those only the pixels."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import hostile_pictures
import pytest
from hostile_pictures import Hostile, saved
from PIL import Image, ImageCms
from vendors.door import Asked, Said, opened

from content.errors import Invalid
from media_gen.intake import decoding

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
HOSTILE = list(hostile_pictures.everything())


def read(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def jpeg_of(picture: Image.Image, **options: Any) -> bytes:
    kept = io.BytesIO()
    picture.save(kept, options.pop("kind", "JPEG"), **options)
    return kept.getvalue()


# --- What is refused ---


def test_there_are_two_hundred_hostile_files() -> None:
    assert len({one.name for one in HOSTILE}) == len(HOSTILE) > 200


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda one: one.name)
def test_each_hostile_file_is_refused_in_words_of_its_own(hostile: Hostile) -> None:
    with pytest.raises(Invalid) as refusal:
        decoding.decode(hostile.content)

    assert hostile.says in refusal.value.message
    assert refusal.value.message.endswith(".")


def test_all_of_them_and_the_heaviest_good_one_take_less_than_300_mb(tmp_path: Path) -> None:
    for number, content in enumerate([*(one.content for one in HOSTILE), hostile_pictures.heavy()]):
        (tmp_path / f"{number:03}").write_bytes(content)

    def endless(asked: Asked) -> Said:
        return Said([bytes(1_000_000)] * 100, kind="image/png")

    with opened(endless) as door:
        done = subprocess.run(
            [sys.executable, hostile_pictures.__file__, str(tmp_path), f"{door.address}/endless.png"],
            capture_output=True,
            text=True,
            check=True,
            env={"COPYDESK_IMAGES_FROM_LOOPBACK": "1", "COPYDESK_LOG_LEVEL": "ERROR"},
        )

    refused, taken, megabytes, apart = map(int, done.stdout.split())
    assert (refused, taken) == (len(HOSTILE) + 1, 1)
    assert max(megabytes, apart) < 300


# --- What stays of those that are taken ---


@pytest.mark.parametrize("kind", hostile_pictures.good())
def test_each_format_that_is_taken_becomes_plain_rgb(kind: str) -> None:
    picture = decoding.decode(hostile_pictures.good()[kind])

    assert (picture.mode, picture.size, picture.info) == ("RGB", (320, 240), {})


def test_nothing_that_a_camera_wrote_is_left() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "A camera", "A program"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)})  # where it was taken
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    sent = jpeg_of(
        Image.new("RGB", (400, 300)), exif=exif, icc_profile=profile, comment=b"Call me", xmp=b"<x:xmpmeta/>"
    )
    assert read(sent).getexif().get_ifd(0x8825)

    kept = decoding.encode(decoding.decode(sent))

    assert not read(kept).getexif()
    assert read(kept).info.keys() <= {"loop", "background", "timestamp", "duration"}  # what Pillow says of every WebP
    assert all(word not in kept for word in (b"A camera", b"A program", b"Call me", b"xmpmeta", b"ICC", b"EXIF"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_taken_on_its_side_stands_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    sideways = Image.new("RGB", (400, 300), "white")
    sideways.paste("red", (0, 0, 400, 60))

    picture = decoding.decode(jpeg_of(sideways, kind=kind, exif=exif))

    assert picture.size == (300, 400)
    assert picture.getpixel((290, 200))[1] < 60 < 200 < picture.getpixel((10, 200))[1]


def test_what_is_transparent_becomes_white() -> None:
    for kind in ("PNG", "WEBP", "AVIF"):
        picture = decoding.decode(jpeg_of(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), kind=kind))
        assert picture.getpixel((5, 5)) == (255, 255, 255)
    palette = Image.new("P", (300, 300), 0)
    palette.putpalette([10, 20, 30, 200, 0, 0])
    assert decoding.decode(jpeg_of(palette, kind="PNG", transparency=0)).getpixel((5, 5)) == (255, 255, 255)


def test_sixteen_bits_cmyk_and_grey_keep_their_shade() -> None:
    grey = decoding.decode(jpeg_of(Image.new("I;16", (300, 300), 128 * 256), kind="PNG"))
    ink = decoding.decode(jpeg_of(Image.new("CMYK", (300, 300), (0, 255, 255, 0))))
    line = decoding.decode(jpeg_of(Image.new("1", (300, 300), 1), kind="PNG"))

    assert grey.getpixel((9, 9)) == (128, 128, 128)
    assert ink.getpixel((9, 9))[0] > 200 > 80 > ink.getpixel((9, 9))[1]
    assert line.getpixel((9, 9)) == (255, 255, 255)


def test_colours_are_moved_to_srgb_and_a_broken_profile_moves_none() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for broken in (b"no profile", lab):
        picture = decoding.decode(jpeg_of(Image.new("RGB", (300, 300), (200, 30, 30)), kind="PNG", icc_profile=broken))
        assert picture.getpixel((9, 9)) == (200, 30, 30)
    # The same numbers in a wider space are a stronger red in sRGB: red and green swapped in the profile show that it is read.
    swapped = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    swapped[:] = swapped.replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ").replace(b"tmp_", b"gXYZ")
    picture = decoding.decode(
        jpeg_of(Image.new("RGB", (300, 300), (200, 30, 30)), kind="PNG", icc_profile=bytes(swapped))
    )
    red, green, _ = picture.getpixel((9, 9))
    assert green > 150 > red


def test_a_large_picture_is_kept_smaller_and_in_shape() -> None:
    for kind in ("JPEG", "PNG", "AVIF"):
        picture = decoding.decode(
            jpeg_of(Image.new("L", (2600, 1300)), kind=kind, **{"speed": 10} if kind == "AVIF" else {})
        )
        assert picture.size == (2560, 1280)


def test_a_photo_with_a_second_one_for_bright_screens_is_a_photo() -> None:
    both = saved("JPEG") + saved("JPEG", (240, 240)) + bytes(20)

    assert decoding.decode(both).size == (320, 240)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_what_unreadable_exif_says_is_not_asked_twice() -> None:
    assert decoding.decode(saved("JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")).size == (320, 240)
