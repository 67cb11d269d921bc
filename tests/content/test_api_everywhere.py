"""What holds at every address of the API: one shape of refusal, nothing that breaks it, nothing of another's."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import make
import pytest
from caller import api
from django.conf import settings as configured
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from drawn import candidate
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.settings import api_settings

from content.api.errors import as_response
from content.errors import CopydeskError, ExternalError
from content.models import Status, User
from content.views.limits import BodyLimit
from content.views.refusals import server_error

pytestmark = pytest.mark.django_db
API = "/api/v1/"
QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LIMIT = configured.MAX_BODY_BYTES


def addresses() -> Iterator[tuple[str, URLPattern]]:
    """(pattern such as `content/<int:pk>/`, its entry) of each address of the API."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and str(entry.pattern) == "api/v1/":
            for pattern in entry.url_patterns:
                yield str(pattern.pattern), pattern


def methods(pattern: URLPattern) -> set[str]:
    return {name for name in ("get", "post", "put", "patch", "delete") if hasattr(pattern.callback.view_class, name)}


def filled(pattern: str, **values: object) -> str:
    """The address with its parts filled in."""
    plain = pattern.lstrip("^").rstrip("$").replace(r"(?P<slug>[-\w]+)", "<slug>")
    return API + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values[part[1]]), plain)


ADDRESSES = dict(addresses())
WITH_ID = [
    (path, method) for path, entry in ADDRESSES.items() if "<int:pk>" in path for method in sorted(methods(entry))
]
WRITES = [
    (path, method) for path, entry in ADDRESSES.items() for method in sorted(methods(entry) & {"post", "put", "patch"})
]
PUBLIC = {"auth/login/", "auth/refresh/", "auth/logout/"}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of refusals in a row need not be logged."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def owner() -> User:
    return make.creator()


@pytest.fixture
def everything(owner: User) -> dict[str, dict[str, int]]:
    """For each collection a thing of `owner`'s that all its addresses could act on."""
    version = make.version(owner=owner)
    return {
        "content": {"pk": version.piece_id, "number": version.number, "link": 1},
        "tasks": {"pk": make.task(owner=owner).pk},
        "workflows": {"pk": make.daily_run(owner=owner).pk},
        "media": {"pk": candidate(version.piece).pk},
    }


def test_the_addresses_are_found() -> None:
    assert {"tasks/", "content/", "posts/", "models/", "ideas/"} <= set(ADDRESSES)
    assert len(WITH_ID) >= 18


@pytest.mark.parametrize(("path", "method"), WITH_ID)
def test_what_is_anothers_is_not_found(
    path: str, method: str, everything: dict[str, dict[str, int]], owner: User
) -> None:
    address = filled(path, **everything[path.partition("/")[0]])
    stranger = api(make.creator())

    refused = getattr(stranger, method)(address, {} if method != "get" else None)

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert getattr(api(owner), method)(address, {} if method != "get" else None).status_code != 404


@pytest.mark.parametrize(("path", "method"), WITH_ID)
def test_what_does_not_exist_is_not_found(path: str, method: str) -> None:
    client = api(make.editor())
    for pk in (0, 10**9, 10**30):
        refused = getattr(client, method)(filled(path, pk=pk, number=1, link=1))
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


# Of a preview nobody learns whether there is one: 404, see tests/media_gen/test_pictures.py.
OPEN = ("auth/", "^posts", "posts/", "media/images/<int:pk>/preview/")


@pytest.mark.parametrize("path", [path for path in ADDRESSES if not path.startswith(OPEN)])
def test_nobody_gets_in_without_signing_in(path: str) -> None:
    for method in methods(ADDRESSES[path]):
        refused = getattr(api(), method)(filled(path, pk=1, number=1, link=1))
        assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
        assert refused["WWW-Authenticate"]


