"""Pictures by HTTP: look at them, bring one, ask for more, approve one."""

from __future__ import annotations

import io
from typing import Any

import make
import pytest
from caller import api
from django.core.files.uploadedfile import SimpleUploadedFile
from drawn import candidate, picture
from painter import install

from content.models import Piece
from media_gen.models import Image, ImageStatus
from pipeline.models import Task

pytestmark = pytest.mark.django_db
IMAGES, VARIATIONS = "/api/v1/media/images/", "/api/v1/media/variations/"


def png(name: str = "kettle.png") -> SimpleUploadedFile:
    kept = io.BytesIO()
    picture(240, 220).save(kept, "png")
    return SimpleUploadedFile(name, kept.getvalue(), "image/png")


def upload(user: Any, to: Piece, **sent: Any) -> Any:
    return api(user).post(IMAGES, {"piece": to.pk, "file": png(), **sent}, format="multipart")


def test_the_list_has_what_one_may_see_the_newest_first_and_by_piece_status_and_source() -> None:
    piece = make.piece()
    old, new = candidate(piece, seed=1), candidate(piece, seed=2, source="card")
    candidate(make.piece())

    seen = api(piece.owner).get(IMAGES).data

    assert ([image["id"] for image in seen["results"]], seen["count"], seen["next"]) == ([new.pk, old.pk], 2, None)
    assert api(make.editor()).get(IMAGES).data["count"] == 3
    assert api(make.editor()).get(IMAGES, {"piece": piece.pk}).data["count"] == 2
    assert api(piece.owner).get(IMAGES, {"source": "card"}).data["results"][0]["id"] == new.pk
    assert api(piece.owner).get(IMAGES, {"status": "chosen"}).data["count"] == 0
    assert api(piece.owner).get(IMAGES, {"status": "lost"}).status_code == 400


def test_one_picture_says_how_it_was_made_and_where_its_preview_is() -> None:
    image = candidate(make.piece())

    told = api(image.piece.owner).get(f"{IMAGES}{image.pk}/").data

    assert (told["piece"], told["status"], told["made"], told["public"]) == (
        image.piece_id,
        "candidate",
        {"seed": 0},
        None,
    )
    assert told["preview_url"].endswith(f"{IMAGES}{image.pk}/preview/")
    Image.objects.filter(pk=image.pk).update(status=ImageStatus.EXPIRED)
    assert api(image.piece.owner).get(f"{IMAGES}{image.pk}/").data["preview_url"] is None


def test_a_picture_is_brought_and_private() -> None:
    piece = make.piece()

    answer = upload(piece.owner, piece, alt="A kettle.")

    image = piece.images.get()
    assert answer.status_code == 201
    assert (answer.data["id"], answer.data["source"], answer.data["alt"]) == (image.pk, "upload", "A kettle.")
    assert answer.data["by"]["id"] == piece.owner.pk
    assert upload(piece.owner, piece).data["id"] == image.pk  # the same file again


@pytest.mark.parametrize("sent", [{"file": SimpleUploadedFile("x.png", b"not a picture")}, {"file": ""}, {"piece": 0}])
def test_what_is_no_picture_of_a_piece_is_refused(sent: dict[str, Any]) -> None:
    piece = make.piece()

    answer = upload(piece.owner, piece, **sent)

    assert (answer.status_code, answer.data["code"]) == (400, "invalid")
    assert not Image.objects.exists()


def test_nobody_brings_a_picture_to_anothers_piece() -> None:
    answer = upload(make.creator(), make.piece())

    assert (answer.status_code, list(answer.data["fields"])) == (400, ["piece"])


def test_an_upload_takes_a_form_and_nothing_else() -> None:
    piece = make.piece()

    assert api(piece.owner).post(IMAGES, {"piece": piece.pk, "file": "x"}, format="json").status_code == 415


def test_an_editor_approves_and_gets_the_public_facts() -> None:
    image = candidate(make.piece())
    address = f"{IMAGES}{image.pk}/approve/"

    answer = api(make.editor()).post(address, {"alt": "A kettle, cut open.", "instead_of": 0})

    assert (answer.status_code, answer.data["status"], answer.data["alt"]) == (200, "chosen", "A kettle, cut open.")
    assert answer.data["public"]["url"].startswith("/media/")
    image.piece.refresh_from_db()
    assert image.piece.cover == answer.data["public"]
    assert api(image.piece.owner).post(address, {"alt": "Mine."}).status_code == 403


def test_a_second_choice_is_told_who_was_first() -> None:
    piece = make.piece()
    first, second = candidate(piece, seed=1), candidate(piece, seed=2)
    api(make.editor(name="Mara")).post(f"{IMAGES}{first.pk}/approve/", {"instead_of": 0})

    late = api(make.editor()).post(f"{IMAGES}{second.pk}/approve/", {"instead_of": 0})

    assert (late.status_code, late.data["code"]) == (409, "stale")
    assert "Mara was first" in late.data["detail"]


def test_an_approval_without_a_text_is_refused_beside_its_field() -> None:
    image = candidate(make.piece())
    Image.objects.filter(pk=image.pk).update(alt="")

    answer = api(make.editor()).post(f"{IMAGES}{image.pk}/approve/", {})

    assert (answer.status_code, list(answer.data["fields"])) == (400, ["alt"])


def test_variations_are_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    piece = make.piece()

    answer = api(piece.owner).post(VARIATIONS, {"piece": piece.pk, "source": "painter", "count": 2, "seed": 5})

    assert (answer.status_code, answer.data["task_type"], answer.data["status"]) == (201, "image_generation", "queued")
    assert answer.data["content"] == [{"id": piece.pk, "platform": "blog"}]
    assert Task.objects.get().stages.get().kept["asked"]["count"] == 2


def test_variations_of_a_picture_are_more_like_it(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    image = candidate(make.piece(), source="painter", seed=3)
    image.made = {"seed": 3, "prompt": "a red kettle"}
    image.save()

    api(image.piece.owner).post(VARIATIONS, {"image": image.pk})

    asked = Task.objects.get().stages.get().kept["asked"]
    assert (asked["source"], asked["prompt"], asked["seed"], asked["count"]) == ("painter", "a red kettle", 4, 4)


@pytest.mark.parametrize(
    ("sent", "field"),
    [({}, "image"), ({"image": 10**9}, "image"), ({"piece": 10**9}, "piece"), ({"count": 9}, "count")],
)
def test_variations_that_cannot_be_made_are_refused_beside_the_field(sent: dict[str, Any], field: str) -> None:
    piece = make.piece()
    answer = api(piece.owner).post(VARIATIONS, sent if field != "count" else {"piece": piece.pk, **sent})

    assert (answer.status_code, list(answer.data["fields"])) == (400, [field])


def test_nobody_asks_for_variations_of_anothers_picture() -> None:
    image = candidate(make.piece())

    answer = api(make.creator()).post(VARIATIONS, {"image": image.pk})

    assert (answer.status_code, list(answer.data["fields"])) == (400, ["image"])


def test_the_same_by_the_one_address_of_all_tasks() -> None:
    piece = make.piece()

    answer = api(piece.owner).post("/api/v1/tasks/", {"task_type": "image_generation", "piece": piece.pk, "count": 1})

    assert (answer.status_code, answer.data["model"]) == (201, "card")
