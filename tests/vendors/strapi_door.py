"""Strapi's own answers, 5 and 4: create, update, delete, filters, drafts and what is published, the media library, API
tokens, and its errors word for word. What it has outlives its server, so that it can be down and come back.

5 was written beside a real one (5.54.0, SQLite), which `tests/flows/test_real_strapi.py` asks the same of; 4 after its
documentation (docs-v4.strapi.io, “REST API”, “Upload”) and the shapes that 5 gives with `Strapi-Response-Format: v4`.
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "86e16e9e2f54d83993ea99ddc6ff3b9152ab56812a1b1c83e36bd9fdeafce36f"
FIELDS = {
    "articles": {"title", "slug", "excerpt", "content", "cover", "externalId", "tags", "publishedAt"},
    "tags": {"name", "slug", "publishedAt"},
}
UNIQUE = {"articles": ("slug", "externalId"), "tags": ("name",)}
DRAFTS = {"articles"}  # the types that have drafts
MOST_UPLOAD = 3_000_000

Answer = tuple[int, Any]


@dataclass(frozen=True)
class Asked:
    """One request as it came; `data` is what was to be written."""

    method: str
    path: str
    query: dict[str, str]
    data: dict[str, Any]
    headers: dict[str, str]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the requests of `method` that begin with `path`, `times` of them: it is answered with
    `status`, or `cut` off before or after it was done (“before”, “after”)."""

    method: str
    path: str = "/api/articles"
    times: int = 1
    status: int = 0
    cut: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def refused(status: int, name: str, message: str, path: list[str] | None = None, value: Any = None) -> Answer:
    details: dict[str, Any] = {}
    if path is not None:
        details["errors"] = [{"path": path, "message": message, "name": name, "value": value}]
    return status, {"data": None, "error": {"status": status, "name": name, "message": message, "details": details}}


class Unfit(Exception):
    """A ValidationError."""

    def __init__(self, message: str, path: list[str] | None = None, value: Any = None) -> None:
        self.answer = refused(400, "ValidationError", message, path, value)


