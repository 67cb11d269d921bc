"""The public API is what its OpenAPI document says, so a front end that knows only that can live on it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import make
import pytest
import schemathesis
from caller import api
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, assume, given, settings, strategies
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse
from schemathesis.generation import GenerationMode

from content.api.posts import asking
from content.models import FormerAddress, Post
from content.services import publishing
from content.services.reading import ORDERINGS, Place

pytestmark = pytest.mark.django_db
POSTS = "/api/v1/posts/"
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as it is sent, all of it."""
    made: dict[str, Any] = json.loads(json.dumps(SchemaGenerator().get_schema(public=True), default=str))
    return made


@pytest.fixture(scope="module")
def promised(document: dict[str, Any]) -> OpenAPI:
    return OpenAPI.from_dict({**document, "servers": [{"url": "http://testserver"}]})


@pytest.fixture
def posts() -> list[Post]:
    """Three articles; the last has a former address."""
    made = [
        make.post(title=title, category="Home Repair") for title in ("A kettle", "A boiler", "Heat pumps & kettles")
    ]
    FormerAddress.objects.create(slug="heat", post=made[-1])
    return made


def test_the_document_is_openapi_3_1_and_shows_an_example_of_everything(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for path in (POSTS, f"{POSTS}{{slug}}/", f"{POSTS}search/"):
        operation = document["paths"][path]["get"]
        assert "security" not in document
        assert operation.get("security", [{}]) == [{}]
        for code, response in operation["responses"].items():
            assert response["description"] or code == "200"
            if code not in {"301", "304"}:
                assert response["content"]["application/json"]["examples"], (path, code)
        for parameter in operation["parameters"]:
            assert parameter["in"] == "path" or parameter["description"], (path, parameter["name"])
        assert {"ETag", "Last-Modified", "Cache-Control"} <= operation["responses"]["200"]["headers"].keys()


@pytest.fixture
def served() -> Iterator[Any]:
    """All of Copydesk as a WSGI application on the test's own connection, which a request would close otherwise."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield get_wsgi_application()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


SHOWN = "{slug}/"
ASKED: list[tuple[str, dict[str, str], int]] = [
    ("", {}, 200),
    ("", {"limit": "1"}, 200),
    ("", {"offset": "1", "limit": "1"}, 200),
    ("", {"skip": "9"}, 200),
    ("", {"fields": "slug,title"}, 200),
    ("", {"include": "body,html,headings,reviewer,made_with"}, 200),
    ("", {"category": "home repair", "ordering": "-title", "published_after": "2020-01-01"}, 200),
    ("", {"ordering": "sideways"}, 400),
    ("", {"unheard": "of"}, 400),
    (SHOWN, {}, 200),
    (SHOWN, {"fields": "title"}, 200),
    (SHOWN, {"fields": "secrets"}, 400),
    ("heat/", {}, 301),
    ("nowhere/", {}, 404),
    ("search/", {"q": "kettles"}, 200),
    ("search/", {"q": "kettle boiler", "category": "home-repair", "limit": "1"}, 200),
    ("search/", {"q": "xyzzy"}, 200),
    ("search/", {"q": "kett"}, 200),
    ("search/", {"q": "k"}, 400),
    ("search/", {}, 400),
]


@pytest.mark.parametrize(("path", "query", "status"), ASKED)
def test_every_answer_is_as_promised(
    path: str, query: dict[str, str], status: int, posts: list[Post], promised: OpenAPI
) -> None:
    address = POSTS + path.format(slug=posts[0].slug)

    answer = api().get(address, query)

    assert answer.status_code == status
    conforms(promised, address, query, answer)
    if status == 200:
        again = api().get(address, query, HTTP_IF_NONE_MATCH=answer["ETag"])
        assert again.status_code == 304
        conforms(promised, address, query, again)


def test_the_answer_for_what_was_withdrawn_is_as_promised(posts: list[Post], promised: OpenAPI) -> None:
    publishing.unpublish(posts[0].piece, by=make.editor())
    address = f"{POSTS}{posts[0].slug}/"

    gone = api().get(address)

    assert gone.status_code == 410
    conforms(promised, address, {}, gone)


def conforms(promised: OpenAPI, address: str, query: dict[str, str], answer: Any) -> None:
    """Raises what in the answer is not as the document has it."""
    asked = DjangoOpenAPIRequest(RequestFactory().get(address, query))
    if answer.status_code in {301, 304}:  # no body is promised; the status and its headers are
        operation = promised.spec["paths"][f"{POSTS}{{slug}}/" if answer.status_code == 301 else POSTS]["get"]
        assert str(answer.status_code) in operation["responses"]
        assert ("Location" if answer.status_code == 301 else "ETag") in answer
        return
    promised.validate_response(asked, DjangoOpenAPIResponse(answer))


POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
# A cursor is one that was given out, and a search has a word: the document’s names for what a pattern cannot say.
CURSORS = [asking.cursor_of(Place(name, "Kettle" if "title" in name else NOON, 1)) for name in ORDERINGS]
schemathesis.openapi.format("cursor", strategies.sampled_from(CURSORS))
schemathesis.openapi.format("websearch", strategies.text().map(lambda text: f"kettle {text}"[:200]))
# A cursor knows its place and order, so it is refused together with these: no document can say that.
OTHER_WAYS = {"offset", "skip", "ordering"}
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]


@pytest.mark.parametrize("path", [POSTS, f"{POSTS}{{slug}}/", f"{POSTS}search/"])
def test_whatever_is_made_of_the_document_is_answered_as_it_says(
    path: str, document: dict[str, Any], posts: list[Post], served: Any
) -> None:
    operation = schemathesis.openapi.from_dict(document)[path]["GET"]
    statuses = set()

    @given(case=operation.as_strategy(generation_mode=POSITIVE) | operation.as_strategy(generation_mode=NEGATIVE))
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=QUIET)
    def ask(case: Any) -> None:
        assume("cursor" not in (case.query or {}) or not OTHER_WAYS & case.query.keys())
        answer = case.call(app=served, base_url="http://testserver")
        statuses.add(answer.status_code)
        case.validate_response(answer)

    ask()
    assert 200 in statuses or "slug" in path


# --- A front end that knows the document alone ---


@pytest.fixture(scope="module")
def generated(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A Python client that a generator made of the document, imported."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "config.yml").write_text("post_hooks: []\npackage_name_override: front_end\n")
    paths = ["--path", "openapi.json", "--config", "config.yml", "--meta", "none", "--output-path", "front_end"]
    subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), "generate", *paths],
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=120,
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module("front_end")
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == "front_end"]:
        del sys.modules[name]


def test_a_front_end_that_knows_only_the_document_can_list_filter_search_and_show(
    generated: Any, posts: list[Post], served: Any
) -> None:
    transport = httpx.WSGITransport(served)
    client = generated.Client(base_url="http://testserver", httpx_args={"transport": transport})
    calls = {
        name: importlib.import_module(f"front_end.api.posts.{name}")
        for name in ("posts_list", "posts_show", "posts_search")
    }
    bread = make.post(title="Bread", category="Food")

    listed = calls["posts_list"].sync(client=client, limit=2)
    assert (listed.count, len(listed.results)) == (4, 2)
    cursor = httpx.URL(listed.next_).params["cursor"]
    rest = calls["posts_list"].sync(client=client, limit=2, cursor=cursor)
    assert {row.slug for row in [*listed.results, *rest.results]} == {post.slug for post in [*posts, bread]}

    (food,) = calls["posts_list"].sync(client=client, category="food").results
    assert food.title == bread.title

    found = calls["posts_search"].sync(client=client, q="kettles")
    assert "<mark>" in found.results[0].title_html
    assert {facet.slug for facet in found.facets.category} == {"home-repair"} | (
        {"food"} if found.count == 4 else set()
    )

    article = calls["posts_show"].sync(client=client, slug=found.results[0].slug)
    assert article.html
    assert article.published_at.tzinfo

    assert calls["posts_show"].sync_detailed(client=client, slug="nowhere").status_code == 404
    refused = calls["posts_search"].sync(client=client, q="k")
    assert (refused.code, refused.fields["q"]) == ("invalid", ["Type two characters or more."])
