"""Ollama, and the starter model that speaks its protocol."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import httpx
from django.conf import settings
from ollama import Client, ResponseError

from content.errors import ExternalError

from .base import Chunk, ModelCard, Provider, Reply, Request
from .catalogue import profile
from .hosted import retry_after

CONNECT_SECONDS = 5
# A big model may load for a while before the first token; after that, silence means trouble.
SILENCE_SECONDS = 120
LIST_SECONDS = 10  # a list of models is asked for while somebody waits for a page


def host() -> str:
    """The address of the Ollama that answers here: yours, or the starter's."""
    return settings.OLLAMA_HOST or settings.STARTER_URL or "http://127.0.0.1:11434"


def is_starter() -> bool:
    return not settings.OLLAMA_HOST and bool(settings.STARTER_URL)


def client(address: str, seconds: float) -> Client:
    """A client that waits for about so long; the SDK takes no time-out with a call."""
    return _connected(address, os.getpid(), min(SILENCE_SECONDS, math.ceil(seconds / 10) * 10))


@lru_cache(maxsize=16)
def _connected(address: str, pid: int, silence: int) -> Client:
    """One connection pool a process; `pid` keeps a forked worker from using its parent's."""
    hooks = {"response": [_hear]}
    return Client(host=address, timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS), event_hooks=hooks)


def _hear(response: httpx.Response) -> None:
    """Ollama (or a proxy before it) has too much to do; the SDK would drop the header that says for how long."""
    if response.status_code in {429, 503}:
        raise ExternalError("Ollama has too much to do.", retryable=True, retry_after=retry_after(response.headers))


@lru_cache(maxsize=32)
def _digest(address: str, model: str, minute: int) -> str:
    """The model's digest, asked for at most once a minute."""
    names = {model, f"{model}:latest"}
    for row in client(address, LIST_SECONDS).list().models:
        if row.model in names:
            return row.digest or ""
    return ""


class Ollama:
    name = "ollama"

    def configured(self) -> bool:
        return bool(settings.OLLAMA_HOST or settings.STARTER_URL)

    def stream(self, request: Request) -> Iterator[Chunk]:
        address, known = host(), profile(request.model, self.name)
        options: dict[str, Any] = {
            "temperature": request.temperature,
            "num_predict": request.max_tokens,
            "num_ctx": settings.OLLAMA_NUM_CTX or known.context,
            **request.options,
        }
        if request.seed is not None:
            options["seed"] = request.seed
        if request.stop:
            options["stop"] = list(request.stop)
        began, parts = time.monotonic(), []
        try:
            digest = _digest(address, request.model, int(time.time() // 60))
            answer = client(address, request.timeout).chat(
                model=request.model,
                messages=[dict(message) for message in request.messages],
                stream=True,
                format=dict(request.schema) if request.schema else None,
                options=options,
                keep_alive=settings.OLLAMA_KEEP_ALIVE,
                think=settings.OLLAMA_THINK,
            )
            for part in answer:
                text = part.message.content or ""
                parts.append(text)
                if text:
                    yield Chunk(text)
                if part.done:
                    reply = Reply(
                        text="".join(parts),
                        model=request.model,
                        provider=self.name,
                        digest=digest,
                        tokens_in=part.prompt_eval_count or 0,
                        tokens_out=part.eval_count or 0,
                        seconds=time.monotonic() - began,
                        cut=part.done_reason == "length",
                    )
                    yield Chunk(reply=reply)
                    return
        except ResponseError as error:
            raise _refusal(error, request.model) from error
        except (ConnectionError, httpx.TransportError) as error:
            raise _silence(error, address) from error
        except (ValueError, AttributeError) as error:  # a line that is not JSON, or not of its shape
            raise ExternalError(f"What answers at {address} does not speak like Ollama.", retryable=True) from error
        raise ExternalError("The model stopped in the middle of its answer.", retryable=True)

    def models(self) -> list[ModelCard]:
        address = host()
        try:
            rows = client(address, LIST_SECONDS).list().models
        except ResponseError as error:
            raise _refusal(error, "") from error
        except (ConnectionError, httpx.TransportError) as error:
            raise _silence(error, address) from error
        except ValueError as error:
            raise ExternalError(f"What answers at {address} does not speak like Ollama.", retryable=True) from error
        return [
            ModelCard(
                name=row.model or "",
                provider=self.name,
                digest=row.digest or "",
                size=int(row.size or 0),
                context=profile(row.model or "", self.name).context,
                starter=is_starter(),
            )
            for row in rows
        ]


def _refusal(error: ResponseError, model: str) -> ExternalError:
    """What Ollama said. A status of -1 is an error in the middle of a stream."""
    if error.status_code == 404:
        return ExternalError(
            f"Ollama does not have the model “{model}”. Run: ollama pull {model}, or choose another.", retryable=False
        )
    retryable = error.status_code in {-1, 408, 429} or error.status_code >= 500
    return ExternalError(f"Ollama answered: {error.error}", retryable=retryable)


def _silence(error: Exception, address: str) -> ExternalError:
    if isinstance(error, httpx.TimeoutException):
        return ExternalError(f"The model at {address} took too long to answer.", retryable=True)
    return ExternalError(f"No model answers at {address}.", retryable=True)


provider: Provider = Ollama()
