"""A picture is fetched from hosts that are allowed, at public addresses, within bounds; from nowhere else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hostile_pictures
import httpcore
import httpx
import pytest
from vendors.door import Asked, Door, Said, opened

from content.errors import CopydeskError, ExternalError, Invalid
from media_gen.intake import addresses, fetching

HOSTS = ["images.example", ".cdn.example"]
PICTURE = hostile_pictures.saved("JPEG")
CERTIFICATE = Path(__file__).parent.parent / "vendors" / "images_example.pem"  # of that name; nobody trusts it
PUBLIC = "93.184.216.34"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What the name server answers, a list of addresses each time it is asked; the last answer stands."""
    answers: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def resolved(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host not in answers:
            return real(host, port, *args, **options)
        told = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        if not told:
            raise socket.gaierror("unknown")
        return [
            (socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in told
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    return answers


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where connections went; none is made."""
    gone: list[str] = []

    def connect(self: Any, host: str, port: int, *args: Any, **options: Any) -> httpcore.NetworkStream:
        gone.append(host)
        raise httpcore.ConnectError("nobody there")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return gone


@pytest.fixture
def peer(settings: Any, names: dict[str, list[list[str]]]) -> Iterator[Callable[..., Door]]:
    """A host of pictures on this machine, `images.example`; a test says what it answers."""
    settings.IMAGES_FROM_LOOPBACK = True
    names["images.example"] = [["127.0.0.1"]]
    doors = []

    def answer(script: Callable[[Asked], Said]) -> Door:
        door = opened(script)
        doors.append(door)
        made = door.__enter__()
        made.address = made.address.replace("127.0.0.1", "images.example")
        return made

    yield answer
    for door in doors:
        door.__exit__(None, None, None)


def refused(url: str, hosts: list[str] = HOSTS) -> str:
    with pytest.raises(CopydeskError) as refusal:
        fetching.fetch(url, hosts=hosts)
    assert refusal.value.message.endswith(".")
    return refusal.value.message


# --- What may be asked for ---


@pytest.mark.parametrize(
    ("url", "says"),
    [
        *[
            (f"{scheme}images.example/a.jpg", "begins with https://")
            for scheme in ("http://", "ftp://", "gopher://", "//", "")
        ],
        ("file:///etc/passwd", "begins with https://"),
        ("data:image/png;base64,iVBORw0KGgo=", "begins with https://"),
        ("javascript:alert(1)", "begins with https://"),
        ("", "begins with https://"),
        ("https://", "may not be fetched"),
        ("https:///a.jpg", "may not be fetched"),
        ("https://images.example:22/a.jpg", "the usual port only"),
        ("https://images.example:8443/a.jpg", "the usual port only"),
        ("https://images.example:port/", "no address of a picture"),
        ("https://mara:secret@images.example/a.jpg", "a name or a password"),
        ("https://images.example@evil.example/a.jpg", "a name or a password"),
        ("https://images.example\\@evil.example/a.jpg", ""),
        ("https://images.example\n.evil.example/", "no address of a picture"),
        ("https://images.example\0.evil.example/", "no address of a picture"),
        ("https://[::1/a.jpg", "no address of a picture"),
        ("https://0177.0.0.1/a.jpg", "no address of a picture"),
        *[
            (f"https://{host}/images.example/a.jpg", "may not be fetched from")
            for host in (
                "evil.example",
                "images.example.evil.example",
                "evil-images.example",
                "images.example.",
                "cdn.example",
                "evilcdn.example",
                "images.examplе",
                "images.example%2eevil.example",
                "images.example%00.evil.example",
                "localhost",
                "127.0.0.1",
                "127.1",
                "2130706433",
                "0x7f000001",
                "0.0.0.0",
                "10.0.0.5",
                "169.254.169.254",
                "metadata.google.internal",
                "[::1]",
                "[::ffff:127.0.0.1]",
                "[fd00:ec2::254]",
            )
        ],
    ],
)
def test_an_address_that_is_not_allowed_is_not_looked_up(
    url: str, says: str, names: dict[str, list[list[str]]], dialled: list[str]
) -> None:
    names["images.example"] = [[PUBLIC]]

    assert says in refused(url)
    assert dialled == []


@pytest.mark.parametrize(
    "url", ["https://images.example/a.jpg", "https://IMAGES.example:443/", "https://eu.cdn.example/x"]
)
def test_an_allowed_host_is_asked(url: str, names: dict[str, list[list[str]]], dialled: list[str]) -> None:
    names["images.example"] = names["eu.cdn.example"] = [[PUBLIC]]

    assert "could not be reached" in refused(url)
    assert dialled == [PUBLIC]


# --- Where a name leads ---

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.5", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.8", "192.0.2.7", "198.18.0.1", "198.51.100.3", "203.0.113.9", "192.88.99.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1",
    "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.5", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b::a00:5",
    "64:ff9b:1::a00:5", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "3fff::1", "5f00::1", "fec0::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_a_private_network_is_refused(
    address: str, names: dict[str, list[list[str]]], dialled: list[str]
) -> None:
    names["images.example"] = [[address]]
    names["eu.cdn.example"] = [[PUBLIC, address]]

    assert "inside a private network" in refused("https://images.example/a.jpg")
    assert "inside a private network" in refused("https://eu.cdn.example/a.jpg")
    assert dialled == []


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert addresses.is_public(address)


def test_a_name_that_leads_nowhere_says_so(names: dict[str, list[list[str]]]) -> None:
    names["images.example"] = [[]]

    assert refused("https://images.example/a.jpg") == "There is no host “images.example” to get the picture from."


def test_a_second_answer_of_the_name_server_leads_nowhere_else(
    names: dict[str, list[list[str]]], dialled: list[str]
) -> None:
    names["images.example"] = [[PUBLIC], ["127.0.0.1"]]

    refused("https://images.example/a.jpg")
    first = list(dialled)
    again = refused("https://images.example/a.jpg")

    assert first == dialled == [PUBLIC]  # the address that was checked, which was asked for once
    assert "inside a private network" in again


# --- What a host answers ---


def test_the_picture_comes_as_it_is_and_the_host_learns_little(peer: Callable[..., Door], monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    door = peer(lambda asked: Said([PICTURE[:100], PICTURE[100:]], kind="image/jpeg"))

    assert fetching.fetch(f"{door.address}/a.jpg?w=1880", hosts=HOSTS) == PICTURE
    assert door.asked[0].path == "/a.jpg?w=1880"
    assert door.asked[0].headers == {
        "host": door.address.removeprefix("http://"),
        "user-agent": "Copydesk",
        "accept": "image/*",
        "accept-encoding": "identity",
    }


@pytest.mark.parametrize(
    ("said", "says", "retryable"),
    [
        (Said(status=404), "no picture at this address (404)", False),
        (Said(status=403), "no picture at this address (403)", False),
        (Said(status=500), "no picture at this address (500)", True),
        (Said(status=429), "no picture at this address (429)", True),
        (Said(status=304), "no picture at this address (304)", False),
        (Said([b"<html>"], kind="text/html; charset=utf-8"), "is no picture, but text/html", False),
        (Said([PICTURE], kind="application/octet-stream"), "is no picture, but application/octet-stream", False),
        (Said([PICTURE], kind=""), "is no picture, but of no kind", False),
        (
            Said([b"\x1f\x8b"], headers={"Content-Encoding": "gzip"}, kind="image/png"),
            "sends the picture packed",
            False,
        ),
        (Said([b"\x1f\x8b"], headers={"Content-Encoding": "br"}, kind="image/png"), "sends the picture packed", False),
        (Said([bytes(600_000)] * 4, kind="image/png"), "has more than 2 MB", False),
        (Said([PICTURE[:50]], breaks=True, kind="image/png"), "could not be reached, or broke off", True),
        (Said([b"x"], headers={"X-Long": "x" * 200_000}, kind="image/png"), "could not be reached, or broke off", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_a_picture_of_a_reasonable_size_is_refused(
    said: Said, says: str, retryable: bool, peer: Callable[..., Door], settings: Any
) -> None:
    settings.IMAGE_MB = 2
    door = peer(lambda asked: said)

    with pytest.raises(ExternalError) as refusal:
        fetching.fetch(f"{door.address}/a.jpg", hosts=HOSTS)

    assert says in refusal.value.message
    assert refusal.value.retryable is retryable


def test_a_host_that_drips_is_left_when_the_time_is_up(peer: Callable[..., Door], monkeypatch: Any) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.3)
    door = peer(lambda asked: Said([b"x"] * 1000, pause=0.05, kind="image/png"))

    assert "took longer than 0.3 s" in refused(f"{door.address}/a.jpg")
    assert door.left.wait(10)


def test_a_host_that_never_answers_is_left_when_the_time_is_up(peer: Callable[..., Door], monkeypatch: Any) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        peer(lambda asked: Said())

        assert "took longer than 0.2 s" in refused(f"http://images.example:{silent.getsockname()[1]}/a.jpg")


# --- Where it sends us on to ---


def moved(to: str, status: int = 302) -> Said:
    return Said(status=status, headers={"Location": to} if to else {})


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("ftp://images.example/a.jpg", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("http://mara@images.example/a.jpg", "a name or a password"),
        ("//evil.example/a.jpg", "may not be fetched from “evil.example”"),
        *[
            (f"http://{host}/a.jpg", "may not be fetched from")
            for host in (
                "evil.example",
                "127.0.0.1",
                "localhost",
                "10.0.0.5",
                "169.254.169.254",
                "[::1]",
                "2130706433",
                "[::ffff:10.0.0.5]",
                "metadata.google.internal",
            )
        ],
        ("http://inside.cdn.example/a.jpg", "inside a private network"),
        ("https://cloud.cdn.example/latest/meta-data", "inside a private network"),
        ("http://[broken/", "we may not go"),
        ("/again", "on and on, more than 3 times"),
        ("", "on and on, more than 3 times"),
    ],
)
def test_a_redirect_goes_only_where_one_may_go(
    to: str, says: str, peer: Callable[..., Door], names: dict[str, list[list[str]]]
) -> None:
    names["inside.cdn.example"], names["cloud.cdn.example"] = [["10.0.0.5"]], [["169.254.169.254"]]
    door = peer(lambda asked: moved(to))

    assert says in refused(f"{door.address}/a.jpg")
    assert len(door.asked) <= 4


def test_an_allowed_redirect_is_followed(peer: Callable[..., Door]) -> None:
    there = {"/a": moved("/b", 301), "/b": moved("c.jpg", 308), "/c.jpg": Said([PICTURE], kind="image/jpeg")}
    door = peer(lambda asked: there[asked.path])

    assert fetching.fetch(f"{door.address}/a", hosts=HOSTS) == PICTURE


def test_the_host_proves_who_it_is_although_its_address_was_dialled(
    names: dict[str, list[list[str]]], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMAGES_FROM_LOOPBACK = True
    names["images.example"] = names["eu.cdn.example"] = [["127.0.0.1"]]
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    monkeypatch.setattr(fetching, "_trusted", httpx.create_ssl_context)
    proof = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proof.load_cert_chain(CERTIFICATE)
    with opened(lambda asked: Said([PICTURE], kind="image/jpeg"), proof=proof) as door:
        port = door.address.rpartition(":")[2]

        assert fetching.fetch(f"https://images.example:{port}/a.jpg", hosts=HOSTS) == PICTURE
        assert "certificate verify failed" in refused(f"https://eu.cdn.example:{port}/a.jpg")


def test_only_a_test_may_fetch_from_this_machine(names: dict[str, list[list[str]]], settings: Any) -> None:
    assert settings.IMAGES_FROM_LOOPBACK is False
    with opened(lambda asked: Said([PICTURE], kind="image/jpeg")) as door:
        with pytest.raises(Invalid):
            fetching.fetch(f"{door.address}/a.jpg", hosts=["127.0.0.1"])
        assert door.asked == []
