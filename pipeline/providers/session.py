"""One stage's line to a model: asks, streams, tries again, goes on with another, records, and stops when it is told to."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from content.errors import ExternalError

from .base import Provider, Reply, Request
from .calling import Call, Chain, Inbox, Line
from .catalogue import Profile, cost, profile
from .waiting import Stopwatch

LOOK_EVERY_SECONDS = 0.2  # how often cancellation is looked for while a model is silent


def _nothing(*args: Any) -> None:
    """No listener."""


@dataclass
class Session:
    """Asks one model for one stage, and those of COPYDESK_FALLBACK after it when it has failed for good.

    `check` is called at least every 0.2 s from the stage's own thread and raises to stop everything at once.
    `say(message, as_)` tells what it waits for; `log(level, message)` writes to the task's log. The lowest `rank` is
    served first where only some calls of a model run at once.
    `calls` collects the generation record; `seconds` is the time in which at least one call was under way, without
    waits in line; `tokens_in`, `tokens_out` and `cost` are of all answers, also those that were not taken. `cost` is in
    US dollars, None once the price of one is not known.
    """

    provider: Provider
    model: str
    check: Callable[[], None] = _nothing
    say: Callable[[str, str], None] = _nothing
    log: Callable[[str, str], None] = _nothing
    rank: int = 0
    calls: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = Decimal(0)
    spared: int = 0  # candidates that were written and not taken
    _chain: Chain | None = field(default=None, repr=False)

    @property
    def profile(self) -> Profile:
        return profile(self.model, self.provider.name)

    def turn_to(self, provider: Provider, model: str) -> None:
        """Ask this model from now on, and nobody in its place."""
        self.provider, self.model, self._chain = provider, model, Chain([Line(provider, model)])

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
        self._chain = self._chain or Chain.of(self.provider, self.model)
        inbox: Inbox = queue.SimpleQueue()
        stop, watch = threading.Event(), Stopwatch()
        answers: list[Reply | ExternalError | None] = [None] * len(requests)
        lead = ""
        for index, request in enumerate(requests):
            call = Call(self._chain, self.rank, index, request, inbox, stop, watch)
            threading.Thread(target=call.run, name=f"call-{index}", daemon=True).start()
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
                elif kind == "anew":
                    if index == 0:
                        lead = ""
                    logged, said = value
                    self.log("warn", logged)
                    self.say(said, "retry")
                elif kind == "waits":
                    self.say(*value)
                elif kind == "bug":
                    raise value
                else:
                    answers[index] = value
        finally:
            stop.set()
            self.seconds += watch.seconds
        done = [answer for answer in answers if answer is not None]
        for answer in done:
            if isinstance(answer, Reply):
                self.tokens_in += answer.tokens_in
                self.tokens_out += answer.tokens_out
                spent = cost(answer.tokens_in, answer.tokens_out, answer.model, answer.provider)
                self.cost = None if spent is None or self.cost is None else self.cost + spent
        return done

    def take(self, request: Request, reply: Reply, *, instead_of: int = 0) -> None:
        """Record a reply that is used; `instead_of` others were written for the same place."""
        self.spared += instead_of
        spent = cost(reply.tokens_in, reply.tokens_out, reply.model, reply.provider)
        self.calls.append(
            {
                "provider": reply.provider,
                "model": reply.model,
                "digest": reply.digest,
                "prompt": request.prompt,
                "template": request.template,
                "messages": [dict(message) for message in request.messages],
                # As text: PostgreSQL sorts the keys of an object, and a model fills its fields in the order they have.
                "schema": json.dumps(request.schema) if request.schema else None,
                "options": {
                    "temperature": request.temperature,
                    "seed": request.seed,
                    "max_tokens": request.max_tokens,
                    **request.options,
                },
                "tokens_in": reply.tokens_in,
                "tokens_out": reply.tokens_out,
                "cost": _dollars(spent),
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
            "cost": _dollars(self.cost),
            "seconds": round(self.seconds, 3),
        }


def _dollars(amount: Decimal | None) -> float | None:
    """For JSON: a hundred tokens of a cheap model are some ten-thousandths of a cent."""
    return None if amount is None else round(float(amount), 8)
