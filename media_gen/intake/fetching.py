"""Fetching a picture from a host that is allowed, and from nowhere else, whatever it answers."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Iterator, Sequence

import httpcore
import httpx
from django.conf import settings

from content.errors import ExternalError, Invalid

from .addresses import Outward

SECONDS = 20  # for all of it: names, connections, redirects and every byte
REDIRECTS = 3
MOVED = {301, 302, 303, 307, 308}


def fetch(url: str, *, hosts: Sequence[str], kind: str = "image") -> bytes:
    """The body at `url`, at most `settings.IMAGE_MB` of it, which says of itself that it is of this `kind`.

    `hosts` are the names that are allowed, each in full, or “.example.org” for every one below; they hold for redirects
    too. HTTPS on its own port, public addresses, no name or password. The bytes are not looked at: decode them.
    `Invalid` if the address is not allowed, `ExternalError` if the host does not answer as it should.
    """
    address = _parsed(url)
    _require_allowed(address, hosts)
    deadline = time.monotonic() + SECONDS
    try:
        with httpcore.ConnectionPool(ssl_context=_trusted(), network_backend=Outward(deadline)) as pool:
            return _follow(pool, address, hosts, kind)
    except httpcore.TimeoutException as error:
        raise ExternalError(
            f"“{address.host}” took longer than {SECONDS} s to send the picture.", retryable=True
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise ExternalError(f"“{address.host}” could not be reached, or broke off: {error}.", retryable=True) from error


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom we believe to be who they say; to read the list takes a quarter of a second."""
    return httpx.create_ssl_context()


def _follow(pool: httpcore.ConnectionPool, address: httpx.URL, hosts: Sequence[str], kind: str) -> bytes:
    """Every hop is checked as the first one was."""
    for _ in range(REDIRECTS + 1):
        target = httpcore.URL(
            scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path
        )
        # Only whole, plain bodies: what is unpacked on the way can be far larger than what came.
        headers: dict[str | bytes, str | bytes] = {"Host": address.netloc, "User-Agent": "Copydesk"}
        headers |= {"Accept": f"{kind}/*", "Accept-Encoding": "identity"}
        with pool.stream("GET", target, headers=headers) as answer:
            said = httpx.Headers(answer.headers)
            if answer.status not in MOVED:
                _require_kind(answer.status, said, address.host, kind)
                return _body(answer.iter_stream(), said, address.host)
        try:
            onward = _parsed(str(address.join(said.get("Location", ""))))
            _require_allowed(onward, hosts)
        except (Invalid, httpx.InvalidURL) as error:
            raise ExternalError(
                f"“{address.host}” sends us on to where we may not go. {error}", retryable=False
            ) from error
        address = onward
    raise ExternalError(f"“{address.host}” sends us on and on, more than {REDIRECTS} times.", retryable=False)


def _parsed(url: str) -> httpx.URL:
    """Read once, by one reader: two that differ over where a host ends are how checks are passed by."""
    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise Invalid("This is no address of a picture.") from error


def _require_allowed(address: httpx.URL, hosts: Sequence[str]) -> None:
    loopback = settings.IMAGES_FROM_LOOPBACK
    if address.scheme != "https" and not (loopback and address.scheme == "http"):
        raise Invalid("The address of a picture begins with https://.")
    if address.userinfo:
        raise Invalid("An address with a name or a password in it is not fetched.")
    if address.port not in (None, 443) and not loopback:
        raise Invalid("Pictures are fetched from the usual port only.")
    host = address.raw_host.decode("ascii")
    if not any(host == one or (one.startswith(".") and host.endswith(one)) for one in map(str.lower, hosts)):
        raise Invalid(f"Pictures may not be fetched from “{address.host or 'there'}”.")


def _require_kind(status: int, said: httpx.Headers, host: str, kind: str) -> None:
    if status != 200:
        again = status >= 500 or status in (408, 429)
        raise ExternalError(f"“{host}” has no picture at this address ({status}).", retryable=again)
    sent = said.get("Content-Type", "").partition(";")[0].strip().lower()
    if not sent.startswith(f"{kind}/"):
        raise ExternalError(f"What “{host}” has there is no picture, but {sent or 'of no kind'}.", retryable=False)
    if said.get("Content-Encoding", "identity").lower() != "identity":
        raise ExternalError(f"“{host}” sends the picture packed, which was not asked for.", retryable=False)


def _body(pieces: Iterator[bytes], said: httpx.Headers, host: str) -> bytes:
    most = settings.IMAGE_MB * 1_000_000
    length = said.get("Content-Length", "")
    if length.isdecimal() and int(length[:18]) > most:
        raise _too_large(host)
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > most:
            raise _too_large(host)
    return bytes(body)


def _too_large(host: str) -> ExternalError:
    return ExternalError(f"The picture at “{host}” has more than {settings.IMAGE_MB} MB.", retryable=False)
