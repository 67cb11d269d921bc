"""What OpenAI's chat completions send: chunks as server-sent events, the usage in one of its own, then [DONE]."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .door import Asked, Said, refused

MODEL = "gpt-6-sol-2026-09-22"


def event(data: Any) -> bytes:
    return f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()


def chunk(**changes: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-7",
        "object": "chat.completion.chunk",
        "created": 1763712000,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_50cad350e4",
        "choices": [],
        "usage": None,
        **changes,
    }


def choice(delta: dict[str, Any], finish: str | None = None) -> list[dict[str, Any]]:
    return [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]


def written(parts: Sequence[str], *, finish: str = "stop", usage: bool = True, pause: float = 0.0) -> Said:
    """A whole answer."""
    events = [chunk(choices=choice({"role": "assistant", "content": "", "refusal": None}))]
    events += [chunk(choices=choice({"content": part})) for part in parts]
    events.append(chunk(choices=choice({}, finish)))
    if usage:
        counts = {"prompt_tokens": 21, "completion_tokens": 9, "total_tokens": 30}
        events.append(chunk(usage={**counts, "completion_tokens_details": {"reasoning_tokens": 0}}))
    return Said([*map(event, events), event("[DONE]")], pause=pause)


def declined(why: str) -> Said:
    events = [chunk(choices=choice({"role": "assistant", "refusal": why})), chunk(choices=choice({}, "stop"))]
    return Said([*map(event, events), event("[DONE]")])


def error(
    status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None, **more: str
) -> Said:
    param = more.pop("param", None)
    return refused(status, {"error": {"message": message, "type": kind, "param": param, "code": code}}, **more)


def answering(asked: Asked) -> Said:
    """A server in good health: it keeps to a schema when it is given one."""
    if asked.path.endswith("/models"):
        rows = [
            {"id": name, "object": "model", "created": 1763712000, "owned_by": "openai"}
            for name in ("gpt-6-sol", "gpt-4o-mini", "text-embedding-3-small", "gpt-realtime-2", "whisper-1")
        ]
        return refused(200, {"object": "list", "data": rows})
    if "response_format" in asked.body:
        return written(['{"text": ', '"A kettle on a stove."}'])
    return written(["Tea ", "is ", "a leaf."] * 20, pause=0.01)
