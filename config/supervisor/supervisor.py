"""The loop that reads, watches and restarts. One thread: forks are safe, and nothing needs a lock."""

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import Self

from config.embedded import EmbeddedError
from config.supervisor.child import Child
from config.supervisor.guard import Guard, group_lives, signal_group
from config.supervisor.terminal import Terminal

CRASHES_WHILE_STARTING = 4
TICK_SECONDS = 0.03


class Stop(Exception):
    """Somebody asked us to end."""


class StartFailed(Exception):
    """A process did not come up; the message names it."""


class Supervisor:
    """Owns a list of children. Use it as a context: leaving it stops them all, the last started first."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.children: list[Child] = []
        self.stopping = False
        self.signals: list[int] = []
        self.selector = selectors.DefaultSelector()

    def __enter__(self) -> Self:
        self.guard = Guard()
        self.wake, wake_writer = socket.socketpair()
        self.wake.setblocking(False)
        wake_writer.setblocking(False)
        self.wake_writer = wake_writer
        signal.set_wakeup_fd(wake_writer.fileno(), warn_on_full_buffer=False)
        self.selector.register(self.wake, selectors.EVENT_READ)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the loop
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN:  # nohup asks to stay
                signal.signal(each, self._signalled)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        signal.set_wakeup_fd(-1)
        self.guard.close()

    def start(self, child: Child) -> None:
        """Start a child and keep it running from now on."""
        self.children.append(child)
        self._start(child)

    def wait_ready(self, children: Iterable[Child], seconds: float) -> None:
        """Until all of them serve. Raises StartFailed, or Stop when asked to end."""
        waiting, deadline = list(children), time.monotonic() + seconds
        while waiting := [child for child in waiting if not self._is_ready(child)]:
            for child in waiting:
                if child.crashes >= CRASHES_WHILE_STARTING:
                    raise StartFailed(f"{child.name} does not start ({child.ending}); its last lines above say why.")
            if time.monotonic() > deadline:
                names = ", ".join(child.name for child in waiting)
                raise StartFailed(f"{names} did not answer within {seconds:.0f} s.")
            self._turn(TICK_SECONDS)

    def run_once(self, child: Child, seconds: float) -> None:
        """Run a child to its end. Raises StartFailed when it fails, Stop when asked to end."""
        deadline = time.monotonic() + seconds
        self._start(child)
        try:
            while child.running:
                if time.monotonic() > deadline:
                    raise StartFailed(f"{child.name} did not finish within {seconds:.0f} s.")
                self._turn(TICK_SECONDS)
        finally:
            self._end(child)
        if child.process and child.process.returncode:
            raise StartFailed(f"{child.name} failed ({child.ending}); its last lines above say why.")

    def watch(self) -> None:
        """Keep everything running until somebody asks us to end (raises Stop)."""
        while True:
            recovering = [child for child in self.children if not child.was_ready]
            for child in recovering:
                if self._is_ready(child) and child.crashes:
                    self.terminal.say(f"{child.name} is back.")
            due = [child.restart_at - time.monotonic() for child in self.children if child.restart_at]
            self._turn(min([*due, 0.1]) if recovering else None)

    def stop(self) -> None:
        """End all children: programs first, all at once; then each server alone, the database last."""
        self.stopping = True
        programs = [child for child in self.children if not child.is_server]
        servers = [child for child in reversed(self.children) if child.is_server]
        for stage in [programs, *([server] for server in servers)]:
            self._stop_stage([child for child in stage if child.process])

    def _stop_stage(self, stage: list[Child]) -> None:
        """Ask all of them to end; end those that take longer than their patience, or all at a second Ctrl-C."""
        asked = time.monotonic()
        for child in stage:
            if child.running:
                self._signal(child, child.stop_signal)
        ending: dict[str, float] = {}
        while any(child.running for child in stage):
            now = time.monotonic()
            for child in (child for child in stage if child.running):
                if child.name not in ending and (signal.SIGINT in self.signals or now > asked + child.patience):
                    self.terminal.say(f"{child.name} did not stop when asked; ending it.")
                    self._signal(child, child.kill_signal)
                    ending[child.name] = now
                elif now > ending.get(child.name, now) + 1.0:
                    self._signal(child, signal.SIGKILL)
            self._turn(TICK_SECONDS)
        for child in stage:
            self._end(child)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(number)

    def _is_ready(self, child: Child) -> bool:
        child.was_ready = child.was_ready or child.ready()
        return child.was_ready

    def _start(self, child: Child) -> None:
        try:
            output = child.start()
        except EmbeddedError as refused:
            self.terminal.line(child.name, str(refused))
            child.crashed()
            return
        assert child.process
        self.guard.watch(child.process.pid, child.stop_signal)
        self.selector.register(output, selectors.EVENT_READ, child)

    def _signal(self, child: Child, number: signal.Signals) -> None:
        assert child.process
        if group_lives(child.process.pid):
            signal_group(child.process.pid, number)

    def _end(self, child: Child) -> None:
        """Clear up after a process that ended: what is left of its group, and its last words."""
        assert child.process
        assert child.process.stdout
        self._signal(child, signal.SIGKILL)
        child.process.wait()
        if not child.process.stdout.closed:
            self._read(child)
            self._forget_output(child)
            child.process.stdout.close()
        self.guard.forget(child.process.pid)

    def _read(self, child: Child) -> None:
        assert child.process
        assert child.process.stdout
        lines, closed = child.read()
        for line in lines:
            self.terminal.line(child.name, line)
        if closed:
            self._forget_output(child)

    def _forget_output(self, child: Child) -> None:
        assert child.process
        assert child.process.stdout
        if child.process.stdout.fileno() in self.selector.get_map():
            self.selector.unregister(child.process.stdout)

    def _turn(self, seconds: float | None) -> None:
        """One turn of the loop: wait, read what was written, notice who ended, start again who is due."""
        for key, _ in self.selector.select(seconds):
            if key.fileobj is self.wake:
                self._drain_wake()
            else:
                self._read(key.data)
        if self.stopping:
            return
        if self.signals:
            self.signals.clear()  # the next one is a second Ctrl-C
            raise Stop
        for child in self.children:
            if child.restart_at is not None:
                if child.restart_at <= time.monotonic():
                    self._start(child)
            elif not child.running:
                self._end(child)
                wait = child.crashed()
                child.was_ready = False
                again = "starting it again" if wait <= 0.5 else f"starting it again in {wait:.0f} s"
                self.terminal.say(f"{child.name} stopped ({child.ending}), {again}")

    def _drain_wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while os.read(self.wake.fileno(), 1024):
                continue
