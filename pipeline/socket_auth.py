"""Who opens a socket: the browser's session, or a client's access token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.security.websocket import AllowedHostsOriginValidator

from content.services import accounts

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


_owner = database_sync_to_async(accounts.owner_of)


class Identify:
    """Session first; a client without one sends `Authorization: Bearer …` or, from a browser, `?token=…`."""

    def __init__(self, inner: Application) -> None:
        self.inner = inner
        # A cookie travels from any page that opens a socket, so the page must be ours. A token does not, and a
        # client that has one is no browser and sends no Origin.
        self.with_session = AllowedHostsOriginValidator(AuthMiddlewareStack(inner))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        token = self._token(scope)
        if not token:
            await self.with_session(scope, receive, send)
        else:
            await self.inner({**scope, "user": await _owner(token)}, receive, send)

    @staticmethod
    def _token(scope: dict[str, Any]) -> str:
        for name, value in scope["headers"]:
            if name == b"authorization" and value.lower().startswith(b"bearer "):
                return str(value[7:].decode(errors="replace").strip())
        return str(parse_qs(scope["query_string"].decode(errors="replace")).get("token", [""])[0])
