"""What publishing to a Strapi promises, asked of 5 and 4: a door on loopback speaks as each of them does."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from vendors import strapi_door
from vendors.strapi_door import TOKEN, Fault

from content.errors import ExternalError
from pipeline.publishers.base import Article, Errand, Picture
from pipeline.publishers.strapi import Strapi, client
from pipeline.publishers.strapi.client import Refused
from pipeline.publishers.strapi.target import Target

MARK = "copydesk-0123456789abcdef01234567"


@pytest.fixture(params=[5, 4], ids=["strapi 5", "strapi 4"])
def door(request: pytest.FixtureRequest) -> Iterator[strapi_door.Strapi]:
    with strapi_door.opened(version=request.param) as door:
        yield door


@pytest.fixture
def five() -> Iterator[strapi_door.Strapi]:
    with strapi_door.opened() as door:
        yield door


def publisher(door: strapi_door.Strapi, **changes: Any) -> Strapi:
    return Strapi(Target(name="main", **door.settings(**changes)))


def picture(name: str = "0123456789abcdef0123456789abcdef.jpg", size: int = 40) -> Picture:
    kept = io.BytesIO()
    Image.new("RGB", (size, 20), (90, 40, 20)).save(kept, "JPEG")
    return Picture(f"https://desk.example.org/media/01/{name}", name, "A kettle", "By Mara", kept.getvalue)


def article(**changes: Any) -> Article:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    made = Article(
        external_id=MARK,
        slug="why-kettles-break",
        title="Why kettles break",
        excerpt="Change one part.",
        body="## Find the part\n\nTurn it over.",
        category="Repair",
        tags=("kettles", "repair"),
        author="Mara Holt",
        reviewer="Ines Roth",
        url="https://desk.example.org/posts/why-kettles-break/",
        read_minutes=3,
        published_at=at,
        updated_at=at,
    )
    return replace(made, **changes)


def test_an_article_is_made_with_our_mark_and_where_it_is_is_told(door: strapi_door.Strapi) -> None:
    errand = Errand()

    where = publisher(door).deliver(article(), errand)

    (row,) = door.articles
    assert row["externalId"] == MARK
    assert (row["title"], row["slug"], row["content"]) == (article().title, article().slug, article().body)
    assert row["publishedAt"]
    assert errand.document_id == str(row[door.key])
    assert where.public_url == "https://blog.example.org/why-kettles-break"
    assert where.desk_url.endswith(f"/api::article.article/{errand.document_id}")


def test_the_next_time_it_is_updated(door: strapi_door.Strapi) -> None:
    errand = Errand()
    publisher(door).deliver(article(), errand)

    publisher(door).deliver(article(title="Why kettles break early"), errand)

    assert [row["title"] for row in door.articles] == ["Why kettles break early"]
    assert len(door.written("POST")) == 1


def test_draft_or_published_is_said_on_every_write(door: strapi_door.Strapi) -> None:
    for status in ("draft", "published"):
        publisher(door, status=status).deliver(article(), Errand())

        write = (door.written("POST") + door.written("PUT"))[-1]
        said = write.query["status"] if door.version == 5 else "published" if write.data["publishedAt"] else "draft"
        assert said == status

    assert [bool(row["publishedAt"]) for row in door.articles] == [True]


def test_strapi_4_keeps_the_date_on_which_it_became_public() -> None:
    with strapi_door.opened(version=4) as door:
        publisher(door).deliver(article(), Errand())

        assert door.articles[0]["publishedAt"] == "2026-11-21T09:00:00+00:00"


@pytest.mark.parametrize("status", ["draft", "published"])
def test_one_that_is_there_already_is_found_by_its_mark_as_draft_and_as_published(
    status: str, door: strapi_door.Strapi
) -> None:
    publisher(door, status=status).deliver(article(), Errand())
    errand = Errand()

    publisher(door).deliver(article(), errand)

    assert len(door.articles) == 1
    assert errand.document_id == str(door.articles[0][door.key])


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_lost_answer_is_looked_up_before_it_is_sent_again(cut: str, door: strapi_door.Strapi) -> None:
    door.faults = [Fault("POST", cut=cut)]
    errand = Errand()
    with pytest.raises(ExternalError, match="Strapi broke off") as lost:
        publisher(door).deliver(article(), errand)
    assert lost.value.retryable

    publisher(door).deliver(article(), errand)

    assert len(door.articles) == 1
    assert len(door.rows["articles"]) == (2 if door.version == 5 else 1)


def test_one_that_was_deleted_there_is_made_again(door: strapi_door.Strapi) -> None:
    errand = Errand()
    publisher(door).deliver(article(), errand)
    door.rows["articles"].clear()

    publisher(door).deliver(article(), errand)

    assert errand.document_id == str(door.articles[0][door.key])


def test_what_they_made_unique_and_came_through_unheard_is_found(door: strapi_door.Strapi) -> None:
    late = publisher(door)

    def meanwhile(asked: strapi_door.Asked) -> None:
        door.before = lambda asked: None
        if asked.method == "POST":
            late.deliver(article(), Errand())
        else:
            door.before = meanwhile

    door.before = meanwhile

    publisher(door).deliver(article(), Errand())

    assert len(door.articles) == 1


def test_a_picture_is_sent_once_and_attached_by_its_number(door: strapi_door.Strapi) -> None:
    errand, kept = Errand(), []
    errand.keep = lambda: kept.append(dict(errand.pictures))
    cover = picture()

    publisher(door).deliver(article(cover=cover), errand)
    publisher(door).deliver(article(cover=cover, title="Another title"), errand)

    (file,) = door.files
    assert (file["name"], file["alternativeText"], file["caption"]) == (cover.name, "A kettle", "By Mara")
    assert door.articles[0]["cover"] == file["id"]
    assert kept[0] == {cover.url: file["id"]}


def test_a_picture_whose_answer_was_lost_is_found_by_its_name(door: strapi_door.Strapi) -> None:
    door.faults = [Fault("POST", "/api/upload", cut="after")]
    with pytest.raises(ExternalError):
        publisher(door).deliver(article(cover=picture()), Errand())

    publisher(door).deliver(article(cover=picture()), Errand())

    assert len(door.files) == 1
    assert door.articles[0]["cover"] == door.files[0]["id"]


def test_a_picture_that_was_deleted_there_is_sent_again(door: strapi_door.Strapi) -> None:
    errand = Errand()
    publisher(door).deliver(article(cover=picture()), errand)
    door.files.clear()

    publisher(door).deliver(article(cover=picture()), errand)

    assert door.articles[0]["cover"] == door.files[0]["id"]


def test_a_token_that_may_send_files_and_not_look_at_them_is_enough(door: strapi_door.Strapi) -> None:
    door.may = lambda method, path: not path.startswith("/api/upload/files")
    errand = Errand()

    for _ in range(2):
        publisher(door).deliver(article(cover=picture()), errand)

    assert len(door.files) == 1


def test_without_a_picture_the_old_one_is_taken_off(door: strapi_door.Strapi) -> None:
    errand = Errand()
    publisher(door).deliver(article(cover=picture()), errand)

    publisher(door).deliver(article(), errand)

    assert door.articles[0]["cover"] is None


def test_withdrawing_takes_it_from_readers(door: strapi_door.Strapi) -> None:
    errand = Errand()
    publisher(door).deliver(article(), errand)

    for _ in range(2):
        publisher(door).withdraw(MARK, errand)

    assert [row for row in door.articles if row["publishedAt"]] == []
    assert len(door.articles) == (0 if door.version == 5 else 1)


def test_one_whose_id_never_came_is_withdrawn_by_its_mark(door: strapi_door.Strapi) -> None:
    publisher(door).deliver(article(), Errand())

    publisher(door).withdraw(MARK, Errand())

    assert [row for row in door.articles if row["publishedAt"]] == []


def test_fields_are_named_as_the_settings_say(five: strapi_door.Strapi) -> None:
    strapi_fields = {**five.settings()["fields"], "excerpt": "", "body": "excerpt"}

    publisher(five, fields=strapi_fields).deliver(article(body="Short."), Errand())

    assert (five.articles[0]["excerpt"], five.articles[0]["content"]) == ("Short.", None)


def test_tags_that_are_entries_there_are_found_or_made(door: strapi_door.Strapi) -> None:
    fields = {**door.settings()["fields"], "tags": {"field": "tags", "collection": "tags", "by": "name"}}
    target = publisher(door, fields=fields)

    target.deliver(article(tags=("kettles",)), Errand())
    target.deliver(article(tags=("kettles", "repair")), Errand())

    assert [row["name"] for row in door.rows["tags"]] == ["kettles", "repair"]
    assert door.articles[0]["tags"] == {"set": [str(row[door.key]) for row in door.rows["tags"]]}


def test_an_address_in_another_script_becomes_one_that_strapi_takes(five: strapi_door.Strapi) -> None:
    where = publisher(five).deliver(article(slug="почему-чайник"), Errand())

    assert five.articles[0]["slug"] == MARK
    assert where.public_url.endswith(MARK)


def test_the_language_is_said_where_there_is_one(five: strapi_door.Strapi) -> None:
    publisher(five, locale="de").deliver(article(), Errand())

    assert {asked.query["locale"] for asked in five.asked} == {"de"}


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [(500, {}, None), (503, {}, None), (429, {"Retry-After": "7"}, 7), (429, {"Retry-After": "soon"}, None)],
)
def test_what_is_worth_another_try_says_so(
    status: int, headers: dict[str, str], after: float | None, five: strapi_door.Strapi
) -> None:
    five.faults = [Fault("POST", status=status, headers=headers, body=b"<html>Bad gateway</html>")]

    with pytest.raises(ExternalError) as refusal:
        publisher(five).deliver(article(), Errand())

    assert refusal.value.retryable
    assert refusal.value.retry_after == after


def test_what_strapi_says_is_wrong_is_said_with_its_field(door: strapi_door.Strapi) -> None:
    with pytest.raises(ExternalError, match="excerpt: excerpt must be at most 300 characters") as refusal:
        publisher(door).deliver(article(excerpt="x" * 301), Errand())

    assert not refusal.value.retryable
    assert "xxx" not in refusal.value.message


def test_an_address_that_another_article_has_is_refused_and_nothing_overwritten(door: strapi_door.Strapi) -> None:
    publisher(door).deliver(article(external_id="another-hand", title="Theirs"), Errand())

    with pytest.raises(ExternalError, match="slug: This attribute must be unique"):
        publisher(door).deliver(article(), Errand())

    assert [row["title"] for row in door.articles] == ["Theirs"]


def test_a_wrong_token_is_said_with_the_name_of_its_setting(door: strapi_door.Strapi) -> None:
    with pytest.raises(ExternalError, match="COPYDESK_STRAPI_MAIN_TOKEN") as refusal:
        publisher(door, token="wrong-token-0123").look()

    assert "wrong-token-0123" not in str(refusal.value)
    assert not refusal.value.retryable


def test_a_token_that_may_not_says_what_it_may_not(door: strapi_door.Strapi) -> None:
    door.may = lambda method, path: method == "GET"

    with pytest.raises(ExternalError, match="does not let this token do that with articles: Forbidden"):
        publisher(door).deliver(article(), Errand())


def test_a_collection_that_is_not_there_is_named(door: strapi_door.Strapi) -> None:
    with pytest.raises(ExternalError, match="has no stories.*COPYDESK_STRAPI_MAIN_COLLECTION"):
        publisher(door, collection="stories").look()


def test_a_collection_without_a_field_for_our_mark_is_refused(door: strapi_door.Strapi) -> None:
    fields = {**door.settings()["fields"], "external_id": "copydesk"}

    with pytest.raises(ExternalError, match="no field “copydesk”"):
        publisher(door, fields=fields).deliver(article(), Errand())

    assert door.articles == []


def test_a_picture_that_is_too_large_is_refused_as_strapi_says(door: strapi_door.Strapi) -> None:
    heavy = replace(picture(), read=lambda: b"x" * 3_100_000)

    with pytest.raises(Refused, match="FileTooBig") as refusal:
        publisher(door).deliver(article(cover=heavy), Errand())

    assert refusal.value.answered == 413


def test_nobody_there_is_worth_another_try() -> None:
    with strapi_door.opened() as door:
        target = publisher(door)

    with pytest.raises(ExternalError, match="does not answer") as refusal:
        target.look()

    assert refusal.value.retryable


def test_one_that_takes_too_long_is_worth_another_try(five: strapi_door.Strapi, monkeypatch: Any) -> None:
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.1)
    gate = threading.Event()
    five.before = lambda asked: (gate.wait(5), None)[1]

    with pytest.raises(ExternalError, match="took longer") as refusal:
        publisher(five).look()
    gate.set()

    assert refusal.value.retryable


def test_the_token_follows_no_redirect(five: strapi_door.Strapi) -> None:
    with strapi_door.opened() as elsewhere:
        five.faults = [Fault("GET", status=307, headers={"Location": f"{elsewhere.address}/api/articles"})]

        with pytest.raises(ExternalError, match="lives at another address"):
            publisher(five).look()

        assert elsewhere.asked == []


def test_an_answer_without_end_is_not_read_to_the_end(five: strapi_door.Strapi, monkeypatch: Any) -> None:
    monkeypatch.setattr(client, "MOST_BYTES", 1000)
    five.faults = [Fault("GET", status=200, body=b'"' + b"x" * 5000 + b'"')]

    with pytest.raises(ExternalError, match="more than"):
        publisher(five).look()


@pytest.mark.parametrize("body", [b"<html>Hello</html>", b"[]", b'{"data": 7}', b'{"data": [7]}'])
def test_something_that_is_no_strapi_is_told_apart(body: bytes, five: strapi_door.Strapi) -> None:
    five.faults = [Fault("GET", status=200, body=body)]

    with pytest.raises(ExternalError, match="does not speak as Strapi does"):
        publisher(five).deliver(article(), Errand())


def test_a_token_that_strapi_repeats_is_left_out(five: strapi_door.Strapi) -> None:
    body = json.dumps({"error": {"name": "X", "message": f"no token {TOKEN}"}}).encode()
    five.faults = [Fault("GET", status=400, body=body)]

    with pytest.raises(ExternalError) as refusal:
        publisher(five).look()

    assert TOKEN not in refusal.value.message


def test_it_asks_before_every_request_whether_it_still_may(door: strapi_door.Strapi) -> None:
    asked: list[int] = []
    errand = Errand(check=lambda: asked.append(len(door.asked)))

    publisher(door).deliver(article(cover=picture()), errand)

    assert asked == list(range(len(door.asked)))


def test_the_digest_is_of_all_that_is_sent(five: strapi_door.Strapi) -> None:
    target = publisher(five)

    digests = {
        target.digest(article()),
        target.digest(article(title="Another")),
        target.digest(article(cover=picture())),
        target.digest(article(cover=replace(picture(), alt="Another"))),
        publisher(five, status="draft").digest(article()),
    }

    assert len(digests) == 5
    assert target.digest(article()) == target.digest(article(reviewer="Not sent there"))
