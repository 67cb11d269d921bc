"""The images page: what it shows, and what can be done on it without a script."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import make
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from drawn import candidate, picture
from painter import Painter, install

from content.errors import ExternalError
from content.models import Piece, Status, User
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing
from media_gen.sources.base import Made
from pipeline import events
from pipeline.models import Task, TaskStatus
from pipeline.services import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    return install(monkeypatch)


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def page(user: User, piece: Piece, **query: Any) -> str:
    return words(client(user).get(reverse("piece-pictures", args=[piece.pk]), query).content)


def words(html: bytes) -> str:
    return re.sub(r"\s+", " ", html.decode())


def approve(user: User, image: Image, alt: str = "A kettle.", **sent: Any) -> Any:
    url = reverse("image-choose", args=[image.piece_id])
    return client(user).post(url, {"image": image.pk, "alt": alt, "alt_of": image.pk, **sent})


def asked(piece: Piece, **params: Any) -> Task:
    return tasks.create("image_generation", {"piece": piece.pk, **params}, owner=piece.owner)


def files(name: str = "kettle.png", content: bytes = b"") -> dict[str, Any]:
    if not content:
        kept = io.BytesIO()
        picture(240, 220).save(kept, "png")
        content = kept.getvalue()
    return {"file": SimpleUploadedFile(name, content)}


# --- What it shows ---


def test_each_candidate_says_where_it_comes_from(painter: Painter) -> None:
    piece = make.piece()
    made = candidate(piece, source="painter")
    made.made = {"seed": 418204, "steps": 30}
    made.seconds, made.alt = 21.5, "A brick terrace"
    made.save()
    found = candidate(piece, source="pexels")
    found.credit, found.credit_url = "Photo by Oana Craciun on Pexels", "https://www.pexels.com/photo/7/"
    found.made = {"licence": "https://www.pexels.com/license/"}
    found.save()

    html = page(make.editor(), piece)

    assert "<span>Painter, seed 418 204</span><span>21.5 s, 30 steps</span>" in html
    assert '<a href="https://www.pexels.com/photo/7/" rel="noreferrer">Photo by Oana Craciun on Pexels</a>' in html
    assert '<a href="https://www.pexels.com/license/" rel="noreferrer">free licence</a>' in html
    assert "Two candidates. Nobody outside the desk can see them until you approve one." in html


def test_what_was_not_chosen_is_quiet_and_what_was_cleaned_up_is_gone() -> None:
    piece, mara = make.piece(), make.editor()
    chosen, passed, gone = (candidate(piece, seed=seed) for seed in range(3))
    choosing.choose(chosen, by=mara)
    Image.objects.filter(pk=gone.pk).update(status=ImageStatus.EXPIRED)

    html = page(mara, piece)

    assert "Chosen</span>" in html
    assert f'id="pick-{passed.pk}" data-quiet' in html
    assert f'id="pick-{gone.pk}"' not in html
    assert "One more was cleaned up, since nobody chose it." in html


def test_what_is_in_the_making_has_its_places_from_the_beginning(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter", count=4, seed=418204)
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.RUNNING, doing="Picture 1 of 4, step 17 of 30", percent=14)
    events.emit(task, "progress", message="Picture 1 of 4, step 17 of 30", percent=14, seconds_left=74)

    html = page(piece.owner, piece)

    assert '<progress value="14" max="100"' in html
    assert "Picture 1 of 4, step 17 of 30" in html
    assert "1 min 14 s left" in html
    assert "Painter, seed 418 204" in html
    assert re.findall(r'id="coming-\d+-(\d)"', html) == ["2", "3", "4"]
    assert f'action="{reverse("task-cancel", args=[task.pk])}"' in html


def test_stop_comes_back_to_the_page(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter")

    answer = client(piece.owner).post(reverse("task-cancel", args=[task.pk]), {"back": "pictures"})

    assert answer["Location"] == reverse("piece-pictures", args=[piece.pk])
    task.refresh_from_db()
    assert task.status == TaskStatus.CANCELLED


def test_what_failed_says_why_and_can_be_tried_again(painter: Painter) -> None:
    piece = make.piece()
    task = asked(piece, source="painter")
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.FAILED, error="The device has no memory left.")

    html = page(piece.owner, piece)

    assert "The device has no memory left." in html
    assert f'action="{reverse("task-retry", args=[task.pk])}"' in html
    asked(piece)
    assert "no memory left" not in page(piece.owner, piece)  # a newer one is under way


def test_a_creator_sees_their_pictures_but_an_editor_chooses() -> None:
    image = candidate(make.piece())

    html = page(image.piece.owner, image.piece)

    assert "Approve this picture" not in html
    assert "An editor chooses which one goes out." in html
    assert image.get_preview_url() in html
    assert approve(image.piece.owner, image).status_code == 403


def test_a_piece_without_pictures_says_so() -> None:
    piece = make.piece()

    html = page(make.editor(), piece)

    assert "There is no picture yet." in html
    assert "Approve this picture" not in html


def test_for_the_pieces_own_page_it_is_a_small_one() -> None:
    image = candidate(make.piece())
    url = reverse("piece-pictures", args=[image.piece_id])

    html = client(make.editor()).get(url, headers={"HX-Request": "true"}).content

    assert html.strip().startswith(b'<div id="candidates"')
    assert b"Approve this picture" in html


@pytest.mark.parametrize(
    "name", ["piece-pictures", "piece-pictures-live", "piece-pictures-more", "piece-pictures-upload", "image-choose"]
)
def test_what_is_anothers_is_not_found(name: str) -> None:
    url, stranger = reverse(name, args=[make.piece().pk]), client(make.creator())

    assert stranger.get(url).status_code == 404
    assert stranger.post(url, {"count": 1}).status_code in {404, 405}
    assert Client().get(url).status_code == 302


# --- Approving ---


def test_an_editor_approves_and_comes_back_to_the_page() -> None:
    image = candidate(make.piece())

    answer = approve(make.editor(), image, "A kettle, cut open.")

    assert answer["Location"] == reverse("piece-pictures", args=[image.piece_id])
    image.refresh_from_db()
    assert (image.status, image.alt) == (ImageStatus.CHOSEN, "A kettle, cut open.")


def test_without_a_script_the_text_of_another_picture_is_not_taken() -> None:
    piece = make.piece()
    shown, image = candidate(piece, seed=1), candidate(piece, seed=2)

    approve(make.editor(), image, shown.alt, alt_of=shown.pk)

    image.refresh_from_db()
    assert image.alt == "Picture number 2."


@pytest.mark.parametrize(
    ("alt", "says"), [("a" * 301, "At most 300 characters, this has 301."), ("", "Say what is in the picture")]
)
def test_a_refused_text_says_why_beside_the_field(alt: str, says: str) -> None:
    image = candidate(make.piece())
    Image.objects.filter(pk=image.pk).update(alt="")

    answer = approve(make.editor(), image, alt)

    assert answer.status_code == 400
    assert says in words(answer.content)
    assert 'aria-invalid="true"' in words(answer.content)


def test_a_picture_of_another_piece_cannot_be_approved() -> None:
    piece, image = make.piece(), candidate(make.piece())

    answer = client(make.editor()).post(reverse("image-choose", args=[piece.pk]), {"image": image.pk, "alt": "x"})

    assert answer.status_code == 400
    assert "Pick one of the pictures first." in words(answer.content)
    image.refresh_from_db()
    assert image.status == ImageStatus.CANDIDATE


def test_in_two_windows_the_second_is_told_who_was_first() -> None:
    piece, mara = make.piece(), make.editor(name="Mara Lindqvist")
    first, second = candidate(piece, seed=1), candidate(piece, seed=2)
    approve(mara, first, instead_of=0)

    answer = approve(make.editor(), second, "Typed with care.", instead_of=0)

    assert answer.status_code == 409
    assert "Mara Lindqvist was first" in words(answer.content)
    assert "Typed with care." in words(answer.content)


def test_one_that_did_not_go_public_says_so_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    image, mara = candidate(make.piece()), make.editor()

    def away(*args: Any, **kwargs: Any) -> Any:
        raise ExternalError("The public storage does not answer.", retryable=True)

    with monkeypatch.context() as down:
        down.setattr("media_gen.services.choosing._published", away)
        answer = approve(mara, image)
    assert answer.status_code == 502
    html = page(mara, image.piece)
    assert "It did not go public. The public storage does not answer." in html

    approve(mara, image, "", again=image.pk)

    image.refresh_from_db()
    assert (image.status, image.error) == (ImageStatus.CHOSEN, "")


def test_an_article_that_shows_an_earlier_picture_offers_to_publish_again() -> None:
    piece, mara = make.piece(status=Status.PUBLISHED), make.editor()
    choosing.choose(candidate(piece), by=mara)
    piece.refresh_from_db()

    html = page(mara, piece)

    assert "The public article still shows the earlier picture." in html
    assert f'action="{reverse("piece-publish", args=[piece.pk])}"' in html


# --- More ---


def more(piece: Piece, **sent: Any) -> Any:
    return client(piece.owner).post(reverse("piece-pictures-more", args=[piece.pk]), {"count": "4", **sent})


def test_more_are_asked_for_once_however_often_one_clicks(painter: Painter) -> None:
    piece = make.piece()
    sent = {"source": "painter", "prompt": "a red kettle", "negative": "text", "count": "3", "seed": "7"}

    first = more(piece, **sent)
    more(piece, **sent)

    task = Task.objects.get()
    assert first["Location"] == f"{reverse('piece-pictures', args=[piece.pk])}#making-{task.pk}"
    assert task.stages.get().kept["asked"] == {
        "source": "painter", "prompt": "a red kettle", "negative": "text", "count": 3, "seed": 7,
    }  # fmt: skip


def test_more_like_the_one_in_hand(painter: Painter) -> None:
    piece = make.piece()
    image = candidate(piece, source="painter")
    image.made = {"seed": 9, "prompt": "a blue kettle", "negative": ""}
    image.save()

    more(piece, image=image.pk, like_picked="1", alt="ignored")

    wanted = Task.objects.get().stages.get().kept["asked"]
    assert (wanted["source"], wanted["prompt"], wanted["seed"]) == ("painter", "a blue kettle", 10)


def test_the_form_proposes_what_the_picture_in_hand_was_made_of(painter: Painter) -> None:
    piece = make.piece()
    image = candidate(piece, source="painter")
    image.made = {"seed": 9, "prompt": "a blue kettle", "negative": "people"}
    image.save()

    html = page(piece.owner, piece)

    assert ">a blue kettle</textarea>" in html
    assert 'value="people"' in html
    assert 'value="painter" checked' in html


@pytest.mark.parametrize(
    ("sent", "name", "says"),
    [
        ({"count": "9"}, "count", "At most 8."),
        ({"seed": "a lot"}, "seed", "A whole number, please."),
        ({"source": "sdxl"}, "source", "SDXL is off here."),
        ({"source": "engraving"}, "source", "Choose one of"),
        ({"prompt": "x" * 1001}, "prompt", "At most 1000 characters."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(sent: dict[str, str], name: str, says: str) -> None:
    answer = more(make.piece(), **sent)

    assert answer.status_code == 400
    error = re.search(rf'<p class="error" id="{name}-error">.*?</p>', words(answer.content))
    assert error
    assert says in error[0]
    assert not Task.objects.exists()


def test_a_source_that_is_off_says_how_to_switch_it_on() -> None:
    piece = make.piece()

    html = page(piece.owner, piece)

    assert 'value="sdxl" disabled' in html
    assert "COPYDESK_SDXL" in html


def test_the_script_gets_the_parts_that_changed(painter: Painter) -> None:
    piece = make.piece()
    owner, url = client(piece.owner), reverse("piece-pictures-more", args=[piece.pk])

    answer = owner.post(url, {"source": "painter", "count": "2"}, headers={"HX-Request": "true"})

    html = words(answer.content)
    assert all(f'id="{part}"' in html for part in ("contact-deck", "contact", "choosing", "more"))
    assert "<html" not in html
    assert f'id="making-{Task.objects.get().pk}"' in html


def test_pictures_are_asked_for_when_there_is_a_text() -> None:
    piece = make.piece(status=Status.WRITING)

    assert more(piece).status_code == 409
    assert 'id="more"' not in page(piece.owner, piece)


# --- One's own ---


def test_a_picture_is_uploaded_and_picked() -> None:
    piece = make.piece()

    answer = client(piece.owner).post(reverse("piece-pictures-upload", args=[piece.pk]), files())

    image = piece.images.get()
    assert answer["Location"] == f"{reverse('piece-pictures', args=[piece.pk])}?image={image.pk}"
    assert (image.source, image.by) == ("upload", piece.owner)
    assert f"<span>Uploaded by {piece.owner}</span><span>kettle.png</span>" in page(piece.owner, piece)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Choose a file first."),
        (files("kettle.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"), ""),
        (files("kettle.png", b"not a picture"), ""),
        ({"address": "http://127.0.0.1/kettle.png"}, ""),
    ],
)
def test_what_is_no_picture_is_refused_beside_the_field(sent: dict[str, Any], says: str, tmp_path: Path) -> None:
    piece = make.piece()

    answer = client(piece.owner).post(reverse("piece-pictures-upload", args=[piece.pk]), sent)

    assert answer.status_code in {400, 502}
    error = re.search(r'id="file-error" role="alert">.*?<span>(.+?)</span>', words(answer.content))
    assert error
    assert says in error[1]
    assert not Image.objects.exists()


# --- The list ---


def test_the_list_has_the_pieces_to_decide_on_the_newest_pictures_first() -> None:
    mara, older, newer, settled = make.editor(), make.piece(), make.piece(), make.piece()
    for piece in (settled, older, newer):
        image = candidate(piece)
    choosing.choose(settled.images.get(), by=mara)

    html = words(client(mara).get(reverse("images")).content)

    assert image.piece == newer
    assert re.findall(r'class="thumbs" href="/desk/pieces/(\d+)/', html) == [str(newer.pk), str(older.pk)]
    assert "Two pieces have pictures to decide on" in html
    assert "No picture waits for you" in words(client(make.creator()).get(reverse("images")).content)


def test_the_list_is_paged_and_costs_the_same_however_long_it_is(django_assert_max_num_queries: Any) -> None:
    owner, nothing = make.creator(), Made(b"", 64, 40, 0.0)
    for _ in range(22):
        candidates.keep(make.piece(owner=owner), nothing, source="upload", key="one")
    signed_in = client(owner)

    with django_assert_max_num_queries(9):
        html = words(signed_in.get(reverse("images")).content)
    assert html.count('class="thumbs"') == 20
    assert words(signed_in.get(reverse("images"), {"page": 2}).content).count('class="thumbs"') == 2
