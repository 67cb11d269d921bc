"""Candidates are private: one for each key, kept where no address leads, shown to those who may see their piece."""

from __future__ import annotations

from pathlib import Path

import make
import pytest
from caller import api
from django.test import Client
from drawn import candidate, public_files

from content.models import User
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates

pytestmark = pytest.mark.django_db


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


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
    for address in (f"/media/{image.preview}", f"/media/previews/{image.preview}", f"/previews/{image.preview}"):
        assert Client().get(address).status_code == 404


def test_a_preview_is_for_those_who_may_see_its_piece_and_for_nobody_else() -> None:
    image = candidate(make.piece())
    desk, by_http = image.get_preview_url(), f"/api/v1/media/images/{image.pk}/preview/"

    for user in (image.piece.owner, make.editor()):
        for answer in (client(user).get(desk), api(user).get(by_http)):
            assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
            assert answer["Cache-Control"] == "private, no-store"
    stranger = make.creator()
    refused = [client(stranger).get(desk), Client().get(desk), api(stranger).get(by_http), api().get(by_http)]
    assert [answer.status_code for answer in refused] == [404] * 4


def test_a_preview_whose_file_is_gone_is_not_found(tmp_path: Path) -> None:
    image = candidate(make.piece())
    (tmp_path / "previews" / image.preview).unlink()

    assert client(make.editor()).get(image.get_preview_url()).status_code == 404
