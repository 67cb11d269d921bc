"""A provider that says what a test or a benchmark tells it to, when it tells it to."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from content.errors import ExternalError

from .base import Chunk, ModelCard, Provider, Reply, Request

Answer = str | ExternalError
THINGS = [
    "kettle",
    "list",
    "drawer",
    "key",
    "map",
    "window",
    "ladder",
    "lamp",
    "bicycle",
    "notebook",
    "clock",
    "garden",
    "shelf",
    "door",
    "oven",
    "radio",
]
PLACES = [
    "kitchen",
    "office",
    "workshop",
    "station",
    "library",
    "market",
    "hall",
    "yard",
    "studio",
    "school",
    "harbour",
    "bakery",
]
SENTENCES = (
    "The {0} in the {1} is looked at once a week.",
    "For example, one team kept a {0} beside the {1} and wrote down every question.",
    "Start with the {0}, and leave the {1} for another day.",
    "Nobody in the {1} had asked what the {0} was for.",
    "A {0} that is easy to find saves a walk through the {1}.",
    "Put the {0} where the people of the {1} pass each morning.",
    "Most of the trouble with a {0} begins long before it reaches the {1}.",
    "Ask the person who uses the {0} in the {1} before you change it.",
    "It takes one quiet hour to learn what the {0} does for the {1}.",
    "When the {0} breaks, the {1} goes on with a spare one.",
    "A good {0} is dull, and the {1} is grateful for that.",
    "Try it with one {0} first, then with the rest of the {1}.",
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
    """Text of about the length that was asked for, as the schema wants it; another one for every request."""
    draw = random.Random(f"{request.seed}{request.prompt}{request.messages[-1]['content']}")
    if request.schema is None:
        return _prose(draw, request.max_tokens // 4)
    return json.dumps(_fill(request.schema, request.schema.get("$defs", {}), draw))


def _prose(draw: random.Random, words: int) -> str:
    """Sentences of about `words` words together, in paragraphs of three; no sentence twice."""
    said: list[str] = []
    count = 0
    while count < words:
        sentence = draw.choice(SENTENCES).format(draw.choice(THINGS), draw.choice(PLACES))
        if sentence not in said:
            said.append(sentence)
            count += len(sentence.split())
    return "\n\n".join(" ".join(said[at : at + 3]) for at in range(0, len(said), 3))


def _fill(schema: Mapping[str, Any], known: Mapping[str, Any], draw: random.Random) -> Any:
    if "$ref" in schema:
        schema = known[schema["$ref"].rsplit("/", 1)[1]]
    match schema.get("type"):
        case "object":
            return {name: _fill(part, known, draw) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_fill(schema["items"], known, draw) for _ in range(schema.get("minItems", 3))]
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _ if "enum" in schema:
            return schema["enum"][0]
        case _:
            limit = schema.get("maxLength", 400)
            text = _prose(draw, 8 if limit <= 160 else 40)
            return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0].rstrip(",.")


provider: Provider = Scripted()
