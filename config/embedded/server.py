"""What PostgreSQL and Valkey have in common: a direct child process that is started, watched and stopped."""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import IO

from config.embedded.account import Account

START_SECONDS = 60.0
BARE_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
Output = int | IO[bytes] | None


class EmbeddedError(Exception):
    """A server could not be started; the message says what to do."""


class Server(ABC):
    """One server process on one folder of data."""

    name: str
    stop_signal: signal.Signals  # finish what runs, then end
    kill_signal: signal.Signals  # end at once, without orphans of its own
    account: Account
    process: subprocess.Popen[bytes] | None = None

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.data_dir = data_dir.absolute()
        self.durable = durable

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def spawn(self, output: Output = None) -> "subprocess.Popen[bytes]":
        """Start the process without waiting; what it prints goes to `output`, else to logs/NAME.log."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it answers clients now."""

    def start(self) -> str:
        """Start, wait until it answers, and return its address. Raises EmbeddedError."""
        self.spawn()
        self.wait_until_ready()
        return self.url

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.ready():
            if self.process is None or self.process.poll() is not None:
                raise EmbeddedError(f"{self.name} ended while starting; its last words:\n{self._last_words()}")
            if time.monotonic() > deadline:
                self.stop(grace=0)
                raise EmbeddedError(f"{self.name} did not answer within {START_SECONDS:.0f} s.")
            time.sleep(0.01)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None and self.ready()

    def stop(self, grace: float = 10.0) -> None:
        """End the process: politely for `grace` seconds (0 for data nobody needs), then by force."""
        if self.process is None or self.process.poll() is not None:
            return
        if grace and self.durable:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(grace)
            except subprocess.TimeoutExpired:
                self.process.send_signal(self.kill_signal)
        else:
            self.process.send_signal(self.kill_signal)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> Path:
        return self.data_dir / "logs" / f"{self.name}.log"

    def _launch(self, command: list[str], cwd: Path, output: Output, config: str = "") -> "subprocess.Popen[bytes]":
        """Run the program as its account, with `config` on its standard input."""
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if config else subprocess.DEVNULL,
                stdout=log if output is None else output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                # None of the caller's PG* variables may reach a server that we configure ourselves.
                env=BARE_ENVIRONMENT,
                start_new_session=True,  # a Ctrl-C at the terminal is the supervisor's to answer
                preexec_fn=end_with_parent(self.stop_signal),  # one prctl, its library loaded before
                **self.account.popen,
            )
        if self.process.stdin:
            with self.process.stdin as line:
                line.write(config.encode())
        return self.process

    def _last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:]) if self.log.exists() else "(none)"


def end_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    """A preexec_fn that has the kernel send `stop` when we die, even by kill -9; None where there is no such thing.

    It must run after the change of user, which clears the wish: subprocess calls preexec_fn last.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = _libc().prctl, os.getpid()

    def ask() -> None:
        prctl(1, int(stop), 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
