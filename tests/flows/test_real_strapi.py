"""A real Strapi 5, killed and started again, has each article once: what the door on loopback is to be like.

Skipped unless COPYDESK_TEST_STRAPI names a folder with a Strapi and a `run.sh start|stop|tokens` that starts it at PORT
on a fresh database (the one it has, with KEEP_DB=1), stops it, and prints its API tokens as JSON: `full`, and `custom`,
which may create, update and find articles and upload files, and no more.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import make
import pytest
from PIL import Image
from vendors import strapi_door

from content.errors import ExternalError
from content.models import Post
from pipeline.models import Delivery, Task, TaskStatus
from pipeline.publishers.base import Article, Errand, Picture
from pipeline.publishers.strapi import Strapi
from pipeline.publishers.strapi.target import Target
from pipeline.services import deliveries, tasks
from pipeline.worker import drain

FOLDER = os.environ.get("COPYDESK_TEST_STRAPI", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="COPYDESK_TEST_STRAPI names no folder with a Strapi to start")


class Real:
    """A Strapi that is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def run(self, what: str, **env: str) -> str:
        done = subprocess.run(
            ["bash", "run.sh", what],
            cwd=self.folder,
            env={**os.environ, "PORT": str(self.port), **env},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=180,
        )
        return done.stdout

    def kill(self) -> None:
        os.kill(int((self.folder / ".tmp/strapi.pid").read_text()), signal.SIGKILL)

    def back(self) -> None:
        self.run("start", KEEP_DB="1")

    @property
    def tokens(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.run("tokens"))
        return found

    def settings(self, **changes: Any) -> dict[str, Any]:
        told = strapi_door.Strapi(address=self.address).settings()
        return {**told, "token": self.tokens["full"], **changes}

    def publisher(self, **changes: Any) -> Strapi:
        return Strapi(Target(name="main", **self.settings(**changes)))

    def get(self, path: str, **params: str) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens['full']}"}
        answer = httpx.get(f"{self.address}/api/{path}", params=params, headers=headers)
        answer.raise_for_status()
        return answer.json()

    def having(self, mark: str, status: str = "published") -> list[dict[str, Any]]:
        """The articles of that mark, among drafts or what is published."""
        asked = {"filters[externalId][$eq]": mark, "status": status, "populate": "*"}
        rows: list[dict[str, Any]] = self.get("articles", **asked)["data"]
        return rows


@pytest.fixture(scope="module")
def strapi() -> Iterator[Real]:
    real = Real(Path(FOLDER))
    real.run("start")
    yield real
    real.run("stop")


def article(mark: str, **changes: Any) -> Article:
    at = datetime(2026, 11, 21, 9, tzinfo=UTC)
    made = Article(
        external_id=f"copydesk-{mark}",
        slug=mark,
        title="Why kettles break",
        excerpt="Change one part.",
        body="## Find the part\n\nTurn it over.",
        category="Repair",
        tags=("kettles", "repair"),
        author="Mara Holt",
        reviewer="Ines Roth",
        url=f"https://desk.example.org/posts/{mark}/",
        read_minutes=3,
        published_at=at,
        updated_at=at,
    )
    return replace(made, **changes)


def picture(name: str) -> Picture:
    kept = io.BytesIO()
    Image.new("RGB", (300, 200), (90, 40, 20)).save(kept, "JPEG")
    return Picture(f"https://desk.example.org/media/01/{name}", name, "A kettle", "By Mara", kept.getvalue)


def test_an_article_with_its_picture_is_made_and_updated(strapi: Real) -> None:
    cover, errand = picture("0a1b2c3d4e5f60718293a4b5c6d7e8f9.jpg"), Errand()

    strapi.publisher().deliver(article("made", cover=cover), errand)
    strapi.publisher().deliver(article("made", cover=cover, title="Why kettles break early"), errand)

    (there,) = strapi.having("copydesk-made")
    assert (there["documentId"], there["title"]) == (errand.document_id, "Why kettles break early")
    assert (there["cover"]["name"], there["cover"]["alternativeText"]) == (cover.name, "A kettle")
    assert len(strapi.get("upload/files", **{"filters[name][$eq]": cover.name})) == 1


def test_a_draft_is_no_article_until_it_is_published(strapi: Real) -> None:
    errand = Errand()
    strapi.publisher(status="draft").deliver(article("drafted"), errand)
    assert strapi.having("copydesk-drafted") == []
    assert len(strapi.having("copydesk-drafted", "draft")) == 1

    strapi.publisher().deliver(article("drafted"), errand)

    assert [row["documentId"] for row in strapi.having("copydesk-drafted")] == [errand.document_id]
    assert len(strapi.having("copydesk-drafted", "draft")) == 1


@pytest.mark.parametrize("status", ["draft", "published"])
def test_what_is_there_is_found_by_its_mark(status: str, strapi: Real) -> None:
    strapi.publisher(status=status).deliver(article(f"found-{status}"), Errand())

    strapi.publisher().deliver(article(f"found-{status}", title="Found"), Errand())

    assert [row["title"] for row in strapi.having(f"copydesk-found-{status}")] == ["Found"]
    assert len(strapi.having(f"copydesk-found-{status}", "draft")) == 1


def test_an_address_that_another_article_has_is_refused(strapi: Real) -> None:
    strapi.publisher().deliver(article("twice"), Errand())

    with pytest.raises(ExternalError, match="slug: This attribute must be unique"):
        strapi.publisher().deliver(article("twice", external_id="copydesk-other"), Errand())

    assert strapi.having("copydesk-other") == strapi.having("copydesk-other", "draft") == []


