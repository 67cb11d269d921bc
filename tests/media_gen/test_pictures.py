"""Candidates are private; a reviewer chooses one; that one becomes public, once."""

from __future__ import annotations

from pathlib import Path

import make
import pytest
from django.test import Client
from django.urls import reverse

from content.errors import NotAllowed
from content.models import Piece, User
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates

pytestmark = pytest.mark.django_db


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def candidate(piece: Piece, *, seed: int = 0) -> Image:
    return candidates.draw_card(piece, piece.title, seed=seed, key=f"test-{seed}")


def public_files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "public").rglob("*") if path.is_file()]


# --- Drawing ---


def test_one_key_gives_one_card_however_often_it_is_asked() -> None:
    piece = make.piece()

    first = candidates.draw_card(piece, "A title", key="stage-1")
    again = candidates.draw_card(piece, "Another title by now", key="stage-1")

    assert again == first
    assert Image.objects.count() == 1
    assert (first.source, first.status, first.alt) == ("card", ImageStatus.CANDIDATE, "“A title” in large type.")


def test_a_candidate_lies_in_the_private_storage_only(tmp_path: Path) -> None:
    image = candidate(make.piece())

    assert (tmp_path / "previews" / image.preview).stat().st_size > 0
    assert public_files(tmp_path) == []


def test_another_card_takes_the_next_seed() -> None:
    piece = make.piece()
    candidate(piece, seed=0)

    second = candidates.another_card(piece, by=piece.owner)
    third = candidates.another_card(piece, by=make.editor())

    assert [second.made["seed"], third.made["seed"]] == [1, 2]
    assert list(candidates.for_piece(piece))[:2] == [third, second]


def test_a_stranger_draws_nothing() -> None:
    with pytest.raises(NotAllowed):
        candidates.another_card(make.piece(), by=make.creator())

    assert not Image.objects.exists()


# --- At the desk ---


def test_a_preview_is_for_those_who_may_see_its_piece() -> None:
    image = candidate(make.piece())
    url = image.get_preview_url()

    for user in (image.piece.owner, make.editor()):
        answer = client(user).get(url)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert answer["Cache-Control"] == "private, no-store"
    assert client(make.creator()).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_a_preview_whose_file_is_gone_is_not_found(tmp_path: Path) -> None:
    image = candidate(make.piece())
    (tmp_path / "previews" / image.preview).unlink()

    assert client(make.editor()).get(image.get_preview_url()).status_code == 404


def test_an_editor_chooses_on_the_page_and_comes_back_to_it() -> None:
    piece = make.piece()
    image = candidate(piece)

    answer = client(make.editor()).post(
        reverse("image-choose", args=[piece.pk]), {"image": image.pk, "alt": "A kettle, cut open."}, follow=True
    )

    assert answer.redirect_chain == [(reverse("piece-pictures", args=[piece.pk]), 302)]
    image.refresh_from_db()
    assert (image.status, image.alt) == (ImageStatus.CHOSEN, "A kettle, cut open.")
    assert b"This picture goes out with the text." in answer.content


def test_without_a_script_the_text_of_another_picture_is_not_taken() -> None:
    piece = make.piece()
    shown = candidate(piece, seed=0)
    image = candidates.draw_card(piece, "An older title", seed=1, key="older")

    client(make.editor()).post(
        reverse("image-choose", args=[piece.pk]), {"image": image.pk, "alt": shown.alt, "alt_of": shown.pk}
    )

    image.refresh_from_db()
    assert image.alt == "“An older title” in large type."


def test_a_refused_choice_says_why_beside_the_field() -> None:
    piece = make.piece()
    image = candidate(piece)
    url = reverse("image-choose", args=[piece.pk])

    too_long = client(make.editor()).post(url, {"image": image.pk, "alt": "a" * 301})
    nothing = client(make.editor()).post(url, {"image": "999999"})

    assert (too_long.status_code, nothing.status_code) == (400, 400)
    assert b"At most 300 characters, this has 301." in too_long.content
    assert b"Pick one of the pictures first." in nothing.content


def test_a_picture_of_another_piece_cannot_be_chosen() -> None:
    piece, image = make.piece(), candidate(make.piece())

    answer = client(make.editor()).post(reverse("image-choose", args=[piece.pk]), {"image": image.pk, "alt": "x"})

    assert answer.status_code == 400
    image.refresh_from_db()
    assert image.status == ImageStatus.CANDIDATE


def test_a_creator_sees_their_candidates_but_an_editor_chooses() -> None:
    image = candidate(make.piece())
    owner = client(image.piece.owner)

    page = owner.get(reverse("piece-pictures", args=[image.piece_id]))
    answer = owner.post(reverse("image-choose", args=[image.piece_id]), {"image": image.pk, "alt": "x"})

    assert b"Use this picture" not in page.content
    assert image.get_preview_url().encode() in page.content
    assert answer.status_code == 403


@pytest.mark.parametrize("name", ["piece-pictures", "image-choose", "image-redraw"])
def test_what_is_anothers_is_not_found(name: str) -> None:
    piece = make.piece()
    stranger = client(make.creator())

    assert stranger.get(reverse(name, args=[piece.pk])).status_code == 404
    if name != "piece-pictures":
        assert stranger.post(reverse(name, args=[piece.pk])).status_code == 404


def test_htmx_gets_the_fragment_and_everybody_else_the_page() -> None:
    piece = make.piece()
    editor, url = client(make.editor()), reverse("image-redraw", args=[piece.pk])

    fragment = editor.post(url, headers={"HX-Request": "true"})
    page = editor.post(url, follow=True)

    assert fragment.content.strip().startswith(b'<div id="candidates"')
    assert b"<html" in page.content
    assert piece.images.count() == 2


def test_a_piece_without_pictures_says_so() -> None:
    piece = make.piece()

    page = client(make.editor()).get(reverse("piece-pictures", args=[piece.pk]))

    assert b"There is no picture yet." in page.content
    assert b"Draw a card" in page.content
