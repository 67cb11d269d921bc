"""Where pictures lie: a folder, S3, Cloudinary. What one does in the middle of an approval, all do."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import make
import pytest
from django.conf import settings as in_force
from drawn import candidate, picture
from vendors import cloudinary_door
from vendors.cloudinary_door import CLOUD, SECRET, Cloudinary

from content.errors import ExternalError
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.services import choosing

FOREVER = "public, max-age=31536000, immutable"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def configured(**environment: str) -> dict[str, Any]:
    """What config/settings.py makes of an environment; `refused` is the sentence it stops with."""
    script = (
        "import json, config.settings as s; print(json.dumps("
        "{'STORAGES': s.STORAGES, 'img-src': s.CONTENT_SECURITY_POLICY['DIRECTIVES']['img-src']}, default=str))"
    )
    plain = {
        name: value for name, value in os.environ.items() if not name.startswith(("COPYDESK_", "CLOUDINARY", "AWS"))
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env={**plain, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return {"refused": done.stderr.strip().splitlines()[-1]}
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def jpeg(*, seed: int = 0) -> bytes:
    kept = io.BytesIO()
    picture(seed=seed).save(kept, "jpeg")
    return kept.getvalue()


# --- A folder ---


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


def test_the_same_bytes_are_stored_once_under_a_name_that_says_what_they_are(folder: Path) -> None:
    name = storage.keep(storage.PUBLIC, b"a picture", "webp")
    again = storage.keep(storage.PUBLIC, b"a picture", "webp")

    assert name == again
    assert storage.NAME.fullmatch(name)
    assert [path.relative_to(folder).as_posix() for path in folder.rglob("*.*")] == [name]
    assert storage.read(storage.PUBLIC, name) == b"a picture"
    assert storage.url(name) == f"/media/{name}"


def test_a_write_that_is_cut_off_leaves_no_picture_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)  # the bytes are written, their name is not
    with pytest.raises(KeyboardInterrupt):
        storage.keep(storage.PUBLIC, b"a picture", "webp")
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_a_killed_write_left_is_found_and_what_is_not_ours_is_not(folder: Path) -> None:
    name = storage.keep(storage.PUBLIC, b"a picture", "webp")
    (folder / name[:2] / "tmp1234.part").write_bytes(b"a pic")
    (folder / "favicon.ico").write_bytes(b"somebody else's")

    now = datetime.now(UTC) + timedelta(seconds=1)
    found = {(file.name, file.size, file.is_broken) for file in storage.listing(storage.PUBLIC, before=now)}

    assert found == {(name, 9, False), (f"{name[:2]}/tmp1234.part", 5, True)}
    assert storage.listing(storage.PUBLIC, before=LONG_AGO) == []


def test_what_is_kept_again_counts_as_new(folder: Path) -> None:
    name = storage.keep(storage.PUBLIC, b"a picture", "webp")
    os.utime(folder / name, (0, 0))

    storage.keep(storage.PUBLIC, b"a picture", "webp")

    assert (folder / name).stat().st_mtime > 1_000_000_000


def test_a_folder_that_cannot_be_written_to_says_who_has_to_do_what(folder: Path) -> None:
    folder.write_text("not a folder")

    with pytest.raises(ExternalError, match=r"The public storage cannot be used: .*, in .*public\. Let user"):
        storage.keep(storage.PUBLIC, b"a picture", "webp")
    with pytest.raises(ExternalError):
        storage.look(storage.PUBLIC)


def test_previews_have_no_address() -> None:
    assert in_force.STORAGES["previews"]["OPTIONS"]["base_url"] is None


# --- S3 ---


@cache
def boto(name: str, address: str, key: str, secret: str) -> Any:
    keys = {"aws_access_key_id": key, "aws_secret_access_key": secret}
    return boto3.client(name, endpoint_url=address, region_name="us-east-1", **keys)


@dataclass(frozen=True)
class Server:
    """moto's S3 on loopback, where keys are checked; `desk` may do everything in its two buckets."""

    address: str
    key: str
    secret: str
    storages: dict[str, Any]
    sources: list[str]

    def client(self, name: str = "s3") -> Any:
        return boto(name, self.address, self.key, self.secret)

    def check_keys(self, free: str) -> None:
        """From the next but `free` requests on."""
        text = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(f"{self.address}/moto-api/reset-auth", data=free.encode(), headers=text)
        urllib.request.urlopen(asked).close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    from moto.server import ThreadedMotoServer

    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    address = f"http://{host}:{port}"
    said = configured(
        COPYDESK_PUBLIC_STORAGE="s3",
        COPYDESK_PREVIEW_STORAGE="s3",
        COPYDESK_S3_BUCKET="house-public",
        COPYDESK_S3_PREVIEW_BUCKET="house-previews",
        COPYDESK_S3_ENDPOINT=address,
        COPYDESK_S3_PREFIX="pictures",
    )
    anybody = Server(address, "nobody", "nothing", {}, [])
    anybody.check_keys("inf")
    users = anybody.client("iam")
    users.create_user(UserName="desk")
    users.put_user_policy(UserName="desk", PolicyName="pictures", PolicyDocument=policy(Action="s3:*", Resource="*"))
    made = users.create_access_key(UserName="desk")["AccessKey"]
    buckets = anybody.client()
    for name in ("house-public", "house-previews"):
        buckets.create_bucket(Bucket=name)
    everybody = {"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::house-public/*"}
    buckets.put_bucket_policy(Bucket="house-public", Policy=policy(**everybody))
    yield Server(address, made["AccessKeyId"], made["SecretAccessKey"], said["STORAGES"], said["img-src"])
    moto.stop()


