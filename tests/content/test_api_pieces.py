"""Pieces by HTTP: read, edit, compare, decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import make
import pytest
from caller import api
from django.utils import timezone

from content import platforms
from content.models import Decision, Idea, Piece, Status, Version
from content.services import review

pytestmark = pytest.mark.django_db
CONTENT = "/api/v1/content/"


def one(piece: Piece, rest: str = "") -> str:
    return f"{CONTENT}{piece.pk}/{rest}"


def newest(piece: Piece) -> Version:
    piece.refresh_from_db()
    assert piece.current
    return piece.current


def test_a_piece_tells_its_idea_its_status_and_its_text() -> None:
    owner = make.creator(name="Ada")
    piece = make.piece(owner=owner, category="Repair", cover={"url": "/media/x.webp", "alt": "A kettle"})

    said = api(owner).get(one(piece)).json()

    assert set(said) == {
        *("id", "core_idea", "platform", "status", "approval_status", "title", "content_text", "metadata"),
        *("original_version", "edited_version", "version", "image", "owner", "created_at", "updated_at", "url"),
        *("due_at", "priority", "claimed_by"),
    }
    assert said["core_idea"] == {
        "id": piece.idea_id,
        "title": piece.idea.title,
        "description": "",
        "category": "Repair",
    }
    assert (said["status"], said["approval_status"], said["platform"]) == ("generated", "pending", "blog")
    text = newest(piece)
    assert said["content_text"] == said["original_version"] == text.body
    assert said["edited_version"] is None
    assert said["version"] == {"number": 1, "hash": text.hash, "score": float(text.score or 0)}
    assert said["metadata"]["word_count"] > 100
    assert (said["image"]["alt"], said["owner"]["name"], said["url"]) == ("A kettle", "Ada", None)
    assert (said["due_at"], said["priority"], said["claimed_by"]) == (None, "normal", None)


def test_a_published_piece_tells_its_address() -> None:
    piece = make.piece(status=Status.PUBLISHED)

    assert api(piece.owner).get(one(piece)).json()["url"] == piece.post.url


def test_a_piece_that_is_being_written_has_no_text_yet_and_is_in_no_list() -> None:
    piece = make.piece(status=Status.WRITING)

    said = api(piece.owner).get(one(piece)).json()

    assert (said["status"], said["version"], said["content_text"]) == ("writing", None, None)
    assert api(piece.owner).get(CONTENT).json()["results"] == []


def test_a_creator_lists_their_own_and_an_editor_everybodys() -> None:
    mine, other = make.piece(), make.piece()

    assert [row["id"] for row in api(mine.owner).get(CONTENT).json()["results"]] == [mine.pk]
    assert {row["id"] for row in api(make.editor()).get(CONTENT).json()["results"]} == {mine.pk, other.pk}


def test_a_list_can_be_narrowed() -> None:
    owner = make.creator()
    piece = make.piece(owner=owner, title="Kettles", category="Repair")
    other = make.piece(owner=owner, title="Bread", category="Food", body="# Bread\n\nFlour and water.")
    Piece.objects.filter(pk=other.pk).update(created_at=timezone.now() - timedelta(days=3))
    review.approve(newest(other), by=make.editor())
    client = api(owner)

    def found(**query: str) -> list[int]:
        return [row["id"] for row in client.get(CONTENT, query).json()["results"]]

    assert found() == found(q="", status="", category="") == [piece.pk, other.pk]
    assert found(q="kettles") == found(status="generated") == found(category="repair") == [piece.pk]
    assert found(date=timezone.now().date().isoformat()) == [piece.pk]
    assert found(q="Flour and water") == found(status="ready") == [other.pk]
    assert found(platform="blog", q="zzz") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"platform": "pigeon"}, "platform"),
        ({"date": "yesterday"}, "date"),
        ({"fields": "id,secret"}, "fields"),
        ({"q": "\x00"}, "q"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(query: dict[str, str], field: str) -> None:
    refused = api(make.editor()).get(CONTENT, query)

    assert (refused.status_code, refused.data["code"]) == (400, "invalid")
    assert list(refused.data["fields"]) == [field]


def test_only_the_wanted_fields_are_sent() -> None:
    piece = make.piece()
    client = api(piece.owner)

    assert client.get(CONTENT, {"fields": "id,status"}).json()["results"] == [{"id": piece.pk, "status": "generated"}]
    assert set(client.get(one(piece), {"fields": "content_text, version"}).json()) == {"content_text", "version"}


def test_a_list_costs_the_same_queries_however_long_it_is(django_assert_num_queries: Any) -> None:
    editor = make.editor()
    client = api(editor)
    make.piece(status=Status.PUBLISHED)
    with django_assert_num_queries(3):  # who calls, how many, which
        client.get(CONTENT)
    for _ in range(3):
        make.piece(status=Status.PUBLISHED)

    with django_assert_num_queries(3):
        assert len(client.get(CONTENT).json()["results"]) == 4


def test_pages_are_walked_by_cursor_and_nothing_comes_twice() -> None:
    owner = make.creator()
    made = [make.piece(owner=owner).pk for _ in range(7)]
    client = api(owner)

    seen, address, pages = [], f"{CONTENT}?limit=3", []
    while address:
        page = client.get(address).json()
        assert set(page) == {"results", "next", "previous", "count"}
        assert page["count"] == 7
        seen += [row["id"] for row in page["results"]]
        pages.append(page)
        address = page["next"]

    assert seen == made[::-1]
    assert [len(page["results"]) for page in pages] == [3, 3, 1]
    assert client.get(pages[2]["previous"]).json()["results"] == pages[1]["results"]


@pytest.mark.parametrize("cursor", ["x", "cD14", "cD0yMDI2", "cD0lMDA=", "cD0wMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5", "é"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    piece = make.piece()

    for address in (CONTENT, one(piece, "versions/")):
        assert api(piece.owner).get(address, {"cursor": cursor}).status_code in {200, 404}
    assert api(piece.owner).get("/api/v1/posts/", {"cursor": cursor}).status_code == 400
    assert api(piece.owner).get(one(piece, "versions/"), {"cursor": "cD14"}).status_code == 404


def test_a_saved_text_is_the_next_version() -> None:
    piece = make.piece(status=Status.READY)
    text = newest(piece)

    saved = api(piece.owner).put(
        one(piece), {"title": "Kettles", "content_text": f"{text.body}\nMore.\n", "version_hash": text.hash}
    )

    assert saved.status_code == 200
    said = saved.json()
    assert (said["version"]["number"], said["title"]) == (2, "Kettles")
    assert (said["status"], said["approval_status"]) == ("edited", "pending")
    assert said["edited_version"] == said["content_text"] == newest(piece).body
    assert said["original_version"] == text.body


def test_a_stale_save_is_refused_with_what_is_newest_and_the_difference() -> None:
    piece = make.piece()
    read = newest(piece)
    newer = make.version(piece=piece, by=make.editor(name="Tomás Okafor"))

    refused = api(piece.owner).put(
        one(piece), {"title": "Mine", "content_text": "# Mine\n\nText.", "version_hash": read.hash}
    )

    assert (refused.status_code, refused.data["code"]) == (409, "stale")
    assert "Tomás Okafor saved version 2" in refused.data["detail"]
    assert (refused.data["newest"], refused.data["newest_hash"]) == (2, newer.hash)
    assert refused.data["difference"]
    assert piece.versions.count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content_text": "x"}, "version_hash"),
        ({"version_hash": "x"}, "content_text"),
        ({"version_hash": "x", "content_text": "a\x00b"}, "content_text"),
        ({"version_hash": "x", "content_text": 12.5, "title": "y" * 301}, "title"),
        ({"version_hash": "x", "content_text": "y" * 200_001}, "content_text"),
        ({"version_hash": ["x"], "content_text": "y"}, "version_hash"),
    ],
)
def test_a_text_that_cannot_be_saved_says_which_field(body: dict[str, Any], field: str) -> None:
    piece = make.piece()

    refused = api(piece.owner).put(one(piece), body)

    assert (refused.status_code, refused.data["code"]) == (400, "invalid")
    assert field in refused.data["fields"]


def test_versions_can_be_listed_read_compared_and_restored() -> None:
    piece = make.piece()
    first = newest(piece)
    ada = make.editor(name="Ada")
    make.version(piece=piece, by=ada, body=f"{first.body}\nDo it tonight.\n")
    client = api(piece.owner)

    listed = client.get(one(piece, "versions/")).json()
    assert [row["number"] for row in listed["results"]] == [2, 1]
    assert listed["results"][0]["by"] == {"id": ada.pk, "name": "Ada"}
    assert (listed["results"][1]["by"], listed["results"][1]["author"]) == (None, "smollm2:135m")

    read = client.get(one(piece, "versions/1/")).json()
    assert (read["content_text"], read["hash"]) == (first.body, first.hash)

    diff = client.get(one(piece, "diff/"), {"from": 1, "to": 2}).json()
    assert (diff["old"]["number"], diff["new"]["number"], diff["added"], diff["removed"]) == (1, 2, 3, 0)
    added = [span for block in diff["blocks"] for span in block["spans"] if span["op"] == "ins"]
    assert {(span["author"]["kind"], span["author"]["name"]) for span in added} == {("person", "Ada")}
    assert client.get(one(piece, "diff/")).json() == diff, "the model's last text against the newest"

    restored = client.post(one(piece, "versions/1/restore/"), {"version_hash": newest(piece).hash})
    assert (restored.status_code, restored.data["number"]) == (201, 3)
    assert newest(piece).body == first.body
    stale = client.post(one(piece, "versions/2/restore/"), {"version_hash": "x"})
    assert (stale.status_code, stale.data["code"]) == (409, "stale")


@pytest.mark.parametrize("rest", ["versions/9/", "diff/?from=9", "diff/?to=9", f"versions/{10**30}/"])
def test_a_version_that_is_not_there_is_not_found(rest: str) -> None:
    piece = make.piece()

    assert api(piece.owner).get(one(piece, rest)).status_code == 404


def test_a_piece_without_any_text_has_no_difference() -> None:
    piece = make.piece(status=Status.WRITING)

    assert api(piece.owner).get(one(piece, "diff/")).status_code == 404


def test_a_decision_is_pinned_to_the_text_that_was_read() -> None:
    piece, editor = make.piece(), make.editor(name="Mara")
    text = newest(piece)

    made = api(editor).post(one(piece, "decisions/"), {"verdict": "approved", "version_hash": text.hash})

    assert made.status_code == 201
    assert (made.data["verdict"], made.data["version"]["hash"], made.data["by"]["name"]) == (
        "approved",
        text.hash,
        "Mara",
    )
    assert (newest(piece).pk, piece.status) == (text.pk, Status.READY)
    listed = api(piece.owner).get(one(piece, "decisions/")).json()
    assert [row["id"] for row in listed["results"]] == [made.data["id"]]


def test_a_decision_without_a_hash_is_refused() -> None:
    refused = api(make.editor()).post(one(make.piece(), "decisions/"), {"verdict": "approved"})

    assert refused.status_code == 400
    assert list(refused.data["fields"]) == ["version_hash"]


def test_a_stale_decision_is_refused_with_what_changed() -> None:
    piece = make.piece()
    read = newest(piece)
    newer = make.version(piece=piece, by=make.editor(), body=f"{read.body}\nAn unread line.\n")

    refused = api(make.editor()).post(one(piece, "decisions/"), {"verdict": "approved", "version_hash": read.hash})

    assert (refused.status_code, refused.data["code"]) == (409, "stale")
    assert (refused.data["newest"], refused.data["newest_hash"]) == (2, newer.hash)
    added = [span["text"] for block in refused.data["difference"] for span in block["spans"] if span["op"] == "ins"]
    assert "unread" in "".join(added)
    assert not Decision.objects.exists()


def test_a_hash_of_no_version_is_stale_too() -> None:
    piece = make.piece()

    refused = api(make.editor()).post(one(piece, "decisions/"), {"verdict": "approved", "version_hash": "0" * 64})

    assert (refused.status_code, refused.data["newest_hash"]) == (409, newest(piece).hash)


def test_the_second_decision_is_refused_and_told_by_whom() -> None:
    piece = make.piece()
    said = {"verdict": "approved", "version_hash": newest(piece).hash}
    api(make.editor(name="Mara")).post(one(piece, "decisions/"), said)

    refused = api(make.editor()).post(one(piece, "decisions/"), said)

    assert (refused.status_code, refused.data["code"]) == (409, "invalid_move")
    assert refused.data["detail"] == "Already approved by Mara."


def test_a_verdict_against_needs_a_reason_and_a_creator_does_not_decide() -> None:
    piece = make.piece()
    said = {"verdict": "rejected", "version_hash": newest(piece).hash}

    refused = api(make.editor()).post(one(piece, "decisions/"), said)
    assert (refused.status_code, list(refused.data["fields"])) == (400, ["feedback"])
    forbidden = api(piece.owner).post(one(piece, "decisions/"), {**said, "feedback": "No."})
    assert (forbidden.status_code, forbidden.data["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("status", "approval"), [("ready", "approved"), ("reviewed", "changes_requested"), ("rejected", "rejected")]
)
def test_a_status_can_be_asked_for_where_a_verdict_brings_it(status: str, approval: str) -> None:
    piece = make.piece()
    body = {"status": status, "version_hash": newest(piece).hash, "feedback": "Because."}

    said = api(make.editor()).patch(one(piece, "state/"), body)

    assert said.status_code == 200
    assert (said.data["status"], said.data["approval_status"]) == (status, approval)


@pytest.mark.parametrize("status", ["writing", "generated", "edited", "published"])
def test_other_statuses_come_another_way(status: str) -> None:
    piece = make.piece()

    refused = api(make.editor()).patch(one(piece, "state/"), {"status": status, "version_hash": newest(piece).hash})

    assert (refused.status_code, refused.data["status_now"]) == (409, "generated")


def test_a_deleted_piece_is_gone_from_everywhere_and_its_trail_stays() -> None:
    piece = make.piece()
    client = api(piece.owner)

    assert client.delete(one(piece)).status_code == 204

    assert client.get(one(piece)).status_code == client.delete(one(piece)).status_code == 404
    assert client.get(CONTENT).json()["count"] == 0
    assert Version.objects.filter(piece=piece).exists()


def test_what_is_public_cannot_be_deleted_even_while_a_newer_text_waits() -> None:
    piece = make.piece(status=Status.PUBLISHED)
    text = newest(piece)
    client = api(piece.owner)
    client.put(one(piece), {"content_text": f"{text.body}\nMore.", "version_hash": text.hash})

    refused = client.delete(one(piece))

    assert (refused.status_code, refused.data["code"]) == (409, "invalid_move")
    assert "Unpublish it first" in refused.data["detail"]


def test_ideas_can_be_proposed_and_listed() -> None:
    owner = make.creator()
    made = api(owner).post(
        "/api/v1/ideas/", {"title": "Kettles", "description": "Why they break.", "category": "Repair"}
    )

    assert made.status_code == 201
    idea = Idea.objects.get(pk=made.data["id"])
    assert (idea.title, idea.owner) == ("Kettles", owner)
    assert [row["id"] for row in api(owner).get("/api/v1/ideas/").json()["results"]] == [idea.pk]
    assert api(make.creator()).get("/api/v1/ideas/").json()["results"] == []


def test_every_platform_can_be_filtered_by() -> None:
    client = api(make.editor())

    for slug in platforms.ALL:
        assert client.get(CONTENT, {"platform": slug}).status_code == 200
