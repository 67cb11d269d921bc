"""The live feed over WebSocket: who may watch, nothing missed, nothing twice, in order."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import make
import pytest
import uvicorn
import websockets.sync.client as websockets
from caller import api
from django.db import close_old_connections
from django.test import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from config.asgi import application
from content.models import User
from content.services import accounts
from pipeline import events
from pipeline.models import Event, Task

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A real server in a thread of its own; its host and port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = uvicorn.Server(
        uvicorn.Config(application, port=port, lifespan="off", log_level="warning", ws_ping_interval=None)
    )
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.02)
    yield f"127.0.0.1:{port}"
    running.should_exit = True
    thread.join()


def watch(server: str, address: str, user: User | None = None, **headers: str) -> Any:
    """An open socket: a client's with a token, or a browser's, which says where it is."""
    if user:
        headers["Authorization"] = f"Bearer {accounts.tokens_for(user)['access']}"
    return websockets.connect(f"ws://{server}/ws/{address}", additional_headers=headers, open_timeout=20)


def heard(feed: Any, many: int) -> list[dict[str, Any]]:
    return [json.loads(feed.recv(timeout=20)) for _ in range(many)]


def say(task: Task, *lines: str) -> None:
    for line in lines:
        events.emit(task, "log", source="worker", level="info", message=line)
    close_old_connections()


def closed_with(feed: Any) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        feed.recv(timeout=20)
    assert closed.value.rcvd
    return closed.value.rcvd.code


def test_who_comes_gets_what_was_stored_and_then_what_happens(server: str) -> None:
    task = make.task()
    say(task, "one", "two")

    with watch(server, f"tasks/{task.pk}/", task.owner) as feed:
        before = heard(feed, 2)
        say(task, "three")
        after = heard(feed, 1)

    assert [(m["seq"], m["message"]) for m in before + after] == [(1, "one"), (2, "two"), (3, "three")]
    assert {"type", "task_id", "seq", "timestamp"} <= set(after[0])
    assert (after[0]["type"], after[0]["task_id"]) == ("log", task.pk)


def test_who_was_away_gets_what_was_missed_once(server: str) -> None:
    task = make.task()
    say(task, "one", "two", "three")

    with watch(server, f"tasks/{task.pk}/?after=2", task.owner) as feed:
        assert [m["seq"] for m in heard(feed, 1)] == [3]
        say(task, "four")
        assert [m["seq"] for m in heard(feed, 1)] == [4]


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "%00"])
def test_after_nonsense_it_starts_at_the_beginning(server: str, after: str) -> None:
    task = make.task()
    say(task, "one")

    with watch(server, f"tasks/{task.pk}/?after={after}", task.owner) as feed:
        assert [m["seq"] for m in heard(feed, 1)] == [1]


def test_with_writers_at_work_while_people_come_everybody_hears_all_in_order(server: str) -> None:
    task, many = make.task(), 120
    task_owner = task.owner

    def write() -> None:
        for n in range(many // 3):
            say(task, f"line {n}")

    writers = [threading.Thread(target=write) for _ in range(3)]
    with contextlib.ExitStack() as open_feeds:
        for writer in writers:
            writer.start()
        feeds = [open_feeds.enter_context(watch(server, f"tasks/{task.pk}/", task_owner)) for _ in range(8)]
        for writer in writers:
            writer.join()
        said = [[m["seq"] for m in heard(feed, many)] for feed in feeds]

    assert said == [list(range(1, many + 1))] * 8


def test_events_that_redis_lost_come_from_the_store(server: str) -> None:
    task = make.task()
    with watch(server, f"tasks/{task.pk}/", task.owner) as feed:
        say(task, "one")
        assert [m["seq"] for m in heard(feed, 1)] == [1]
        Event.objects.create(task=task, seq=2, type="log", data={"message": "stored, and never sent"})
        Task.objects.filter(pk=task.pk).update(last_seq=2)
        say(task, "three")

        assert [m["seq"] for m in heard(feed, 2)] == [2, 3]


def test_live_text_is_passed_on_with_the_number_of_the_last_event(server: str) -> None:
    task = make.task()
    say(task, "one")
    with watch(server, f"tasks/{task.pk}/", task.owner) as feed:
        heard(feed, 1)
        time.sleep(0.3)  # until the group is joined; live text is not stored, so it may be missed before
        events.delta(task, block="b1", text="The kettle")
        message = heard(feed, 1)[0]

    assert (message["type"], message["seq"], message["text"]) == ("delta", 1, "The kettle")


def test_a_stranger_is_told_that_there_is_no_such_task(server: str) -> None:
    task = make.task()

    for pk in (task.pk, 10**9, 10**30):
        with watch(server, f"tasks/{pk}/", make.creator()) as feed:
            assert closed_with(feed) == 4404


def test_nobody_and_who_has_signed_out_are_told_to_sign_in(server: str) -> None:
    task = make.task()
    token = accounts.tokens_for(task.owner)["access"]
    with watch(server, f"tasks/{task.pk}/", Origin=f"http://{server}") as feed:
        assert closed_with(feed) == 4401
    with watch(server, "tasks/", Origin=f"http://{server}") as feed:
        assert closed_with(feed) == 4401

    with watch(server, f"tasks/{task.pk}/?token={token}") as feed:
        say(task, "one")
        assert heard(feed, 1)[0]["seq"] == 1
    accounts.end_session(token)

    for address in (f"tasks/{task.pk}/?token={token}", f"tasks/?token={token}", f"tasks/{task.pk}/?token=%ff"):
        with watch(server, address) as feed:
            assert closed_with(feed) == 4401


def test_the_browsers_session_opens_a_socket_from_our_own_pages_only(server: str) -> None:
    task = make.task()
    client = Client()
    client.force_login(task.owner)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    say(task, "one")

    with watch(server, f"tasks/{task.pk}/", Cookie=cookie, Origin=f"http://{server}") as feed:
        assert heard(feed, 1)[0]["seq"] == 1
    with pytest.raises(InvalidStatus), watch(server, f"tasks/{task.pk}/", Cookie=cookie, Origin="http://evil.example"):
        pass


def test_the_feed_of_all_tasks_brings_each_what_they_may_see(server: str) -> None:
    mine, other = make.task(), make.task()
    with (
        watch(server, "tasks/", mine.owner) as own,
        watch(server, "tasks/", make.editor()) as every,
    ):
        time.sleep(0.3)  # until both groups are joined; this feed starts now and tells nothing of before
        say(other, "other")
        say(mine, "mine")

        assert [m["message"] for m in heard(own, 1)] == ["mine"]
        assert [m["message"] for m in heard(every, 2)] == ["other", "mine"]


def test_the_api_and_the_socket_tell_the_same(server: str) -> None:
    task = make.task()
    say(task, "one", "two")

    with watch(server, f"tasks/{task.pk}/", task.owner) as feed:
        assert heard(feed, 2) == api(task.owner).get(f"/api/v1/tasks/{task.pk}/events/").json()["results"]


def test_a_body_that_is_sent_in_chunks_without_end_is_refused_by_the_real_server(server: str) -> None:
    connection = http.client.HTTPConnection(server, timeout=20)
    chunks = (b"x" * 100_000 for _ in range(30))
    connection.request("POST", "/api/v1/auth/login/", chunks, {"Content-Type": "application/json"}, encode_chunked=True)
    answer = connection.getresponse()

    assert answer.status == 413
    assert json.loads(answer.read())["code"] == "too_large"

    connection = http.client.HTTPConnection(server, timeout=20)
    connection.request("POST", "/api/v1/auth/login/", b"x" * 3_000_000, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 413


def test_what_a_client_says_into_the_feed_breaks_nothing(server: str) -> None:
    task = make.task()
    with watch(server, f"tasks/{task.pk}/", task.owner) as feed:
        for words in ("{}", "[]", '{"type": "task.message"}'):
            feed.send(words)
        say(task, "one")
        assert heard(feed, 1)[0]["seq"] == 1
