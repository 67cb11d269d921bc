"""What every provider takes and gives. Vendors' types, headers and exceptions end at a provider's last line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from content.errors import ExternalError


@dataclass(frozen=True)
class Request:
    """One question to a model.

    `messages` are {role, content}; `schema` is a JSON Schema that the answer must satisfy; `max_tokens` caps the
    answer; `timeout` is in seconds for the whole attempt, and so the longest silence that a provider waits through.
    `options` are Ollama's; other vendors have no such thing. `prompt` and `template` name the prompt file's part and
    its hash, for the generation record; providers do not look at them.
    """

    model: str
    messages: Sequence[Mapping[str, str]]
    schema: Mapping[str, Any] | None = None
    temperature: float = 0.7
    seed: int | None = None
    max_tokens: int = 512
    timeout: float = 120
    stop: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    template: str = ""


@dataclass(frozen=True)
class Chunk:
    """A bit of the answer as it comes; the last one carries the whole `reply`."""

    text: str = ""
    reply: Reply | None = None


@dataclass(frozen=True)
class Reply:
    """A model's whole answer. `model` is what was asked for, `digest` what the vendor says it was, as exactly as it
    says; `cut` means that it hit the cap and ends in the middle."""

    text: str
    model: str
    provider: str
    digest: str = ""
    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0
    cut: bool = False

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class ModelCard:
    """One model that a provider offers now. `size` in bytes, 0 when unknown."""

    name: str
    provider: str
    digest: str = ""
    size: int = 0
    context: int = 0
    starter: bool = False


class Declined(ExternalError):
    """The model will not write this; no other is asked in its place."""

    code = "declined"

    def __init__(self, message: str) -> None:
        super().__init__(message, retryable=False)


class Provider(Protocol):
    """A family of models behind one door.

    `stream` and `models` raise `content.errors.ExternalError`; its `retryable` says whether asking again can help, and
    its `retry_after` when.
    """

    name: str

    def configured(self) -> bool:
        """Whether this installation has what it takes to ask: an address, a key."""
        ...

    def stream(self, request: Request) -> Iterator[Chunk]:
        """The answer as it comes. Closing the iterator stops the generation at the vendor's side."""
        ...

    def models(self) -> list[ModelCard]:
        """What can be asked for now."""
        ...
