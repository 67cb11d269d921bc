"""The shelf: public answers, kept by each web process and given out before Django is asked.

An ASGI layer round Django. What it keeps are answers to GET that say so themselves: 200, `Cache-Control: public` with a
max-age, a strong ETag, no cookie, and nothing that differs from reader to reader. From them it answers GET and HEAD,
304 to those who have it already, and gzip to those who take it.

Nothing is kept for longer than it is true. PostgreSQL tells this process at every commit that touched posts, on a
connection of its own, and everything is forgotten; what was being made meanwhile is not kept. While nobody listens (at
the start, or when PostgreSQL is away) the shelf is empty and Django answers everything.

Django's own checks hold: host and scheme are part of an answer's key, so there is one only where Django gave one.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connections
from django.utils.http import parse_etags

from content.models.post import CHANGED
from content.services import changes

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Key = tuple[str, bytes, str, bytes, bytes]

# Requests that say one of these want more than the answer that lies here.
UNUSUAL = {b"content-length", b"transfer-encoding", b"range", b"if-match", b"if-unmodified-since"}
# An answer to somebody is not kept, even if it says that it is for everybody; they get what was made for nobody.
SOMEBODY = {b"cookie", b"authorization"}
PACKED = ("text/", "application/json", "application/feed+json", "application/xml", "application/rss+xml",
          "application/atom+xml", "application/manifest+json", "image/svg+xml")  # fmt: skip
WORTH_PACKING = 200  # bytes
OVERHEAD = 2000  # bytes of an answer beside its texts: its headers, twice, and the objects
LARGEST = 2_000_000  # bytes; what is larger passes through as it comes
BODYS_OWN = {b"content-type", b"content-length", b"content-encoding"}  # headers that 304 has not
AGAIN_SECONDS, AGAIN_AT_MOST_SECONDS = 0.2, 10.0

log = structlog.get_logger(__name__)


class Shelf:
    """Wraps an ASGI application; `size` is in bytes, 0 keeps nothing."""

    def __init__(self, app: App, size: int) -> None:
        self.app, self.size = app, size
        self.kept: OrderedDict[Key, Kept] = OrderedDict()  # the least recently asked for first
        self.taken = 0  # bytes
        self.generation: int | None = None  # of all that is kept
        self.loop: asyncio.AbstractEventLoop | None = None
        self.listener: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        self._listen()
        asked = Asked.of(scope)
        if asked is None:
            await self.app(scope, receive, send)
        elif kept := self._find(asked.key):
            form = kept.form(asked)
            self._make_room(kept.grown())  # it may have been packed for the first time
            await form.answer(asked, send)
        else:
            await self._fetch(asked, scope, receive, send)

    async def _fetch(self, asked: Asked, scope: Message, receive: Receive, send: Send) -> None:
        """Let Django answer; pack its answer if that may be, and keep it."""
        began = changes.generation() if asyncio.get_running_loop() is self.loop else None
        held: Message | None = None  # the start of an answer that is not sent before its body is whole
        body = b""

        async def passed(message: Message) -> None:
            nonlocal held, body
            if message["type"] == "http.response.start":
                if asked.method == "GET" and _is_public(message):
                    held = message
                    return
                asked.restore_etag(message)
            elif held:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                kept = Kept(held["headers"], body)
                form = kept.form(asked)
                if asked.by_nobody and began is not None and kept.until:
                    self._keep(asked.key, kept, began)
                await form.answer(asked, send)
                return
            await send(message)

        await self.app(asked.for_django(scope), receive, passed)

    # --- What lies here ---

    def _find(self, key: Key) -> Kept | None:
        if self.generation != changes.generation() or asyncio.get_running_loop() is not self.loop:
            return None
        kept = self.kept.get(key)
        if kept is None:
            return None
        if kept.until < time.monotonic():
            self._drop(key)
            return None
        self.kept.move_to_end(key)
        return kept

    def _keep(self, key: Key, kept: Kept, began: int) -> None:
        if began != changes.generation():
            return
        kept.size += len(key[2]) + len(key[3])
        if began != self.generation:
            self.kept.clear()
            self.taken, self.generation = 0, began
        if key in self.kept:
            self._drop(key)
        self.kept[key] = kept
        self._make_room(kept.grown())

    def _make_room(self, bytes_more: int) -> None:
        self.taken += bytes_more
        while self.taken > self.size:
            self._drop(next(iter(self.kept)))

    def _drop(self, key: Key) -> None:
        self.taken -= self.kept.pop(key).counted

    # --- Hearing that posts changed ---

    def _listen(self) -> None:
        """Start listening, once in each event loop; a process has one, only tests have several."""
        if self.listener is None or self.listener.done():
            self.loop = asyncio.get_running_loop()
            self.listener = self.loop.create_task(_listening())


async def _listening() -> None:
    """Tell `changes` of every change, for as long as the process lives; connect again whenever that is lost."""
    pause = AGAIN_SECONDS
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**_place(), autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANGED}")
                changes.heard()  # whatever happened until now
                pause = AGAIN_SECONDS
                async for _ in connection.notifies():
                    changes.heard()
        except (psycopg.Error, OSError) as error:
            log.warning("shelf_is_off", reason=type(error).__name__, again_in_seconds=pause)
        finally:
            changes.deaf()
        await asyncio.sleep(pause)
        pause = min(2 * pause, AGAIN_AT_MOST_SECONDS)


def _place() -> dict[str, Any]:
    """Django's database, for a connection outside its pool. The kernel asks after a peer that went silently."""
    place = connections["default"].get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):
        place.pop(name, None)
    alive = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "connect_timeout": 5}
    return {**alive, **place, "application_name": "copydesk shelf"}


