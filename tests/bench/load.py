"""A load generator in a process of its own: keep-alive connections that ask again as soon as they are answered.

It reads one order a line from its standard input, as JSON, and answers each with a line. A connection asks for the
paths in turn. Of an answer it reads the status and the Content-Length, which there must be, so that measuring costs
little of the machine.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import uvloop


class Line(asyncio.Protocol):
    """One connection, until the time is over."""

    def __init__(self, requests: list[bytes], turn: int, ends: float, counts: Counter[int], took: list[float]) -> None:
        self.requests, self.turn, self.ends = requests, turn, ends
        self.counts, self.took = counts, took
        self.rest = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.rest = self.rest + data if self.rest else data
        head = self.rest.find(b"\r\n\r\n")
        if head < 0:
            return
        headers = self.rest[:head].lower()
        status = int(headers[9:12])
        at = headers.find(b"\r\ncontent-length:")
        length = 0 if status == 304 else int(headers[at + 17 : at + 30].split(b"\r", 1)[0])
        if len(self.rest) < head + 4 + length:
            return
        self.rest = b""
        now = time.perf_counter()
        self.took.append(now - self.asked)
        self.counts[status] += 1
        if now < self.ends:
            self._ask()
        else:
            self.over.set_result(None)
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.over.done():
            self.over.set_exception(error or ConnectionError("the server hung up"))

    def _ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(self.requests[self.turn % len(self.requests)])
        self.turn += 1


async def fire(order: dict[str, Any]) -> dict[str, Any]:
    """Ask `paths` on `ports` (each gets its share of the `connections`) for so many `seconds`."""
    loop, ports, many = asyncio.get_running_loop(), order["ports"], order["connections"]
    more = "".join(f"{name}: {value}\r\n" for name, value in order.get("headers", {}).items())
    counts: Counter[int] = Counter()
    took: list[float] = []
    began = time.perf_counter()
    lines = []
    for number in range(many):
        port = ports[number % len(ports)]
        requests = [
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{more}\r\n".encode("ascii") for path in order["paths"]
        ]
        turn = number * len(requests) // many
        line = Line(requests, turn, began + order["seconds"], counts, took)
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)
        lines.append(line)
    await asyncio.gather(*(line.over for line in lines))
    spent = time.perf_counter() - began
    took.sort()
    return {
        "rate": len(took) / spent,
        "p50": took[len(took) // 2] if took else 0.0,
        "p99": took[len(took) * 99 // 100] if took else 0.0,
        "statuses": dict(counts),
    }


class Generator:
    """The generator's process, as a bench uses it."""

    def __enter__(self) -> Generator:
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)

    def __call__(
        self, ports: list[int], paths: list[str], *, seconds: float, connections: int = 16, **headers: str
    ) -> Any:
        order = {"ports": ports, "paths": paths, "seconds": seconds, "connections": connections, "headers": headers}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


if __name__ == "__main__":
    for given in sys.stdin:
        print(json.dumps(uvloop.run(fire(json.loads(given)))), flush=True)