@dataclass
class Strapi:
    """`rows` are the entries of every type, drafts and published apart, as in its tables; `files` its media library."""

    version: int = 5
    address: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    files: list[dict[str, Any]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    may: Callable[[str, str], bool] = lambda method, path: True
    before: Callable[[Asked], None] = lambda asked: None
    lock: threading.RLock = field(default_factory=threading.RLock)
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def articles(self) -> list[dict[str, Any]]:
        """One row for each article: as it is published, else its draft."""
        found: dict[str, dict[str, Any]] = {}
        for row in sorted(self.rows["articles"], key=lambda row: bool(row["publishedAt"])):
            found[row["documentId"]] = row
        return list(found.values())

    def written(self, method: str, path: str = "/api/articles") -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method and asked.path.startswith(path)]

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What Copydesk is to be told of it."""
        told = {
            "url": self.address,
            "token": TOKEN,
            "version": self.version,
            "collection": "articles",
            "status": "published",
            "fields": {
                "title": "title",
                "slug": "slug",
                "excerpt": "excerpt",
                "body": "content",
                "cover": "cover",
                "external_id": "externalId",
            },
            "public_url": "https://blog.example.org/{slug}",
            "desk_url": f"{self.address}/admin/content-manager/collection-types/api::article.article/{{id}}",
            "locale": "",
        }
        return {**told, **changes}

    # --- Requests ---

    def answer(self, asked: Asked, files: list[tuple[str, bytes, str]]) -> Answer:
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            if "authorization" not in asked.headers:
                return refused(403, "ForbiddenError", "Forbidden")
            return refused(401, "UnauthorizedError", "Missing or invalid credentials")
        if not self.may(asked.method, asked.path):
            return refused(403, "ForbiddenError", "Forbidden")
        _, _, name, *rest = asked.path.split("/")
        with self.lock:
            try:
                if name == "upload":
                    return self.library(asked, rest, files)
                if name not in FIELDS:
                    return refused(404, "NotFoundError", "Not Found")
                return self.collection(asked, name, "/".join(rest))
            except Unfit as unfit:
                return unfit.answer

    def collection(self, asked: Asked, name: str, which: str) -> Answer:
        if asked.method == "GET":
            return 200, {"data": [self.shown(row) for row in self.found(asked, name)], "meta": {"pagination": {}}}
        if asked.method == "POST":
            return (201 if self.version == 5 else 200), self.one(self.create(asked, name))
        mine = [row for row in self.rows[name] if str(row[self.key]) == which]
        if asked.method == "DELETE":
            self.rows[name] = [row for row in self.rows[name] if row not in mine]
            return (204, None) if self.version == 5 or mine else refused(404, "NotFoundError", "Not Found")
        if not mine:
            return refused(404, "NotFoundError", "Not Found")
        return 200, self.one(self.update(asked, name, mine))

    @property
    def key(self) -> str:
        return "documentId" if self.version == 5 else "id"

    def found(self, asked: Asked, name: str) -> list[dict[str, Any]]:
        rows = [row for row in self.rows[name] if self.is_asked_for(row, asked.query, name)]
        for key, value in asked.query.items():
            if match := re.fullmatch(r"filters\[(\w+)\]\[\$eq\]", key):
                if match[1] not in FIELDS[name]:
                    raise Unfit(f"Invalid key {match[1]}")
                rows = [row for row in rows if row.get(match[1]) == value]
        return sorted(rows, key=lambda row: int(row["id"]))

    def is_asked_for(self, row: dict[str, Any], query: dict[str, str], name: str) -> bool:
        if name not in DRAFTS:
            return True
        if self.version == 5:
            return bool(row["publishedAt"]) == (query.get("status", "published") == "published")
        return query.get("publicationState") == "preview" or bool(row["publishedAt"])

    def create(self, asked: Asked, name: str) -> dict[str, Any]:
        status = self.status(asked, name)
        row = {**dict.fromkeys(FIELDS[name]), **asked.data, "documentId": secrets.token_hex(12), "id": next(self.ids)}
        row["publishedAt"] = None
        if name == "articles" and not row["title"]:
            raise Unfit("title must be a `string` type, but the final value was: `null`.", ["title"])
        self.validate(asked.data, name, row, status)
        if self.version == 4 or name not in DRAFTS:
            row["publishedAt"] = asked.data.get("publishedAt", _now()) if name in DRAFTS else _now()
            self.rows[name].append(row)
            return row
        self.rows[name].append(row)
        return self.published(name, row) if status == "published" else row

    def update(self, asked: Asked, name: str, mine: list[dict[str, Any]]) -> dict[str, Any]:
        status, draft = self.status(asked, name), next((row for row in mine if not row["publishedAt"]), mine[0])
        self.validate(asked.data, name, draft, status)
        draft.update({key: value for key, value in asked.data.items() if self.version == 4 or key != "publishedAt"})
        return self.published(name, draft) if self.version == 5 and status == "published" else draft

    def published(self, name: str, draft: dict[str, Any]) -> dict[str, Any]:
        """Its published row: a new one each time, with an id of its own."""
        document = draft["documentId"]
        self.rows[name] = [row for row in self.rows[name] if row["documentId"] != document or not row["publishedAt"]]
        made = {**draft, "id": next(self.ids), "publishedAt": _now()}
        self.rows[name].append(made)
        return made

    def status(self, asked: Asked, name: str) -> str:
        if self.version == 4:
            return "published" if asked.data.get("publishedAt", _now()) else "draft"
        return asked.query.get("status", "published")

    def validate(self, data: dict[str, Any], name: str, of: dict[str, Any], status: str) -> None:
        for key, value in data.items():
            if key not in FIELDS[name]:
                raise Unfit(f"Invalid key {key}")
            if key == "excerpt" and value and len(value) > 300:
                raise Unfit("excerpt must be at most 300 characters", ["excerpt"], value)
            if key == "slug" and value and not re.fullmatch(r"[A-Za-z0-9-_.~]*", value):
                raise Unfit('slug must match the following: "/^[A-Za-z0-9-_.~]*$/"', ["slug"], value)
            if key == "cover" and value is not None and value not in [file["id"] for file in self.files]:
                raise Unfit("1 relation(s) of type plugin::upload.file associated with this entity do not exist", [])
        for key in UNIQUE[name]:
            # Strapi asks only among drafts, or among what is published, and nothing in the database binds it.
            rivals = [row for row in self.rows[name] if bool(row["publishedAt"]) == (status == "published")]
            if data.get(key) and any(r[key] == data[key] and r["documentId"] != of["documentId"] for r in rivals):
                raise Unfit("This attribute must be unique", [key], data[key])

    def one(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"data": self.shown(row), "meta": {}}

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:
        attributes = {key: value for key, value in row.items() if key not in ("id", "documentId", "cover", "tags")}
        if self.version == 5:
            return {"id": row["id"], "documentId": row["documentId"], **attributes}
        return {"id": row["id"], "attributes": attributes}

    # --- The media library ---

    def library(self, asked: Asked, rest: list[str], files: list[tuple[str, bytes, str]]) -> Answer:
        if asked.method == "POST":
            made = [self.keep(*file, asked.data) for file in files]
            if not made:
                raise Unfit("Files are empty")
            return (201 if self.version == 5 else 200), made
        if rest[1:]:
            one = next((file for file in self.files if str(file["id"]) == rest[1]), None)
            return (200, one) if one else refused(404, "NotFoundError", "file.notFound")
        name = asked.query.get("filters[name][$eq]")
        return 200, [file for file in self.files if name in (None, file["name"])]

    def keep(self, name: str, content: bytes, kind: str, about: dict[str, Any]) -> dict[str, Any]:
        file = {"id": next(self.ids), "documentId": secrets.token_hex(12), "name": about.get("name", name)}
        file |= {"alternativeText": about.get("alternativeText"), "caption": about.get("caption"), "mime": kind}
        file |= {"size": len(content) / 1000, "url": f"/uploads/{name}", "ext": f".{name.rpartition('.')[2]}"}
        self.files.append(file)
        return file


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def opened(strapi: Strapi | None = None, *, version: int = 5) -> Iterator[Strapi]:
    """It answers; at the port where it was before, if it was there before."""
    strapi = strapi or Strapi(version)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def ask(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            data, files, size = self.sent(body)
            where = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(where.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, where.path, query, data, headers)
            fault = self.fault(asked)
            strapi.before(asked)
            if fault and fault.cut != "after":
                return self.cut() if fault.cut else self.say(fault.status, fault.body, fault.headers)
            if size > MOST_UPLOAD and files:
                status, said = refused(413, "PayloadTooLargeError", "FileTooBig")
            else:
                status, said = strapi.answer(asked, files)
            strapi.asked.append(asked)
            if fault:
                return self.cut()
            self.say(status, b"" if said is None else json.dumps(said).encode(), {})

        do_GET = do_POST = do_PUT = do_DELETE = ask

        def fault(self, asked: Asked) -> Fault | None:
            with strapi.lock:
                for fault in strapi.faults:
                    if fault.method == asked.method and asked.path.startswith(fault.path):
                        strapi.faults.remove(fault)
                        if fault.times > 1:
                            strapi.faults.insert(0, Fault(**{**fault.__dict__, "times": fault.times - 1}))
                        return fault
            return None

        def sent(self, body: bytes) -> tuple[dict[str, Any], list[tuple[str, bytes, str]], int]:
            kind = self.headers.get("Content-Type", "")
            if not kind.startswith("multipart/"):
                return (json.loads(body)["data"] if body else {}), [], 0
            about, files = {}, []
            for part in message_from_bytes(
                b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP
            ).iter_parts():
                named, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
                assert isinstance(content, bytes)
                if named == "files":
                    files.append((str(part.get_filename()), content, part.get_content_type()))
                elif named == "fileInfo":
                    about = json.loads(content)
            return about, files, len(body)

        def say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *args: Any) -> None:
            """Silence: pytest shows what failed."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client may leave as it likes, and so may we."""

    port = urlsplit(strapi.address).port or 0
    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    strapi.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield strapi
    finally:
        server.shutdown()
        server.server_close()
