"""What is public, by HTTP: for anybody, cached, and nothing that is not approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import make
import pytest
from caller import api
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.http import http_date

from content.models import FormerAddress, Post, Status
from content.services import changes, editing, fragments, publishing
from content.services.reading import ORDERINGS

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

    assert (gone.status_code, gone.json()["code"]) == (410, "gone")
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
        "public, max-age=60, stale-while-revalidate=300",
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


def listed(**query: Any) -> list[str]:
    return [row["slug"] for row in api().get(POSTS, query).json()["results"]]


def remade(post: Post, **fields: Any) -> Post:
    """The post with these fields, and all that is made of them."""
    for name, value in fields.items():
        setattr(post, name, value)
    for name, value in fragments.of(post).items():
        setattr(post, name, value)
    post.save()
    return post


def test_lists_can_be_narrowed_by_category_tag_and_author_by_name_or_slug_in_any_case() -> None:
    kettles, bread = make.post(category="Home Repair"), make.post(category="Food")
    remade(kettles, tags=["Heat pumps", "home"], author="Åsa Berg")

    for name in ("Home Repair", "home repair", "home-repair", "HOME-REPAIR"):
        assert listed(category=name) == [kettles.slug]
    for name in ("Heat pumps", "heat-pumps", "HOME"):
        assert listed(tag=name) == [kettles.slug]
    for name in ("Åsa Berg", "åsa-berg"):
        assert listed(author=name) == [kettles.slug]
    assert listed(category="food", tag="home") == []
    assert listed(category="food") == [bread.slug]
    assert listed(category="!!!") == listed(tag="away") == []


def test_lists_can_be_narrowed_by_date() -> None:
    old, new = make.post(), make.post()
    remade(old, published_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    remade(new, published_at=datetime(2026, 4, 1, tzinfo=UTC))

    assert listed(published_after="2026-03-02") == listed(published_after="2026-04-01T00:00:00Z") == [new.slug]
    assert listed(published_before="2026-04-01") == listed(published_before="2026-03-01T14:00:00+01:00") == [old.slug]
    assert listed(published_after="2026-03-01", published_before="2026-03-01T12:00:00") == []


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_ordering_pages_there_and_back_by_cursor(ordering: str) -> None:
    for number, title in enumerate(["b", "a", "d", "c", "a"]):
        day = datetime(2026, 5, 1 + number % 3, tzinfo=UTC)
        remade(make.post(), title=title, published_at=day, updated_at=day + timedelta(days=9 - number))
    column = ordering.lstrip("-")
    rows = Post.objects.order_by(column, "pk").values_list("slug", flat=True)
    wanted = list(rows)[:: -1 if ordering.startswith("-") else 1]

    page = api().get(POSTS, {"ordering": ordering, "limit": 2}).json()
    pages = [page]
    while page["next"]:
        page = api().get(page["next"]).json()
        pages.append(page)
    back = [page]
    while page["previous"]:
        page = api().get(page["previous"]).json()
        back.append(page)

    assert [row["slug"] for page in pages for row in page["results"]] == wanted
    assert [page["results"] for page in back[1:]] == [page["results"] for page in pages[-2::-1]]
    assert back[-1]["results"] == pages[0]["results"]
    assert {page["count"] for page in pages} == {5}


@pytest.mark.parametrize("ordering", ORDERINGS)
def test_each_page_is_read_off_an_index_and_nothing_is_sorted(ordering: str) -> None:
    for _ in range(2):
        make.post()
    with CaptureQueriesContext(connection) as first:
        following = api().get(POSTS, {"limit": 1, "ordering": ordering}).json()["next"]
    with CaptureQueriesContext(connection) as second:
        assert api().get(following).status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        for asked in (first, second):
            cursor.execute(f"EXPLAIN {asked.captured_queries[-1]['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Index Scan" in plan
            assert "Sort" not in plan, plan


def test_only_what_is_asked_for_is_sent() -> None:
    post = make.post(title="Kettles")

    (row,) = api().get(POSTS, {"fields": "slug,title"}).json()["results"]
    assert row == {"slug": post.slug, "title": post.title}
    (row,) = api().get(POSTS, {"include": "html,headings"}).json()["results"]
    assert (row["html"], row["headings"], row["slug"]) == (post.html, post.headings, post.slug)
    assert "body" not in row
    (row,) = api().get(POSTS, {"fields": "slug", "include": "made_with"}).json()["results"]
    assert row == {"slug": post.slug, "made_with": post.made_with}
    assert api().get(f"{POSTS}{post.slug}/", {"fields": "title,body"}).json() == {
        "title": post.title,
        "body": post.body,
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"fields": "slug,secret"}, ["fields"]),
        ({"include": "piece"}, ["include"]),
        ({"ordering": "word_count", "limit": "0"}, ["ordering", "limit"]),
        ({"catgory": "Food"}, ["catgory"]),
        ({"limit": "x", "offset": "-1", "skip": "1.5"}, ["limit", "offset", "skip"]),
        ({"published_after": "tomorrow", "published_before": "2026-13-01"}, ["published_after", "published_before"]),
        ({"cursor": "bm9wZQ"}, ["cursor"]),
        ({"cursor": "%00"}, ["cursor"]),
        ({"author": "x" * 121}, ["author"]),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(query: dict[str, str], names: list[str]) -> None:
    refused = api().get(POSTS, query)

    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    assert sorted(refused.json()["fields"]) == sorted(names)
    assert "Cache-Control" not in refused


def test_a_cursor_keeps_its_order_and_takes_no_offset() -> None:
    for _ in range(3):
        make.post()
    following = api().get(POSTS, {"limit": 1, "ordering": "title"}).json()["next"]

    assert api().get(following).status_code == 200
    assert api().get(following.replace("ordering=title", "ordering=updated_at")).status_code == 400
    assert api().get(f"{following}&skip=1").status_code == 400


def test_a_former_address_leads_to_the_new_one_for_good() -> None:
    post = make.post()
    FormerAddress.objects.create(slug="old-name", post=post)

    moved = api().get(f"{POSTS}old-name/?fields=slug")

    assert (moved.status_code, moved["Location"]) == (301, f"{POSTS}{post.slug}/?fields=slug")
    assert api().get(moved["Location"]).json() == {"slug": post.slug}
    Post.objects.update(published_at=timezone.now() + timedelta(days=1))
    assert api().get(f"{POSTS}old-name/").status_code == 404
    missing = api().get(f"{POSTS}never-was/")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert "Cache-Control" not in missing


def test_a_304_is_decided_before_any_body_is_read(django_assert_num_queries: Any) -> None:
    post = make.post()
    for where in (POSTS, f"{POSTS}{post.slug}/"):
        etag = api().get(where)["ETag"]
        with django_assert_num_queries(2 if where == POSTS else 1) as asked:
            assert api().get(where, HTTP_IF_NONE_MATCH=etag).status_code == 304
        assert not any("_json" in query["sql"] for query in asked.captured_queries)


def test_a_list_takes_two_queries_however_it_is_narrowed(django_assert_max_num_queries: Any) -> None:
    make.post(category="Food")
    for query in ({}, {"category": "food", "tag": "x", "author": "y", "ordering": "-title"}, {"include": "body"}):
        with django_assert_max_num_queries(2):
            assert api().get(POSTS, query).status_code == 200


def test_the_count_is_remembered_until_posts_change(django_assert_num_queries: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(changes, "_listening", True)
    changes.heard()
    make.post()
    assert api().get(POSTS).json()["count"] == 1
    with django_assert_num_queries(1):
        assert api().get(POSTS).json()["count"] == 1
    make.post()

    changes.heard()

    assert api().get(POSTS).json()["count"] == 2


def test_a_head_says_what_a_get_would_and_options_what_is_allowed() -> None:
    post = make.post()
    for where in (POSTS, f"{POSTS}{post.slug}/", f"{POSTS}search/?q=kettle"):
        got, headed = api().get(where), api().head(where)
        assert headed.content == b""
        for name in ("ETag", "Cache-Control", "Last-Modified", "Content-Length", "Content-Type", "Vary"):
            assert headed[name] == got[name]
        assert "Cookie" not in got["Vary"]
        assert api().options(where)["Allow"] == "GET, HEAD, OPTIONS"
        refused = api().delete(where)
        assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


def test_scripts_of_the_sites_on_the_list_may_read_and_no_others(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://www.example.org"]
    post = make.post()
    ours, other = {"HTTP_ORIGIN": "https://www.example.org"}, {"HTTP_ORIGIN": "https://evil.example"}

    for where in (POSTS, f"{POSTS}{post.slug}/", f"{POSTS}search/?q=kettle"):
        assert api().get(where, **ours)["Access-Control-Allow-Origin"] == "https://www.example.org"
        assert "Access-Control-Allow-Origin" not in api().get(where, **other)
        assert api().get(where)["Vary"] == "origin"
    asked = api().options(POSTS, **ours, HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET")
    assert asked["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in asked
    assert "Access-Control-Allow-Origin" not in api(make.editor()).get("/api/v1/content/", **ours)


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


def test_an_offset_beyond_the_end_gives_an_empty_page_and_reads_nothing(django_assert_num_queries: Any) -> None:
    make.post()

    for query in ({"skip": str(10**30)}, {"offset": "1"}):
        with django_assert_num_queries(1):
            said = api().get(POSTS, query).json()
        assert (said["results"], said["next"], said["count"]) == ([], None, 1)
        assert len(api().get(said["previous"]).json()["results"]) == 1


def test_a_page_is_never_longer_than_a_hundred(django_assert_max_num_queries: Any) -> None:
    owner, post = make.creator(), make.post()
    kept = {
        field.name: getattr(post, field.name)
        for field in Post._meta.fields
        if field.name not in {"id", "piece", "slug", "vector"}
    }
    Post.objects.bulk_create(
        Post(**kept, slug=f"copy-{n}", piece=make.piece(status=Status.WRITING, owner=owner)) for n in range(104)
    )

    for query in ({"limit": 1000}, {"limit": 1000, "offset": 0}):
        with django_assert_max_num_queries(2):
            assert len(api().get(POSTS, query).json()["results"]) == 100