def policy(**statement: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


@pytest.fixture
def s3(server: Server, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret)
    settings.STORAGES = {**settings.STORAGES, **{name: server.storages[name] for name in ("public", "previews")}}
    server.check_keys("0")
    yield server
    for bucket in ("house-public", "house-previews"):
        for one in server.client().list_objects_v2(Bucket=bucket).get("Contents", ()):
            server.client().delete_object(Bucket=bucket, Key=one["Key"])


def keys(server: Server, bucket: str) -> list[str]:
    return [one["Key"] for one in server.client().list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.mark.django_db
def test_s3_gets_the_public_files_with_their_headers_and_nobody_else_gets_a_preview(s3: Server) -> None:
    image = candidate(make.piece())

    facts = choosing.choose(image, by=make.editor())

    assert keys(s3, "house-previews") == [f"pictures/{image.preview}"]
    assert len(keys(s3, "house-public")) == len(facts["variants"]) == 3
    s3.check_keys("inf")  # moto does not know anonymous readers while it checks keys; its bucket policy it keeps to
    for variant in facts["variants"]:
        assert variant["url"].startswith(f"{s3.address}/house-public/pictures/")
        with urllib.request.urlopen(variant["url"]) as answer:
            assert answer.headers["Content-Type"] == variant["type"]
            assert answer.headers["Cache-Control"] == FOREVER
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{s3.address}/house-previews/pictures/{image.preview}")
    assert s3.address in s3.sources


@pytest.mark.django_db
def test_s3_that_refuses_our_key_in_the_middle_is_said_and_the_right_key_goes_on(
    s3: Server, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    image, mara = candidate(make.piece()), make.editor()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    settings.STORAGES = dict(settings.STORAGES)  # as after a new start
    previews = {**settings.STORAGES["previews"]["OPTIONS"], "access_key": s3.key, "secret_key": s3.secret}
    settings.STORAGES["previews"] = {**settings.STORAGES["previews"], "OPTIONS": previews}

    s3.check_keys("5")  # so many are let through: the preview is read, and something is written
    with pytest.raises(ExternalError, match="The public storage refused us"):
        choosing.choose(image, by=mara)
    image.refresh_from_db()
    assert (image.status, image.piece.cover) == (ImageStatus.CANDIDATE, {})
    assert "Correct its keys" in image.error
    assert len(keys(s3, "house-public")) < 3

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    settings.STORAGES = dict(settings.STORAGES)
    choosing.choose(image, by=mara)
    image.refresh_from_db()
    assert (image.status, image.error) == (ImageStatus.CHOSEN, "")
    assert len(keys(s3, "house-public")) == 3


def test_s3_lists_what_lies_there_and_forgets_what_is_removed(s3: Server) -> None:
    names = {storage.keep(storage.PUBLIC, bytes([number]), "jpg") for number in range(3)}
    s3.client().put_object(Bucket="house-public", Key="elsewhere/theirs.jpg", Body=b"theirs")

    now = datetime.now(UTC) + timedelta(seconds=2)
    listed = storage.listing(storage.PUBLIC, before=now)
    storage.remove(storage.PUBLIC, listed[0].name)
    storage.remove(storage.PUBLIC, listed[0].name)

    assert {file.name for file in listed} == names
    assert {file.name for file in storage.listing(storage.PUBLIC, before=now)} == names - {listed[0].name}
    assert storage.look(storage.PUBLIC) == "the bucket house-public"


def test_a_preview_that_s3_does_not_have_is_not_found_and_not_a_fault(s3: Server) -> None:
    name = storage.keep(storage.PREVIEWS, b"a picture", "webp")

    assert storage.read(storage.PREVIEWS, name) == b"a picture"
    storage.remove(storage.PREVIEWS, name)
    with pytest.raises(FileNotFoundError):
        storage.read(storage.PREVIEWS, name)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"endpoint_url": "http://127.0.0.1:9"}, "The public storage cannot be reached"),
        ({"bucket_name": "nowhere"}, "The public storage has no bucket nowhere"),
    ],
)
def test_s3_that_is_down_or_has_no_bucket_says_so(
    s3: Server, settings: Any, options: dict[str, str], says: str
) -> None:
    public = s3.storages["public"]
    settings.STORAGES = {**settings.STORAGES, "public": {**public, "OPTIONS": {**public["OPTIONS"], **options}}}

    for ask in (storage.look, lambda where: storage.keep(where, b"a picture", "webp")):
        with pytest.raises(ExternalError, match=says):
            ask(storage.PUBLIC)


