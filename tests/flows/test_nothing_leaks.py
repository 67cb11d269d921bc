"""Nothing that nobody approved can be fetched: every address that there is, asked in every way, by nobody in particular."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import make
import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from secrets_kept import MARK, PUBLIC, Newsroom, newsroom

from content.api.posts.asking import cursor_of
from content.models import Decision, GuestLink, Idea, Post, Version
from content.services import changes, publishing, reading
from content.views.shelf import Shelf
from media_gen.models import Image
from pipeline.models import Notification, Stage, Task

Ways = dict[str, Callable[[Newsroom], list[Any]]]


def pks(model: Any) -> Callable[[Newsroom], list[Any]]:
    return lambda _: list(model.objects.values_list("pk", flat=True))


# How the parameters of an address are filled, by how it begins; the longest beginning counts. A new address with a
# parameter needs a line here, or the test fails.
WAYS: dict[str, Ways] = {
    "desk/pieces/": {"pk": lambda made: made.pieces, "link": pks(GuestLink), "number": lambda _: [1, 2]},
    "desk/decisions/": {"pk": pks(Decision)},
    "desk/tasks/": {"pk": pks(Task), "stage": pks(Stage)},
    "desk/ideas/": {"pk": pks(Idea)},
    "desk/images/": {"pk": pks(Image)},
    "desk/notifications/": {"pk": pks(Notification)},
    "api/v1/content/": {"pk": lambda made: made.pieces, "number": lambda _: [1, 2, 3], "link": pks(GuestLink)},
    "api/v1/tasks/": {"pk": pks(Task)},
    "api/v1/workflows/": {"pk": pks(Task)},
    "api/v1/media/images/": {"pk": pks(Image)},
    "api/v1/posts/": {"slug": lambda made: made.slugs},
    "media/": {"path": lambda made: [*made.files, *(f"../previews/{name}" for name in made.files)]},
    "posts/": {"slug": lambda made: made.slugs},
    "category/": {"slug": lambda made: made.names},
    "tag/": {"slug": lambda made: made.names},
    "author/": {"slug": lambda made: made.names},
    "archive/": {"year": lambda _: [timezone.now().year, 2999], "month": lambda _: ["01", "11", "12"]},
    "preview/": {"token": lambda made: made.dead_links},
    "guest/": {"token": lambda made: made.dead_guests},
    "sitemap-": {"number": lambda _: [1, 2]},
    "admin/": {
        "object_id": lambda _: [1, Version.objects.latest("pk").pk],
        "verdict": lambda _: ["approved"],
        "app_label": lambda _: ["content"],
        "content_type_id": lambda _: [1],
        "id": lambda _: [1],
        "url": lambda _: ["content/nothing/"],
    },
}
CLOSED = ("/desk/pieces", "/desk/tasks", "/preview/", "/guest/")
FORMATS = ["text/html", "application/json", "*/*"]
# What else is asked of every address that answers nobody, and of some that listen to more.
ASKED = [
    "status=generated&approval=pending&withdrawn=1&draft=1&preview=1&version=2&panel=history&page=2&_method=PUT&from=0",
    "before=99999999999999999-999999",
    "format=json",
]
ASKED_OF = {
    "/api/v1/posts/": [
        *(f"ordering={ordering}&limit=100" for ordering in reading.ORDERINGS),
        "include=body,html,headings,reviewer,made_with",
        "fields=slug,title,body,html,reviewer",
        "fields=piece,version_hash,vector,withdrawn_at",
        "include=piece,versions,record,facts",
        "ordering=piece__current__body",
        "category=birds&author=mara-lindqvist&published_after=2000-01-01&published_before=2999-01-01",
        "published_after=2999-01-01",
        "skip=0&limit=100",
        "offset=2",
    ],
    "/api/v1/posts/search/": [
        "q=approved&limit=100",
        "q=nobody or draft or section",
        "q=-kettle",
        "q=in short&offset=1",
    ],
    "/search/": ["q=approved", "q=nobody or draft or section", "q=-kettle", "q=in short&from=1"],
    "/posts/kittiwakes/": ["before=0-0"],
    "/api/v1/posts/kittiwakes/": ["include=body,reviewer", "fields=body,record,facts", "fields=*"],
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Hundreds of refusals are meant; logging each takes longer than refusing."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    """Every address of the URL configuration, as it stands there."""
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from routes(pattern, here)


PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")


def addresses_of(route: str, made: Newsroom) -> Iterator[str]:
    """The route with its parameters filled from what is there."""
    names = [first or second for first, second in PARAMETER.findall(route)]
    begins = max((begin for begin in WAYS if route.startswith(begin)), key=len, default="")
    ways = WAYS.get(begins, {})
    missing = [name for name in names if name not in ways]
    assert not missing, f"Say in WAYS how {', '.join(missing)} of “{route}” is filled: this test then asks for it."
    form = PARAMETER.sub("\0", route).replace("\\Z", "").replace("\\", "").replace("?$", "$").rstrip("$")
    for values in itertools.product(*(ways[name](made) for name in names)):
        parts = form.split("\0")
        yield "/" + "".join(f"{part}{value}" for part, value in zip(parts, [*values, ""], strict=True))


def said(response: HttpResponseBase) -> bytes:
    """All that an answer says: its status, its headers, its body."""
    headers = "\n".join(f"{name}: {value}" for name, value in response.items())
    cookies = response.cookies.output()
    return f"{response.status_code} {headers} {cookies}\n".encode() + response.getvalue()  # type: ignore[attr-defined]


def found_in(answer: bytes) -> set[str]:
    return {word.decode() for word in re.findall(rf"{MARK}\w+".encode(), answer.lower())}


def test_no_address_says_what_nobody_approved(db: None, scripted: Any) -> None:
    made, nobody = newsroom(), Client(raise_request_exception=False)
    open_to_all, leaks = [], {}

    def ask(address: str, **headers: str) -> Any:
        """Ask for it; an answer may repeat what stands in its own address, and nothing else."""
        response = nobody.get(address, headers=headers)
        answer = said(response)
        repeats = found_in(address.encode())
        if leaked := found_in(answer) - repeats or any(blob[:64] in answer for blob in made.blobs):
            leaks[address, *headers.values()] = leaked
        assert response.status_code < 500, address
        return response

    every = [address for route in routes(get_resolver()) for address in addresses_of(route, made)]
    for address in every:
        if ask(address).status_code == 200:
            open_to_all.append(address)
    for address in open_to_all:
        if "schema" in address:  # a second each, and the same for everybody
            continue
        for accepted in FORMATS:
            ask(address, accept=accepted)
        for query in ASKED:
            ask(f"{address}?{query}")
    for address, queries in ASKED_OF.items():
        for query in queries:
            ask(f"{address}?{query}")

    assert leaks == {}
    assert len(every) > 200
    assert {"/", "/search/", "/feed/rss.xml", "/robots.txt", "/api/v1/posts/", "/posts/kittiwakes/"} <= set(open_to_all)
    assert not [address for address in open_to_all if address.startswith(CLOSED)]
    for address in (
        "/",
        "/category/birds/",
        "/feed/atom.xml",
        "/feed/feed.json",
        "/api/v1/posts/",
        "/posts/kittiwakes/",
    ):
        assert PUBLIC.encode() in said(nobody.get(address)), address


def test_what_is_kept_from_readers_looks_like_what_never_was(db: None, scripted: Any) -> None:
    made, nobody = newsroom(), Client(raise_request_exception=False)
    hidden = {name for name in [*made.names, *made.slugs] if re.search("ready|withdrawn|future", name)}
    words = hidden | found_in("\n".join(Post.objects.values_list("text", flat=True)).encode())

    def looks(form: str, word: str) -> str:
        response = nobody.get(form.format(word))
        body = response.getvalue().decode().lower().replace(word, "…")  # type: ignore[attr-defined]
        return f"{response.status_code} {response.get('Location', '').lower().replace(word, '…')} {body}"

    forms = [
        *("/search/?q={}", "/api/v1/posts/search/?q={}", "/api/v1/posts/search/?q=kettle+-{}", "/posts/{}/"),
        *("/api/v1/posts/{}/", "/category/{}/", "/tag/{}/", "/author/{}/", "/api/v1/posts/?category={}"),
        *("/api/v1/posts/?tag={}", "/api/v1/posts/?author={}", "/search/?q=kettle&category={}"),
    ]
    assert len(words) > 10
    for form in forms:
        never = looks(form, f"zz{MARK[2:]}never")
        for word in sorted(words):
            assert looks(form, word) == never, form.format(word)


def test_a_forged_cursor_reaches_no_further_than_a_true_one(db: None, scripted: Any) -> None:
    newsroom()
    nobody = Client()
    hidden = Post.objects.exclude(pk__in=Post.objects.live())
    for ordering, backwards, post, step in itertools.product(reading.ORDERINGS, (True, False), hidden, (-1, 1)):
        place = reading.Place(ordering, getattr(post, ordering.lstrip("-")), post.pk + step, backwards)
        answer = said(nobody.get("/api/v1/posts/", {"cursor": cursor_of(place), "include": "body"}))
        assert not found_in(answer) - found_in(str(place.value).lower().encode())
    micros = [int(post.published_at.timestamp() * 1_000_000) for post in Post.objects.all()]
    for at, path in itertools.product(micros, ("/", "/category/birds/", "/archive/")):
        assert not found_in(said(nobody.get(path, {"before": f"{at + 1}-{10**9}"})))


def test_a_preview_link_shows_its_version_and_nothing_else(db: None, scripted: Any) -> None:
    made, nobody = newsroom(), Client()
    token, version = made.live_link
    own = found_in(f"{version.title} {version.body} {version.facts} {version.piece.idea.category}".encode().lower())
    address = f"/preview/{token}/"

    response = nobody.get(address)

    assert response.status_code == 200
    assert found_in(said(response)) <= own
    assert found_in(version.title.encode().lower()) <= found_in(said(response))
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]
    assert found_in(said(nobody.get(f"{address}?{ASKED[0]}"))) <= own


def test_a_guest_link_shows_its_version_and_nothing_else_whatever_is_sent_to_it(db: None, scripted: Any) -> None:
    made, nobody = newsroom(), Client()
    token, version = made.live_guest
    own = found_in(f"{version.title} {version.body} {version.facts} {version.piece.idea.category}".encode().lower())
    address = f"/guest/{token}/"

    looked = nobody.get(address)
    answers = [
        looked,
        nobody.get(f"{address}?{ASKED[0]}"),
        nobody.post(address, {"verdict": "rejected", "version": "1", "piece": "1"}),  # no reason
        nobody.post(address, {"verdict": "approved", "version_hash": "0" * 64}),
        nobody.post(address, {"verdict": "approved"}),  # the second
        nobody.get(address),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 400, 200, 410, 410]
    assert all(found_in(said(answer)) <= own for answer in answers)
    assert found_in(version.title.encode().lower()) <= found_in(said(looked))
    assert not found_in(said(answers[-1]))
    assert all("noindex" in answer["X-Robots-Tag"] and "no-store" in answer["Cache-Control"] for answer in answers)


async def test_nothing_of_a_withdrawn_post_is_left_on_the_shelf(transactional_db: None, scripted: Any) -> None:
    word = f"{MARK}shelf"

    def published() -> Post:
        about = make.idea(title=word, category=f"{word}category", owner=make.editor(name=f"{word} author"))
        return make.post(title=f"The {word}", body=f"{make.BODY}\n\nSee {word}body.\n", idea=about, owner=about.owner)

    def everywhere() -> list[str]:
        made = Newsroom(slugs=[f"the-{word}"], names=[f"{word}category", f"{word}-author"])
        desk = ("admin/", "desk/", "media/", "preview/", "guest/", "api/v1/auth/", "api/v1/schema/")
        site = [route for route in routes(get_resolver()) if not route.startswith(desk)]
        asked = [address for route in site for address in addresses_of(route, made)]
        return [*asked, f"/search/?q={word}body", f"/api/v1/posts/search/?q={word}body", "/api/v1/posts/?include=body"]

    def withdrawn(post: Post) -> None:
        publishing.unpublish(post.piece, by=make.editor())

    post = await sync_to_async(published)()
    addresses = await sync_to_async(everywhere)()
    shelf = Shelf(ASGIHandler(), size=32_000_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(shelf), base_url="http://testserver") as nobody:
        await nobody.get("/healthz")
        while changes.generation() is None:
            await asyncio.sleep(0.01)

        async def read() -> dict[str, bytes]:
            answers = {address: await nobody.get(address) for address in addresses}
            return {
                address: f"{answer.status_code} {answer.headers}\n".encode() + answer.content
                for address, answer in answers.items()
            }

        before = [await read(), await read()][1]  # the second time from the shelf
        kept, generation = len(shelf.kept), changes.generation()
        await sync_to_async(withdrawn)(post)
        while changes.generation() == generation:
            await asyncio.sleep(0.01)
        after = await read()
    await sync_to_async(connections.close_all)()

    assert kept > 10
    assert len([address for address, answer in before.items() if f"{word}".encode() in answer.lower()]) > 10
    left = {address: found_in(answer) - found_in(address.encode()) for address, answer in after.items()}
    assert {address: words for address, words in left.items() if words} == {}
    assert after[f"/posts/the-{word}/"].startswith(b"410")
