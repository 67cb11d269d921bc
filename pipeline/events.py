"""Progress: stored first, then sent. A client that was away gets what it missed, once and in order."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import redis
import structlog
from channels.layers import get_channel_layer
from django.db import transaction
from django.utils import timezone

from pipeline.models import Event, Task

log = structlog.get_logger(__name__)

TOGETHER_SECONDS = 0.02  # between two messages to a group; nobody sees a difference

EVERYBODY = "tasks.all"
TYPES = frozenset(
    [
        "started",
        "progress",
        "quality",
        "refinement_started",
        "stage_complete",
        "image_found",
        "log",
        "published",
        "complete",
        "error",
    ]
)


def group_of(task_id: int) -> str:
    return f"task.{task_id}"


def owner_group(user_id: int) -> str:
    return f"tasks.of.{user_id}"


_held = threading.local()


def emit(task: Task, type: str, **data: Any) -> None:
    """Store an event and, once that is committed, send it to whoever watches.

    The number comes from the task's own row, whose lock is held to the end of the transaction: no gaps, no
    doubles. Storing may not fail quietly; sending may, since every reader catches up from the store.
    """
    if type not in TYPES:
        raise ValueError(f"there is no event type {type!r}")
    gathered: list[tuple[Task, str, dict[str, Any]]] | None = getattr(_held, "gathered", None)
    if gathered is None:
        _store(task, [(type, data)])
    else:
        gathered.append((task, type, data))


@contextmanager
def together() -> Iterator[None]:
    """What is emitted inside is stored when it ends, in one statement for each task. In a transaction, at its end: the
    task's row, which its other stages want too, is then locked for one round to the database and not for each event."""
    if getattr(_held, "gathered", None) is not None:  # an outer one stores it
        yield
        return
    gathered: list[tuple[Task, str, dict[str, Any]]] = []
    _held.gathered = gathered
    try:
        yield
    finally:
        _held.gathered = None
    for pk in dict.fromkeys(task.pk for task, _, _ in gathered):
        mine = [told for told in gathered if told[0].pk == pk]
        _store(mine[0][0], [(type, data) for _, type, data in mine])


def _store(task: Task, told: list[tuple[str, dict[str, Any]]]) -> None:
    events = Event.objects.append(task.pk, told)
    transaction.on_commit(lambda: _send(_groups(task.pk, task.owner_id), _numbered(events)))


def delta(task: Task, *, block: str, text: str, kind: str = "p", final: bool = False) -> None:
    """Live text: `text` is the whole of the paragraph or heading `block` so far. Sent, not stored.

    Sending the whole block and not the last letters makes a missed message harmless.
    """
    message = {
        "type": "delta",
        "task_id": task.pk,
        "seq": None,
        "timestamp": timezone.now().isoformat(),
        "block": block,
        "kind": kind,
        "text": text,
        "final": final,
    }
    _send([group_of(task.pk)], [(None, message)])


# (number, text as it goes to the browser) of an event; (None, message) of live text, which is not stored or numbered
Item = tuple[int | None, Any]


def _numbered(events: list[Event]) -> list[Item]:
    """Encoded here, once, and not again for each of a hundred sockets."""
    return [(event.seq, json.dumps(event.as_message())) for event in events]


def _groups(task_id: int, owner_id: int) -> list[str]:
    return [group_of(task_id), owner_group(owner_id), EVERYBODY]


class _Parcel:
    """What goes to one group next, in order; of each block of live text only the newest."""

    def __init__(self) -> None:
        self.items: dict[Any, Item] = {}

    def add(self, item: Item) -> None:
        seq, said = item
        key = id(item) if seq is not None else said["block"]
        self.items.pop(key, None)
        self.items[key] = item

    def as_message(self) -> dict[str, Any]:
        return {"type": "task.message", "items": list(self.items.values())}


class _Courier:
    """Sends messages in the order in which they were handed over, on a thread and an event loop of its own.

    A worker thread must not wait for Redis, and a channel layer is bound to one event loop: this is that loop,
    one a process. Made at the first message, so never before a fork; a forked child makes its own. The first message
    goes at once; of thirty stages that speak together, what follows within a few milliseconds goes as one.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        self.lock = threading.Lock()
        self.parcels: dict[str, _Parcel] = {}
        self.waiting = asyncio.Event()
        threading.Thread(target=self._run, name="courier", daemon=True).start()

    def hand_over(self, groups: Iterable[str], items: Sequence[Item]) -> None:
        with self.lock:
            is_first = not self.parcels
            for group in groups:
                parcel = self.parcels.setdefault(group, _Parcel())
                for item in items:
                    parcel.add(item)
        if is_first:
            self.loop.call_soon_threadsafe(self.waiting.set)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._deliver())

    async def _deliver(self) -> None:
        layer = get_channel_layer()
        while layer is not None:
            await self.waiting.wait()
            self.waiting.clear()
            with self.lock:
                parcels, self.parcels = self.parcels, {}
            for group, parcel in parcels.items():
                try:
                    await layer.group_send(group, parcel.as_message())
                except (OSError, redis.RedisError) as error:  # the events are stored, readers catch up
                    log.warning("event not sent", group=group, error=type(error).__name__)
                except Exception:  # a bug, told in the log; the messages after this one still have to go out
                    log.exception("event not sent", group=group)
            await asyncio.sleep(TOGETHER_SECONDS)


_couriers: list[_Courier] = []
_hiring = threading.Lock()


def _send(groups: Iterable[str], items: Sequence[Item]) -> None:
    with _hiring:
        if not _couriers or _couriers[-1].pid != os.getpid():
            _couriers[:] = [_Courier()]
    _couriers[-1].hand_over(list(groups), items)
