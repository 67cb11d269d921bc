"""Cloudinary's own answers: its upload API and the part of its admin API that the SDK uses here, signature and key
checked as it does, and the delivery of what was uploaded.

Shapes: cloudinary.com/documentation, “Upload API reference”, “Admin API reference”.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image as Picture

CLOUD, KEY, SECRET = "Working-house", "123456789012345", "abcdefghijklmnopqrstuvwxyz1"
TYPES = {"jpg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}
NOT_SIGNED = {"file", "cloud_name", "resource_type", "api_key", "signature"}
STALE_SECONDS = 3600


@dataclass
class Cloudinary:
    """`kept` is what lies there, {public id: bytes}; `uploads` counts what came in. `down_after` uploads it answers
    with 500, `limited` says that this hour's admin calls are used up. `day` is when what comes is said to have come."""

    address: str = ""
    kept: dict[str, bytes] = field(default_factory=dict)
    born: dict[str, datetime] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    down_after: float = float("inf")
    limited: bool = False
    a_page: int = 500

    @property
    def url(self) -> str:
        return f"cloudinary://{KEY}:{SECRET}@{CLOUD}?upload_prefix={self.address}"

    def resource(self, public_id: str) -> dict[str, Any]:
        content = self.kept[public_id]
        with Picture.open(io.BytesIO(content)) as opened:
            kind, (width, height) = (opened.format or "").lower().replace("jpeg", "jpg"), opened.size
        path = f"res.cloudinary.com/{CLOUD}/image/upload/v1763733600/{public_id}.{kind}"
        return {
            "asset_id": hashlib.md5(public_id.encode()).hexdigest(),
            "public_id": public_id,
            "format": kind,
            "version": 1763733600,
            "resource_type": "image",
            "type": "upload",
            "created_at": f"{self.born[public_id]:%Y-%m-%dT%H:%M:%SZ}",
            "bytes": len(content),
            "width": width,
            "height": height,
            "asset_folder": public_id.rpartition("/")[0],
            "display_name": public_id.rpartition("/")[2],
            "url": f"http://{path}",
            "secure_url": f"https://{path}",
        }

    # --- The upload API ---

    def upload(self, fields: dict[str, str], content: bytes) -> tuple[int, dict[str, Any]]:
        self.asked.append(fields)
        if len(self.asked) > self.down_after:
            return 500, {"error": {"message": "An error occurred on our side. Request id 4f1c."}}
        if refusal := self.refusal(fields):
            return refusal
        public_id = fields["public_id"]
        known = public_id in self.kept and fields.get("overwrite") == "0"
        if not known:
            try:
                Picture.open(io.BytesIO(content)).verify()
            except OSError:
                return 400, {"error": {"message": "Invalid image file"}}
            self.kept[public_id] = content
            self.born[public_id] = datetime.now(UTC)
        about = self.resource(public_id)
        return 200, {
            **about,
            "version_id": hashlib.md5(content).hexdigest(),
            "signature": hashlib.sha1(f"public_id={public_id}&version={about['version']}{SECRET}".encode()).hexdigest(),
            "tags": [],
            "etag": hashlib.md5(content).hexdigest(),
            "placeholder": False,
            "original_filename": "file",
            "api_key": KEY,
            **({"existing": True} if known else {}),
        }

    def refusal(self, fields: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
        if fields.get("api_key") != KEY:
            return 401, {"error": {"message": f"Unknown API key {fields.get('api_key')}"}}
        to_sign = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if name not in NOT_SIGNED)
        if hashlib.sha1(f"{to_sign}{SECRET}".encode()).hexdigest() != fields.get("signature"):
            says = f"Invalid Signature {fields.get('signature')}. String to sign - '{to_sign}'."
            return 401, {"error": {"message": says}}
        if abs(time.time() - int(fields["timestamp"])) > STALE_SECONDS:
            at = datetime.fromtimestamp(int(fields["timestamp"]), UTC)
            says = f"Stale request - reported time is {at:%Y-%m-%d %H:%M:%S +0000} which is more than 1 hour ago"
            return 400, {"error": {"message": says}}
        return None

    # --- The admin API ---

    def admin(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.limited:
            says = "Rate Limit Exceeded. Limit of 500 api operations reached. Try again on 2026-11-21 16:00:00 UTC"
            return 420, {"error": {"message": says}}
        if path == "ping":
            return 200, {"status": "ok"}
        if path == "resources/image/upload" and method == "DELETE":
            gone = {one: "deleted" if self.kept.pop(one, None) else "not_found" for one in body["public_ids"]}
            counts = {one: {"original": 1, "derived": 0} for one in gone}
            return 200, {"deleted": gone, "deleted_counts": counts, "partial": False}
        if path == "resources/image/upload":
            found = sorted(one for one in self.kept if one.startswith(query.get("prefix", "")))
            begin = int(query.get("next_cursor", "0"))
            end = begin + min(self.a_page, int(query["max_results"]))
            more = {"next_cursor": str(end)} if end < len(found) else {}
            return 200, {"resources": [self.resource(one) for one in found[begin:end]], **more}
        public_id = path.removeprefix("resources/image/upload/")
        if public_id in self.kept:
            return 200, {**self.resource(public_id), "derived": []}
        return 404, {"error": {"message": f"Resource not found - {public_id}"}}


@contextmanager
def opened() -> Iterator[Cloudinary]:
    cloud = Cloudinary()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.admin("GET")

        def do_DELETE(self) -> None:
            self.admin("DELETE")

        def do_POST(self) -> None:
            assert self.path == f"/v1_1/{CLOUD}/image/upload"
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            fields, content = {}, b""
            for part in message_from_bytes(head + self.body(), policy=HTTP).iter_parts():
                if part.get_param("name", header="Content-Disposition") == "file":
                    content = part.get_payload(decode=True)
                else:
                    name = part.get_param("name", header="Content-Disposition")
                    fields[name] = part.get_payload(decode=True).decode()
            self.answer(*cloud.upload(fields, content))

        def admin(self, method: str) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            signed = f"Basic {base64.b64encode(f'{KEY}:{SECRET}'.encode()).decode()}"
            body = self.body()
            if self.headers.get("Authorization") != signed:
                return self.answer(401, {"error": {"message": "Invalid credentials"}})
            path = address.path.removeprefix(f"/v1_1/{CLOUD}/")
            self.answer(*cloud.admin(method, path, query, json.loads(body or b"{}")))

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, status: int, said: dict[str, Any]) -> None:
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("x-featureratelimit-limit", "500")
            self.send_header("x-featureratelimit-remaining", "499")
            if "error" in said:
                self.send_header("x-cld-error", said["error"]["message"])
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Silence: pytest shows what failed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    cloud.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
