"""The HTTP side of the starter server: who may ask, how a body is read, how an answer goes out."""

import ipaddress
import json
import select
import socket
import socketserver
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlsplit

from .engine import ClientGone, Engine
from .request import Refused

LARGEST = 4_000_000  # bytes in a request's body
IDLE = 60  # seconds that a client may neither send nor take anything

Body = dict[str, Any]


class Door(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Binds at once, so that a taken port is known before the model loads; listens from `server_activate` on."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128
    engine: Engine

    def __init__(self, host: str, port: int, handler: type["Visitor"]) -> None:
        if not is_loopback(host):
            raise ValueError(f"The starter model serves this machine only, not {host}: use Ollama for more.")
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), handler, bind_and_activate=False)
        self.server_bind()
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self.server_address[1]}"


class Visitor(BaseHTTPRequestHandler):
    """One connection. A subclass fills `routes`: (method, path) → a method of the subclass."""

    routes: ClassVar[dict[tuple[str, str], Callable[[Any], None]]]
    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # what cannot be read gets a status line as well
    server_version = "copydesk-starter"
    sys_version = ""
    timeout = IDLE
    disable_nagle_algorithm = True
    server: Door

    def do_GET(self) -> None:
        self.started, self.body_read = False, False
        try:
            self._require_local()
            path = self.path.partition("?")[0]
            route = self.routes.get(("GET" if self.command == "HEAD" else self.command, path))
            if route:
                route(self)
            elif any(known == path for _, known in self.routes):
                self.reply_text("405 method not allowed", 405)
            else:
                self.reply_text("404 page not found", 404)
        except Refused as refusal:
            self._fail(refusal.status, str(refusal))
        except (ClientGone, OSError):
            self.close_connection = True
        except Exception:
            self._fail(500, "internal error: the server's log has the traceback")
            raise
        if self._owes_body():
            self._linger()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET

    def _require_local(self) -> None:
        """A page in somebody's browser may not use this server, neither from its site nor by a rebound name."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or not is_loopback(_hostname(hosts[0])):
            raise Refused(403, "this server answers to loopback names only")
        for origin in self.headers.get_all("Origin", []):
            scheme, _, authority = origin.partition("://")
            if scheme not in ("http", "https") or not is_loopback(_hostname(authority)):
                raise Refused(403, "requests from other sites are not served")

    # Reading

    def body(self) -> Body:
        """The request's JSON object; Refused with 400, 411 or 413."""
        if "Transfer-Encoding" in self.headers:
            raise Refused(411, "send the body with a Content-Length")
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit() and len(length) < 16):
            raise Refused(400, "bad Content-Length")
        if int(length) > LARGEST:
            raise Refused(413, f"request body too large: at most {LARGEST} bytes")
        raw = self.rfile.read(int(length))
        self.body_read = True
        if len(raw) < int(length):
            raise ClientGone
        if not raw:
            raise Refused(400, "missing request body")
        try:
            body = json.loads(raw, parse_constant=_refuse_constant)
            json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is legal JSON, but no text
        except (ValueError, RecursionError) as problem:
            raise Refused(400, f"invalid JSON: {problem}") from problem
        if not isinstance(body, dict):
            raise Refused(400, "invalid JSON: expected an object")
        return body

    def gone(self) -> bool:
        """True once the client has closed its side; costs two system calls."""
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        try:
            return bool(poll.poll(0)) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True

    def _owes_body(self) -> bool:
        length = self.headers.get("Content-Length", "0")
        return not self.body_read and (length != "0" or "Transfer-Encoding" in self.headers)

    def _linger(self) -> None:
        """Take in what is still being sent, for a second: closing on it would also drop our answer on its way."""
        self.close_connection = True
        until = time.monotonic() + 1
        try:
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(1)
            while time.monotonic() < until and self.connection.recv(1 << 16):
                pass
        except OSError:
            return  # gone already: nothing is left to protect

    # Answering

    def reply(self, answer: Body, status: int = 200) -> None:
        self._send(json.dumps(answer, ensure_ascii=False).encode(), status, "application/json; charset=utf-8")

    def reply_text(self, text: str, status: int = 200) -> None:
        self._send(text.encode(), status, "text/plain; charset=utf-8")

    def _send(self, content: bytes, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection or self._owes_body():
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def line(self, answer: Body) -> None:
        """Send one line of NDJSON; the first opens the answer. For HTTP/1.0 it ends with the connection."""
        chunked = self.request_version != "HTTP/1.0"
        if not self.started:
            self.started = True
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Transfer-Encoding" if chunked else "Connection", "chunked" if chunked else "close")
            self.end_headers()
        content = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content) if chunked else content)

    def end(self) -> None:
        """Close an answer made of lines."""
        if self.request_version != "HTTP/1.0":
            self.wfile.write(b"0\r\n\r\n")

    def _fail(self, status: int, message: str) -> None:
        try:
            if self.started:
                self.line({"error": message})
                self.end()
            else:
                self.reply({"error": message}, status)
        except OSError:  # the client left before it could be told
            self.close_connection = True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library finds wrong before a route is looked for: JSON here, too."""
        self.close_connection, self.body_read = True, True
        self.reply({"error": message or HTTPStatus(code).phrase}, code)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: prompts and their timing are the newsroom's business."""


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hostname(authority: str) -> str:
    """The lower-case host out of `host:port`; empty if there is none to be read."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
