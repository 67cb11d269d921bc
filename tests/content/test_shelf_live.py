"""The shelf with PostgreSQL: what is published or withdrawn is seen at once, whatever becomes of the listener."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import make
import pytest
import uvicorn
from caller import api
from django.db import connection, connections

from config.embedded import free_port
from config.handler import get_asgi_application
from content.models import Post
from content.services import accounts, changes, publishing
from content.views.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
POSTS = "/api/v1/posts/"
PATIENCE_SECONDS = 60  # a busy machine is no fault


class Served:
    """Our application behind a shelf, on a server of its own, and how often Django was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        django = get_asgi_application()

        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.asked.append(scope["path"])
            await django(scope, receive, send)

        self.shelf = Shelf(counted, 32_000_000)
        self.server = uvicorn.Server(uvicorn.Config(self.shelf, port=0, log_level="warning", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Served:
        self.thread.start()
        until(lambda: self.server.started)
        address = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        self.client = httpx.Client(base_url=address, headers={"Accept-Encoding": "identity"}, timeout=PATIENCE_SECONDS)
        self.client.get("/healthz")
        until(lambda: changes.generation() is not None)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def keeps(self, path: str) -> httpx.Response:
        """The answer, once the shelf has it: a change may still be on its way here."""

        def kept() -> httpx.Response | None:
            self.get(path)
            self.asked.clear()
            answer = self.get(path)
            return None if self.asked else answer

        return until(kept)


@pytest.fixture(scope="module")
def server(django_db_blocker: Any, django_db_setup: Any) -> Iterator[Served]:
    with django_db_blocker.unblock(), Served() as served:
        yield served
        connections.close_all()


@pytest.fixture
def served(server: Served) -> Served:
    until(lambda: changes.generation() is not None)
    server.asked.clear()
    return server


def until(true: Callable[[], Any]) -> Any:
    """What `true` gives once that is something."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not (found := true()):
        assert time.monotonic() < ends, "it never became true"
        time.sleep(0.005)
    return found


def listeners() -> list[int]:
    """The connections on which shelves listen to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'copydesk shelf' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def lists(post: Post) -> list[str]:
    return [POSTS, f"{POSTS}?category={post.category_slug}", "/", f"/category/{post.category_slug}/", "/feed/rss.xml"]


def test_what_is_public_lies_on_the_shelf_and_answers_as_django_did(served: Served) -> None:
    post = make.post(category="Repair")

    for path in [*lists(post), f"{POSTS}{post.slug}/", post.get_absolute_url()]:
        kept = served.keeps(path)
        assert kept.status_code == 200
        again = served.get(path, If_None_Match=kept.headers["etag"])
        assert (again.status_code, served.asked) == (304, [])
        assert "set-cookie" not in kept.headers


def test_what_is_published_withdrawn_and_published_again_is_seen_at_once(served: Served) -> None:
    first = make.post(title="A kettle", category="Repair")
    for path in lists(first):
        assert first.slug in served.keeps(path).text

    second = make.post(title="A toaster", category="Repair")
    for path in lists(first):
        assert until(lambda path=path: second.slug in served.get(path).text)

    for path in [*lists(first), f"{POSTS}{second.slug}/", second.get_absolute_url()]:
        served.keeps(path)
    publishing.unpublish(second.piece, by=make.editor())
    for path in [f"{POSTS}{second.slug}/", second.get_absolute_url()]:
        assert until(lambda path=path: served.get(path).status_code == 410)
    for path in lists(first):
        assert second.slug not in served.get(path).text


def test_a_change_that_is_rolled_back_forgets_nothing(served: Served) -> None:
    from django.db import transaction

    post = make.post()
    served.keeps(POSTS)
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(title="Never")
        transaction.set_rollback(True)

    served.get(POSTS)
    assert served.asked == []


def test_a_listener_that_is_cut_off_leaves_right_answers_and_comes_back(served: Served) -> None:
    post = make.post()
    served.keeps(f"{POSTS}{post.slug}/")
    (listener,) = listeners()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [listener])
    until(lambda: listener not in listeners())

    publishing.unpublish(post.piece, by=make.editor())

    until(lambda: served.get(f"{POSTS}{post.slug}/").status_code == 410)
    until(lambda: changes.generation() is not None)
    (new,) = until(listeners)
    assert new != listener
    served.keeps(POSTS)


def test_the_desk_and_all_that_needs_somebody_is_never_kept(served: Served) -> None:
    post, editor = make.post(), make.editor()
    token = {"Authorization": f"Bearer {accounts.tokens_for(editor)['access']}"}
    served.keeps(POSTS)
    before = set(served.shelf.kept)

    for path in ["/desk/", "/api/v1/content/", "/api/v1/auth/me/", "/healthz", "/readyz", f"{POSTS}never-was/"]:
        served.get(path, **token)
        served.get(path)
    served.get(f"{POSTS}search/?q=x")
    served.get(f"{POSTS}{post.slug}/", **token)

    assert set(served.shelf.kept) == before


def test_a_host_that_django_refuses_finds_nothing_on_the_shelf(served: Served) -> None:
    make.post()
    served.keeps(POSTS)

    for _ in range(2):
        assert served.get(POSTS, Host="evil.example").status_code == 400
        assert served.get(POSTS, Host="127.0.0.1, evil.example").status_code == 400


def test_the_answers_of_the_shelf_are_those_of_django(served: Served) -> None:
    post = make.post(category="Repair")

    for path in [POSTS, f"{POSTS}{post.slug}/"]:
        plain = api().get(path, HTTP_HOST=served.client.base_url.netloc.decode())
        kept = served.keeps(path)
        assert kept.content == plain.content
        for name in ("ETag", "Last-Modified", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"):
            assert kept.headers.get(name) == plain.headers.get(name)


def test_two_processes_hear_of_the_same_change(served: Served) -> None:
    post = make.post()
    port, name = free_port(), connection.settings_dict["NAME"]
    other = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port), "--lifespan", "off"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": os.environ["DATABASE_URL"].replace("/copydesk?", f"/{name}?")},
    )
    addresses = [f"http://127.0.0.1:{port}", str(served.client.base_url)]
    try:
        until(lambda: _answers(port) and len(listeners()) == 2)
        for address in addresses:
            assert post.slug in httpx.get(f"{address}{POSTS}").text

        publishing.unpublish(post.piece, by=make.editor())

        for address in addresses:
            until(lambda address=address: post.slug not in httpx.get(f"{address}{POSTS}").text)
            assert httpx.get(f"{address}{POSTS}{post.slug}/").status_code == 410
    finally:
        other.terminate()
        other.wait(PATIENCE_SECONDS)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_SECONDS).status_code == 200
    except httpx.TransportError:
        return False
