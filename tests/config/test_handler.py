"""Django's handler with one visit to a thread: nothing that a reader or the desk relies on is lost by it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import uvicorn
from asgiref.sync import async_to_sync
from django.core.signals import request_finished, request_started
from django.db import connection
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import path

from config.handler import THREADS, Handler
from content.views.limits import BodyLimit

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60
gate = threading.Event()
inside = threading.Semaphore(0)


def waits(request: HttpRequest) -> HttpResponse:
    inside.release()
    gate.wait(PATIENCE_SECONDS)
    return HttpResponse("waited")


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("not for readers")


def asks(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(request.body or b"asked")


def file(request: HttpRequest) -> FileResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return FileResponse(Path(__file__).open("rb"), content_type="text/plain")


def calls_the_loop(request: HttpRequest) -> HttpResponse:
    async def there() -> str:
        return "there and back"

    return HttpResponse(async_to_sync(there)())


@pytest.fixture
def address(settings: Any) -> Iterator[str]:
    addresses = ModuleType("addresses")
    views: list[Callable[..., Any]] = [waits, breaks, asks, file, calls_the_loop]
    addresses.urlpatterns = [path(view.__name__, view) for view in views]  # type: ignore[attr-defined]
    addresses.handler500 = "content.views.refusals.server_error"  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = addresses
    gate.clear()
    server = uvicorn.Server(uvicorn.Config(BodyLimit(Handler()), port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    gate.set()
    server.should_exit = True
    thread.join(PATIENCE_SECONDS)


def until(true: Callable[[], Any]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < ends, "it never became true"
        time.sleep(0.005)


def test_slow_requests_run_side_by_side_and_one_more_waits_its_turn(address: str) -> None:
    with ThreadPoolExecutor(THREADS + 1) as readers:
        answers = [readers.submit(httpx.get, f"{address}/waits", timeout=PATIENCE_SECONDS) for _ in range(THREADS)]
        assert all(inside.acquire(timeout=PATIENCE_SECONDS) for _ in range(THREADS))
        last = readers.submit(httpx.get, f"{address}/asks", timeout=PATIENCE_SECONDS)
        assert not last.done()

        gate.set()

        assert {answer.result().text for answer in answers} == {"waited"}
        assert last.result().text == "asked"


def test_what_breaks_is_a_page_that_says_nothing_of_why_and_the_next_is_answered(address: str) -> None:
    broken = httpx.get(f"{address}/breaks", timeout=PATIENCE_SECONDS)

    assert broken.status_code == 500
    assert "not for readers" not in broken.text
    assert "<h1>" in broken.text
    assert httpx.get(f"{address}/asks", timeout=PATIENCE_SECONDS).text == "asked"


def test_a_client_that_goes_in_the_middle_of_its_body_harms_nobody(address: str) -> None:
    host, _, port = address.removeprefix("http://").partition(":")
    for _ in range(THREADS + 1):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(b"POST /asks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf")

    assert httpx.get(f"{address}/asks", timeout=PATIENCE_SECONDS).text == "asked"


def test_a_file_is_sent_whole_and_its_request_keeps_no_connection(address: str) -> None:
    for _ in range(THREADS + 1):
        assert httpx.get(f"{address}/file", timeout=PATIENCE_SECONDS).content == Path(__file__).read_bytes()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend' AND application_name <> 'copydesk shelf'"
        )
        assert cursor.fetchone()[0] == 0


def test_a_request_begins_and_ends_once(address: str) -> None:
    seen: list[str] = []

    def began(**_: Any) -> None:
        seen.append("began")

    def ended(**_: Any) -> None:
        seen.append("ended")

    request_started.connect(began)
    request_finished.connect(ended)
    try:
        for name in ("asks", "breaks", "file"):
            httpx.get(f"{address}/{name}", timeout=PATIENCE_SECONDS)
        until(lambda: len(seen) >= 6)
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)

    assert seen == ["began", "ended"] * 3


def test_a_view_may_call_back_into_the_event_loop(address: str) -> None:
    assert httpx.get(f"{address}/calls_the_loop", timeout=PATIENCE_SECONDS).text == "there and back"


def test_a_body_that_is_too_large_is_refused_and_one_that_fits_arrives(address: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 50_000

    assert httpx.post(f"{address}/asks", content=pieces(), timeout=PATIENCE_SECONDS).status_code == 413
    assert httpx.get(f"{address}/asks", timeout=PATIENCE_SECONDS).status_code == 200
