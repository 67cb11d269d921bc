"""The live feed: what was stored since `after`, then what happens, each once and in order.

Without Redis there is no socket, since channels needs it to open one; the pages then poll.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any
from urllib.parse import parse_qs

import structlog
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import InterfaceError, OperationalError

from content.models import User
from pipeline import events
from pipeline.models import Event, Task

log = structlog.get_logger(__name__)

CATCH_UP_SECONDS = 5  # how often the store is asked, in case Redis lost something
PAGE = 500
NOT_SIGNED_IN, NOT_FOUND = 4401, 4404


@database_sync_to_async
def _visible(user: User, pk: int) -> bool:
    return Task.objects.visible_to(user).filter(pk=pk).exists()


@database_sync_to_async
def _since(pk: int, after: int) -> list[dict[str, Any]]:
    return [event.as_message() for event in Event.objects.filter(task_id=pk, seq__gt=after).order_by("seq")[:PAGE]]


class Feed(AsyncJsonWebsocketConsumer):
    """What both feeds share: who it is, and which groups it listens to."""

    groups_joined: list[str]

    @property
    def user(self) -> User | None:
        user = self.scope.get("user")
        return user if isinstance(user, User) and user.is_active else None

    async def join(self, group: str) -> None:
        self.groups_joined = [group]
        await self.channel_layer.group_add(group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        for group in getattr(self, "groups_joined", []):
            await self.channel_layer.group_discard(group, self.channel_name)

    async def refuse(self, code: int) -> None:
        """Accept first: a browser sees the close code only of an open socket."""
        await self.accept()
        await self.close(code)


class TaskFeed(Feed):
    """One task. The group is joined before the store is read, so nothing falls between the two."""

    last: int
    heard_at: float
    caught_up: asyncio.Lock
    watching: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self.pk = int(self.scope["url_route"]["kwargs"]["pk"])
        if self.user is None:
            return await self.refuse(NOT_SIGNED_IN)
        if not await _visible(self.user, self.pk):
            return await self.refuse(NOT_FOUND)
        after = parse_qs(self.scope["query_string"].decode(errors="replace")).get("after", ["0"])[0]
        self.last = int(after) if after.isdecimal() and len(after) < 10 else 0
        self.caught_up = asyncio.Lock()
        await self.accept()
        await self.join(events.group_of(self.pk))
        self.heard_at = time.monotonic()
        await self.catch_up()
        self.watching = asyncio.create_task(self.keep_watching())

    async def disconnect(self, code: int) -> None:
        if self.watching:
            self.watching.cancel()
        await super().disconnect(code)

    async def keep_watching(self) -> None:
        """Ask the store while the feed is silent. A gap in what is heard shows by its number, so a feed that speaks
        need not be asked; the spread keeps a hundred pages from asking in the same instant."""
        while True:
            await asyncio.sleep(CATCH_UP_SECONDS * random.uniform(0.8, 1.2))
            if time.monotonic() - self.heard_at < CATCH_UP_SECONDS:
                continue
            try:
                await self.catch_up()
            except (OperationalError, InterfaceError) as error:  # PostgreSQL is away; the socket outlives that
                log.warning("feed not caught up", task=self.pk, error=type(error).__name__)

    async def catch_up(self) -> None:
        async with self.caught_up:
            while missed := await _since(self.pk, self.last):
                for message in missed:
                    self.last = message["seq"]
                    await self.send_json(message)

    async def task_message(self, event: dict[str, Any]) -> None:
        self.heard_at = time.monotonic()
        for seq, said in event["items"]:
            if seq is None:
                await self.send_json({**said, "seq": self.last})
            elif seq == self.last + 1 and not self.caught_up.locked():
                self.last = seq
                await self.send(text_data=said)
            elif seq > self.last:
                await self.catch_up()


class TasksFeed(Feed):
    """Everything that this user may see, from now on; the page that opens it shows how things stand."""

    async def connect(self) -> None:
        if self.user is None:
            return await self.refuse(NOT_SIGNED_IN)
        await self.accept()
        await self.join(events.EVERYBODY if self.user.reviews else events.owner_group(self.user.pk))

    async def task_message(self, event: dict[str, Any]) -> None:
        for _, said in event["items"]:
            await self.send(text_data=said)
