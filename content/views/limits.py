"""No body over `MAX_BODY_BYTES` is kept: it is refused before it is read, as JSON under /api/, as a page elsewhere.

The addresses in `LARGER_BODIES` take more: a picture has more bytes than anything that is typed.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string

from content.api.errors import problem

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class BodyLimitMiddleware:
    """Refuses by what the request says of its own length, under every kind of server."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _said(request.META.get("CONTENT_LENGTH", "")) > most(request.path):
            return refusal(request.path)
        return self.get_response(request)


class BodyLimit:
    """The same around the whole ASGI application, and for bodies that say nothing of their length.

    Django writes a body to memory or disk before its first middleware runs, so a middleware alone is too late. What
    is too large is read on for a while and thrown away: a client that is cut off while it sends sees a broken
    connection and not the answer.
    """

    PATIENCE = 16  # times the limit

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = dict(scope["headers"])
        limit = most(scope["path"])
        if _said(headers.get(b"content-length", b"").decode("latin-1")) > limit:
            return await self._refuse(scope, receive, send, 0)
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _TooLarge(more=message.get("more_body", False))
            return message

        try:
            await self.app(scope, counted, send)
        except _TooLarge as error:  # raised into Django's reading of the body, so nothing has been answered yet
            await self._refuse(scope, receive, send, taken, more=error.more)

    async def _refuse(self, scope: Message, receive: Receive, send: Send, taken: int, *, more: bool = True) -> None:
        while more and taken < max(settings.MAX_BODY_BYTES * self.PATIENCE, most(scope["path"]) * 2):
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            taken += len(message.get("body", b""))
            more = message.get("more_body", False)
        response = refusal(scope["path"])
        headers = [(name.lower().encode(), value.encode()) for name, value in response.items()]
        headers += [(b"content-length", str(len(response.content)).encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})


class _TooLarge(Exception):
    def __init__(self, *, more: bool) -> None:
        super().__init__("the body is larger than its address may take")
        self.more = more


def most(path: str) -> int:
    """The bytes that may be sent to this address at once."""
    for pattern, larger in settings.LARGER_BODIES.items():
        if re.fullmatch(pattern, path):
            return int(larger)
    return settings.MAX_BODY_BYTES


def refusal(path: str) -> HttpResponse:
    """413, in the form that fits the address."""
    says = f"That is too large: at most {most(path) // 1000:,} kB can be sent at once."
    if path.startswith("/api/"):
        return JsonResponse(problem(413, says), status=413)
    return HttpResponse(render_to_string("413.html", {"message": says}), status=413)


def _said(length: str) -> int:
    # Eighteen digits say enough; thousands of them are an error of their own in Python.
    return int(length[:18]) if length.isascii() and length.isdigit() else 0
