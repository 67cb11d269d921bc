"""What the person at the terminal sees: every process's lines, each with its name in a colour of its own."""

import os
import sys
from pathlib import Path
from typing import IO

COLOURS = {"postgres": 34, "valkey": 35, "prepare": 33, "starter": 36, "web": 32, "worker": 33, "gpu": 95, "clock": 94}
LOG_BYTES = 5_000_000  # then NAME.log becomes NAME.log.1, and the one before that is dropped


class Terminal:
    """Prints prefixed lines, and keeps them without colours in one file for each process."""

    def __init__(self, logs: Path, out: IO[str] | None = None) -> None:
        self.out: IO[str] | None = out or sys.stdout
        self.coloured = self.out.isatty() and "NO_COLOR" not in os.environ
        self.logs = logs
        self.files: dict[str, IO[str]] = {}
        logs.mkdir(mode=0o700, exist_ok=True)

    def line(self, name: str, text: str) -> None:
        """One line that the process `name` wrote."""
        self._keep(name, text)
        prefix = f"{name:8} |"
        if self.coloured:
            prefix = f"\033[{COLOURS.get(name, 37)}m{prefix}\033[0m"
        self._print(f"{prefix} {text}")

    def say(self, text: str) -> None:
        """Something of our own."""
        self._keep("up", text)
        self.show(text)

    def show(self, text: str) -> None:
        """Something of our own that no file may keep (a password)."""
        self._print(f"\033[1m{text}\033[0m" if self.coloured else text)

    def _print(self, text: str) -> None:
        if self.out is None:
            return
        try:
            print(text, file=self.out, flush=True)
        except OSError:  # the terminal or pipe was closed; the files go on
            self.out = None

    def _keep(self, name: str, text: str) -> None:
        path = self.logs / f"{name}.log"
        file = self.files.get(name)
        if file and file.tell() > LOG_BYTES:
            file.close()
            path.replace(path.with_suffix(".log.1"))
            file = None
        if file is None:
            file = self.files[name] = path.open("a", encoding="utf-8", buffering=1)
        file.write(text + "\n")
