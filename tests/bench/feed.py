"""From a stored event to a browser's socket, beside bare Redis publish/subscribe with as many subscribers."""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import redis
import redis.asyncio
import tiny
import websockets
from django.conf import settings
from django.db import connections
from installation import Installation

from content.models import User
from pipeline import events
from pipeline.models import StageStatus, Task

EVENTS = 200
PAUSE_SECONDS = 0.025
SLACK_SECONDS = 0.050


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    tiny.install()
    task = tiny.task(owner=User.objects.first())
    task.stages.update(status=StageStatus.CANCELLED)  # it only carries events; no worker is to take it
    for clients in (1, 100):
        bare = asyncio.run(_bare(clients))
        after = Task.objects.values_list("last_seq", flat=True).get(pk=task.pk)
        ours = asyncio.run(_ours(installation, task, clients, after))
        bound = 3 * _p(bare, 99) + SLACK_SECONDS
        expected = clients * EVENTS
        report(
            f"event to socket, {clients} clients",
            f"p50 {1000 * _p(ours, 50):.1f} ms, p99 {1000 * _p(ours, 99):.1f} ms (≤ {1000 * bound:.1f}); "
            f"bare p50 {1000 * _p(bare, 50):.1f} ms, p99 {1000 * _p(bare, 99):.1f} ms; lost {expected - len(ours)}",
            _p(ours, 99) <= bound and len(ours) == expected,
            {"p50": _p(ours, 50), "p99": _p(ours, 99), "bare_p50": _p(bare, 50), "bare_p99": _p(bare, 99)},
        )


def _p(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100, method="inclusive")[percent - 1]


def _now() -> float:
    return time.time()


async def _ours(installation: Installation, task: Task, clients: int, after: int) -> list[float]:
    address = (
        f"{installation.url.replace('http', 'ws', 1)}/ws/tasks/{task.pk}/?after={after}&token={installation.token}"
    )
    took: list[float] = []

    async def listen(ready: asyncio.Event) -> None:
        async with websockets.connect(address, max_size=None) as socket:
            ready.set()
            for _ in range(EVENTS):
                message = json.loads(await socket.recv())
                took.append(_now() - datetime.fromisoformat(message["timestamp"]).timestamp())

    def speak() -> None:
        for number in range(EVENTS):
            events.emit(task, "log", source="worker", level="info", message=f"line {number}")
            time.sleep(PAUSE_SECONDS)
        connections.close_all()

    await _together(clients, listen, speak)
    return took


async def _bare(clients: int) -> list[float]:
    took: list[float] = []

    async def listen(ready: asyncio.Event) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL)
        async with client.pubsub() as line:
            await line.subscribe("bench")
            await line.get_message(timeout=5)
            ready.set()
            for _ in range(EVENTS):
                while (message := await line.get_message(ignore_subscribe_messages=True, timeout=30)) is None:
                    continue
                took.append(_now() - json.loads(message["data"])["timestamp"])
        await client.aclose()

    def speak() -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            for number in range(EVENTS):
                client.publish("bench", json.dumps({"timestamp": _now(), "message": f"line {number}", "type": "log"}))
                time.sleep(PAUSE_SECONDS)

    await _together(clients, listen, speak)
    return took


async def _together(
    clients: int, listen: Callable[[asyncio.Event], Awaitable[None]], speak: Callable[[], None]
) -> None:
    """All clients listen, then one thread speaks; at most a minute."""
    ready = [asyncio.Event() for _ in range(clients)]
    listeners = [asyncio.ensure_future(listen(event)) for event in ready]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in ready)), 30)
    await asyncio.sleep(1)
    speaker = threading.Thread(target=speak)
    speaker.start()
    await asyncio.wait(listeners, timeout=60)
    speaker.join()
    for listener in listeners:
        listener.cancel()
