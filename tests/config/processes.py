"""Watching a process from outside: what it prints, and whether it is gone."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0


def eventually(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether it happens, sooner or later."""
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened()


def exists(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


class Reader:
    """A process whose output is read as it comes. `wait_for` returns each match of a pattern once.

    The order of lines from different processes is nobody's promise, so it is not asked about.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.text = ""
        self.looked_at: dict[str, int] = {}
        assert process.stdout
        self.output = process.stdout

    def wait_for(self, pattern: str) -> tuple[str, ...]:
        """The groups of the next match of `pattern`; the text so far when the process ends without it."""
        expression = re.compile(pattern)
        while not (found := expression.search(self.text, self.looked_at.get(pattern, 0))):
            assert self._reads(PATIENCE_SECONDS), f"no “{pattern}” in:\n{self.text}"
        self.looked_at[pattern] = found.end()
        return found.groups()

    def stop(self, asked: signal.Signals) -> int:
        """Send a signal, read to the end, and return the exit status."""
        self.process.send_signal(asked)
        return self.ended()

    def ended(self) -> int:
        """Read to the end, and return the exit status."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.output.closed and self._reads(deadline - time.monotonic()):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def end(self) -> None:
        try:
            if self.process.poll() is None:
                self.stop(signal.SIGTERM)
        finally:
            self.process.kill()
            self.output.close()

    def _reads(self, seconds: float) -> bool:
        """Add what comes next to the text; False at the end, or if nothing comes for so long."""
        readable, _, _ = select.select([self.output], [], [], max(0, seconds))
        chunk = os.read(self.output.fileno(), 65_536) if readable else b""
        self.text += chunk.decode()
        return bool(chunk)
