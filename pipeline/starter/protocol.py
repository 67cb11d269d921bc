"""Ollama's protocol, as far as the starter model goes: its addresses, its shapes and its errors."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from .door import Body, Visitor
from .engine import Report
from .request import ROLES, Refused, constraint, conversation, sampling

MODEL = "smollm2:135m"
LEVEL = "0.13.0"  # the Ollama release whose protocol this follows
# Asked for, these change the answer, and the starter model has none of them: better refused than ignored.
UNSUPPORTED = {
    "tools": "tools", "think": "thinking", "images": "images", "suffix": "insert", "logprobs": "logprobs",
    "template": "another template", "context": "context tokens",
}  # fmt: skip
DURATION = re.compile(r"[+-]?(0|(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+)")
DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"],
    "parameter_size": "134.52M", "quantization_level": "Q4_1",
}  # fmt: skip


class Ollama(Visitor):
    def running(self) -> None:
        self.reply_text("Ollama is running")

    def version(self) -> None:
        self.reply({"version": LEVEL})

    # The one model

    def tags(self) -> None:
        self.reply({"models": [{**self._card(), "modified_at": self._modified()}]})

    def loaded(self) -> None:
        never = _stamp(datetime.now(UTC) + timedelta(days=36500))
        room = self.server.engine.context
        self.reply({"models": [{**self._card(), "expires_at": never, "size_vram": 0, "context_length": room}]})

    def show(self) -> None:
        _require_model(self.body())
        engine = self.server.engine
        facts = {
            "general.architecture": "llama",
            "general.parameter_count": 134515008,
            "llama.context_length": engine.context,  # what a slot holds here, not the 8192 of its training
        }
        self.reply({
            "license": "Apache-2.0",
            "modelfile": f"FROM {engine.weights.name}",
            "parameters": "",
            "template": "{{ .Prompt }}",
            "details": DETAILS,
            "model_info": facts,
            "capabilities": ["completion"],
            "modified_at": self._modified(),
        })  # fmt: skip

    def pull(self) -> None:
        body = self.body()
        stream = _field(body, "stream", bool, True)
        try:
            _require_model(body)
        except Refused as refusal:
            if refusal.status == 404:
                raise Refused(500, "pull model manifest: file does not exist") from refusal
            raise
        if stream:
            for status in ("pulling manifest", "verifying sha256 digest", "success"):
                self.line({"status": status})
            self.end()
        else:
            self.reply({"status": "success"})

    def embed(self) -> None:
        _require_model(self.body())
        raise Refused(501, "this model does not support embeddings")

    def _card(self) -> Body:
        engine = self.server.engine
        size = engine.weights.stat().st_size
        return {"name": MODEL, "model": MODEL, "size": size, "digest": engine.digest, "details": DETAILS}

    def _modified(self) -> str:
        return _stamp(datetime.fromtimestamp(self.server.engine.weights.stat().st_mtime, UTC))

    # Writing

    def chat(self) -> None:
        body = self.body()
        model = _require_model(body)
        messages = [_message(model, message) for message in _field(body, "messages", list, [])]
        prompt = conversation(messages) if messages else ""
        self._write(body, model, prompt, lambda text: {"message": {"role": "assistant", "content": text}})

    def generate(self) -> None:
        body = self.body()
        model = _require_model(body)
        prompt, system = _field(body, "prompt", str, ""), _field(body, "system", str, "")
        if prompt and not _field(body, "raw", bool, False):
            opening = [{"role": "system", "content": system}] if system else []
            prompt = conversation([*opening, {"role": "user", "content": prompt}])
        self._write(body, model, prompt, lambda text: {"response": text})

    def _write(self, body: Body, model: str, prompt: str, shape: Callable[[str], Body]) -> None:
        _require_plain(model, body)
        _require_duration(body.get("keep_alive"))
        stream = _field(body, "stream", bool, True)
        options, schema = sampling(_field(body, "options", dict, {})), constraint(body.get("format"))

        def answer(text: str, **more: Any) -> Body:
            return {"model": model, "created_at": _stamp(datetime.now(UTC)), **shape(text), **more}

        if not prompt:  # Ollama's way of asking for a model to be loaded or unloaded; this one always is
            self.reply(answer("", done=True, done_reason="unload" if body.get("keep_alive") == 0 else "load"))
        elif stream:
            report = self.server.engine.write(
                prompt, options, schema, lambda text: self.line(answer(text, done=False)), self.gone
            )
            self.line(answer("", **_account(report)))
            self.end()
        else:
            pieces: list[str] = []
            report = self.server.engine.write(prompt, options, schema, pieces.append, self.gone)
            self.reply(answer("".join(pieces), **_account(report)))

    routes = {
        ("GET", "/"): running,
        ("GET", "/api/version"): version,
        ("GET", "/api/tags"): tags,
        ("GET", "/api/ps"): loaded,
        ("POST", "/api/show"): show,
        ("POST", "/api/pull"): pull,
        ("POST", "/api/chat"): chat,
        ("POST", "/api/generate"): generate,
        ("POST", "/api/embed"): embed,
        ("POST", "/api/embeddings"): embed,
    }


def _account(report: Report) -> Body:
    """The last line's figures, in nanoseconds. Waiting for a slot stands where Ollama has loading."""
    return {
        "done": True,
        "done_reason": report.finish,
        "total_duration": report.waited + report.prompt_duration + report.duration,
        "load_duration": report.waited,
        "prompt_eval_count": report.prompt_tokens,
        "prompt_eval_duration": report.prompt_duration,
        "eval_count": report.tokens,
        "eval_duration": report.duration,
    }


def _require_model(body: Body) -> str:
    """The model's name as it was asked for. As with Ollama, no tag means `latest`: another model."""
    name: str = _field(body, "model", str, "") or _field(body, "name", str, "")
    if not name:
        raise Refused(400, "model is required")
    if name.lower().removeprefix("registry.ollama.ai/").removeprefix("library/") != MODEL:
        raise Refused(404, f"model '{name}' not found")
    return name


def _message(model: str, message: Any) -> Body:
    if not isinstance(message, dict):
        raise Refused(400, "messages must be objects")
    role = _field(message, "role", str, "")
    if role not in ROLES:
        raise Refused(400, f"invalid role: {role!r}")
    _require_plain(model, message)
    return {"role": role, "content": _field(message, "content", str, "")}


def _require_plain(model: str, body: Body) -> None:
    for name, what in UNSUPPORTED.items():
        if body.get(name):
            raise Refused(400, f'"{model}" does not support {what}')


def _require_duration(value: Any) -> None:
    """Ollama's `keep_alive`, in seconds or as "5m". Checked only: the starter model stays loaded."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return
    if not isinstance(value, str) or not DURATION.fullmatch(value):
        raise Refused(400, f"time: invalid duration {json.dumps(value)}")


def _field(body: Body, name: str, kind: type, default: Any) -> Any:
    """`body[name]`, its default if absent or null; Refused with 400 if it is of another type."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Refused(400, f"json: cannot unmarshal {type(value).__name__} into field {name} of type {kind.__name__}")
    return value


def _stamp(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
