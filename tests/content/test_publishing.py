"""Only what a person approved becomes public, at an address of its own; a preview shows the rest to whoever has its link."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import make
import pytest
from django.conf import settings
from django.core import signing
from django.db import connections
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from content.errors import Invalid, InvalidMove, NotAllowed
from content.models import AuditEntry, FormerAddress, Piece, Post, Status, User, Version
from content.services import editing, preview_links, publishing, review

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


# --- Addresses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wished", "slug"),
    [
        ("Why Kettles Break!", "why-kettles-break"),
        ("  Über Öfen  ", "über-öfen"),
        ("なぜ壊れる", "なぜ壊れる"),
        ("ﬁne №5", "fine-no5"),
        ("search", "search-2"),
        ("../../etc/passwd\x00\ud800", "etcpasswd"),
    ],
)
def test_a_wish_becomes_an_address_that_can_be_typed(wished: str, slug: str) -> None:
    post = publishing.publish(make.piece(status=Status.READY), by=make.editor(), slug=wished)

    assert post.slug == slug
    assert post.get_absolute_url().startswith("/posts/")


@pytest.mark.parametrize("wished", ["!!!", "\x00", "--", "a" * 101])
def test_what_makes_no_address_is_refused_and_changes_nothing(wished: str) -> None:
    post = make.post(title="As it was")

    with pytest.raises(Invalid) as refused:
        publishing.move(post.piece, by=make.editor(), slug=wished)

    assert refused.value.fields.keys() == {"slug"}
    post.refresh_from_db()
    assert post.slug == "as-it-was"


def test_a_moved_post_keeps_every_address_that_it_had() -> None:
    post, mara = make.post(title="One"), make.editor()

    for slug in ("two", "three", "one", "one"):
        moved, warning = publishing.move(post.piece, by=mara, slug=slug)
        assert (moved.slug, warning) == (slug, "")

    assert sorted(FormerAddress.objects.values_list("slug", flat=True)) == ["three", "two"]
    assert '"slug":"one"' in moved.line_json
    assert AuditEntry.objects.filter(event="post.moved").count() == 3


def test_an_address_that_leads_somewhere_is_never_taken_from_there() -> None:
    first, mara = make.post(title="One"), make.editor()
    publishing.move(first.piece, by=mara, slug="two")
    publishing.unpublish(first.piece, by=mara)
    second = make.post(title="Another")

    for taken in ("one", "two"):
        moved, warning = publishing.move(second.piece, by=mara, slug=taken)
        assert moved.slug == f"{taken}-2"
        assert "belongs to another article" in warning

    first.refresh_from_db()
    assert first.slug == "two"


@pytest.mark.django_db(transaction=True)
def test_of_many_who_want_one_address_at_once_each_gets_another() -> None:
    posts, mara = [make.post() for _ in range(4)], make.editor()
    at_once = threading.Barrier(len(posts))

    def move(post: Post) -> None:
        at_once.wait()
        publishing.move(post.piece, by=mara, slug="wanted")
        connections.close_all()

    threads = [threading.Thread(target=move, args=[post]) for post in posts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    slugs = set(Post.objects.values_list("slug", flat=True))
    assert slugs == {"wanted", "wanted-2", "wanted-3", "wanted-4"}
    assert FormerAddress.objects.count() == 4


def test_an_import_keeps_its_day_and_its_author() -> None:
    piece, mara = make.piece(status=Status.GENERATED), make.editor()
    version = make.version(piece=piece, body=make.BODY + "\nMore.\n", facts={"author": "Ana Lund"})
    review.approve(version, by=mara)

    post = publishing.publish(piece, by=mara, published_at=datetime(2019, 5, 3, tzinfo=UTC))

    assert (post.author, post.published_at.year, post.updated_at.year) == ("Ana Lund", 2019, 2019)


# --- Preview links -----------------------------------------------------------------------------------------------


def opened(client: Client, link: preview_links.Link) -> HttpResponse:
    return client.get(link.url.removeprefix(settings.SITE_URL))


def test_a_preview_shows_its_version_and_no_other(client: Client) -> None:
    piece, mara = make.piece(title="A kettle", body="# A kettle\n\nThe first text.\n"), make.editor()
    link = preview_links.make(piece.current, by=mara)
    make.version(piece=piece, by=mara, body="# A kettle\n\nThe second text.\n")

    page = opened(client, link).content.decode()

    assert "The first text." in page
    assert "The second text." not in page
    assert "Preview of version 1, not published." in page
    assert "This link ends on" in page
    assert AuditEntry.objects.get(event="piece.preview_linked").actor == mara
    assert not Post.objects.exists()


def test_nobody_keeps_or_finds_a_preview(client: Client) -> None:
    answer = opened(client, preview_links.make(make.piece().current, by=make.editor()))

    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert answer["Referrer-Policy"] == "no-referrer"
    page = answer.content.decode()
    assert '<meta name="robots" content="noindex' in page
    assert "canonical" not in page
    assert "ld+json" not in page
    assert not answer.cookies


def test_a_preview_shows_no_picture_that_nobody_chose(client: Client) -> None:
    piece = make.piece()
    link = preview_links.make(piece.current, by=make.editor())
    assert "<img" not in opened(client, link).content.decode()

    Piece.objects.filter(pk=piece.pk).update(cover={"url": "/media/chosen.jpg", "alt": "A kettle", "variants": []})

    assert 'src="/media/chosen.jpg"' in opened(client, link).content.decode()


@pytest.mark.parametrize("platform", ["linkedin", "x", "instagram"])
def test_a_social_preview_looks_like_its_platform_and_copies_nothing(platform: str, client: Client) -> None:
    piece = make.social(platform)

    page = opened(client, preview_links.make(piece.current, by=piece.owner)).content.decode()

    assert 'class="native' in page
    assert "data-copies" not in page


def test_a_link_ends_with_its_time_its_piece_and_its_maker(client: Client) -> None:
    piece, mara, ines = make.piece(), make.editor(), make.editor()
    by_mara = preview_links.make(piece.current, by=mara, days=1)
    by_ines = preview_links.make(piece.current, by=ines, days=30)
    past = preview_links.Link(piece.current, mara, timezone.now() - timedelta(seconds=1))
    assert [link.url for link in preview_links.of(piece)] == [by_ines.url, by_mara.url]

    assert opened(client, past).status_code == 410
    User.objects.filter(pk=ines.pk).update(is_active=False)
    assert opened(client, by_ines).status_code == 410
    assert [link.url for link in preview_links.of(piece)] == [by_mara.url]
    assert opened(client, by_mara).status_code == 200
    Piece.objects.filter(pk=piece.pk).update(deleted_at=timezone.now())
    gone = opened(client, by_mara)
    assert gone.status_code == 410
    assert "Ask whoever sent it for a new link." in gone.content.decode()
    assert gone["Cache-Control"] == "private, no-store"


def test_no_link_is_made_by_whoever_changes_one(client: Client) -> None:
    piece, other, mara = make.piece(), make.piece(), make.editor()
    link = preview_links.make(piece.current, by=mara)
    token = link.url.removeprefix(f"{settings.SITE_URL}/preview/").removesuffix("/")
    kept = [other.current.pk, other.current.hash[:12], int(link.ends_at.timestamp()), mara.pk]
    forged = [
        "x",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        signing.Signer(salt="something.else").sign_object(kept),
        signing.Signer(key="another key", salt=preview_links.SALT).sign_object(kept),
        f"{signing.b64_encode(json.dumps(kept).encode()).decode()}:{token.split(':')[1]}",
        "%00",
        "a" * 5000,
    ]

    for guess in forged:
        assert client.get(f"/preview/{guess}/").status_code == 404


def test_a_link_is_made_by_those_who_may_write_and_for_a_while() -> None:
    piece = make.piece()

    assert preview_links.make(piece.current, by=piece.owner).ends_at > timezone.now() + timedelta(days=6)
    with pytest.raises(NotAllowed):
        preview_links.make(piece.current, by=make.creator())
    for days in (0, -1, 91):
        with pytest.raises(Invalid):
            preview_links.make(piece.current, by=piece.owner, days=days)
    Piece.objects.filter(pk=piece.pk).update(deleted_at=timezone.now())
    with pytest.raises(InvalidMove):
        preview_links.make(Version.objects.get(piece=piece), by=piece.owner)
