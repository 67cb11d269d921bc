"""A provider that says what a test or a benchmark tells it to, when it tells it to, and fails in every way there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings

from content.errors import ExternalError

from .base import Chunk, ModelCard, Provider, Reply, Request
from .filler import filler

CHUNKS = 10
BREATH_SECONDS = 0.02  # how soon a hanging answer notices that it is closed


@dataclass(frozen=True)
class Turn:
    """How one answer goes.

    `text` None is filler. It takes `seconds` (None: as all answers). `cut_after` so many characters the stream ends, as
    a broken connection does, or with `error` if there is one; without it the error comes at once, after `seconds`.
    `hangs` says nothing until the request's time-out. `capped` means that the text hit the cap.
    """

    text: str | None = None
    seconds: float | None = None
    error: ExternalError | None = None
    cut_after: int | None = None
    hangs: bool = False
    capped: bool = False


Answer = str | ExternalError | Turn


def busy(retry_after: float | None = None) -> ExternalError:
    """What a provider makes of a 429."""
    return ExternalError("The scripted model is busy.", retryable=True, retry_after=retry_after)


class Scripted:
    """Answers from `script`, a function of the request; without one, with text that fits the schema.

    `seconds` is how long each answer takes; it comes in ten chunks, so that it can be stopped in the middle.
    """

    name = "scripted"

    def __init__(self) -> None:
        self.script: Callable[[Request], Answer] | None = None
        self.seconds: float = settings.SCRIPTED_SECONDS
        self.asked: list[Request] = []

    def configured(self) -> bool:
        return False  # it writes for nobody who has not chosen it as the default provider

    def stream(self, request: Request) -> Iterator[Chunk]:
        self.asked.append(request)
        turn = self._turn(request)
        seconds = self.seconds if turn.seconds is None else turn.seconds
        began = time.monotonic()
        if turn.hangs:
            yield from _silence(request.timeout)
            raise ExternalError("The scripted model took too long to answer.", retryable=True)
        if turn.error and turn.cut_after is None:
            yield from _silence(seconds)
            raise turn.error
        answer = filler(request) if turn.text is None else turn.text
        said = answer[: turn.cut_after]
        size = max(1, -(-len(answer) // CHUNKS))
        for number, start in enumerate(range(0, max(1, len(said)), size), start=1):
            time.sleep(max(began + seconds * number / CHUNKS - time.monotonic(), 0))
            yield Chunk(said[start : start + size])
        if turn.error:
            raise turn.error
        if turn.cut_after is not None:
            return
        yield Chunk(
            reply=Reply(
                text=answer,
                model=request.model,
                provider=self.name,
                digest="scripted",
                tokens_in=sum(len(message["content"]) // 4 for message in request.messages),
                tokens_out=len(answer) // 4,
                seconds=time.monotonic() - began,
                cut=turn.capped,
            )
        )

    def _turn(self, request: Request) -> Turn:
        answer = self.script(request) if self.script else Turn()
        match answer:
            case str():
                return Turn(answer)
            case ExternalError():
                return Turn(error=answer, seconds=0)
            case _:
                return answer

    def models(self) -> list[ModelCard]:
        return [ModelCard(name="scripted", provider=self.name, digest="scripted", context=8192)]


def _silence(seconds: float) -> Iterator[Chunk]:
    """Nothing, for so long; empty chunks, so that it can be closed meanwhile."""
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        time.sleep(min(BREATH_SECONDS, left))
        yield Chunk()


provider: Provider = Scripted()
