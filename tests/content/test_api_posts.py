"""What is public, by HTTP: for anybody, cached, and nothing that is not approved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import make
import pytest
from caller import api
from django.utils import timezone
from django.utils.http import http_date

from content.models import Post, Status
from content.services import editing, publishing

pytestmark = pytest.mark.django_db
POSTS = "/api/v1/posts/"


def test_a_post_can_be_read_by_anybody() -> None:
    post = make.post(title="Kettles", category="Repair")

    said = api().get(f"{POSTS}{post.slug}/").json()

    assert (said["title"], said["category"], said["url"]) == (post.title, "Repair", post.url)
    assert said["html"] == post.html
    assert said["body"] == post.body
    assert said["headings"][0]["text"] == "Find the part that fails"
    listed = api().get(POSTS).json()
    assert [row["slug"] for row in listed["results"]] == [post.slug]
    assert not {"html", "body", "reviewer"} & set(listed["results"][0])


def test_what_is_not_published_is_in_no_list_and_not_found() -> None:
    later = make.post()
    Post.objects.filter(pk=later.pk).update(published_at=timezone.now() + timedelta(days=1))
    for status in (Status.GENERATED, Status.READY, Status.REJECTED):
        make.piece(status=status)

    assert api().get(POSTS).json()["results"] == []
    assert api().get(f"{POSTS}{later.slug}/").status_code == 404


def test_a_withdrawn_post_is_gone() -> None:
    post = make.post()
    publishing.unpublish(post.piece, by=make.editor())

    gone = api().get(f"{POSTS}{post.slug}/")

    assert (gone.status_code, gone.data["code"]) == (410, "gone")
    assert "Cache-Control" not in gone
    assert api().get(POSTS).json()["count"] == 0


def test_an_edit_at_the_desk_changes_nothing_that_is_public() -> None:
    post = make.post()
    before = api().get(f"{POSTS}{post.slug}/")
    current = post.piece.current
    assert current

    editing.save_edit(
        post.piece, by=make.editor(), based_on=current.hash, title="Other", body=f"{current.body}\nUnread.\n"
    )

    after = api().get(f"{POSTS}{post.slug}/")
    assert after.json() == before.json()
    assert after["ETag"] == before["ETag"]


@pytest.mark.parametrize("address", ["", "{slug}/"])
def test_who_has_it_already_gets_304(address: str) -> None:
    post = make.post()
    where = POSTS + address.format(slug=post.slug)
    first = api().get(where)
    assert (first["Cache-Control"], first["Last-Modified"]) == (
        "public, max-age=60",
        http_date(post.updated_at.timestamp()),
    )
    assert first["ETag"].startswith('"')
    assert "Cookie" not in first.get("Vary", "")

    again = api().get(where, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert api().get(where, HTTP_IF_NONE_MATCH='"other"').status_code == 200


def test_a_date_alone_spares_an_article_but_not_a_list_from_which_something_may_be_gone() -> None:
    post = make.post()
    date = {"HTTP_IF_MODIFIED_SINCE": http_date(post.updated_at.timestamp())}

    assert api().get(f"{POSTS}{post.slug}/", **date).status_code == 304
    assert api().get(POSTS, **date).status_code == 200


def test_a_new_post_changes_the_lists_etag() -> None:
    make.post()
    tag = api().get(POSTS)["ETag"]
    make.post()

    assert api().get(POSTS, HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_lists_can_be_narrowed_by_category_and_tag() -> None:
    kettles, bread = make.post(category="Repair"), make.post(category="Food")
    Post.objects.filter(pk=kettles.pk).update(tags=["tools", "home"])

    def found(**query: str) -> list[str]:
        return [row["slug"] for row in api().get(POSTS, query).json()["results"]]

    assert found(category="food") == [bread.slug]
    assert found(tag="home") == [kettles.slug]
    assert found(tag="away") == []


def test_pages_by_cursor_by_offset_and_by_skip_agree() -> None:
    slugs = [make.post().slug for _ in range(5)][::-1]

    first = api().get(POSTS, {"limit": 2}).json()
    second = api().get(first["next"]).json()
    assert [row["slug"] for row in first["results"] + second["results"]] == slugs[:4]
    assert (first["count"], first["previous"]) == (5, None)
    for name in ("offset", "skip"):
        page = api().get(POSTS, {"limit": 2, name: 2}).json()
        assert page["results"] == second["results"]
        assert [row["slug"] for row in api().get(page["next"]).json()["results"]] == slugs[4:]
        assert [row["slug"] for row in api().get(page["previous"]).json()["results"]] == slugs[:2]


@pytest.mark.parametrize(
    "query", [{"limit": "x"}, {"limit": "-1"}, {"offset": "x"}, {"skip": str(10**30)}, {"limit": "0", "offset": "-5"}]
)
def test_numbers_that_make_no_sense_break_nothing(query: dict[str, str]) -> None:
    make.post()

    assert api().get(POSTS, query).status_code == 200


def test_a_page_is_never_longer_than_a_hundred(django_assert_max_num_queries: Any) -> None:
    owner, post = make.creator(), make.post()
    kept = {
        field.name: getattr(post, field.name)
        for field in Post._meta.fields
        if field.name not in {"id", "piece", "slug"}
    }
    Post.objects.bulk_create(
        Post(**kept, slug=f"copy-{n}", piece=make.piece(status=Status.WRITING, owner=owner)) for n in range(104)
    )

    for query in ({"limit": 1000}, {"limit": 1000, "offset": 0}):
        with django_assert_max_num_queries(2):
            assert len(api().get(POSTS, query).json()["results"]) == 100
