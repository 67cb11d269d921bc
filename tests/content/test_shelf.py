"""What the shelf keeps and how it answers from it, asked as a server asks it; see test_shelf_live for PostgreSQL."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterator
from typing import Any

import pytest

from content.services import changes
from content.views import shelf as shelves
from content.views.shelf import Shelf, takes_gzip

BODY = b"<p>A kettle that lasts twenty years.</p>" * 40
PUBLIC = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "public, max-age=60, stale-while-revalidate=60",
    "ETag": '"of-the-post"',
    "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT",
    "Content-Security-Policy": "default-src 'self'",
}


class Django:
    """Stands where Django stands: answers with what it is told to, and counts."""

    def __init__(self) -> None:
        self.status, self.headers, self.body, self.times = 200, dict(PUBLIC), BODY, 0
        self.heard: list[dict[bytes, bytes]] = []
        self.pieces = 1
        self.meanwhile = lambda: None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.times += 1
        self.heard.append(dict(scope["headers"]))
        headers = {"Content-Length": str(len(self.body)), **self.headers}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value]
        self.meanwhile()
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        size = -(-len(self.body) // self.pieces) or 1
        for start in range(0, len(self.body) or 1, size):
            more = start + size < len(self.body)
            await send({"type": "http.response.body", "body": self.body[start : start + size], "more_body": more})


class Deskless(Shelf):
    """A shelf that hears of changes from the test, not from PostgreSQL."""

    def _listen(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def ask(self, path: str = "/", method: str = "GET", scheme: str = "http", **headers: str) -> Answer:
        path, _, query = path.partition("?")
        given = {"host": "site.example", **{name.replace("_", "-"): value for name, value in headers.items()}}
        scope = {
            "type": "http",
            "method": method,
            "scheme": scheme,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
        }
        answer = Answer()

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        await self(scope, receive, answer.take)
        return answer


class Answer:
    def __init__(self) -> None:
        self.status, self.headers, self.body = 0, {}, b""

    async def take(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            assert len(self.headers) == len(list(message["headers"])), "a header stands twice"
        else:
            self.body += message["body"]


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def shelf(django: Django) -> Iterator[Deskless]:
    changes.heard()
    yield Deskless(django, 1_000_000)
    changes.deaf()


# --- What it gives out ---


async def test_the_second_reader_is_answered_without_django(shelf: Deskless, django: Django) -> None:
    first, second = await shelf.ask(), await shelf.ask()

    assert (django.times, first.status, first.body) == (1, 200, BODY)
    assert (second.status, second.headers, second.body) == (200, first.headers, BODY)


async def test_head_is_answered_with_the_same_headers_and_no_body(shelf: Deskless, django: Django) -> None:
    whole = await shelf.ask()

    head = await shelf.ask(method="HEAD")

    assert (head.status, head.headers, head.body, django.times) == (200, whole.headers, b"", 1)


@pytest.mark.parametrize("known", ['"of-the-post"', 'W/"of-the-post"', '"other", "of-the-post"', "*"])
async def test_who_has_it_already_gets_304_with_all_that_a_cache_needs(shelf: Deskless, known: str) -> None:
    whole = await shelf.ask()

    for method in ("GET", "HEAD"):
        again = await shelf.ask(method=method, if_none_match=known)
        assert (again.status, again.body) == (304, b"")
        for name in ("etag", "cache-control", "last-modified", "vary", "content-security-policy"):
            assert again.headers[name] == whole.headers[name]
        assert not {"content-type", "content-length"} & set(again.headers)


async def test_who_has_another_one_gets_it_whole(shelf: Deskless) -> None:
    await shelf.ask()

    for known in ('"other"', "of-the-post", '"of-the-post', "", '"of-the-post-gz"', "W/*", "\xff" * 9000):
        assert (await shelf.ask(if_none_match=known)).status == 200


async def test_a_date_alone_is_for_django_to_judge(shelf: Deskless, django: Django) -> None:
    await shelf.ask()

    await shelf.ask(if_modified_since=PUBLIC["Last-Modified"])
    assert django.times == 2
    assert (await shelf.ask(if_modified_since=PUBLIC["Last-Modified"], if_none_match='"x"')).status == 200
    assert django.times == 2


# --- Packing ---


async def test_who_takes_gzip_gets_the_same_text_packed_under_an_etag_of_its_own(
    shelf: Deskless, django: Django
) -> None:
    plain = await shelf.ask()
    packed = await shelf.ask(accept_encoding="br, gzip;q=0.8")

    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body)
    assert packed.headers["content-length"] == str(len(packed.body))
    assert (packed.headers["content-encoding"], packed.headers["etag"]) == ("gzip", '"of-the-post-gz"')
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert (await shelf.ask(accept_encoding="gzip", if_none_match='"of-the-post-gz"')).status == 304
    assert (await shelf.ask(accept_encoding="gzip", if_none_match='"of-the-post"')).status == 200
    assert (await shelf.ask(accept_encoding="gzip", method="HEAD")).headers == packed.headers
    assert django.times == 1


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("deflate, gzip;q=0.001", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q= 0", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("*;q=0, gzip", True),
        ("identity", False),
        ("", False),
        ("gzipped", False),
        (";;,=,q", False),
    ],
)
def test_gzip_is_sent_to_those_who_say_that_they_take_it(accepted: str, takes: bool) -> None:
    assert takes_gzip(accepted.encode()) is takes


async def test_what_is_not_kept_is_packed_all_the_same(shelf: Deskless, django: Django) -> None:
    django.headers["ETag"] = ""

    answers = [await shelf.ask("/search/?q=kettle", accept_encoding="gzip") for _ in range(2)]

    assert django.times == 2
    assert [gzip.decompress(answer.body) for answer in answers] == [BODY, BODY]
    assert "etag" not in answers[0].headers


async def test_pictures_and_a_few_bytes_go_as_they_are(shelf: Deskless, django: Django) -> None:
    django.headers["Content-Type"] = "image/webp"
    assert "content-encoding" not in (await shelf.ask("/a.webp", accept_encoding="gzip")).headers
    django.headers["Content-Type"], django.body = "text/plain", b"ok"
    assert (await shelf.ask("/short", accept_encoding="gzip")).body == b"ok"


async def test_django_is_asked_by_the_etag_it_knows_and_its_304_names_the_packed_one(
    shelf: Deskless, django: Django
) -> None:
    django.status, django.body = 304, b""

    again = await shelf.ask(accept_encoding="gzip", if_none_match='"of-the-post-gz"')

    assert django.heard[0][b"if-none-match"] == b'"of-the-post"'
    assert (again.status, again.headers["etag"], again.headers["vary"]) == (304, '"of-the-post-gz"', "Accept-Encoding")
    assert (await shelf.ask(if_none_match='"of-the-post"')).headers["etag"] == '"of-the-post"'


# --- What it keeps ---


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "private, max-age=60"},
        {"Cache-Control": "public"},
        {"Cache-Control": "public, max-age=0"},
        {"Cache-Control": "public, max-age=-5"},
        {"Cache-Control": "public, max-age=60, no-store"},
        {"Cache-Control": "public, no-cache, max-age=60"},
        {"Cache-Control": "max-age=60"},
        {"Cache-Control": ""},
        {"ETag": ""},
        {"ETag": 'W/"weak"'},
        {"Set-Cookie": "session=1"},
        {"Vary": "Cookie"},
        {"Vary": "Accept-Encoding, Accept-Language"},
        {"Vary": "*"},
        {"Content-Encoding": "br"},
        {"Content-Length": ""},
    ],
)
async def test_an_answer_that_does_not_say_that_it_is_for_everybody_is_not_kept(
    shelf: Deskless, django: Django, headers: dict[str, str]
) -> None:
    django.headers |= headers

    answers = [await shelf.ask() for _ in range(2)]

    assert django.times == 2
    assert [answer.body for answer in answers] == [BODY, BODY]


@pytest.mark.parametrize("status", [206, 301, 302, 400, 403, 404, 410, 500, 503])
async def test_errors_and_ways_elsewhere_are_not_kept(shelf: Deskless, django: Django, status: int) -> None:
    django.status = status

    assert [(await shelf.ask()).status for _ in range(2)] == [status, status]
    assert django.times == 2


@pytest.mark.parametrize("said", [{"cookie": "session=1"}, {"authorization": "Bearer x"}])
async def test_somebody_gets_what_was_made_for_nobody_and_leaves_nothing(
    shelf: Deskless, django: Django, said: dict[str, str]
) -> None:
    await shelf.ask(**said)
    await shelf.ask()
    assert django.times == 2, "what was made for somebody was kept"

    assert (await shelf.ask(**said)).body == BODY
    assert django.times == 2


@pytest.mark.parametrize(
    "said",
    [
        {"range": "bytes=0-9"},
        {"content-length": "0"},
        {"transfer-encoding": "chunked"},
        {"if-match": '"x"'},
        {"if-unmodified-since": PUBLIC["Last-Modified"]},
    ],
)
async def test_a_request_for_something_else_passes_by(shelf: Deskless, django: Django, said: dict[str, str]) -> None:
    await shelf.ask()
    await shelf.ask(**said)

    assert django.times == 2


async def test_only_get_and_head_are_answered(shelf: Deskless, django: Django) -> None:
    await shelf.ask()

    for method in ("POST", "OPTIONS", "DELETE", "get"):
        await shelf.ask(method=method)
    assert django.times == 5


async def test_host_scheme_path_and_query_tell_answers_apart(shelf: Deskless, django: Django) -> None:
    await shelf.ask("/a?x=1")

    await shelf.ask("/a?x=1", host="evil.example")
    await shelf.ask("/a?x=1", scheme="https")
    await shelf.ask("/a?x=2")
    await shelf.ask("/a")
    await shelf.ask("/b?x=1")

    assert django.times == 6


async def test_the_proxys_word_for_https_counts_where_the_settings_trust_it(
    shelf: Deskless, django: Django, settings: Any
) -> None:
    await shelf.ask(scheme="http", x_forwarded_proto="https")
    await shelf.ask(scheme="http")
    assert django.times == 1, "nobody trusts this proxy: both came by http"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    await shelf.ask(scheme="http", x_forwarded_proto="https")
    await shelf.ask(scheme="http", x_forwarded_proto="https, http")
    assert django.times == 2
    for other in ("http", "HTTPS", "", "http, https"):
        assert (await shelf.ask(scheme="https", x_forwarded_proto=other)).status == 200
    assert django.times == 2, "these came by http, which lies here"


async def test_only_an_origin_on_the_list_has_answers_of_its_own(
    shelf: Deskless, django: Django, settings: Any
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://front.example"]
    django.headers["Vary"] = "origin"
    await shelf.ask()
    django.headers["Access-Control-Allow-Origin"] = "https://front.example"

    allowed = [await shelf.ask(origin="https://front.example") for _ in range(2)]
    assert [answer.headers.get("access-control-allow-origin") for answer in allowed] == ["https://front.example"] * 2
    assert django.times == 2
    for stranger in ("https://evil.example", "null", "https://front.example/", "\xff"):
        assert "access-control-allow-origin" not in (await shelf.ask(origin=stranger)).headers
    assert django.times == 2


async def test_what_a_stranger_origin_got_is_kept_for_nobody(shelf: Deskless, django: Django) -> None:
    await shelf.ask(origin="https://evil.example")
    await shelf.ask()

    assert django.times == 2


async def test_a_header_that_stands_twice_is_for_django(shelf: Deskless, django: Django) -> None:
    await shelf.ask()
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "query_string": b""}
    answer = Answer()

    await shelf(scope | {"headers": [(b"host", b"site.example"), (b"host", b"evil.example")]}, None, answer.take)

    assert django.times == 2


# --- For how long ---


async def test_a_change_of_posts_empties_it(shelf: Deskless, django: Django) -> None:
    await shelf.ask()
    changes.heard()
    django.body, django.headers["ETag"] = b"withdrawn", '"gone"'

    assert (await shelf.ask(if_none_match='"of-the-post"')).body == b"withdrawn"


async def test_what_was_being_made_when_posts_changed_is_not_kept(shelf: Deskless, django: Django) -> None:
    django.meanwhile = changes.heard

    await shelf.ask()
    await shelf.ask()

    assert django.times == 2


async def test_while_nobody_listens_nothing_is_kept_and_nothing_given_out(shelf: Deskless, django: Django) -> None:
    await shelf.ask()
    changes.deaf()

    for _ in range(2):
        assert (await shelf.ask()).body == BODY
    assert django.times == 3
    changes.heard()
    await shelf.ask()
    assert django.times == 4, "it cannot know what it missed"


async def test_an_answer_grows_old_by_its_max_age(
    shelf: Deskless, django: Django, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shelf.ask()
    now = time.monotonic()
    monkeypatch.setattr(shelves.time, "monotonic", lambda: now + 59)
    await shelf.ask()
    assert django.times == 1

    monkeypatch.setattr(shelves.time, "monotonic", lambda: now + 61)
    await shelf.ask()
    assert django.times == 2


async def test_it_never_holds_more_than_its_size_and_lets_the_least_asked_for_go(django: Django) -> None:
    changes.heard()
    shelf = Deskless(django, 5 * (len(BODY) + shelves.OVERHEAD + 10))
    for number in range(5):
        await shelf.ask(f"/{number}")
    await shelf.ask("/0")

    await shelf.ask("/more")

    assert shelf.taken <= shelf.size
    asked = django.times
    await shelf.ask("/0")
    assert django.times == asked
    await shelf.ask("/1")
    assert django.times == asked + 1
    for number in range(50):
        await shelf.ask(f"/{number}?q={'x' * number}", accept_encoding="gzip")
        await shelf.ask(f"/{number}?q={'x' * number}")
        assert shelf.taken == sum(kept.counted for kept in shelf.kept.values()) <= shelf.size
    changes.deaf()


async def test_a_shelf_of_no_size_keeps_nothing_and_packs(django: Django) -> None:
    changes.heard()
    shelf = Deskless(django, 0)

    for _ in range(2):
        assert gzip.decompress((await shelf.ask(accept_encoding="gzip")).body) == BODY
    assert (django.times, len(shelf.kept), shelf.taken) == (2, 0, 0)
    changes.deaf()


async def test_an_answer_in_pieces_is_kept_whole(shelf: Deskless, django: Django) -> None:
    django.pieces = 7

    assert [(await shelf.ask()).body for _ in range(2)] == [BODY, BODY]
    assert django.times == 1


async def test_an_answer_that_breaks_off_leaves_nothing(shelf: Deskless, django: Django) -> None:
    def broken() -> None:
        raise ConnectionError

    django.meanwhile = broken
    with pytest.raises(ConnectionError):
        await shelf.ask()

    django.meanwhile = lambda: None
    assert (await shelf.ask()).body == BODY
