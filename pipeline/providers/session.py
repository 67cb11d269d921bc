"""One stage's line to a model: asks, streams, tries again, records, and stops when it is told to."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.nap import sleep_using_event

from content.errors import ExternalError

from .base import Provider, Reply, Request
from .catalogue import Profile, profile

ATTEMPTS = 3
LOOK_EVERY_SECONDS = 0.2  # how often cancellation is looked for while a model is silent


def _nothing(*args: Any) -> None:
    """No listener."""


def backoff(state: RetryCallState) -> float:
    """1, 2, 4 s with jitter, or what the service asked for."""
    error = state.outcome.exception() if state.outcome else None
    wanted = getattr(error, "retry_after", None)
    return float(wanted) if wanted else 2 ** (state.attempt_number - 1) + random.uniform(0, 0.25)


@dataclass
class Session:
    """Asks one model for one stage.

    `check` is called at least every 0.2 s from the stage's own thread and raises to stop everything at once.
    `say(message, as_)` tells what it waits for; `log(level, message)` writes to the task's log.
    `calls` collects the generation record, `seconds` the time in which at least one call was under way.
    """

    provider: Provider
    model: str
    check: Callable[[], None] = _nothing
    say: Callable[[str, str], None] = _nothing
    log: Callable[[str, str], None] = _nothing
    calls: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    spared: int = 0  # candidates that were written and not taken

    @property
    def profile(self) -> Profile:
        return profile(self.model)

    def ask(self, request: Request, *, on_text: Callable[[str], None] = _nothing) -> Reply:
        """The answer, recorded; `on_text` gets the text so far as it grows. Raises `ExternalError`."""
        reply = self.ask_all([request], on_text=on_text)[0]
        if isinstance(reply, ExternalError):
            raise reply
        self.take(request, reply)
        return reply

    def ask_all(
        self, requests: Sequence[Request], *, on_text: Callable[[str], None] = _nothing
    ) -> list[Reply | ExternalError]:
        """The answers to several requests at once, each an error or a reply; `on_text` follows the first.

        Nothing is recorded: call `take` for the ones that are used.
        """
        inbox: queue.SimpleQueue[tuple[int, str, Any]] = queue.SimpleQueue()
        stop = threading.Event()
        answers: list[Reply | ExternalError | None] = [None] * len(requests)
        began, lead = time.monotonic(), ""
        for index, request in enumerate(requests):
            threading.Thread(target=self._pump, args=(index, request, inbox, stop), daemon=True).start()
        try:
            while None in answers:
                self.check()
                try:
                    index, kind, value = inbox.get(timeout=LOOK_EVERY_SECONDS)
                except queue.Empty:
                    continue
                if kind == "text":
                    if index == 0:
                        lead += value
                        on_text(lead)
                elif kind == "again":
                    number, error, pause = value
                    if index == 0:
                        lead = ""
                    self.log("warn", f"{error} Trying again in {pause:.0f} s ({number + 1} of {ATTEMPTS}).")
                    self.say(f"Trying again, {number + 1} of {ATTEMPTS}: {error}", "retry")
                elif kind == "bug":
                    raise value
                else:
                    answers[index] = value
        finally:
            stop.set()
            self.seconds += time.monotonic() - began
        done = [answer for answer in answers if answer is not None]
        for answer in done:
            if isinstance(answer, Reply):
                self.tokens_in += answer.tokens_in
                self.tokens_out += answer.tokens_out
        return done

    def take(self, request: Request, reply: Reply, *, instead_of: int = 0) -> None:
        """Record a reply that is used; `instead_of` others were written for the same place."""
        self.spared += instead_of
        self.calls.append(
            {
                "provider": reply.provider,
                "model": reply.model,
                "digest": reply.digest,
                "prompt": request.prompt,
                "template": request.template,
                "messages": [dict(message) for message in request.messages],
                "schema": request.schema,
                "options": {
                    "temperature": request.temperature,
                    "seed": request.seed,
                    "max_tokens": request.max_tokens,
                    **request.options,
                },
                "tokens_in": reply.tokens_in,
                "tokens_out": reply.tokens_out,
                "seconds": round(reply.seconds, 3),
                "output": reply.text,
                "output_hash": reply.hash,
            }
        )

    def record(self) -> dict[str, Any]:
        """The generation record so far, as a version keeps it."""
        return {
            "calls": list(self.calls),
            "spared": self.spared,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "seconds": round(self.seconds, 3),
        }

    def _pump(
        self, index: int, request: Request, inbox: queue.SimpleQueue[tuple[int, str, Any]], stop: threading.Event
    ) -> None:
        """One request on a thread of its own: what comes goes into the inbox; `stop` ends it at the next chunk."""

        def again(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome else None
            inbox.put(
                (index, "again", (state.attempt_number, error, state.next_action.sleep if state.next_action else 0))
            )

        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=backoff,
            retry=retry_if_exception(lambda error: isinstance(error, ExternalError) and error.retryable),
            sleep=sleep_using_event(stop),
            before_sleep=again,
            reraise=True,
        )
        try:
            reply = retrying(self._attempt, index, request, inbox, stop)
        except ExternalError as error:
            inbox.put((index, "error", error))
        except Exception as error:  # rises again in the stage's own thread
            inbox.put((index, "bug", error))
        else:
            if reply is not None:
                inbox.put((index, "reply", reply))

    def _attempt(
        self, index: int, request: Request, inbox: queue.SimpleQueue[tuple[int, str, Any]], stop: threading.Event
    ) -> Reply | None:
        if stop.is_set():  # during the pause before this try
            return None
        patience = settings.MODEL_TIMEOUT_SECONDS or request.timeout
        ends = time.monotonic() + patience
        stream = self.provider.stream(request)
        try:
            for chunk in stream:
                if stop.is_set():
                    return None
                if chunk.reply is not None:
                    return chunk.reply
                if chunk.text:
                    inbox.put((index, "text", chunk.text))
                if time.monotonic() > ends:
                    raise ExternalError(f"The model took longer than {patience:.0f} s.", retryable=True)
        finally:
            close = getattr(stream, "close", None)
            if close:
                close()  # stops the generation at the other end
        raise ExternalError("The model stopped in the middle of its answer.", retryable=True)
