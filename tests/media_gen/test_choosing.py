"""A reviewer chooses one picture; that one becomes public, once, and whatever fails loses nothing."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make
import pytest
from django.db import connection, connections
from django.test import Client
from drawn import candidate, public_files
from PIL import Image as Picture

from content.errors import ExternalError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import AuditEntry, Piece, Status
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.services import choosing

pytestmark = pytest.mark.django_db


def test_the_chosen_picture_is_public_and_the_others_are_not_chosen(tmp_path: Path) -> None:
    piece, mara = make.piece(), make.editor()
    first, second = candidate(piece), candidate(piece, source="card", size=(1200, 630))

    facts = choosing.choose(second, by=mara, alt="A kettle in  words.")

    assert dict(Image.objects.values_list("pk", "status")) == {
        first.pk: ImageStatus.NOT_CHOSEN,
        second.pk: ImageStatus.CHOSEN,
    }
    assert (facts["alt"], facts["width"], facts["height"]) == ("A kettle in words.", 1200, 630)
    assert (facts["source"], len(facts["variants"])) == ("card", 9)
    assert len(public_files(tmp_path)) == 9
    second.refresh_from_db()
    assert (second.facts, second.chosen_by, second.error) == (facts, mara, "")
    assert second.chosen_at
    piece.refresh_from_db()
    assert piece.cover == facts


def test_every_public_size_is_what_it_says(client: Client) -> None:
    facts = choosing.choose(candidate(make.piece(), size=(600, 300)), by=make.editor())

    for variant in facts["variants"]:
        answer = client.get(variant["url"])
        picture = Picture.open(io.BytesIO(b"".join(answer.streaming_content)))
        assert (answer["Content-Type"], picture.size) == (variant["type"], (variant["width"], variant["height"]))
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert [part.split(" ")[1] for part in facts["srcset"].split(", ")] == ["480w", "600w"]


def test_choosing_again_changes_nothing(tmp_path: Path) -> None:
    image, mara = candidate(make.piece()), make.editor()

    first = choosing.choose(image, by=mara, instead_of=0)
    files = public_files(tmp_path)
    again = choosing.choose(Image.objects.get(pk=image.pk), by=mara, instead_of=0)
    by_another = choosing.choose(Image.objects.get(pk=image.pk), by=make.editor())

    assert first == again == by_another
    assert public_files(tmp_path) == files
    assert AuditEntry.objects.filter(event="image.chosen").count() == 1
    image.refresh_from_db()
    assert image.chosen_by == mara


def test_another_choice_replaces_the_first() -> None:
    piece, mara = make.piece(), make.editor()
    first, second = candidate(piece, seed=0), candidate(piece, seed=1)
    choosing.choose(first, by=mara)

    facts = choosing.choose(second, by=mara, instead_of=first.pk)

    first.refresh_from_db()
    piece.refresh_from_db()
    assert (first.status, piece.cover) == (ImageStatus.NOT_CHOSEN, facts)
    assert AuditEntry.objects.filter(event="image.chosen").latest("pk").data["instead_of"] == first.pk


def test_who_looked_at_an_older_page_is_told_who_was_first(tmp_path: Path) -> None:
    piece, ines = make.piece(), make.editor(name="Ines Roth")
    first, second = candidate(piece, seed=0), candidate(piece, seed=1)
    facts = choosing.choose(first, by=ines, instead_of=0)
    files = public_files(tmp_path)

    with pytest.raises(Stale, match="Ines Roth was first and chose another picture"):
        choosing.choose(second, by=make.editor(), instead_of=0)
    with pytest.raises(Stale, match="this picture with another text"):
        choosing.choose(first, by=make.editor(), alt="Quite another text.", instead_of=0)

    piece.refresh_from_db()
    assert piece.cover == facts
    assert public_files(tmp_path) == files


def test_a_better_text_needs_no_new_files(tmp_path: Path) -> None:
    image, mara = candidate(make.piece()), make.editor()
    choosing.choose(image, by=mara)
    files = [(path, path.stat().st_mtime_ns) for path in public_files(tmp_path)]

    facts = choosing.choose(image, by=mara, alt="A better text.", instead_of=image.pk)

    image.piece.refresh_from_db()
    assert image.piece.cover["alt"] == facts["alt"] == "A better text."
    assert [(path, path.stat().st_mtime_ns) for path in public_files(tmp_path)] == files


def test_a_creator_does_not_choose(tmp_path: Path) -> None:
    image = candidate(make.piece())

    with pytest.raises(NotAllowed):
        choosing.choose(image, by=image.piece.owner)

    assert public_files(tmp_path) == []


@pytest.mark.parametrize("alt", ["", "   ", "a" * 301])
def test_a_picture_needs_a_text_for_those_who_cannot_see_it(alt: str, tmp_path: Path) -> None:
    image = candidate(make.piece())
    Image.objects.filter(pk=image.pk).update(alt="")
    image.refresh_from_db()

    with pytest.raises(Invalid) as refusal:
        choosing.choose(image, by=make.editor(), alt=alt)

    assert "alt" in refusal.value.fields
    assert public_files(tmp_path) == []


def test_what_was_cleaned_up_cannot_be_chosen(tmp_path: Path) -> None:
    expired, gone = candidate(make.piece()), candidate(make.piece(), seed=1)
    Image.objects.filter(pk=expired.pk).update(status=ImageStatus.EXPIRED)
    (tmp_path / "previews" / gone.preview).unlink()

    for image in (expired, gone):
        with pytest.raises(InvalidMove, match="was cleaned up"):
            choosing.choose(image, by=make.editor())

    assert public_files(tmp_path) == []


def test_a_storage_that_fails_in_the_middle_changes_nothing_and_is_tried_again(tmp_path: Path) -> None:
    piece, mara = make.piece(), make.editor()
    image = candidate(piece)
    names = storage.names_in(
        str(choosing.choose(candidate(make.piece()), by=mara)["variants"])
    )  # they will be the same
    shutil.rmtree(tmp_path / "public")
    (tmp_path / "public").mkdir()
    (blocked := tmp_path / "public" / names[1][:2]).write_text("a file stands where the folder has to be")

    with pytest.raises(ExternalError) as failure:
        choosing.choose(image, by=mara)

    image.refresh_from_db()
    piece.refresh_from_db()
    assert image.status == ImageStatus.CANDIDATE
    assert image.error == failure.value.message
    assert "The public storage cannot be used" in image.error
    assert piece.cover == {}

    blocked.unlink()
    facts = choosing.choose(image, by=mara)

    image.refresh_from_db()
    piece.refresh_from_db()
    assert (image.status, image.error, piece.cover) == (ImageStatus.CHOSEN, "", facts)


def test_a_published_article_takes_the_new_picture_when_it_is_published_again() -> None:
    piece = make.piece(status=Status.PUBLISHED)

    assert not choosing.waits_to_replace(piece)
    choosing.choose(candidate(piece), by=make.editor())

    piece.refresh_from_db()
    assert choosing.waits_to_replace(piece)
    assert piece.post.cover == {}


# --- At once ---


def at_once(jobs: list[Callable[[], Any]]) -> list[Any]:
    """What each job returned or raised; they begin together, each on a connection of its own."""
    start, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(number: int) -> None:
        start.wait()
        try:
            results[number] = jobs[number]()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_twelve_windows_one_wins_and_eleven_are_told_who() -> None:
    piece = make.piece()
    pictures = [candidate(piece, seed=seed) for seed in range(3)]
    editors = [make.editor() for _ in range(12)]

    def window(number: int) -> Callable[[], Any]:
        image = Image.objects.get(pk=pictures[number % 3].pk)
        return lambda: choosing.choose(image, by=editors[number], alt=f"Window {number}.", instead_of=0)

    results = at_once([window(number) for number in range(12)])

    won = [result for result in results if isinstance(result, dict)]
    assert len(won) == 1
    assert all(isinstance(result, dict | Stale) for result in results)
    chosen = Image.objects.get(status=ImageStatus.CHOSEN)
    piece.refresh_from_db()
    assert piece.cover == chosen.facts == won[0]
    assert AuditEntry.objects.filter(event="image.chosen").count() == 1


@pytest.mark.django_db(transaction=True)
def test_twelve_clicks_on_the_same_button_choose_once(tmp_path: Path) -> None:
    image, mara = candidate(make.piece()), make.editor()
    copies = [Image.objects.get(pk=image.pk) for _ in range(12)]

    results = at_once([lambda one=one: choosing.choose(one, by=mara, instead_of=0) for one in copies])

    assert all(result == results[0] for result in results)
    assert len(public_files(tmp_path)) == len(results[0]["variants"]) == 3
    assert AuditEntry.objects.filter(event="image.chosen").count() == 1


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_while_files_are_made_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    image = candidate(make.piece())
    keep, free = storage.keep, []

    def watched(where: str, content: bytes, suffix: str) -> str:
        with connection.cursor() as cursor:  # of this thread
            cursor.execute(f"SELECT 1 FROM {Piece._meta.db_table} WHERE id = %s FOR UPDATE NOWAIT", [image.piece_id])
            free.append(cursor.fetchone())
        connection.close()
        return keep(where, content, suffix)

    monkeypatch.setattr(storage, "keep", watched)
    choosing.choose(image, by=make.editor())

    assert len(free) == 3