# --- Cloudinary ---


@pytest.fixture
def cloudinary(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloudinary]:
    with cloudinary_door.opened() as cloud:
        public = {"BACKEND": "media_gen.storage.cloudinary.Cloud", "OPTIONS": {"account": cloud.url}}
        settings.STORAGES = {**settings.STORAGES, "public": public}
        yield cloud


@pytest.mark.django_db
def test_cloudinary_gets_each_file_once_and_gives_its_own_address(cloudinary: Cloudinary) -> None:
    image, mara = candidate(make.piece()), make.editor()

    facts = choosing.choose(image, by=mara)
    for variant in facts["variants"]:
        public_id, _, suffix = (
            variant["url"].removeprefix(f"https://res.cloudinary.com/{CLOUD}/image/upload/v1/").partition(".")
        )
        assert storage.names_in(variant["url"]) == [f"{public_id.removeprefix('copydesk/')}.{suffix}"]
        assert cloudinary.resource(public_id)["format"] == suffix  # as it came, not as they would make it
    born = dict(cloudinary.born)
    Image.objects.filter(pk=image.pk).update(status=ImageStatus.CANDIDATE)
    again = choosing.choose(Image.objects.get(pk=image.pk), by=mara)

    assert again == facts
    assert (len(cloudinary.kept), cloudinary.born) == (3, born)
    assert all(asked["overwrite"] == "0" for asked in cloudinary.asked)


