"""What a call waits for before it is under way: said once it takes a while, and not counted as the model's time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.humanize.templatetags.humanize import ordinal

SAID_AFTER_SECONDS = 2.0


@dataclass
class Teller:
    """Says what one call waits for, through `say(message, as_)`; `silent` where a sibling speaks for it."""

    say: Callable[[str, str], None]
    silent: bool = False
    began: float = field(default_factory=time.monotonic)
    _place: int = 0
    _spoke: bool = False

    def limited(self, provider: str, seconds: float) -> None:
        self._tell(f"Waiting for {provider}'s limit, {seconds:.0f} s")

    def in_line(self, place: int) -> None:
        """Its place in line for the model; said after a while, and again when it has moved up."""
        if place != self._place and time.monotonic() - self.began > SAID_AFTER_SECONDS:
            self._place = place
            self._tell(f"{ordinal(place)} in line for the model")

    def through(self) -> None:
        """It waits no longer."""
        if self._spoke:
            self.say("The model is at work", "running")

    def _tell(self, message: str) -> None:
        if not self.silent:
            self._spoke = True
            self.say(message, "queued")


class Stopwatch:
    """The seconds in which at least one of several threads was inside: `with watch:`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._since = 0.0
        self._sum = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._since = time.monotonic()
            self._inside += 1

    def __exit__(self, *raised: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._sum += time.monotonic() - self._since

    @property
    def seconds(self) -> float:
        """So far; who is still inside counts until now."""
        with self._lock:
            return self._sum + (time.monotonic() - self._since if self._inside else 0.0)