def test_what_is_too_long_is_said_with_its_field(strapi: Real) -> None:
    with pytest.raises(ExternalError, match="excerpt: excerpt must be at most 300 characters"):
        strapi.publisher().deliver(article("long", excerpt="x" * 301), Errand())


def test_a_bad_token_one_that_may_not_and_a_collection_that_is_none_are_told_apart(strapi: Real) -> None:
    with pytest.raises(ExternalError, match="does not take the token: Missing or invalid credentials"):
        strapi.publisher(token="wrong").look()
    with pytest.raises(ExternalError, match="does not let this token do that with articles: Forbidden"):
        strapi.publisher(token=strapi.tokens["custom"]).withdraw("copydesk-made", Errand("nothing"))
    with pytest.raises(ExternalError, match="has no stories"):
        strapi.publisher(collection="stories").look()
    fields = {**strapi.settings()["fields"], "external_id": "copydesk"}
    with pytest.raises(ExternalError, match="no field “copydesk”"):
        strapi.publisher(fields=fields).deliver(article("fieldless"), Errand())


def test_a_token_that_may_send_and_not_look_at_files_is_enough(strapi: Real) -> None:
    cover, errand = picture("1a1b2c3d4e5f60718293a4b5c6d7e8f9.jpg"), Errand()
    for title in ("First", "Second"):
        strapi.publisher(token=strapi.tokens["custom"]).deliver(article("custom", cover=cover, title=title), errand)

    assert [row["cover"]["name"] for row in strapi.having("copydesk-custom")] == [cover.name]
    assert len(strapi.get("upload/files", **{"filters[name][$eq]": cover.name})) == 1


def test_a_picture_that_was_deleted_there_is_sent_again(strapi: Real) -> None:
    cover, errand = picture("2a1b2c3d4e5f60718293a4b5c6d7e8f9.jpg"), Errand()
    errand.pictures = {cover.url: 999_999}

    strapi.publisher().deliver(article("gone", cover=cover), errand)

    assert strapi.having("copydesk-gone")[0]["cover"]["id"] == errand.pictures[cover.url]


def test_tags_that_are_entries_are_found_or_made(strapi: Real) -> None:
    fields = {**strapi.settings()["fields"], "tags": {"field": "tags", "collection": "tags", "by": "name"}}
    for tags in (("kettles",), ("kettles", "repair")):
        strapi.publisher(fields=fields).deliver(article("tagged", tags=tags), Errand())

    (there,) = strapi.having("copydesk-tagged")
    assert {tag["name"] for tag in there["tags"]} == {"kettles", "repair"}
    assert len(strapi.get("tags")["data"]) == 2


def test_withdrawing_leaves_nothing_for_readers_and_it_can_go_out_again(strapi: Real) -> None:
    errand = Errand()
    strapi.publisher().deliver(article("withdrawn"), errand)

    for _ in range(2):
        strapi.publisher().withdraw("copydesk-withdrawn", errand)
    assert strapi.having("copydesk-withdrawn") == strapi.having("copydesk-withdrawn", "draft") == []

    strapi.publisher().deliver(article("withdrawn"), errand)
    assert len(strapi.having("copydesk-withdrawn")) == 1


@pytest.mark.parametrize("after", [0.0, 0.02, 0.06, 0.2])
def test_killed_in_the_middle_and_back_it_has_the_article_once(after: float, strapi: Real) -> None:
    """Killed so many seconds after the request that makes it: before it is read, while it is written, or when the
    answer is on its way."""
    mark, asked, end = f"killed-{round(after * 1000)}", [0], threading.Timer(after, strapi.kill)

    def check() -> None:
        asked[0] += 1
        if asked[0] == 3:  # after the two looks: this one is the write
            end.start()

    with suppress(ExternalError):
        strapi.publisher().deliver(article(mark), Errand(check=check))
    end.join()
    strapi.back()

    strapi.publisher().deliver(article(mark, title="Once"), Errand())

    assert [row["title"] for row in strapi.having(f"copydesk-{mark}")] == ["Once"]
    assert len(strapi.having(f"copydesk-{mark}", "draft")) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_publishers_at_once_make_one_article(strapi: Real, settings: Any) -> None:
    settings.STRAPI = {"main": strapi.settings()}
    editor, post = make.editor(), make.post(title="Eight at once")
    for _ in range(8):
        tasks.create("publish", {"piece": post.piece_id}, owner=editor)

    drain()

    there = Delivery.objects.get(post=post)
    assert set(Task.objects.values_list("status", flat=True)) == {TaskStatus.COMPLETED}
    assert [row["documentId"] for row in strapi.having(there.external_id)] == [there.document_id]
    assert len(strapi.having(there.external_id, "draft")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_task_goes_on_by_itself_when_strapi_is_killed_and_comes_back(strapi: Real, settings: Any) -> None:
    settings.STRAPI = {"main": strapi.settings()}
    editor, post = make.editor(), make.post(title="Killed in the middle")
    strapi.kill()
    task = deliveries.follow(post, by=editor)
    assert task
    drain()  # refused; its next try waits
    task.refresh_from_db()
    assert task.doing_as == "retry"

    strapi.back()
    settings.STRAPI = {"main": strapi.settings()}  # its tokens are new with every start
    task.stages.filter(name="deliver").update(not_before=None)
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED, task.error
    mark = Delivery.objects.get(post=post).external_id
    assert [row["title"] for row in strapi.having(mark)] == [Post.objects.get().title]