DEEP = "[" * 100_000
NONSENSE = [
    *(
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"7",
        b"NaN",
        b"\xff\xfe\xfd",
        b'{"a": NaN}',
        DEEP.encode(),
        b'{"a":' * 50_000,
    ),
    *(b'{"topic": "\\ud800"}', b'{"\\udfff": 1}', b'{"task_type": "\\ud800"}', b'{"verdict": "\\ud800"}'),
    b"9" * 5000,
]
NAMES = (
    *("email", "password", "refresh", "title", "description", "category", "content_text", "version_hash", "verdict"),
    *("feedback", "status", "task_type", "topic", "word_count", "brief", "sources", "tags", "priority", "task_name"),
    *("picture", "schedule_for", "strict", "model", "alt", "instead_of", "piece", "image", "source", "count", "prompt"),
    *("negative", "seed"),
)
VALUES = [
    *(None, True, 0, -1, 10**30, 1e308, "", " ", "\x00", "a\x00b", "x" * 300_000, [], {}, [[[]]], {"a": {"b": [None]}}),
    *(
        "blog_post",
        "approved",
        "ready",
        "\u202e\u0000\U0001f600",
        "2026-13-45T99:99:99Z",
        "9999-12-31T23:59:59.999999+14:00",
    ),
]


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_nonsense_is_refused_and_breaks_nothing(
    path: str, method: str, everything: dict[str, dict[str, int]], owner: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = QUICK
    address = filled(path, **everything.get(path.partition("/")[0], {}))
    client = api(make.editor())  # who may do most gets furthest
    bodies = [*NONSENSE, *(json.dumps(dict.fromkeys(NAMES, value)).encode() for value in VALUES)]
    for body in bodies:
        answer = getattr(client, method)(address, body, content_type="application/json")
        assert answer.status_code < 500, body[:80]
        if answer.status_code >= 400:
            said = json.loads(answer.content)
            assert isinstance(said["code"], str)
            assert said["detail"]


@pytest.mark.parametrize(("path", "method"), WRITES)
def test_each_value_of_the_wrong_kind_alone_breaks_nothing(
    path: str, method: str, everything: dict[str, dict[str, int]], owner: User, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = QUICK
    address = filled(path, **everything.get(path.partition("/")[0], {}))
    client, text = api(owner), make.version(owner=owner)
    sound = {
        "email": "a@example.org",
        "password": "x",
        "refresh": "x",
        "title": "T",
        "content_text": "Text",
        "version_hash": text.hash,
        "verdict": "revoked",
        "status": "ready",
        "feedback": "F",
    }
    if path == "tasks/":
        sound = {"task_type": "blog_post", "topic": "Kettles"}
    for name in sound if path != "tasks/" else NAMES:
        for value in (None, 10**30, "\x00", {"a": [1]}):
            answer = getattr(client, method)(
                address, json.dumps({**sound, name: value}), content_type="application/json"
            )
            assert answer.status_code < 500, (name, value)


@pytest.mark.parametrize("path", [path for path in ADDRESSES if "get" in methods(ADDRESSES[path])])
def test_a_query_string_of_nonsense_breaks_nothing(
    path: str, everything: dict[str, dict[str, int]], owner: User, scripted: Any
) -> None:
    address = filled(path, **everything.get(path.partition("/")[0], {}), slug="x")
    everywhere = {"limit", "offset", "skip", "cursor", "fields", "after", "from", "to"}
    names = everywhere | {"piece", "source", "date", "status", "task_type", "platform", "category", "tag", "q"}
    client = api(owner)
    for value in ("\x00", "-1", "9" * 40, "cD0A"):
        for name in names:
            assert client.get(address, {name: value}).status_code < 500, (name, value)
    assert client.get(f"{address}?q=%ED%A0%80&cursor=%FF&limit=%00").status_code < 500


def test_an_unknown_address_answers_in_the_same_shape() -> None:
    for client in (api(), Client(enforce_csrf_checks=True)):
        for address in ("/api/v1/nothing/", "/api/", "/api/v2/tasks/", "/api/v1/posts/a%00b/"):
            for method in ("get", "post", "delete"):
                refused = getattr(client, method)(address)
                assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    hint = api().post("/api/v1/tasks", {})
    assert "end with a slash" in hint.json()["detail"]


@pytest.mark.parametrize(
    ("method", "kind", "accept", "status", "code"),
    [
        ("delete", "application/json", "*/*", 405, "method_not_allowed"),
        ("post", "text/plain", "*/*", 415, "unsupported_media_type"),
        ("post", "multipart/form-data; boundary=x", "*/*", 415, "unsupported_media_type"),
        ("post", "application/json; charset=bz2", "*/*", 400, "malformed"),
        ("post", "application/json", "text/csv", 406, "not_acceptable"),
    ],
)
def test_each_refusal_has_its_status_and_code(method: str, kind: str, accept: str, status: int, code: str) -> None:
    client = api(make.creator())

    refused = client.generic(method.upper(), "/api/v1/tasks/", b"{}", content_type=kind, HTTP_ACCEPT=accept)

    assert (refused.status_code, json.loads(refused.content)["code"]) == (status, code)


def test_a_fault_deep_in_a_body_is_named_by_its_path() -> None:
    error = ValidationError({"brief": {1: [ErrorDetail("Too long.")]}, "non_field_errors": ["Nothing fits."]})

    said = as_response(error, {})

    assert said
    assert said.data == {"code": "invalid", "detail": "Nothing fits.", "fields": {"brief.1": ["Too long."]}}


def test_what_a_refusal_knows_is_sent_along_and_a_bug_is_not_one() -> None:
    busy = as_response(ExternalError("Busy.", retryable=True, retry_after=2.2), {})
    refused = as_response(CopydeskError("No.", code="no", status=409, newest=3), {})

    assert busy
    assert refused
    assert (busy.status_code, busy.headers["Retry-After"]) == (502, "3")
    assert (refused.status_code, refused.data) == (409, {"code": "no", "detail": "No.", "newest": 3})
    assert as_response(ZeroDivisionError(), {}) is None


def test_a_bug_answers_in_the_apis_shape_under_api() -> None:
    said = server_error(RequestFactory().get("/api/v1/tasks/"))

    assert (said.status_code, json.loads(said.content)["code"]) == (500, "broken")


@pytest.fixture
def few_requests(settings: Any) -> None:
    rates = {"user": "5/min", "tasks": "", "signin": "3/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    settings.PASSWORD_HASHERS = QUICK
    api_settings.reload()


@pytest.mark.parametrize("redis", ["there", "away"])
def test_one_person_may_ask_so_often_and_no_other_pays_for_it(few_requests: None, settings: Any, redis: str) -> None:
    from content.api.throttling import Shared

    if redis == "away":
        settings.REDIS_URL = "redis://127.0.0.1:9/0"
    mara, other = api(make.editor()), api(make.editor())

    said = [mara.get("/api/v1/ideas/") for _ in range(7)]

    assert [answer.status_code for answer in said] == [200] * 5 + [429] * 2
    refused = said[-1]
    assert refused.json()["code"] == "too_many"
    assert 0 < int(refused["Retry-After"]) <= 60
    assert other.get("/api/v1/ideas/").status_code == 200
    assert api().get("/api/v1/posts/").status_code == 200
    Shared.away_until = 0


def test_tries_to_sign_in_are_counted_by_address(few_requests: None) -> None:
    def status(address: str) -> int:
        body = {"email": f"{make.user().pk}@example.org", "password": "x"}
        return int(api().post("/api/v1/auth/login/", body, REMOTE_ADDR=address).status_code)

    here = f"10.9.{make.user().pk % 250}.1"
    assert [status(here) for _ in range(5)] == [401] * 3 + [429] * 2
    assert status(here.replace("10.9", "10.8")) == 401


def test_without_rates_nobody_is_stopped(settings: Any) -> None:
    rates = {"user": "", "tasks": "", "signin": ""}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    client = api(make.creator())

    asked = {"task_type": "blog_post", "topic": "Kettles"}
    assert {client.post("/api/v1/tasks/", asked).status_code for _ in range(12)} == {201}


def test_a_body_over_a_megabyte_is_refused_everywhere() -> None:
    body = b"x" * (LIMIT + 1)

    refused = api().post("/api/v1/auth/login/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    page = Client().post("/desk/signin/", body, content_type="application/x-www-form-urlencoded")
    assert page.status_code == 413
    assert page["Content-Type"].startswith("text/html")


def spoken_to(path: str, chunks: list[bytes], length: int | None = None) -> tuple[list[dict[str, Any]], int]:
    """(what the server sent, how many bytes reached the application) for a body that comes in `chunks`."""
    reached, sent = 0, []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    waiting.append({"type": "http.request", "body": b"", "more_body": False})

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal reached
        more = True
        while more:
            message = await receive()
            reached += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"content-length", str(length).encode())] if length is not None else []
    asyncio.run(BodyLimit(application)({"type": "http", "path": path, "headers": headers}, receive, send))
    return sent, reached


def test_a_body_that_says_it_is_too_large_never_reaches_the_application() -> None:
    sent, reached = spoken_to("/api/v1/tasks/", [b"x" * LIMIT, b"x"], length=LIMIT + 1)

    assert reached == 0
    assert sent[0]["status"] == 413
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "too_large"


def test_a_body_that_says_nothing_of_its_length_is_cut_off_at_the_limit() -> None:
    sent, reached = spoken_to("/api/v1/tasks/", [b"x" * 400_000] * 5)

    assert reached == 800_000
    assert [message.get("status") for message in sent] == [413, None]


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "1_000"])
def test_a_length_that_is_no_number_or_endless_breaks_nothing(length: str) -> None:
    sent, _ = spoken_to("/api/v1/tasks/", [b"{}"], length=length)  # type: ignore[arg-type]

    assert sent[0]["status"] in {200, 413}


def test_a_body_within_the_limit_passes_whole() -> None:
    sent, reached = spoken_to("/api/v1/tasks/", [b"x" * 500_000] * 2, length=LIMIT)

    assert (reached, sent[0]["status"]) == (LIMIT, 200)


def test_the_openapi_document_is_complete(capsys: pytest.CaptureFixture[str]) -> None:
    from django.core.management import call_command

    call_command("spectacular", "--validate", "--fail-on-warn")

    document = capsys.readouterr().out
    assert "openapi: 3.1" in document
    for path in ADDRESSES:
        assert re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path).replace("{pk}", "{id}").lstrip("^").split("(")[0] in document


def test_a_piece_is_never_published_by_its_status() -> None:
    piece = make.piece(status=Status.READY)
    assert piece.current

    refused = api(make.editor()).patch(
        f"{API}content/{piece.pk}/state/", {"status": "published", "version_hash": piece.current.hash}
    )

    assert refused.status_code == 409
    assert "publish/" in refused.data["detail"]