class Asked:
    """A request that an answer on the shelf could serve."""

    def __init__(self, scope: Message, headers: dict[bytes, bytes]) -> None:
        self.method: str = scope["method"]
        origin = headers.get(b"origin", b"")
        # An origin that is not on the list gets the same as none. It has no key of its own, or anybody could fill the
        # shelf, and what was made for it is not kept.
        known = not origin or origin.decode("latin-1") in settings.CORS_ALLOWED_ORIGINS
        host = headers.get(b"host", b"")
        self.key: Key = (_scheme(scope, headers), host, scope["path"], scope["query_string"], origin if known else b"")
        self.if_none_match = headers.get(b"if-none-match", b"")
        self.takes_gzip = takes_gzip(headers.get(b"accept-encoding", b""))
        self.by_nobody = known and SOMEBODY.isdisjoint(headers)

    @classmethod
    def of(cls, scope: Message) -> Asked | None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        headers = dict(scope["headers"])
        if len(headers) != len(scope["headers"]) or not UNUSUAL.isdisjoint(headers):
            return None
        # By its date alone Django decides: a list from which something was withdrawn is no newer for that.
        if b"if-modified-since" in headers and b"if-none-match" not in headers:
            return None
        return cls(scope, headers)

    def has(self, etag: bytes) -> bool:
        """Whether who asks has the answer with this ETag already."""
        if not self.if_none_match or self.if_none_match == etag:
            return bool(self.if_none_match)
        tags = parse_etags(self.if_none_match.decode("latin-1"))
        return tags == ["*"] or etag.decode("latin-1") in [tag.removeprefix("W/") for tag in tags]

    def for_django(self, scope: Message) -> Message:
        """The request as Django is to see it, which knows nothing of packed answers and their ETags."""
        if b'-gz"' not in self.if_none_match:
            return scope
        headers = [
            (name, value.replace(b'-gz"', b'"') if name == b"if-none-match" else value)
            for name, value in scope["headers"]
        ]
        return {**scope, "headers": headers}

    def restore_etag(self, start: Message) -> None:
        """Let a 304 of Django name the packed answer, if that is what who asks has."""
        etag = _value(start["headers"], b"etag")
        if start["status"] == 304 and etag and _packed(etag) in self.if_none_match:
            start["headers"] = _with(start["headers"], {b"ETag": _packed(etag), b"Vary": _varied(start["headers"])})


