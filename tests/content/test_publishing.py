"""Only what a person approved becomes public, and a post is a copy."""

from __future__ import annotations

import make
import pytest

from content.errors import InvalidMove, NotAllowed
from content.models import Post, Status
from content.services import editing, publishing, review

pytestmark = pytest.mark.django_db


def test_an_approved_piece_becomes_a_post() -> None:
    piece, mara = make.piece(status=Status.READY, title="A kettle that lasts"), make.editor()

    post = publishing.publish(piece, by=mara)

    assert (post.title, post.slug, piece.status) == ("A kettle that lasts", "a-kettle-that-lasts", Status.PUBLISHED)
    assert list(Post.objects.live()) == [post]
    assert "<h1" not in post.html
    assert [h["text"] for h in post.headings] == ["Find the part that fails", "Put in a new one", "Keep it for longer"]


def test_nobodys_address_becomes_public() -> None:
    owner = make.creator(name="", email="ines.brandt@example.org")
    piece = make.piece(owner=owner)
    assert piece.current
    mara = make.editor(name="", email="mara@example.org")
    review.approve(piece.current, by=mara)

    post = publishing.publish(piece, by=mara)

    assert (post.author, post.reviewer) == ("ines.brandt", "mara")


@pytest.mark.parametrize("status", [Status.GENERATED, Status.EDITED, Status.REVIEWED, Status.REJECTED, Status.WRITING])
def test_nothing_unapproved_is_published(status: str) -> None:
    piece = make.piece(status=status)

    with pytest.raises(InvalidMove):
        publishing.publish(piece, by=make.editor())

    assert not Post.objects.exists()


def test_a_creator_does_not_publish() -> None:
    piece = make.piece(status=Status.READY)

    with pytest.raises(NotAllowed):
        publishing.publish(piece, by=piece.owner)


def test_two_posts_of_one_title_have_two_addresses() -> None:
    slugs = [make.post(title="Why Lisbon?").slug for _ in range(3)]

    assert slugs == ["why-lisbon", "why-lisbon-2", "why-lisbon-3"]


def test_an_edit_of_a_published_piece_leaves_the_public_text_as_it_was() -> None:
    post, mara = make.post(title="As it was"), make.editor()
    piece = post.piece
    version = piece.current
    assert version

    new = editing.save_edit(
        piece, by=mara, based_on=version.hash, title="As it will be", body="# As it will be\n\nNew."
    )
    post.refresh_from_db()
    assert (post.title, piece.status) == ("As it was", Status.EDITED)
    assert Post.objects.live().filter(pk=post.pk).exists()

    review.approve(new, by=mara)
    again = publishing.publish(piece, by=mara)
    assert (again.pk, again.title, again.slug) == (post.pk, "As it will be", "as-it-was")


def test_an_unpublished_post_is_gone_and_can_come_back() -> None:
    post, mara = make.post(), make.editor()

    publishing.unpublish(post.piece, by=mara)

    assert not Post.objects.live().exists()
    assert post.piece.status == Status.READY
    publishing.publish(post.piece, by=mara)
    assert Post.objects.live().count() == 1


def test_scripts_and_odd_links_do_not_get_out() -> None:
    body = (
        "# Title\n\nText <script>alert(1)</script> and [a link](javascript:alert(1)).\n\n"
        "## One\n\n<img src=x onerror=alert(1)>\n\n## Two\n\n[fine](https://example.org)\n\n## Three\n\nEnd."
    )
    post = make.post(title="Title", body=body)

    assert "<script" not in post.html
    assert "<img" not in post.html
    assert "javascript:" not in post.html.replace("(javascript:alert(1))", "")
    assert 'href="https://example.org"' in post.html
