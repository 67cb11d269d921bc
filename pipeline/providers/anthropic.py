"""Anthropic's models, by its messages API."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings

from content.errors import ExternalError

from . import hosted
from .base import Chunk, Declined, ModelCard, Provider, Reply, Request
from .catalogue import context, profile

ADDRESS = "https://api.anthropic.com"
VENDOR = hosted.Vendor("Anthropic", "anthropic", "ANTHROPIC_API_KEY")
CUT = {"max_tokens", "model_context_window_exceeded"}


class Anthropic:
    """It takes no seed: the same question may be answered in another way."""

    name = "anthropic"

    def configured(self) -> bool:
        return bool(settings.ANTHROPIC_API_KEY)

    def stream(self, request: Request) -> Iterator[Chunk]:
        began = time.monotonic()
        parts: list[str] = []
        digest, reason, ended = "", "", False
        tokens_in = tokens_out = 0
        with hosted.speaking(VENDOR, request.model), _ask(request) as answer:
            for event in answer:
                match event.type:
                    case "message_start":
                        digest, tokens_in = event.message.model or "", _read(event.message.usage)
                    case "content_block_delta" if event.delta.type == "text_delta" and event.delta.text:
                        parts.append(event.delta.text)
                        yield Chunk(event.delta.text)
                    case "message_delta":
                        reason = event.delta.stop_reason or reason
                        tokens_out = event.usage.output_tokens or tokens_out
                    case "message_stop":
                        ended = True
        if reason == "refusal":
            raise Declined("Anthropic's model declined to write this.")
        if not ended:
            raise ExternalError("The model stopped in the middle of its answer.", retryable=True)
        yield Chunk(
            reply=Reply(
                text="".join(parts),
                model=request.model,
                provider=self.name,
                digest=digest,
                tokens_in=tokens_in,
                tokens_out=tokens_out,
                seconds=time.monotonic() - began,
                cut=reason in CUT,
            )
        )

    def models(self) -> list[ModelCard]:
        with hosted.speaking(VENDOR):
            page = _client().models.list(limit=100, timeout=hosted.timeout(VENDOR, hosted.LIST_SECONDS))
        return [
            ModelCard(name=row.id, provider=self.name, digest=row.id, context=context(row.id, self.name))
            for row in page.data
        ]


def _read(usage: Any) -> int:
    """Everything that was read, from its cache too; prices.toml counts it all as fresh, which is never too little."""
    counts = (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
    return sum(count or 0 for count in counts)


def _client() -> Any:
    if not settings.ANTHROPIC_API_KEY:
        raise ExternalError("There is no key for Anthropic. Set ANTHROPIC_API_KEY and start again.", retryable=False)
    hosted.sdk(VENDOR)
    return _connected(settings.ANTHROPIC_BASE_URL or ADDRESS, settings.ANTHROPIC_API_KEY, os.getpid())


@lru_cache(maxsize=4)
def _connected(address: str, key: str, pid: int) -> Any:
    """One connection pool a process; `pid` keeps a forked worker from using its parent's."""
    from anthropic import Anthropic as Client

    return Client(base_url=address, api_key=key, max_retries=0)


def _ask(request: Request) -> Any:
    client, known = _client(), profile(request.model, "anthropic")
    system = "\n\n".join(message["content"] for message in request.messages if message["role"] == "system")

    def build(unfit: frozenset[str]) -> tuple[dict[str, Any], dict[str, str]]:
        optional: dict[str, str] = {}
        messages = [dict(message) for message in request.messages if message["role"] != "system"]
        wanted: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_tokens + known.thinks,
            "stream": True,
        }
        if system:
            wanted["system"] = system
        if request.stop:
            wanted["stop_sequences"] = list(request.stop)
        if known.samples and "temperature" not in unfit:
            # The API takes it of the models before 4.7; the SDK has forgotten it.
            wanted["extra_body"] = {"temperature": min(request.temperature, 1.0)}
            optional["temperature"] = "temperature"
        output: dict[str, Any] = {}
        if known.thinks and "effort" not in unfit:
            output["effort"] = "low"
            optional["effort"] = "effort"
        if request.schema is not None:
            if "format" not in unfit:
                schema = hosted.sdk(VENDOR).transform_schema(dict(request.schema))
                output["format"] = {"type": "json_schema", "schema": schema}
                optional["format"] = "output_config output_format json_schema schema structured grammar"
            else:
                shape = json.dumps(dict(request.schema))
                told = f"Answer with one JSON object, and nothing else, that fits this JSON Schema:\n{shape}"
                messages[-1] = {**messages[-1], "content": f"{messages[-1]['content']}\n\n{told}"}
        if output:
            wanted["output_config"] = output
        wanted["messages"] = messages
        return wanted, optional

    def call(**wanted: Any) -> Any:
        return client.messages.create(**wanted, timeout=hosted.timeout(VENDOR, request.timeout))

    return hosted.ask(VENDOR, (str(client.base_url), request.model), build, call)


provider: Provider = Anthropic()
