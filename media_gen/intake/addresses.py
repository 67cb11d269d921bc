"""Which addresses of the network are the public's, and connections that go to those only.

httpx-secure, safehttpx, drawbridge and requests-hardened were read before this was written. The first opens a connection
to an address before it looks at it, the second does not look at hosts that are allowed, the third is new and little
used, and the last checks one address of several, redirects included, with an HTTP stack that we have not. None bounds
the time of the whole. What they share is the list below, which is the small part.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpcore
import structlog
from django.conf import settings

from content.errors import ExternalError

log = structlog.get_logger(__name__)

# What older Pythons hold to be public, and what leads on to addresses that cannot be told from here.
CLOSED = tuple(
    ip_network(net)
    for net in (
        "100.64.0.0/10",  # shared among the customers of one provider
        "192.0.0.0/24",
        "192.88.99.0/24",
        "2001::/23",  # Teredo and other protocols
        "2002::/16",  # 6to4
        "3fff::/20",
        "5f00::/16",
    )
)
UNICAST = ip_network("2000::/3")  # all that is given out of IPv6
NAT64 = ip_network("64:ff9b::/96")  # how networks that know only IPv6 reach an IPv4 address: that one counts


def is_public(address: str) -> bool:
    """Whether this numeric address is one of the public internet's."""
    plain = _plain(address)
    if isinstance(plain, IPv6Address) and plain in NAT64:
        plain = IPv4Address(plain.packed[-4:])
    if isinstance(plain, IPv6Address) and plain not in UNICAST:
        return False
    if any(plain in net for net in CLOSED if net.version == plain.version):
        return False
    return plain.is_global and not (plain.is_multicast or plain.is_reserved or plain.is_unspecified)


def is_open(address: str) -> bool:
    """Public, or this very machine where a test has a stand-in on it."""
    return is_public(address) or (settings.IMAGES_FROM_LOOPBACK and _plain(address).is_loopback)


def _plain(address: str) -> IPv4Address | IPv6Address:
    """Without a zone, and as IPv4 where it is IPv4 in other clothes."""
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, asked once; refused if any of them is not open to us."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ExternalError(f"There is no host “{host}” to get the picture from.", retryable=True) from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    closed = [address for address in addresses if not is_open(address)]
    if closed or not addresses:
        log.warning("a host of pictures with a closed address", host=host, addresses=closed)
        raise ExternalError(
            f"“{host}” is at an address inside a private network. Pictures come from the public internet only.",
            retryable=False,
        )
    return addresses


class Outward(httpcore.NetworkBackend):
    """Connections to open addresses, which end with the deadline (of `time.monotonic`) whatever the peer does.

    It resolves a name itself and connects to what it checked, so a second answer of the name server cannot lead
    elsewhere. The names in TLS and in the Host header stay the host's: they are none of its business.
    """

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in resolve(host, port):
            try:
                return _Bounded(self.plain.connect_tcp(address, port, _left(self.deadline)), self.deadline)
            except httpcore.ConnectError as error:
                failure = error
        raise failure


class _Bounded(httpcore.NetworkStream):
    """A stream whose every step may take only what is left of the whole."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.deadline))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Bounded(self.stream.start_tls(ssl_context, server_hostname, _left(self.deadline)), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole took too long")
    return left
