"""A whole installation, as `make up` runs it, for tests that use it from outside or break it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "mara@example.org", "correct horse battery"
# What a test run sets for itself; an installation makes its own.
NOT_INHERITED = (
    "DATABASE_URL",
    "COPYDESK_OWNER_URL",
    "REDIS_URL",
    "COPYDESK_DATA",
    "COPYDESK_SECRET_KEY",
    "COPYDESK_STARTER_URL",
    "OLLAMA_HOST",
)


def _free_port() -> int:
    """Of its own, not the next from 8000 on: a desk that is killed and comes back must not find another one there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Installation:
    """Use it as a context: entering starts `up` on `data` and waits for its “Ready” line, leaving stops it."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.environment = {
            **kept,
            "COPYDESK_EMAIL": EMAIL,
            "COPYDESK_PASSWORD": PASSWORD,
            "COPYDESK_RATE": "100000/min",
            "COPYDESK_TASK_RATE": "100000/hour",
            **environment,
        }
        self.url = ""
        self.log = data / "up.txt"

    def __enter__(self) -> Self:
        self.data.mkdir(parents=True, exist_ok=True)
        self.output = self.log.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor", "--data", str(self.data), "--port", str(_free_port())],
            cwd=ROOT,
            env=self.environment,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.url = self.wait(self._ready, 120)
            self.client = httpx.Client(base_url=self.url, timeout=30)
            self.sign_in()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()

    def _ready(self) -> str:
        if self.process.poll() is not None:
            raise RuntimeError(f"up ended with {self.process.returncode}:\n{self.said()[-3000:]}")
        found = re.search(r"Ready (http://\S+)/", self.said())
        return found[1] if found else ""

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self.output.close()

    # --- As a client uses it ---

    def sign_in(self) -> None:
        answer = self.client.post("/api/v1/auth/login/", json={"email": EMAIL, "password": PASSWORD})
        answer.raise_for_status()
        self.token = answer.json()["access"]
        self.client.headers["Authorization"] = f"Bearer {self.token}"

    def get(self, path: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}")
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.client.post(f"/api/v1/{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    def ask(self, topic: str, **params: Any) -> int:
        return int(self.post("tasks/", task_type="blog_post", topic=topic, **{"word_count": 600, **params})["id"])

    def task(self, pk: int) -> Any:
        """The task as the API shows it; asked again while the web is away."""
        return self.wait(lambda: self._quietly(f"tasks/{pk}/"), 60)

    def _quietly(self, path: str) -> Any:
        try:
            return self.get(path)
        except httpx.HTTPError:
            return None

    def until(self, pk: int, *statuses: str, seconds: float = 180) -> Any:
        """The task once it has one of these statuses."""
        return self.wait(lambda: (t := self.task(pk)) and t["status"] in statuses and t, seconds)

    def until_stage(self, pk: int, stage: str, seconds: float = 120) -> Any:
        """The task once this stage of it runs."""

        def running() -> Any:
            task = self.task(pk)
            return any(s["name"] == stage and s["status"] == "running" for s in task["stages"]) and task

        return self.wait(running, seconds)

    def wait(self, what: Callable[[], Any], seconds: float) -> Any:
        """What `what` gives once that is something; an error with the log's end if it never is."""
        ends = time.monotonic() + seconds
        while not (found := what()):
            if time.monotonic() > ends:
                raise TimeoutError(f"not within {seconds} s:\n{self.said()[-4000:]}")
            time.sleep(0.1)
        return found

    # --- As its enemy finds it ---

    def processes(self) -> dict[str, list[int]]:
        """Process ids by kind (up, web, cluster, clock, starter, valkey, postgres), parents before their children."""
        found: dict[str, list[int]] = {}
        for pid in _descendants(self.process.pid):
            found.setdefault(_kind(pid), []).append(pid)
        return found

    def cluster(self) -> int:
        """The parent of all cluster processes."""
        return self.processes()["cluster"][0]


def _descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    family, look = [root], [root]  # parents before their children
    while look:
        children = parents.get(look.pop(0), [])
        family += children
        look += children
    return family


def _kind(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return "gone"
    signs = {
        "uvicorn": "web",
        "qcluster": "cluster",
        "manage.py clock": "clock",
        "pipeline.starter": "starter",
        "valkey": "valkey",
        "postgres": "postgres",
        "config.supervisor": "up",
    }
    return next((kind for sign, kind in signs.items() if sign in command), "other")


def proportional_memory(pids: list[int]) -> int:
    """What these processes use together, shared pages counted once among their users (PSS), in bytes."""
    total = 0
    for pid in pids:
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.M)[1]) * 1024  # type: ignore[index]
    return total
