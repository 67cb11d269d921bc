"""Public reads beside a bare Django view, in the same rounds: lists, articles, 304 and search, at three sizes.

Two uvicorn processes each, 16 connections that are kept alive. “Kept” is as installed; “made” is with the shelf off, so
that every answer is made anew. The bare view has no middleware, no database, and returns two letters.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from bench import seeding
from bench.load import Generator
from django.db import connection
from installation import ROOT, Installation, proportional_memory

from config.embedded import free_port
from content.models import Post, User

SIZES = (1_000, 10_000, 100_000)
ROUNDS, SECONDS = 5, 0.8
MEBIBYTE = 1024 * 1024
API = "/api/v1/posts/"
ARTICLES = 50
WHOLE = {"Accept-Encoding": "identity"}
# Of the bare view's rate, on 10,000 posts.
BOUNDS = {
    "list kept": 0.45,
    "list of a category and tag made": 0.28,
    "deep page made": 0.28,
    "article kept": 0.45,
    "article made": 0.27,
    "page of an article kept": 0.45,
    "page of an article made": 0.27,
    "search two common words": 0.08,
    "search a rare word": 0.20,
}
GROWTH, DEPTH, MEMORY_MIB = 1.2, 0.85, 300
ONE_CONNECTION_MS = {"search two common words": 20, "search a rare word": 6}
Report = Callable[[str, str, bool, object], None]


def run(installation: Installation, report: Report, options: argparse.Namespace) -> None:
    owner = User.objects.first()
    assert owner
    shares: dict[int, dict[str, float]] = {}
    with Generator() as load:
        for size in SIZES:
            seeding.seed(size, owner=owner)
            with ExitStack() as open_servers:
                served = {name: open_servers.enter_context(_serving(*how)) for name, how in SERVERS.items()}
                shares[size] = Rounds(load, served, size).shares(report)
                if size == 10_000:
                    _revalidating(load, served["kept"], report)
                    pids = [pid for _, pid in served["kept"]]
                    mib = proportional_memory(pids) / MEBIBYTE
                    report("two web processes, MiB", f"{mib:.0f} (≤ {MEMORY_MIB})", mib <= MEMORY_MIB, round(mib, 1))
                if size == 100_000:
                    _one_connection(load, served["made"], report)
    for name in ("list made", "deep page made"):
        grown = shares[SIZES[0]][name] / shares[SIZES[-1]][name]
        says = f"{grown:.2f} (≤ {GROWTH}) from {SIZES[0]:,} to {SIZES[-1]:,} posts"
        report(f"{name}, growth", says, grown <= GROWTH, round(grown, 3))


# --- Servers ---

UVICORN = ["--lifespan", "off", "--no-access-log", "--log-config", "config/uvicorn.json"]
Server = list[tuple[int, int]]  # port and process of each of the two
SERVERS: dict[str, tuple[str, dict[str, str]]] = {
    "bare": ("bench.bare:application", {}),
    "ceiling": ("bench.ceiling:application", {}),
    "framed": ("bench.framed:application", {}),
    "kept": ("config.asgi:application", {"PGAPPNAME": "reads-kept"}),
    "made": ("config.asgi:application", {"COPYDESK_SHELF_MB": "0"}),
}


@contextmanager
def _serving(application: str, environment: dict[str, str]) -> Iterator[Server]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    ports = [free_port(), free_port()]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "uvicorn", application, "--port", str(port), *UVICORN],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, **environment},
        )
        for port in ports
    ]
    try:
        for port, process in zip(ports, started, strict=True):
            _until_answered(port, process)
        yield [(port, process.pid) for port, process in zip(ports, started, strict=True)]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


def _until_answered(port: int, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 180  # on a machine that does much else too
    while time.monotonic() < ends and process.poll() is None:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=20)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"{' '.join(map(str, process.args))} did not start, or ended with {process.poll()}")  # type: ignore[arg-type]


# --- Rounds ---


class Rounds:
    """Every subject in turn, five times over; a subject's share is the median of its shares of the bare view."""

    def __init__(self, load: Generator, served: dict[str, Server], size: int) -> None:
        self.load, self.size = load, size
        self.ports = {name: [port for port, _ in server] for name, server in served.items()}
        self.subjects = _subjects(size, self.ports["made"][0])

    def shares(self, report: Report) -> dict[str, float]:
        for server, paths in self.subjects.values():
            self._once(server, paths)  # imports and plans
        rates: dict[str, list[float]] = {name: [] for name in self.subjects}
        for _ in range(ROUNDS):
            for name, (server, paths) in self.subjects.items():
                rates[name].append(self._rate(server, paths))
        shares = {
            name: statistics.median(own / bare for own, bare in zip(found, rates["bare view"], strict=True))
            for name, found in rates.items()
        }
        for name, share in shares.items():
            bound = BOUNDS.get(name) if self.size == 10_000 else None
            says = f"{share:.2f}" + (f" (≥ {bound})" if bound else "")
            says += f": {statistics.median(rates[name]):.0f} a second"
            report(f"{self.size:,}: {name}", says, bound is None or share >= bound, round(share, 3))
        if self.size == 10_000:
            level = statistics.median(
                deep / first for deep, first in zip(rates["deep page made"], rates["list made"], strict=True)
            )
            report("deep page over page 1", f"{level:.2f} (≥ {DEPTH})", level >= DEPTH, round(level, 3))
        return shares

    def _once(self, server: str, paths: list[str]) -> None:
        for port in self.ports[server]:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=WHOLE, timeout=60) as client:
                for path in paths:
                    client.get(path).raise_for_status()

    def _rate(self, server: str, paths: list[str]) -> float:
        if server == "kept":  # what lay there for a minute has gone
            self._once(server, paths)
        found = self.load(self.ports[server], paths, seconds=SECONDS)
        assert set(found["statuses"]) == {"200"}, (server, paths[0], found["statuses"])
        return float(found["rate"])


