"""What nobody needs goes, and nothing else: previews after a week, files that nothing refers to after a day."""

from __future__ import annotations

import io
import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import make
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from drawn import candidate, public_files
from vendors.door import wait_for

from content.errors import ExternalError
from content.models import AuditEntry, Post, Status
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.services import choosing, cleanup
from pipeline import clock
from pipeline.services import publishing

pytestmark = pytest.mark.django_db


def aged(image: Image, *, days: float = 8) -> Image:
    then = timezone.now() - timedelta(days=days)
    Image.objects.filter(pk=image.pk).update(created_at=then)
    image.refresh_from_db()
    return image


def left_alone(path: Path, *, days: float = 2) -> Path:
    """Nobody wrote it for so long."""
    then = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(path, (then, then))
    return path


def orphan(tmp_path: Path, where: str = "public", *, name: str = "ab/" + "c" * 30 + "ab.webp", days: float = 2) -> Path:
    path = tmp_path / where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"nobody's")
    return left_alone(path, days=days)


def preview(tmp_path: Path, image: Image) -> Path:
    return tmp_path / "previews" / image.preview


# --- Previews ---


def test_what_nobody_chose_for_a_week_goes_and_its_row_stays(tmp_path: Path) -> None:
    piece = make.piece()
    chosen, refused, waiting, young = (candidate(piece, seed=seed) for seed in range(4))
    other = aged(candidate(make.piece(), seed=9))  # nobody decided on its piece at all
    choosing.choose(chosen, by=make.editor())
    for image in (chosen, refused):
        aged(image)
    Image.objects.filter(pk=waiting.pk).update(status=ImageStatus.CANDIDATE)
    aged(waiting)

    removed = cleanup.clean()

    assert {one.image for one in removed} == {refused.pk, waiting.pk, other.pk}
    assert all(one.size == 0 or not (tmp_path / "previews" / one.name).exists() for one in removed)
    assert dict(Image.objects.values_list("pk", "status")) == {
        chosen.pk: ImageStatus.CHOSEN,
        refused.pk: ImageStatus.EXPIRED,
        waiting.pk: ImageStatus.EXPIRED,
        young.pk: ImageStatus.NOT_CHOSEN,
        other.pk: ImageStatus.EXPIRED,
    }
    assert preview(tmp_path, chosen).exists()
    assert preview(tmp_path, young).exists()
    other.refresh_from_db()
    assert other.made == {"seed": 9}
    entry = AuditEntry.objects.get(event="images.cleaned")
    assert entry.data == {"files": 3, "bytes": sum(one.size for one in removed)}


def test_an_expired_preview_is_not_found_and_a_second_cleanup_finds_nothing(client: Client) -> None:
    image = aged(candidate(make.piece()))
    cleanup.clean()
    client.force_login(make.editor())

    assert client.get(image.get_preview_url()).status_code == 404
    assert cleanup.clean() == []


def test_a_file_that_two_pictures_share_goes_with_the_last_of_them(tmp_path: Path) -> None:
    old, young = aged(candidate(make.piece())), candidate(make.piece())
    assert old.preview == young.preview

    kept = cleanup.clean()

    assert [(one.image, one.size) for one in kept] == [(old.pk, 0)]
    assert preview(tmp_path, young).exists()

    size = preview(tmp_path, young).stat().st_size
    aged(young)
    assert [(one.image, one.size) for one in cleanup.clean()] == [(young.pk, size)]
    assert not preview(tmp_path, young).exists()


def test_two_old_pictures_that_share_a_file_count_it_once_in_a_dry_run_too() -> None:
    aged(candidate(make.piece()))
    aged(candidate(make.piece()))

    would, did = cleanup.clean(dry_run=True), cleanup.clean()

    assert [one.size > 0 for one in would] == [False, True]
    assert would == did


def test_a_picture_that_gave_way_to_another_yesterday_is_kept_for_a_week() -> None:
    piece, mara = make.piece(), make.editor()
    first, second = aged(candidate(piece, seed=0), days=90), candidate(piece, seed=1)
    choosing.choose(first, by=mara)
    choosing.choose(second, by=mara)

    assert cleanup.clean() == []


def test_the_week_is_a_setting(settings: object) -> None:
    aged(candidate(make.piece()), days=8)
    settings.PREVIEW_DAYS = 30  # type: ignore[attr-defined]

    assert cleanup.clean() == []


# --- Orphans ---


