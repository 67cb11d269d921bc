"""A person brings a picture: it becomes a candidate, clean, once, and says who brought it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import hostile_pictures
import make
import pytest
from django.core.files.storage import storages
from hostile_pictures import saved
from PIL import Image as Picture
from vendors.door import Said, opened

from content.errors import Invalid, NotAllowed
from content.models import AuditEntry
from content.views import limits
from media_gen.models import Image, ImageStatus
from media_gen.services import uploading

pytestmark = pytest.mark.django_db
KETTLE = saved("JPEG", (1600, 1000))


def test_an_upload_is_a_private_candidate_that_says_who_brought_it(tmp_path: Path) -> None:
    piece, mara = make.piece(), make.editor()

    image = uploading.upload(piece, KETTLE, name="C:\\pictures\\kettle.jpg", by=mara, alt=" A kettle,\n cut open. ")

    image.refresh_from_db()
    assert (image.source, image.status, image.by) == ("upload", ImageStatus.CANDIDATE, mara)
    assert (image.width, image.height, image.alt) == (1600, 1000, "A kettle, cut open.")
    assert image.made == {"source": "upload", "name": "kettle.jpg", "by": mara.pk}
    assert (tmp_path / "previews" / image.preview).exists()
    assert not [path for path in (tmp_path / "public").rglob("*") if path.is_file()]
    line = AuditEntry.objects.get(event="image.uploaded")
    assert (line.actor, line.object_id, line.data) == (mara, image.pk, {"piece": piece.pk, "name": "kettle.jpg"})


def test_what_the_camera_wrote_is_not_in_the_preview() -> None:
    exif = Picture.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    kept = io.BytesIO()
    Picture.new("RGB", (400, 300)).save(kept, "JPEG", exif=exif)

    image = uploading.upload(make.piece(), kept.getvalue(), name="a.jpg", by=make.editor())

    with storages["previews"].open(image.preview) as file:
        preview = Picture.open(file)
        assert (preview.format, dict(preview.getexif()), image.alt) == ("WEBP", {}, "")


def test_the_same_file_twice_is_one_picture() -> None:
    piece, mara = make.piece(), make.editor()

    first = uploading.upload(piece, KETTLE, name="kettle.jpg", by=piece.owner)
    again = uploading.upload(piece, KETTLE, name="other name.jpg", by=mara)
    elsewhere = uploading.upload(make.piece(), KETTLE, name="kettle.jpg", by=mara)

    assert first == again != elsewhere
    assert again.by == piece.owner
    assert AuditEntry.objects.filter(event="image.uploaded").count() == 2


def test_a_picture_that_was_cleaned_up_comes_back_when_it_is_sent_again() -> None:
    piece, mara = make.piece(), make.editor()
    image = uploading.upload(piece, KETTLE, name="kettle.jpg", by=mara)
    storages["previews"].delete(image.preview)
    Image.objects.filter(pk=image.pk).update(status=ImageStatus.EXPIRED)

    again = uploading.upload(piece, KETTLE, name="kettle.jpg", by=mara)

    assert (again, again.status) == (image, ImageStatus.CANDIDATE)
    assert storages["previews"].exists(again.preview)


def test_a_stranger_brings_nothing() -> None:
    with pytest.raises(NotAllowed):
        uploading.upload(make.piece(), KETTLE, name="kettle.jpg", by=make.creator())
    with pytest.raises(NotAllowed):
        uploading.bring(make.piece(), "https://images.pexels.com/a.jpg", by=make.creator())

    assert not Image.objects.exists()


def test_what_is_refused_leaves_nothing_behind(tmp_path: Path) -> None:
    for hostile in (b"", b"<svg/>", KETTLE[:-500], KETTLE + b"<script>"):
        with pytest.raises(Invalid):
            uploading.upload(make.piece(), hostile, name="kettle.jpg", by=make.editor())

    assert not Image.objects.exists()
    assert not AuditEntry.objects.filter(event="image.uploaded").exists()
    assert not [path for path in (tmp_path / "previews").rglob("*") if path.is_file()]


def test_a_picture_is_brought_from_a_host_that_is_allowed(settings: Any) -> None:
    settings.IMAGES_FROM_LOOPBACK, settings.IMAGE_HOSTS = True, ["127.0.0.1"]
    with opened(lambda asked: Said([hostile_pictures.saved("PNG")], kind="image/png")) as door:
        image = uploading.bring(make.piece(), f"{door.address}/a.png", by=make.editor())
        with pytest.raises(Invalid):
            uploading.bring(make.piece(), door.address.replace("127.0.0.1", "localhost"), by=make.editor())

    assert (image.source, image.made["url"]) == ("upload", f"{door.address}/a.png")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/desk/pieces/7/pictures/upload", 20_100_000),
        ("/desk/pieces/7/pictures/upload/", 20_100_000),
        ("/api/v1/media/images/", 20_100_000),
        ("/api/v1/media/images/7/approve/", 1_000_000),
        ("/desk/pieces/7/pictures/", 1_000_000),
        ("/api/v1/tasks/", 1_000_000),
    ],
)
def test_only_where_a_picture_is_sent_may_much_be_sent(path: str, most: int) -> None:
    assert limits.most(path) == most
