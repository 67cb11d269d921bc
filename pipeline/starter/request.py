"""What a client asks for, put in llama.cpp's terms: the prompt, the sampling, the schema to keep to."""

import json
import math
from typing import Any

from .schema import Unusable, require_usable

# Ollama's option → (type, llama.cpp's parameter). Its others (num_ctx, num_thread …) are about loading, which is
# settled when the server starts: they change nothing here, like options that Ollama does not know.
OPTIONS: dict[str, tuple[type, str]] = {
    "temperature": (float, "temperature"),
    "top_k": (int, "top_k"),
    "top_p": (float, "top_p"),
    "min_p": (float, "min_p"),
    "typical_p": (float, "typical_p"),
    "seed": (int, "seed"),
    "num_predict": (int, "max_tokens"),
    "repeat_penalty": (float, "repeat_penalty"),
    "repeat_last_n": (int, "repeat_last_n"),
    "presence_penalty": (float, "presence_penalty"),
    "frequency_penalty": (float, "frequency_penalty"),
}
# Ollama's defaults, except for what a model this small needs lest it repeat itself: a light penalty, and DRY.
DEFAULTS: dict[str, Any] = {
    "temperature": 0.8, "top_k": 40, "top_p": 0.9, "min_p": 0.0, "repeat_penalty": 1.08, "repeat_last_n": 64,
    "dry_multiplier": 0.8, "dry_base": 1.75, "dry_allowed_length": 3, "dry_penalty_last_n": 512,
}  # fmt: skip
# Left to itself llguidance allows white space between JSON tokens, and a small model writes it for ever.
TIGHT = {"whitespace_flexible": False, "key_separator": ": ", "item_separator": ", "}
ROLES = {"system", "user", "assistant", "tool"}
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # as in its training


class Refused(Exception):
    """The request cannot be served; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def conversation(messages: list[dict[str, Any]]) -> str:
    """ChatML of `messages` ({role, content}); a last one from the assistant is an opening to be continued."""
    turns = []
    if messages[0]["role"] != "system":
        turns.append(f"<|im_start|>system\n{SYSTEM}<|im_end|>\n")
    for message in messages:
        # The tokenizer reads control tokens inside text too: a source that quotes one must not end a turn.
        content = message["content"].replace("<|", "< |")
        turns.append(f"<|im_start|>{message['role']}\n{content}<|im_end|>\n")
    if messages[-1]["role"] == "assistant":
        return "".join(turns).removesuffix("<|im_end|>\n")
    return "".join(turns) + "<|im_start|>assistant\n"


def sampling(options: dict[str, Any]) -> dict[str, Any]:
    """llama.cpp's parameters for Ollama's `options`. A wrong type is Refused with 400, in Ollama's words."""
    chosen = dict(DEFAULTS)
    for name, value in options.items():
        if value is None:
            continue
        if name == "stop":
            if not isinstance(value, list):
                raise Refused(400, 'option "stop" must be of type array')
            if any(not isinstance(text, str) for text in value):
                raise Refused(400, 'option "stop" must be of an array of strings')
            chosen["stop"] = [text for text in value if text]
        elif name in OPTIONS:
            kind, parameter = OPTIONS[name]
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise Refused(400, f'option "{name}" must be of type {"integer" if kind is int else "float32"}')
            if not math.isfinite(value) or abs(value) > 2**53 or (name != "seed" and abs(value) >= 2**31):
                raise Refused(400, f'option "{name}" is out of range')
            chosen[parameter] = kind(value)
    if "seed" in chosen:
        chosen["seed"] &= 0xFFFFFFFF  # as Ollama's runner casts it; -1 becomes llama.cpp's "any seed"
    return chosen


def constraint(wanted: Any) -> dict[str, Any] | None:
    """The JSON schema for Ollama's `format` (none, "json" or a schema). Refused with 400 if it is not usable."""
    if wanted is None or wanted == "":
        return None
    if wanted == "json":
        wanted = {"type": "object"}
    if not isinstance(wanted, dict):
        shown = json.dumps(wanted)
        raise Refused(400, f'invalid format: {shown}; expected "json" or a valid JSON Schema object')
    try:
        require_usable(wanted)
    except Unusable as problem:
        raise Refused(400, f"invalid format: {problem}") from problem
    return {**wanted, "x-guidance": TIGHT}
