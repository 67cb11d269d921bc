"""One call to a model: waits for its turn, streams, tries again, and goes on with another model when it has failed."""

from __future__ import annotations

import queue
import random
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.nap import sleep_using_event

from content.errors import ExternalError
from pipeline import providers

from . import bucket
from .base import Declined, Provider, Reply, Request
from .catalogue import Profile, profile
from .gate import gate
from .waiting import Stopwatch, Teller

ATTEMPTS = 3

# (number of the request, what it is, the thing itself)
Inbox = queue.SimpleQueue[tuple[int, str, Any]]


def backoff(state: RetryCallState) -> float:
    """1, 2, 4 s, or what the service asked for; with jitter, so that many do not come back at once."""
    error = state.outcome.exception() if state.outcome else None
    wanted = getattr(error, "retry_after", None)
    return float(wanted or 2 ** (state.attempt_number - 1)) + random.uniform(0, 0.25)


@dataclass(frozen=True)
class Line:
    """One of those that a session may ask."""

    provider: Provider
    model: str

    @property
    def profile(self) -> Profile:
        return profile(self.model, self.provider.name)

    @property
    def at_once(self) -> int:
        """How many calls of it may run at once in this process; 0 is no limit."""
        return (settings.OLLAMA_AT_ONCE if self.provider.name == "ollama" else 0) or self.profile.at_once

    def fit(self, request: Request, first: Line) -> Request:
        """The request as it is put to this model; one that stands in for `first` may be slower."""
        patience = settings.MODEL_TIMEOUT_SECONDS or request.timeout
        if self != first and not settings.MODEL_TIMEOUT_SECONDS:
            patience = max(patience, 30 + request.max_tokens * self.profile.seconds_per_token)
        return replace(request, model=self.model, timeout=patience)


@dataclass
class Chain:
    """Whom a stage asks, in turn: who has failed for good is not asked again by it."""

    lines: list[Line]
    at: int = 0
    _moving: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def of(cls, provider: Provider, model: str) -> Chain:
        """This model, then those of COPYDESK_FALLBACK that are asked in the same way: the agent has chosen it already."""
        first = Line(provider, model)
        named = [providers.resolve(name) for name in settings.FALLBACK]
        others = [Line(providers.get(name), model) for name, model in named]
        alike = [line for line in others if line.profile.by_fields == first.profile.by_fields and line != first]
        return cls([first, *dict.fromkeys(alike)])

    def move_on(self, failed: int) -> bool:
        """Ask the next from now on, in place of number `failed`; False if another call has moved on already."""
        with self._moving:
            moved = self.at == failed
            self.at = max(self.at, failed + 1)
        return moved


@dataclass
class Call:
    """One request on a thread of its own: what comes goes into the inbox; `stop` ends it at the next chunk."""

    chain: Chain
    rank: int
    index: int
    request: Request
    inbox: Inbox
    stop: threading.Event
    watch: Stopwatch

    def run(self) -> None:
        try:
            reply = self._whoever_answers()
        except ExternalError as error:
            self._put("error", error)
        except Exception as error:  # rises again in the stage's own thread
            self._put("bug", error)
        else:
            if reply is not None:
                self._put("reply", reply)

    def _put(self, kind: str, value: Any) -> None:
        self.inbox.put((self.index, kind, value))

    def _whoever_answers(self) -> Reply | None:
        lines = self.chain.lines
        while True:
            at = self.chain.at
            try:
                return self._tries(lines[at], lines[0])
            except ExternalError as error:
                if isinstance(error, Declined) or at + 1 >= len(lines):
                    raise
                following = lines[at + 1]
                name = providers.called(following.provider.name, following.model)
                if self.chain.move_on(at):
                    self._put("anew", (f"{error} Going on with {name}.", f"Going on with {name}: {error}"))

    def _tries(self, line: Line, first: Line) -> Reply | None:
        def again(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            pause = state.next_action.sleep if state.next_action else 0
            which = f"{state.attempt_number + 1} of {ATTEMPTS}"
            self._put("anew", (f"{error} Trying again in {pause:.0f} s ({which}).", f"Trying again, {which}: {error}"))

        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=backoff,
            retry=retry_if_exception(lambda error: isinstance(error, ExternalError) and error.retryable),
            sleep=sleep_using_event(self.stop),
            before_sleep=again,
            reraise=True,
        )
        return retrying(self._attempt, line, line.fit(self.request, first))

    def _attempt(self, line: Line, request: Request) -> Reply | None:
        """None if it was stopped, in line or in the middle."""
        teller = Teller(lambda message, as_: self._put("waits", (message, as_)), silent=self.index > 0)
        name = line.provider.name
        if self.stop.is_set() or not bucket.wait(name, self.stop, lambda seconds: teller.limited(name, seconds)):
            return None
        if not line.at_once:
            return self._read(line, request, teller)
        door = gate(name, line.model, line.at_once)
        if not door.enter(self.rank, self.stop, teller.in_line):
            return None
        try:
            return self._read(line, request, teller)
        finally:
            door.leave()

    def _read(self, line: Line, request: Request, teller: Teller) -> Reply | None:
        teller.through()
        ends = time.monotonic() + request.timeout
        stream = line.provider.stream(request)
        with self.watch:
            try:
                for chunk in stream:
                    if self.stop.is_set():
                        return None
                    if chunk.reply is not None:
                        return chunk.reply
                    if chunk.text:
                        self._put("text", chunk.text)
                    if time.monotonic() > ends:
                        raise ExternalError(f"The model took longer than {request.timeout:.0f} s.", retryable=True)
            finally:
                close = getattr(stream, "close", None)
                if close:
                    close()  # stops the generation at the other end
        raise ExternalError("The model stopped in the middle of its answer.", retryable=True)
