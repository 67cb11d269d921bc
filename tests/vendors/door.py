"""A vendor's door on loopback: real HTTP, so that the real SDK speaks to it; a test says what it answers."""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Said:
    """An answer: pieces of a stream with `pause` seconds between them, or one body. `breaks` cuts the connection in
    place of a proper end."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    breaks: bool = False
    kind: str = "text/event-stream; charset=utf-8"


def refused(status: int, body: Any, **headers: str) -> Said:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said([json.dumps(body).encode()], status, named, kind="application/json")


@dataclass
class Door:
    """`script` answers each request; `asked` are all that came, `left` is set when a client left in the middle."""

    script: Callable[[Asked], Said]
    address: str = ""
    asked: list[Asked] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def last(self) -> dict[str, Any]:
        return self.asked[-1].body


@contextmanager
def opened(script: Callable[[Asked], Said], *, proof: ssl.SSLContext | None = None) -> Iterator[Door]:
    """With a `proof` of who it is, it speaks TLS."""
    door = Door(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.answer({})

        def do_POST(self) -> None:
            self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def answer(self, body: dict[str, Any]) -> None:
            asked = Asked(self.path, body, {name.lower(): value for name, value in self.headers.items()})
            door.asked.append(asked)
            said = door.script(asked)
            try:
                self.send_response(said.status)
                self.send_header("Content-Type", said.kind)
                self.send_header("Transfer-Encoding", "chunked")
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for piece in said.pieces:
                    if door.closing.wait(said.pause):
                        break
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                    self.wfile.flush()
                if said.breaks:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                door.left.set()
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            """Silence: pytest shows what failed."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            if not isinstance(sys.exception(), ConnectionError):  # a client may leave as it likes
                super().handle_error(request, client_address)

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if proof:
        server.socket = proof.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    door.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield door
    finally:
        door.closing.set()
        server.shutdown()
        server.server_close()


def wait_for(true: Callable[[], Any], seconds: float = 10) -> bool:
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.02)
    return bool(true())
