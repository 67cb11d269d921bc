"""What Anthropic's messages send: named events from message_start to message_stop, with pings between them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .door import Asked, Said, refused

MODEL = "claude-sonnet-5-5"


def event(kind: str, **data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()


def start(tokens: int = 25) -> bytes:
    return event(
        "message_start",
        message={
            "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": MODEL,
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": tokens, "output_tokens": 1, "service_tier": "standard"},
        },
    )


def text(parts: Sequence[str], index: int = 0) -> list[bytes]:
    return [
        event("content_block_start", index=index, content_block={"type": "text", "text": ""}),
        *[event("content_block_delta", index=index, delta={"type": "text_delta", "text": part}) for part in parts],
        event("content_block_stop", index=index),
    ]


def thought() -> list[bytes]:
    """Newer models think first; the thought is no part of the answer."""
    signed = {"type": "signature_delta", "signature": "EqQBCgIYAhIM"}
    return [
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""}),
        event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "A leaf, then."}),
        event("content_block_delta", index=0, delta=signed),
        event("content_block_stop", index=0),
    ]


def end(reason: str = "end_turn", tokens: int = 15) -> list[bytes]:
    return [
        event("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage={"output_tokens": tokens}),
        event("message_stop"),
    ]


def written(parts: Sequence[str], *, reason: str = "end_turn", thinks: bool = False, pause: float = 0.0) -> Said:
    """A whole answer."""
    before = thought() if thinks else []
    return Said([start(), event("ping"), *before, *text(parts, index=int(thinks)), *end(reason)], pause=pause)


def error(status: int, kind: str, message: str, **headers: str) -> Said:
    return refused(status, {"type": "error", "error": {"type": kind, "message": message}, "request_id": "r"}, **headers)


def answering(asked: Asked) -> Said:
    """A server in good health: it keeps to a schema when it is given one."""
    if asked.path.startswith("/v1/models"):
        rows = [
            {"type": "model", "id": MODEL, "display_name": "Claude Sonnet 5.5", "created_at": "2026-10-07T00:00:00Z"}
        ]
        return refused(200, {"data": rows, "has_more": False, "first_id": MODEL, "last_id": MODEL})
    if "format" in asked.body.get("output_config", {}):
        return written(['{"text": ', '"A kettle on a stove."}'], thinks=True)
    return written(["Tea ", "is ", "a leaf."] * 20, thinks=True, pause=0.01)