def test_files_that_nothing_refers_to_go_when_they_are_a_day_old(tmp_path: Path) -> None:
    image = candidate(make.piece())
    old, old_preview = orphan(tmp_path), orphan(tmp_path, "previews")
    broken = orphan(tmp_path, name="ab/tmpx1.part")
    young = orphan(tmp_path, name="ab/" + "d" * 32 + ".jpg", days=0.5)
    theirs = orphan(tmp_path, name="favicon.ico")
    left_alone(preview(tmp_path, image))

    removed = cleanup.clean()

    assert {(one.where, one.name, one.why) for one in removed} == {
        ("public", "ab/" + "c" * 30 + "ab.webp", "nothing refers to it"),
        ("previews", "ab/" + "c" * 30 + "ab.webp", "nothing refers to it"),
        ("public", "ab/tmpx1.part", "left of a broken write"),
    }
    assert [path.exists() for path in (old, old_preview, broken)] == [False, False, False]
    assert [path.exists() for path in (young, theirs, preview(tmp_path, image))] == [True, True, True]


def test_what_a_reader_may_see_stays_and_what_gave_way_goes(tmp_path: Path) -> None:
    mara = make.editor()
    piece = make.piece(status=Status.READY)
    first, second, third = (candidate(piece, seed=seed) for seed in range(3))
    published = choosing.choose(first, by=mara)
    publishing.publish(piece, by=mara)
    forgotten = choosing.choose(second, by=mara)
    chosen = choosing.choose(third, by=mara)
    for path in public_files(tmp_path):
        left_alone(path)

    removed = cleanup.clean()

    assert {one.name for one in removed} == set(storage.names_in(str(forgotten["variants"])))
    left = {path.relative_to(tmp_path / "public").as_posix() for path in public_files(tmp_path)}
    assert left == set(storage.names_in(str(published["variants"]) + str(chosen["variants"])))
    assert Post.objects.get(piece=piece).cover == published


def test_an_approval_whose_files_wait_for_their_second_try_keeps_them_for_a_day(tmp_path: Path) -> None:
    image, mara = candidate(make.piece()), make.editor()
    facts = choosing.publish_files(image, by=mara)  # and then the machine went down

    assert cleanup.clean() == []
    for path in public_files(tmp_path):
        left_alone(path)
    choosing.choose(image, by=mara)
    Image.objects.filter(pk=image.pk).update(status=ImageStatus.CANDIDATE, facts={})  # as before it was settled
    image.piece.cover = {}
    image.piece.save(update_fields=["cover"])

    assert cleanup.clean() == []  # the second try made them young again
    assert len(public_files(tmp_path)) == len(facts["variants"])


# --- The command ---


def run(**options: bool) -> str:
    out = io.StringIO()
    call_command("cleanup", stdout=out, **options)
    return out.getvalue()


def test_a_dry_run_says_what_and_how_much_and_changes_nothing(tmp_path: Path) -> None:
    image = aged(candidate(make.piece()))
    lost = orphan(tmp_path)

    said = run(dry_run=True)

    assert f"{image.preview} " in said
    assert f"not chosen for 7 days, picture {image.pk}" in said
    assert "nothing refers to it" in said
    assert "Would remove 2 files" in said.splitlines()[-1]
    assert lost.exists()
    assert preview(tmp_path, image).exists()
    image.refresh_from_db()
    assert image.status == ImageStatus.CANDIDATE
    assert not AuditEntry.objects.filter(event="images.cleaned").exists()


def test_the_command_removes_and_lists_for_programs(tmp_path: Path) -> None:
    lost = orphan(tmp_path)

    said = json.loads(run(json=True))

    assert said == [
        {
            "where": "public",
            "name": "ab/" + "c" * 30 + "ab.webp",
            "size": 8,
            "why": "nothing refers to it",
            "image": None,
        }
    ]
    assert not lost.exists()
    assert run() == "Removed 0 files, 0 bytes.\n"


def test_a_storage_that_cannot_be_reached_is_said(tmp_path: Path, settings: object) -> None:
    public = {
        "BACKEND": "media_gen.storage.cloudinary.Cloud",
        "OPTIONS": {"account": "cloudinary://k:s@c?upload_prefix=http://127.0.0.1:9"},
    }
    settings.STORAGES = {**settings.STORAGES, "public": public}  # type: ignore[attr-defined]

    with pytest.raises(CommandError, match="The public storage cannot be reached") as error:
        run()

    assert error.value.returncode == 1


@pytest.mark.django_db(transaction=True)
def test_the_clock_sweeps_and_a_fault_of_the_storage_does_not_end_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SWEEP_AFTER_SECONDS", 0.01)
    monkeypatch.setattr(clock, "SWEEP_EVERY_SECONDS", 0.01)
    lost, clean, refused = orphan(tmp_path), cleanup.clean, threading.Event()

    def at_first_it_fails() -> list[cleanup.Removed]:
        if not refused.is_set():
            refused.set()
            raise ExternalError("The public storage is down.", retryable=True)
        return clean()

    monkeypatch.setattr(cleanup, "clean", at_first_it_fails)
    broom = clock.Broom()
    broom.start()
    try:
        assert wait_for(lambda: not lost.exists())
    finally:
        broom.stopped.set()
        broom.join()
