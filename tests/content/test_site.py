"""The public site: only what was published, kept by caches, with no cookie and no script."""

from __future__ import annotations

import re
from datetime import timedelta

import make
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content.models import Piece, Post, Status
from content.services import editing, publishing

pytestmark = pytest.mark.django_db


def read(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def post_of(piece: Piece, n: int) -> Post:
    """A post as it stands in the table, two of them at each moment; nobody writes or approves a text for it."""
    at = timezone.now() - timedelta(days=n // 2)
    return Post.objects.create(
        piece=piece, version_number=1, slug=f"number-{n}", title=f"Number {n}", published_at=at, updated_at=at
    )


def test_nothing_that_was_not_published_is_public(client: Client) -> None:
    for status in Status:
        if status != Status.PUBLISHED:
            make.piece(status=status, title=f"Secret {status}")

    shown = read(client, reverse("home"))

    assert "Secret" not in shown
    assert "Nothing has been published yet" in shown


def test_a_published_article_can_be_read_with_who_made_it(client: Client) -> None:
    post = make.post(title="Mend a kettle", category="Kitchen")

    shown = read(client, post.get_absolute_url())

    assert "<h1>A kettle that lasts twenty years</h1>" in shown or "<h1>Mend a kettle</h1>" in shown
    assert f"By <strong>{post.author}</strong>, edited by {post.reviewer}." in shown
    assert "Drafted with smollm2:135m." in shown
    assert '<a href="#find-the-part-that-fails">Find the part that fails</a>' in shown
    assert '<h2 id="find-the-part-that-fails">' in shown
    assert f'<link rel="canonical" href="{post.url}">' in shown
    assert f'<meta property="og:url" content="{post.url}">' in shown
    assert '<meta name="description" content="Change one part.">' in shown


def test_the_cover_is_shown_with_its_alternative_and_its_credit(client: Client) -> None:
    piece = make.piece(status=Status.READY)
    cover = {"url": "/media/cover.webp", "alt": "A kettle", "width": 1200, "height": 630, "credit": "Drawn here"}
    post = publishing.publish(piece, by=make.editor(), cover=cover)

    shown = read(client, post.get_absolute_url())

    assert '<img src="/media/cover.webp" width="1200" height="630" alt="A kettle">' in shown
    assert "<figcaption>Drawn here</figcaption>" in shown
    assert re.search(r'og:image" content="http[^"]+/media/cover.webp"', shown)


def test_an_edit_at_the_desk_changes_nothing_in_public(client: Client) -> None:
    post = make.post()
    before = read(client, post.get_absolute_url())

    piece = post.piece
    editing.save_edit(piece, by=make.editor(), based_on=piece.current.hash, title="Other", body="Other words.")

    assert read(client, post.get_absolute_url()) == before


def test_a_withdrawn_article_is_gone_and_an_unknown_one_not_found(client: Client) -> None:
    post = make.post()
    publishing.unpublish(post.piece, by=make.editor())

    assert "was withdrawn" in read(client, post.get_absolute_url(), 410)
    assert "There is no such page" in read(client, reverse("post", args=["never-was"]), 404)
    assert read(client, "/posts/%00/", 404)
    assert post.title not in read(client, reverse("home"))


def test_an_article_with_a_later_date_is_not_there_yet(client: Client) -> None:
    post = make.post()
    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() + timedelta(hours=1))

    read(client, post.get_absolute_url(), 404)
    assert post.get_absolute_url() not in read(client, reverse("home"))


def test_a_category_lists_its_own(client: Client) -> None:
    kitchen, garden = make.post(category="Kitchen & bath"), make.post(category="Garden")

    shown = read(client, reverse("category", args=["kitchen-bath"]))

    assert kitchen.get_absolute_url() in shown
    assert garden.get_absolute_url() not in shown
    assert "<h1" in shown
    assert "Kitchen &amp; bath" in shown
    read(client, reverse("category", args=["nothing-here"]), 404)


def test_two_spellings_of_a_category_are_one_page(client: Client) -> None:
    posts = [make.post(category="Garden"), make.post(category="garden")]

    shown = read(client, reverse("category", args=["garden"]))

    assert all(post.get_absolute_url() in shown for post in posts)
    assert shown.count(f'href="{reverse("category", args=["garden"])}"') == 1


def test_older_articles_follow_without_a_gap_or_a_repeat(client: Client) -> None:
    posts = [post_of(make.piece(status=Status.WRITING), n) for n in range(35)]
    seen: list[str] = []
    address = reverse("home")

    for _ in range(3):
        shown = read(client, address)
        seen += re.findall(r'<h[23]><a href="(/posts/[^"]+)"', shown)
        more = re.search(r'href="(\?before=[^"]+)">Older', shown)
        if not more:
            break
        address = reverse("home") + more[1]

    assert len(seen) == 35
    assert set(seen) == {post.get_absolute_url() for post in posts}


def test_a_page_may_be_kept_and_is_not_sent_twice(client: Client) -> None:
    post = make.post()

    for address in (reverse("home"), post.get_absolute_url()):
        first = client.get(address)
        again = client.get(address, headers={"if-none-match": first["ETag"]})
        assert first["Cache-Control"] == "public, no-cache"
        assert again.status_code == 304
        assert not again.content

    make.post()
    assert client.get(reverse("home"), headers={"if-none-match": first["ETag"]}).status_code == 200


def test_the_public_site_sets_no_cookie_and_needs_no_script(client: Client) -> None:
    post = make.post(category="Kitchen")

    for address in (reverse("home"), post.get_absolute_url(), reverse("category", args=["kitchen"])):
        response = client.get(address)
        assert not response.cookies
        assert b"<script" not in response.content
        assert b"style=" not in response.content


def test_a_script_in_a_title_is_text_in_public_too(client: Client) -> None:
    piece = make.piece(title="<script>alert(1)</script>", body=f"# x\n\n<script>alert(2)</script>\n\n{make.BODY}")
    from content.services import review

    editor = make.editor()
    review.approve(piece.current, by=editor)
    post = publishing.publish(piece, by=editor)

    for address in (reverse("home"), post.get_absolute_url()):
        assert "<script>" not in read(client, address)


def test_the_error_page_needs_no_database_and_no_context() -> None:
    from django.template.loader import get_template

    for name in ("403", "404", "410", "413", "500", "403_csrf"):
        assert "<h1>" in get_template(f"{name}.html").render({})


def test_a_refusal_is_a_page_with_its_reason() -> None:
    from django.template.loader import get_template

    context = {"message": "Only <an editor> can.", "status": 403, "code": "not_allowed"}

    assert "Only &lt;an editor&gt; can." in get_template("content/refusal.html").render(context)
    assert "Only &lt;an editor&gt; can." in get_template("content/_refusal.html").render(context)
