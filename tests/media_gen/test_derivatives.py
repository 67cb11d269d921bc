"""What the public gets: right sizes, the same bytes each time, and nothing inside but where the picture is from."""

from __future__ import annotations

import base64
import io
from typing import Any
from xml.etree import ElementTree

import make
import pytest
from drawn import candidate, picture
from PIL import Image as Picture

from media_gen.models import Image
from media_gen.services import derivatives, provenance
from media_gen.services.derivatives import Derivative

AI = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PACKET = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def derived(original: Picture.Image, packet: bytes = PACKET) -> list[Derivative]:
    return derivatives.derive(original, packet, lambda one: one)


def said(packet: bytes) -> dict[str, str]:
    """What an XMP packet says, by the local name."""
    root = ElementTree.fromstring(packet.decode().partition("?>")[2].rpartition("<?")[0])
    return {one.tag.partition("}")[2]: one.text or "" for one in root[0][0]}


def packet_of(**fields: Any) -> dict[str, str]:
    image = Image(**{"source": "upload", "made": {}, **fields})
    return said(provenance.packet(image, by=make.user(name="Ines Roth")))


def test_a_large_picture_comes_in_three_sizes_and_three_formats() -> None:
    made = derived(picture(2000, 1000))

    assert [(one.width, one.height, one.suffix) for one in made] == [
        (width, width // 2, suffix) for width in (480, 960, 1600) for suffix in ("avif", "webp", "jpg")
    ]
    for one in made:
        read = Picture.open(io.BytesIO(one.content))
        assert (read.size, f"image/{read.format.lower()}", read.mode) == ((one.width, one.height), one.type, "RGB")


def test_no_size_is_larger_than_the_original() -> None:
    assert [one.width for one in derived(picture(700, 400))[2::3]] == [480, 700]
    assert [one.width for one in derived(picture(3, 1000))] == [3, 3, 3]


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert derived(picture(500, 300)) == derived(picture(500, 300))


def test_the_formats_look_like_the_original() -> None:
    original = picture(480, 300)

    for one in derived(original):
        read = Picture.open(io.BytesIO(one.content)).convert("RGB")
        far = [abs(ours - theirs) for ours, theirs in zip(original.tobytes(), read.tobytes(), strict=True)]
        assert sum(far) / len(far) < 3, one.type


def test_nothing_is_in_a_public_file_but_its_provenance() -> None:
    exif = Picture.Exif()
    exif[0x010F], exif[0x0112] = "A camera", 6  # its maker; turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"  # a place
    camera = io.BytesIO()
    picture(600, 300).save(camera, "jpeg", exif=exif, xmp=b"<secret/>", comment=b"secret", icc_profile=b"profile" * 9)

    made = derived(derivatives.opened(camera.getvalue()))

    assert {(one.width, one.height) for one in made} == {(300, 600)}
    for one in made:
        read = Picture.open(io.BytesIO(one.content))
        assert read.info.pop("xmp") == PACKET
        assert not read.getexif()
        assert set(read.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"} | (
            {"loop", "background", "timestamp", "duration"} if one.suffix != "jpg" else set()
        )
        assert not any(word in one.content for word in (b"A camera", b"secret", b"profileprofile"))


def test_the_hint_is_a_tiny_picture_in_an_address() -> None:
    address = derivatives.hint(picture(1600, 900))

    kind, _, data = address.partition(",")
    assert kind == "data:image/webp;base64"
    assert len(address) <= 1000
    assert max(Picture.open(io.BytesIO(base64.b64decode(data))).size) == 24


# --- Provenance ---


@pytest.mark.django_db
def test_what_a_model_made_says_so_and_by_which_model_and_who_approved_it() -> None:
    assert packet_of(source="sdxl", made={"model": "stabilityai/sdxl-turbo", "prompt": "a kettle"}) == {
        "DigitalSourceType": f"{AI}trainedAlgorithmicMedia",
        "AISystemUsed": "stabilityai/sdxl-turbo",
        "Source": "SDXL",
        "ApprovedBy": "Ines Roth",
        "CreatorTool": "Copydesk",
    }


@pytest.mark.django_db
def test_a_card_is_drawn_by_a_program_and_by_no_model() -> None:
    assert packet_of(source="card", made={"seed": 3, "title": "A kettle"}) == {
        "DigitalSourceType": f"{AI}algorithmicMedia",
        "Source": "Typographic card",
        "ApprovedBy": "Ines Roth",
        "CreatorTool": "Copydesk",
    }


@pytest.mark.django_db
def test_of_a_stock_photograph_and_an_upload_only_who_gave_it_is_said() -> None:
    credit = {"credit": "Photo by A < B & C \x00 on Pexels", "credit_url": "https://www.pexels.com/photo/1/"}

    assert packet_of(source="pexels", **credit) == {
        "Credit": "Photo by A < B & C  on Pexels",
        "Source": "Pexels",
        "SourceAddress": "https://www.pexels.com/photo/1/",
        "ApprovedBy": "Ines Roth",
    }
    assert packet_of() == {"Source": "upload", "ApprovedBy": "Ines Roth"}


@pytest.mark.django_db
def test_the_same_approval_says_the_same() -> None:
    image, mara, ines = candidate(make.piece()), make.user(name="Mara"), make.user(name="Ines")

    assert provenance.packet(image, by=mara) == provenance.packet(image, by=mara)
    assert provenance.packet(image, by=mara) != provenance.packet(image, by=ines)