@pytest.mark.django_db
def test_cloudinary_that_breaks_in_the_middle_changes_nothing_and_is_tried_again(cloudinary: Cloudinary) -> None:
    piece, mara = make.piece(), make.editor()
    image = candidate(piece)
    cloudinary.down_after = 1

    with pytest.raises(ExternalError, match="The public storage cannot be reached or did not understand"):
        choosing.choose(image, by=mara)

    image.refresh_from_db()
    piece.refresh_from_db()
    assert (image.status, piece.cover, len(cloudinary.kept)) == (ImageStatus.CANDIDATE, {}, 1)
    assert "try again" in image.error

    cloudinary.down_after = float("inf")
    choosing.choose(image, by=mara)

    assert len(cloudinary.kept) == 3


def test_cloudinary_lists_page_by_page_and_forgets_what_is_removed(cloudinary: Cloudinary) -> None:
    names = [storage.keep(storage.PUBLIC, jpeg(seed=seed), "jpg") for seed in range(5)]
    cloudinary.a_page = 2

    now = datetime.now(UTC) + timedelta(seconds=2)
    storage.remove(storage.PUBLIC, names[0])
    storage.remove(storage.PUBLIC, names[0])

    assert sorted(file.name for file in storage.listing(storage.PUBLIC, before=now)) == sorted(names[1:])
    assert storage.look(storage.PUBLIC) == f"the cloud {CLOUD} at Cloudinary"


def test_cloudinary_says_what_is_wrong(cloudinary: Cloudinary, settings: Any) -> None:
    with pytest.raises(ExternalError, match="refused the picture: Invalid image file"):
        storage.keep(storage.PUBLIC, b"no picture", "jpg")
    cloudinary.limited = True
    with pytest.raises(ExternalError, match="is at its limit"):
        storage.look(storage.PUBLIC)
    wrong = cloudinary.url.replace(SECRET, "another")
    public = {**settings.STORAGES["public"], "OPTIONS": {"account": wrong}}
    settings.STORAGES = {**settings.STORAGES, "public": public}
    for ask in (storage.look, lambda where: storage.keep(where, jpeg(), "jpg")):
        with pytest.raises(ExternalError, match="does not take the key") as refusal:
            ask(storage.PUBLIC)
        assert "another" not in refusal.value.message


def test_a_storage_that_is_not_set_up_says_so(settings: Any) -> None:
    for public, says in (
        (
            {"BACKEND": "media_gen.storage.cloudinary.Cloud", "OPTIONS": {"account": ""}},
            "is not set up. CLOUDINARY_URL",
        ),
        ({"BACKEND": "media_gen.storage.cloudinary_that_is_not_here.Cloud"}, "needs a package. Run: make hosted."),
    ):
        settings.STORAGES = {**settings.STORAGES, "public": public}
        with pytest.raises(ExternalError, match=says):
            storage.keep(storage.PUBLIC, jpeg(), "jpg")


# --- Settings ---


def test_a_page_may_load_pictures_from_where_they_are_public_and_from_nowhere_else() -> None:
    here = configured()
    cloud = configured(COPYDESK_PUBLIC_STORAGE="cloudinary", CLOUDINARY_URL="cloudinary://key:secret@house")
    bucket = configured(
        COPYDESK_PUBLIC_STORAGE="s3",
        COPYDESK_S3_BUCKET="house",
        COPYDESK_S3_URL="https://cdn.example.org/house",
        COPYDESK_PICTURE_HOSTS="https://old.example.org",
    )

    assert here["img-src"] == ["'self'", "data:"]
    assert cloud["img-src"][2:] == ["https://res.cloudinary.com"]
    assert bucket["img-src"][2:] == ["https://cdn.example.org", "https://old.example.org"]


def test_previews_may_not_lie_in_the_public_bucket() -> None:
    said = configured(
        COPYDESK_PUBLIC_STORAGE="s3",
        COPYDESK_PREVIEW_STORAGE="s3",
        COPYDESK_S3_BUCKET="house",
        COPYDESK_S3_PREVIEW_BUCKET="house",
    )

    assert "are two buckets: one is public." in said["refused"]
    assert "is local, s3 or cloudinary" in configured(COPYDESK_PUBLIC_STORAGE="ftp")["refused"]
