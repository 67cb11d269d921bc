"""How close two texts are in meaning, by one of Ollama's embedding models, where one is set."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import structlog
from django.conf import settings
from ollama import ResponseError

from content.errors import ExternalError

from .ollama import client, host

log = structlog.get_logger(__name__)

SECONDS = 30
_missed: set[str] = set()


def embed(texts: Sequence[str]) -> list[list[float]] | None:
    """A vector for each text, in their order, of length 1; None when no embedder is set, or it does not answer.

    Closeness is then told by words alone, which is what happens without one.
    """
    model = settings.EMBEDDER
    if not model or not texts:
        return [] if model else None
    try:
        vectors = client(host(), SECONDS).embed(model=model, input=list(texts)).embeddings
    except (ResponseError, ConnectionError, httpx.TransportError, ExternalError, ValueError) as error:
        if model not in _missed:  # one line in the log, not one for every idea
            _missed.add(model)
            log.warning("no embeddings", model=model, error=type(error).__name__)
        return None
    _missed.discard(model)
    return [list(vector) for vector in vectors] if len(vectors) == len(texts) else None
