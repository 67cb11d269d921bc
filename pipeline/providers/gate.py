"""How many calls of one model run at once in this process, and who is next."""

from __future__ import annotations

import itertools
import threading
from bisect import insort
from collections.abc import Callable
from functools import cache

LOOK_EVERY_SECONDS = 0.2  # how often one who waits looks whether it is still wanted


class Gate:
    """Lets `at_once` through. The lowest rank goes first, and of the same rank who came first: work that was begun
    is finished before more is begun."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.busy = 0
        self._line: list[tuple[int, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def enter(self, rank: int, stop: threading.Event, waits: Callable[[int], None]) -> bool:
        """Wait for a place; False if `stop` was set first. Who gets True must `leave`.

        `waits` is told the place in line (1 is the next) on every look; it must not take long.
        """
        with self._changed:
            ticket = (rank, next(self._numbers))
            insort(self._line, ticket)
            try:
                while not stop.is_set():
                    ahead = self._line.index(ticket)
                    if ahead < self.at_once - self.busy:
                        self.busy += 1
                        return True
                    waits(ahead + 1)
                    self._changed.wait(LOOK_EVERY_SECONDS)
                return False
            finally:
                self._line.remove(ticket)
                self._changed.notify_all()

    def leave(self) -> None:
        with self._changed:
            self.busy -= 1
            self._changed.notify_all()


@cache
def gate(provider: str, model: str, at_once: int) -> Gate:
    """The one gate of this process to a model."""
    return Gate(at_once)
