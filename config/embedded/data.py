"""The data folder: who holds it, and the secrets made for it."""

import fcntl
import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

from config.embedded.account import make_reachable

PROJECT = Path(__file__).resolve().parent.parent.parent
GUARD_SECONDS = 15.0  # longer than the guard of a killed supervisor needs to clear up


class AlreadyRunning(Exception):
    """Another process serves this data."""


class DataDir:
    """Everything that one installation keeps: `var/` unless told otherwise."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path or os.environ.get("COPYDESK_DATA") or PROJECT / "var").absolute()

    def make(self) -> None:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            make_reachable(self.path)

    def secret(self, name: str) -> str:
        """The secret of that name, made at the first call and kept in secrets.json (mode 600)."""
        self.make()
        kept = self.path / "secrets.json"
        known = json.loads(kept.read_text()) if kept.exists() else {}
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            write_private(kept, json.dumps(known, indent=1))
        return str(known[name])

    def hold(self) -> "Hold":
        """Take this data for ourselves until the process ends. Raises AlreadyRunning.

        Where a supervisor was killed, its guard holds the data until the last process is gone; wait for that.
        """
        self.make()
        file = os.open(self.path / "up.json", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + GUARD_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return Hold(file)
            except BlockingIOError:
                holder = self.holder()
                if holder.get("pid") or time.monotonic() > deadline:
                    os.close(file)
                    at = f" at {holder['url']}" if "url" in holder else ""
                    pid = f" (pid {holder['pid']})" if "pid" in holder else ""
                    raise AlreadyRunning(f"Copydesk is already running{at}{pid} on this data.") from None
                time.sleep(0.1)

    def holder(self) -> dict[str, Any]:
        """What the live holder wrote: pid, url, environment; empty when there is none."""
        try:
            wrote = json.loads((self.path / "up.json").read_text())
            os.kill(wrote["pid"], 0)
        except (FileNotFoundError, json.JSONDecodeError, ProcessLookupError):  # none, just written, or killed
            return {}
        except PermissionError:  # it lives, under another user
            pass
        return dict(wrote)

    def join_running(self) -> None:
        """Take over the addresses of a running `up`, so that another command meets the same servers.

        What the environment already says wins.
        """
        for name, value in self.holder().get("environment", {}).items():
            os.environ.setdefault(name, value)


class Hold:
    """The right to serve one data folder: a lock that dies with the processes that hold it open."""

    def __init__(self, file: int) -> None:
        self.file = file

    def tell(self, **facts: Any) -> None:
        """Write who we are for a second `up` and for other commands."""
        text = json.dumps({"pid": os.getpid()} | facts).encode()
        os.truncate(self.file, 0)
        os.pwrite(self.file, text, 0)

    def release(self) -> None:
        os.truncate(self.file, 0)
        os.close(self.file)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    half = path.with_suffix(".new")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    half.replace(path)
