"""Answers that are made while they are sent."""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import StreamingHttpResponse


class Streamed(StreamingHttpResponse):
    """One part after the other, also under ASGI: there Django would first collect all parts of a plain iterator.

    Each part is made in the thread that the handler keeps for this answer, and all in one context, since what was bound
    for the log in the first part is taken off again in the last. Between two parts it holds no connection of the pool's,
    however slow the client is.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Iterator[bytes] = iter(self)

        def following() -> bytes | None:
            try:
                return next(parts, None)
            finally:
                close_old_connections()

        in_thread = sync_to_async(following, context=contextvars.copy_context())
        while (part := await in_thread()) is not None:
            yield part
