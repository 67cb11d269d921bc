"""Publishing with a picture: what goes out together, and that a refusal leaves nothing public behind."""

from __future__ import annotations

from pathlib import Path

import make
import pytest

from content.errors import Invalid, InvalidMove, NotAllowed
from content.models import Piece, Post, Status
from content.services import editing, review
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing
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

    post = publishing.publish(piece, by=make.editor())

    newest.refresh_from_db()
    assert newest.status == ImageStatus.CHOSEN
    assert post.cover["alt"] == f"“{piece.title}” in large type."
    assert post.cover["url"].startswith("/media/")
    assert piece.cover == post.cover


def test_the_chosen_picture_goes_out_before_a_newer_one() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    facts = choosing.choose(card(piece, seed=0), by=mara, alt="The one I want.")
    card(piece, seed=1)

    post = publishing.publish(piece, by=mara)

    assert post.cover == facts


def test_a_person_can_name_the_picture_or_go_without() -> None:
    first, second = make.piece(status=Status.READY), make.piece(status=Status.READY)
    wanted = card(first, seed=0)
    card(first, seed=1)
    card(second)

    with_picture = publishing.publish(first, by=make.editor(), picture=wanted.pk)
    without = publishing.publish(second, by=make.editor(), picture=None)

    wanted.refresh_from_db()
    assert wanted.status == ImageStatus.CHOSEN
    assert with_picture.cover["source"] == "card"
    assert without.cover == {}


def test_a_piece_that_has_no_picture_is_published_without() -> None:
    assert publishing.publish(make.piece(status=Status.READY), by=make.editor()).cover == {}


def test_a_card_with_an_older_title_is_drawn_again() -> None:
    piece = make.piece(status=Status.READY, title="A kettle that lasts")
    old = card(piece, title="Working title", seed=4)

    post = publishing.publish(piece, by=make.editor())

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

    post = publishing.publish(piece, by=mara)

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


def test_an_unpublished_post_is_gone_and_its_text_stays_ready() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    publishing.publish(piece, by=mara)

    post = publishing.unpublish(piece, by=mara)

    assert post.withdrawn_at
    assert not Post.objects.live().exists()
    assert piece.status == Status.READY


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