def _subjects(size: int, port: int) -> dict[str, tuple[str, list[str]]]:
    """What is asked of which server, by name."""
    growing = {
        "bare view": ("bare", ["/"]),
        "list made": ("made", [API]),
        "deep page made": ("made", [_deep(size, port)]),
    }
    if size != 10_000:
        return growing
    slugs = [quote(slug) for slug in Post.objects.order_by("digest").values_list("slug", flat=True)[:ARTICLES]]
    narrowed = [
        f"{API}?category={category.lower()}&tag={quote(tag.replace(' ', '-').lower())}"
        for category in seeding.CATEGORIES
        for tag in seeding.TAGS[:5]
    ]
    return growing | {
        "constant without Django": ("ceiling", ["/"]),
        "bare view in our middleware": ("framed", ["/"]),
        "list kept": ("kept", [API]),
        "list of a category and tag made": ("made", narrowed),
        "article kept": ("kept", [f"{API}{slug}/" for slug in slugs]),
        "article made": ("made", [f"{API}{slug}/" for slug in slugs]),
        "page of an article kept": ("kept", [f"/posts/{slug}/" for slug in slugs]),
        "page of an article made": ("made", [f"/posts/{slug}/" for slug in slugs]),
        "front page kept": ("kept", ["/"]),
        "front page made": ("made", ["/"]),
        **{name: ("made", paths) for name, paths in _searches().items()},
    }


def _searches() -> dict[str, list[str]]:
    pairs = [f"{API}search/?q={one}+{other}" for one, other in itertools.combinations(seeding.COMMON, 2)]
    random.Random(5).shuffle(pairs)
    return {
        "search two common words": pairs[:200],
        "search a rare word": [f"{API}search/?q={word}" for word in seeding.RARE],
    }


def _deep(size: int, port: int) -> str:
    """The address of a page at nine tenths of the depth, found as a client finds it: by following `next`."""
    path = f"{API}?limit=100"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        for _ in range(size * 9 // 1000):
            following = urlsplit(client.get(path).raise_for_status().json()["next"])
            path = f"{following.path}?{following.query}"
    return path.replace("limit=100", "limit=20")


# --- Beside the rounds ---


def _revalidating(load: Generator, server: Server, report: Report) -> None:
    """304 is no slower than its 200, and PostgreSQL hears nothing of it."""
    ports = [port for port, _ in server]
    path = f"{API}{Post.objects.values_list('slug', flat=True)[0]}/"
    etag = httpx.get(f"http://127.0.0.1:{ports[0]}{path}", headers=WHOLE).headers["ETag"]
    load(ports, [path], seconds=SECONDS)
    whole, again, asked = [], [], 0
    for _ in range(ROUNDS):
        whole.append(load(ports, [path], seconds=SECONDS)["rate"])
        before = _last_statement()
        found = load(ports, [path], seconds=SECONDS, **{"If-None-Match": etag})
        assert set(found["statuses"]) == {"304"}, found["statuses"]
        asked += _last_statement() != before
        again.append(found["rate"])
    ratio = statistics.median(own / other for own, other in zip(again, whole, strict=True))
    says = f"{ratio:.2f} of its 200 (≥ 1, less noise of 5 %); rounds in which PostgreSQL was asked: {asked}"
    report("304", says, ratio >= 0.95 and not asked, {"ratio": round(ratio, 3), "rounds_with_sql": asked})


def _last_statement() -> Any:
    """When a web process last said something to PostgreSQL: the state of each of their connections."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg((pid, query_start) ORDER BY pid)::text FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            ["reads-kept"],
        )
        return cursor.fetchone()


def _one_connection(load: Generator, server: Server, report: Report) -> None:
    ports = [port for port, _ in server][:1]
    for name, paths in _searches().items():
        load(ports, paths, seconds=SECONDS, connections=1)
        found = load(ports, paths, seconds=3, connections=1)
        p50, p99 = 1000 * found["p50"], 1000 * found["p99"]
        bound = ONE_CONNECTION_MS[name]
        says = f"p50 {p50:.1f} ms (≤ {bound}), p99 {p99:.1f} ms"
        report(f"100,000, one connection: {name}", says, p50 <= bound, {"p50": round(p50, 2), "p99": round(p99, 2)})
