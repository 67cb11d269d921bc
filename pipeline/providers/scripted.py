"""A provider that says what a test or a benchmark tells it to, when it tells it to."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from content.errors import ExternalError

from .base import Chunk, ModelCard, Provider, Reply, Request

Answer = str | ExternalError
WORDS = (
    "The kettle boils while the editor reads the page and marks what a careful reader would ask next. "
    "For example, a small team wrote down every question for a week and found that most had one cause. "
    "Start with one list, keep it short, and look at it on the same day each week. "
)


class Scripted:
    """Answers from `script`, a function of the request; without one, with text that fits the schema.

    `seconds` is how long each answer takes; it comes in ten chunks, so that it can be stopped in the middle.
    """

    name = "scripted"

    def __init__(self) -> None:
        self.script: Callable[[Request], Answer] | None = None
        self.seconds = float(os.environ.get("COPYDESK_SCRIPTED_SECONDS", "0"))
        self.asked: list[Request] = []

    def stream(self, request: Request) -> Iterator[Chunk]:
        self.asked.append(request)
        answer = self.script(request) if self.script else filler(request)
        if isinstance(answer, ExternalError):
            raise answer
        began, size = time.monotonic(), max(1, len(answer) // 10)
        for start in range(0, max(1, len(answer)), size):
            time.sleep(self.seconds / 10)
            yield Chunk(answer[start : start + size])
        yield Chunk(
            reply=Reply(
                text=answer,
                model=request.model,
                provider=self.name,
                digest="scripted",
                tokens_in=sum(len(message["content"]) // 4 for message in request.messages),
                tokens_out=len(answer) // 4,
                seconds=time.monotonic() - began,
            )
        )

    def models(self) -> list[ModelCard]:
        return [ModelCard(name="scripted", provider=self.name, digest="scripted", context=8192)]


def filler(request: Request) -> str:
    """Text of about the length that was asked for, as the schema wants it."""
    if request.schema is None:
        return WORDS * max(1, request.max_tokens // 60)
    return json.dumps(_fill(request.schema))


def _fill(schema: Mapping[str, Any]) -> Any:
    match schema.get("type"):
        case "object":
            return {name: _fill(part) for name, part in schema.get("properties", {}).items()}
        case "array":
            count = schema.get("minItems", 3)
            return [_distinct(_fill(schema["items"]), n) for n in range(count)]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            text = str(schema["enum"][0]) if "enum" in schema else WORDS
            return text[: schema.get("maxLength", len(text))].strip()


def _distinct(value: Any, n: int) -> Any:
    return f"{value} {n + 1}" if isinstance(value, str) else value


provider: Provider = Scripted()
