"""Django's handler for ASGI, with one visit to a thread for each request.

All our middleware and views are synchronous. For such, Django's own handler goes from the event loop to a thread and
back for the signals, the middleware, each `process_view`, the view and the closing, and starts a thread for each
request: together three times what a plain page takes. Here all of it is one call, in one of a fixed set of threads.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import close_old_connections
from django.http import FileResponse
from django.urls import set_script_prefix

THREADS = 16  # requests at once in a process; the others wait, as they would for one of the pool's 16 connections


class Handler(ASGIHandler):
    """Answers HTTP. A request whose client has gone is worked on to its end, as under every synchronous server."""

    def __init__(self) -> None:
        super().__init__()
        threads = ThreadPoolExecutor(THREADS, "request")
        self.answer = sync_to_async(self._answer, thread_sensitive=False, executor=threads)

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        response = await self.answer(scope, body)
        if not response.streaming:
            await self.send_response(response, send)
            return
        async with ThreadSensitiveContext():  # a thread of its own to read the file, however slow the client
            try:
                await self.send_response(response, send)
            finally:
                await sync_to_async(response.close)()

    def _answer(self, scope: Any, body: Any) -> Any:
        """The response, made as under WSGI; closed, unless its content is still to come."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = self.__class__
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if response.streaming:
            close_old_connections()  # it is closed in another thread, and this one would keep its connection
        else:
            response.close()
        return response


def get_asgi_application() -> Handler:
    """As Django's own of that name."""
    django.setup(set_prefix=False)
    return Handler()