class Kept:
    """One answer, as it is and packed."""

    def __init__(self, headers: Headers, body: bytes) -> None:
        headers = _with(headers, {b"Content-Length": b"%d" % len(body)})
        self.until = _until(headers)  # by time.monotonic(); 0 if it may not be kept at all
        self.packs = len(body) >= WORTH_PACKING and _is_text(headers)
        if _is_text(headers):
            headers = _with(headers, {b"Vary": _varied(headers)})
        self.plain = Form(headers, body)
        self.packed: Form | None = None
        self.size = len(body) + OVERHEAD
        self.counted = 0

    def form(self, asked: Asked) -> Form:
        """The one for who asks; packed when first somebody takes it so."""
        if not (self.packs and asked.takes_gzip):
            return self.plain
        if self.packed is None:
            body = gzip.compress(self.plain.body, 6, mtime=0)
            other = {b"Content-Encoding": b"gzip", b"Content-Length": b"%d" % len(body)}
            if self.plain.etag:
                other[b"ETag"] = _packed(self.plain.etag)
            self.packed = Form(_with(self.plain.headers, other), body)
            self.size += len(body)
        return self.packed

    def grown(self) -> int:
        """The bytes that it takes more than when it was last counted."""
        more, self.counted = self.size - self.counted, self.size
        return more


class Form:
    """What goes over the line."""

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers, self.body = headers, body
        self.headers_alone = [(name, value) for name, value in headers if name.lower() not in BODYS_OWN]
        self.etag = _value(headers, b"etag")

    async def answer(self, asked: Asked, send: Send) -> None:
        if self.etag and asked.has(self.etag):
            await send({"type": "http.response.start", "status": 304, "headers": self.headers_alone})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if asked.method == "HEAD" else self.body})


# --- Reading headers ---


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding takes gzip: named, or by `*`, and not with a weight of nothing."""
    weights = {}
    for part in accepted.decode("latin-1").lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        said = next((piece[2:].strip() for piece in parameters if piece.startswith("q=")), "1")
        weights[name] = said.strip("0.") != ""
    return weights.get("gzip", weights.get("*", False))


def _is_public(start: Message) -> bool:
    """Whether this is the start of an answer for everybody that is sent in one piece."""
    headers = start["headers"]
    length = _value(headers, b"content-length")
    return (
        start["status"] == 200
        and "public" in _cache_control(headers)
        and not _value(headers, b"set-cookie")
        and not _value(headers, b"content-encoding")
        and length.isdigit()
        and int(length) <= LARGEST
    )


def _until(headers: Headers) -> float:
    """When an answer for everybody is to be forgotten at the latest, by time.monotonic(); 0 if it may not be kept."""
    says = _cache_control(headers)
    seconds = says.get("max-age", "")
    vary = {name.strip().lower() for name in _value(headers, b"vary").split(b",") if name.strip()}
    may = (
        seconds.isdigit()
        and not {"no-store", "no-cache", "private"} & says.keys()
        and _value(headers, b"etag").startswith(b'"')
        and vary <= {b"accept-encoding", b"origin"}
    )
    return time.monotonic() + int(seconds[:9]) if may and int(seconds[:9]) else 0.0


def _cache_control(headers: Headers) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in _value(headers, b"cache-control").decode("latin-1").split(","))
    return {name.lower(): value for name, _, value in parts}


def _is_text(headers: Headers) -> bool:
    return _value(headers, b"content-type").decode("latin-1").startswith(PACKED)


def _packed(etag: bytes) -> bytes:
    return etag[:-1] + b'-gz"'


def _varied(headers: Headers) -> bytes:
    vary = _value(headers, b"vary")
    if b"accept-encoding" in vary.lower():
        return vary
    return vary + b", Accept-Encoding" if vary else b"Accept-Encoding"


def _value(headers: Headers, wanted: bytes) -> bytes:
    return next((value for name, value in headers if name.lower() == wanted), b"")


def _with(headers: Headers, other: dict[bytes, bytes]) -> Headers:
    replaced = {name.lower() for name in other}
    return [pair for pair in headers if pair[0].lower() not in replaced] + list(other.items())


def _scheme(scope: Message, headers: dict[bytes, bytes]) -> str:
    """As Django sees it: behind a proxy by what that says, if the settings trust it."""
    if trusted := settings.SECURE_PROXY_SSL_HEADER:
        name, secure = trusted
        said = headers.get(name.removeprefix("HTTP_").replace("_", "-").lower().encode())
        if said is not None:
            return "https" if said.decode("latin-1").split(",")[0].strip() == secure else "http"
    return str(scope.get("scheme", "http"))
