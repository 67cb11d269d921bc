"""One process under the supervisor: how it is started, when it counts as ready, how it is stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from config.embedded import Server

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 10.0)
CALM_SECONDS = 60.0  # after running this long, a crash counts as the first again
LONGEST_LINE = 65_536  # bytes
READS_AT_ONCE = 16


class Child:
    """A process that should run for as long as the supervisor does.

    `spawn` starts it with its output in a pipe and as the leader of a group of its own; `ready` says whether
    it serves, and never blocks for long.
    """

    def __init__(
        self,
        name: str,
        spawn: Callable[[], "subprocess.Popen[bytes]"],
        ready: Callable[[], bool] = lambda: True,
        stop_signal: signal.Signals = signal.SIGTERM,
        kill_signal: signal.Signals = signal.SIGKILL,
        is_server: bool = False,
        patience: float = 10.0,
    ) -> None:
        self.name = name
        self.spawn = spawn
        self.answers = ready
        self.stop_signal = stop_signal
        self.kill_signal = kill_signal
        self.is_server = is_server  # others need it: it is stopped after them
        self.patience = patience  # seconds from being asked to end to being ended
        self.process: subprocess.Popen[bytes] | None = None
        self.was_ready = False
        self.crashes = 0
        self.restart_at: float | None = None
        self.started_at = 0.0
        self._unfinished = b""

    @classmethod
    def of_server(cls, server: Server) -> "Child":
        """PostgreSQL or Valkey. A restart keeps the address, so its clients come back by themselves."""
        return cls(
            server.name,
            lambda: server.spawn(subprocess.PIPE),
            server.ready,
            server.stop_signal,
            server.kill_signal,
            is_server=True,
        )

    @classmethod
    def of_command(
        cls,
        name: str,
        command: list[str],
        environment: dict[str, str],
        cwd: Path,
        ready: Callable[[], bool] = lambda: True,
        patience: float = 10.0,
    ) -> "Child":
        def spawn() -> "subprocess.Popen[bytes]":
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment | {"COPYDESK_PROCESS": name, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )

        return cls(name, spawn, ready, patience=patience)

    def start(self) -> int:
        """Start the process; returns the file descriptor of its output."""
        self.restart_at, self.started_at, self.was_ready = None, time.monotonic(), False
        self.process = self.spawn()
        assert self.process.stdout
        output = self.process.stdout.fileno()
        os.set_blocking(output, False)
        return output

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ready(self) -> bool:
        return self.running and self.answers()

    def read(self) -> tuple[list[str], bool]:
        """The lines it wrote since the last call, and whether it has closed its output."""
        assert self.process
        assert self.process.stdout
        lines: list[bytes] = []
        for _ in range(READS_AT_ONCE):  # a flood from one must not starve the others
            try:
                chunk = os.read(self.process.stdout.fileno(), LONGEST_LINE)
            except BlockingIOError:
                break
            if not chunk:
                rest, self._unfinished = self._unfinished, b""
                return self._text([*lines, rest] if rest else lines), True
            *whole, self._unfinished = (self._unfinished + chunk).split(b"\n")
            lines += whole
            if len(self._unfinished) > LONGEST_LINE:
                lines, self._unfinished = [*lines, self._unfinished], b""
        return self._text(lines), False

    @staticmethod
    def _text(lines: list[bytes]) -> list[str]:
        return [line.rstrip(b"\r").decode(errors="replace") for line in lines]

    def crashed(self) -> float:
        """Count a crash; returns the seconds to wait before the next start."""
        if time.monotonic() - self.started_at > CALM_SECONDS:
            self.crashes = 0
        wait = BACKOFF_SECONDS[min(self.crashes, len(BACKOFF_SECONDS) - 1)]
        self.crashes += 1
        self.restart_at = time.monotonic() + wait
        return wait

    @property
    def ending(self) -> str:
        """How it ended, for a person: “signal 9” or “status 1”."""
        code = self.process.returncode if self.process else None
        return f"signal {-code}" if code is not None and code < 0 else f"status {code}"
