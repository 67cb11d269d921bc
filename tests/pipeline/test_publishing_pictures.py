"""Publishing with a picture: what goes out together, and that a refusal leaves nothing public behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import make
import pytest
from django.db import connections
from django.test import Client
from drawn import candidate

from content.errors import ExternalError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import AuditEntry, Piece, Post, Status
from content.services import editing, review
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing, derivatives
from pipeline import runner
from pipeline.models import Stage, StageStatus, Task
from pipeline.services import publishing
from pipeline.stages.base import Lease

pytestmark = pytest.mark.django_db


def card(piece: Piece, *, title: str = "", seed: int = 0) -> Image:
    return candidates.draw_card(piece, title or piece.title, seed=seed, key=f"test-{seed}")


def public_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "public").rglob("*") if path.is_file()]


# --- Publishing ---


def test_the_newest_card_goes_out_when_nobody_chose() -> None:
    piece = make.piece(status=Status.READY)
    card(piece, seed=0)
    newest = card(piece, seed=1)

    post = publishing.publish(piece, by=make.editor()).post

    newest.refresh_from_db()
    assert newest.status == ImageStatus.CHOSEN
    assert post.cover["alt"] == f"“{piece.title}” in large type."
    assert post.cover["url"].startswith("/media/")
    assert piece.cover == post.cover


def test_the_chosen_picture_goes_out_before_a_newer_one() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    facts = choosing.choose(card(piece, seed=0), by=mara, alt="The one I want.")
    card(piece, seed=1)

    post = publishing.publish(piece, by=mara).post

    assert post.cover == facts


def test_a_person_can_name_the_picture_or_go_without() -> None:
    first, second = make.piece(status=Status.READY), make.piece(status=Status.READY)
    wanted = card(first, seed=0)
    card(first, seed=1)
    card(second)

    with_picture = publishing.publish(first, by=make.editor(), picture=wanted.pk).post
    without = publishing.publish(second, by=make.editor(), picture=None).post

    wanted.refresh_from_db()
    assert wanted.status == ImageStatus.CHOSEN
    assert with_picture.cover["source"] == "card"
    assert without.cover == {}


def test_a_piece_that_has_no_picture_is_published_without() -> None:
    assert publishing.publish(make.piece(status=Status.READY), by=make.editor()).post.cover == {}


def test_a_card_with_an_older_title_is_drawn_again() -> None:
    piece = make.piece(status=Status.READY, title="A kettle that lasts")
    old = card(piece, title="Working title", seed=4)

    post = publishing.publish(piece, by=make.editor()).post

    chosen = Image.objects.get(status=ImageStatus.CHOSEN)
    assert chosen != old
    assert (chosen.made["title"], chosen.made["seed"]) == ("A kettle that lasts", 4)
    assert post.cover["alt"] == "“A kettle that lasts” in large type."


def test_after_an_edit_of_the_title_the_next_publication_has_the_new_one() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    card(piece)
    publishing.publish(piece, by=mara)
    edited = editing.save_edit(
        piece, by=mara, based_on=piece.current.hash, title="A better title", body=piece.current.body
    )
    still_public = Post.objects.get(piece=piece).cover["alt"]
    review.approve(edited, by=mara)
    piece.refresh_from_db()

    post = publishing.publish(piece, by=mara).post

    assert "A better title" not in still_public
    assert post.cover["alt"] == "“A better title” in large type."
    assert Image.objects.filter(piece=piece, status=ImageStatus.CHOSEN).count() == 1


@pytest.mark.parametrize("status", [Status.GENERATED, Status.EDITED, Status.REVIEWED, Status.REJECTED])
def test_a_refused_publish_leaves_nothing_public_behind(status: str, tmp_path: Path) -> None:
    piece = make.piece(status=status)
    image = card(piece)

    with pytest.raises(InvalidMove):
        publishing.publish(piece, by=make.editor())

    image.refresh_from_db()
    assert image.status == ImageStatus.CANDIDATE
    assert public_files(tmp_path) == []


def test_a_creator_who_publishes_leaves_nothing_public_behind(tmp_path: Path) -> None:
    piece = make.piece(status=Status.READY)
    card(piece)

    with pytest.raises(NotAllowed):
        publishing.publish(piece, by=piece.owner)

    assert public_files(tmp_path) == []
    assert not Post.objects.exists()


def test_the_picture_of_another_piece_is_refused(tmp_path: Path) -> None:
    piece, foreign = make.piece(status=Status.READY), card(make.piece())

    with pytest.raises(Invalid):
        publishing.publish(piece, by=make.editor(), picture=foreign.pk)

    piece.refresh_from_db()
    assert piece.status == Status.READY
    assert public_files(tmp_path) == []


def test_a_published_article_gets_another_picture_when_somebody_publishes_again(tmp_path: Path) -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    first, second = candidate(piece, seed=0), candidate(piece, seed=1)
    choosing.choose(first, by=mara)
    before = publishing.publish(piece, by=mara).post
    choosing.choose(second, by=mara)
    still_public = Post.objects.get(piece=piece).cover

    after = publishing.publish(piece, by=mara).post

    assert still_public == before.cover
    assert after.pk == before.pk
    assert after.cover == Image.objects.get(pk=second.pk).facts
    assert (after.version_hash, after.published_at) == (before.version_hash, before.published_at)
    assert AuditEntry.objects.filter(event="post.picture_replaced", actor=mara).count() == 1
    with pytest.raises(InvalidMove, match="is already public"):
        publishing.publish(piece, by=mara)


def test_only_a_reviewer_publishes_another_picture() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    publishing.publish(piece, by=mara, picture=None)
    choosing.choose(candidate(piece), by=mara)

    with pytest.raises(NotAllowed):
        publishing.publish(piece, by=piece.owner)
    with pytest.raises(NotAllowed):
        publishing.publish(piece, by=piece.owner, picture=None)

    assert Post.objects.get(piece=piece).cover == {}


def test_a_public_article_can_go_without_its_new_picture() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    choosing.choose(candidate(piece, seed=0), by=mara)
    publishing.publish(piece, by=mara)
    choosing.choose(candidate(piece, seed=1), by=mara)

    post = publishing.publish(piece, by=mara, picture=None).post

    assert post.cover == piece.cover == {}
    assert not choosing.waits_to_replace(piece)


def test_a_storage_that_fails_publishes_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    image = candidate(piece)
    (tmp_path / "public").write_text("a file stands where the folder has to be")

    with pytest.raises(ExternalError):
        publishing.publish(piece, by=mara, picture=image.pk)

    image.refresh_from_db()
    piece.refresh_from_db()
    assert "The public storage cannot be used" in image.error
    assert (piece.status, piece.cover, Post.objects.count()) == (Status.READY, {}, 0)

    (tmp_path / "public").unlink()
    assert publishing.publish(piece, by=mara, picture=image.pk).post.cover["source"] == "upload"


def test_a_card_that_was_cleaned_up_is_drawn_again_for_the_publication() -> None:
    piece = make.piece(status=Status.READY)
    expired = card(piece, seed=3)
    Image.objects.filter(pk=expired.pk).update(status=ImageStatus.EXPIRED)

    post = publishing.publish(piece, by=make.editor()).post

    chosen = Image.objects.get(status=ImageStatus.CHOSEN)
    assert chosen != expired
    assert (chosen.made["seed"], post.cover["source"]) == (3, "card")


@pytest.mark.django_db(transaction=True)
def test_an_edit_or_another_choice_while_the_files_are_made_is_told_and_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    piece, mara = make.piece(status=Status.READY), make.editor(name="Mara Voss")
    first, second = candidate(piece, seed=0), candidate(piece, seed=1)
    derive = derivatives.derive

    def meanwhile(act: Callable[[], object]) -> None:
        def derived(*args: Any) -> Any:
            monkeypatch.setattr(derivatives, "derive", derive)
            thread = threading.Thread(target=lambda: (act(), connections.close_all()))
            thread.start()
            thread.join()  # neither waits for the other
            return derive(*args)

        monkeypatch.setattr(derivatives, "derive", derived)

    meanwhile(lambda: choosing.choose(Image.objects.get(pk=second.pk), by=mara))
    with pytest.raises(Stale, match="Mara Voss was first"):
        publishing.publish(piece, by=mara, picture=first.pk)

    newest = piece.current
    meanwhile(
        lambda: editing.save_edit(
            piece, by=mara, based_on=newest.hash, title=newest.title, body=newest.body + "\nMore."
        )
    )
    with pytest.raises(InvalidMove, match="is not approved"):
        publishing.publish(Piece.objects.get(pk=piece.pk), by=mara, picture=first.pk)

    assert not Post.objects.exists()


def test_an_unpublished_post_is_gone_and_its_text_stays_ready() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    publishing.publish(piece, by=mara)

    post = publishing.unpublish(piece, by=mara).post

    assert post.withdrawn_at
    assert not Post.objects.live().exists()
    assert piece.status == Status.READY


def test_a_browser_is_offered_every_size_as_avif_and_webp_and_others_get_the_jpeg(client: Client) -> None:
    piece, mara = make.piece(status=Status.READY, category="Repair"), make.editor()
    image = candidate(piece, size=(1000, 500))
    Image.objects.filter(pk=image.pk).update(credit="Photo by <Ana>", credit_url="https://www.pexels.com/photo/1/")
    facts = choosing.choose(Image.objects.get(pk=image.pk), by=mara, alt="A “kettle” & more")
    post = publishing.publish(piece, by=mara).post

    article = client.get(post.get_absolute_url()).content.decode()
    front = client.get("/").content.decode()

    for page in (article, front):
        assert page.count("<picture>") == 1
        for kind in ("avif", "webp"):
            offered = derivatives.by_type(facts["variants"], f"image/{kind}")
            assert f'<source type="image/{kind}" srcset="{offered}" sizes=' in page
        assert f'src="{facts["url"]}" width="1000" height="500"' in page
        assert f'class="{"thumb " if page == front else ""}blur" src="{facts["hint"]}"' in page
    assert 'alt="A “kettle” &amp; more"' in article
    assert '<a href="https://www.pexels.com/photo/1/">Photo by &lt;Ana&gt;</a>' in article
    assert 'og:image:width" content="1000"' in article


# --- The stage ---


def claim_illustrate(task: Task) -> Stage:
    """Bring a task to its illustrate stage, and claim that."""
    task.stages.filter(position__lt=task.stages.get(name="illustrate").position).update(status=StageStatus.DONE)
    task.stages.filter(status=StageStatus.QUEUED).update(status=StageStatus.WAITING)
    task.stages.filter(name="illustrate").enqueue()
    stage = Stage.objects.claim(["io"])
    assert stage
    return stage


def illustrate(task: Task) -> Stage:
    stage = claim_illustrate(task)
    runner.execute(stage, Lease(stage))
    stage.refresh_from_db()
    return stage


def test_illustrate_draws_a_card_and_tells() -> None:
    task = make.task(topic="A kettle that lasts", image_source="card")

    stage = illustrate(task)

    image = Image.objects.get()
    assert stage.output == {"says": "Typographic card", "image_id": image.pk}
    found = task.events.get(type="image_found").data
    assert found == {
        "image_url": image.get_preview_url(),
        "photographer": "",
        "source": "card",
        "image_id": image.pk,
        "alt": image.alt,
    }
    assert image.made["title"] == "A kettle that lasts"


def test_illustrate_that_runs_twice_draws_and_tells_once() -> None:
    task = make.task(image_source="card")

    illustrate(task)
    illustrate(task)

    assert Image.objects.count() == 1
    assert task.events.filter(type="image_found").count() == 1


def test_a_task_that_asked_for_no_picture_gets_none() -> None:
    task = make.task(image_source="none")

    stage = illustrate(task)

    assert stage.output == {"says": "No picture asked for"}
    assert not Image.objects.exists()


def test_a_stage_that_was_cancelled_stores_no_picture() -> None:
    task = make.task(image_source="card")
    stage = claim_illustrate(task)
    task.stages.filter(name="illustrate").update(status=StageStatus.CANCELLED, run_token=None)

    runner.execute(stage, Lease(stage))

    assert not Image.objects.exists()
    assert not task.events.filter(type="image_found").exists()
