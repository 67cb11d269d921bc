"""Asking a capable model: for text, or for an object that is validated here and asked for again with its faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from content.errors import ExternalError
from pipeline.providers.base import Request
from pipeline.providers.session import Session

from . import prompts

TRIES = 3
TEMPERATURE = 0.7
Shape = TypeVar("Shape", bound=BaseModel)


def for_text(
    session: Session,
    prompt: str,
    values: Mapping[str, Any],
    *,
    seed: int,
    max_tokens: int,
    on_text: Callable[[str], None] = lambda text: None,
) -> str:
    """The model's whole text. A reply that hit the cap or says nothing is asked for again, with more room."""
    for attempt in range(TRIES):
        reply = session.ask(
            _request(session, prompt, values, seed + attempt, max_tokens * (attempt + 1)), on_text=on_text
        )
        if reply.text.strip() and not reply.cut:
            return reply.text.strip()
        session.log("warn", f"{prompt}: the answer was {'cut off' if reply.cut else 'empty'}, asking again.")
    raise ExternalError(f"The model gave no whole answer to “{prompt}” in {TRIES} tries.", retryable=True)


def for_object(
    session: Session, prompt: str, shape: type[Shape], values: Mapping[str, Any], *, seed: int, max_tokens: int
) -> Shape:
    """An object of `shape`. One that breaks a rule is asked for again with the fault, at most three times in all."""
    fault = ""
    for attempt in range(TRIES):
        request = _request(session, prompt, values, seed + attempt, max_tokens, shape, fault)
        reply = session.ask(request)
        try:
            return shape.model_validate_json(reply.text)
        except ValidationError as error:
            fault = says_wrong(error)
            session.log(
                "warn",
                f"{prompt}: {fault}. Asking again ({attempt + 2} of {TRIES})."
                if attempt + 1 < TRIES
                else f"{prompt}: {fault}.",
            )
    raise ExternalError(f"The model's answer to “{prompt}” does not fit: {fault}.", retryable=True)


def says_wrong(error: ValidationError) -> str:
    """What is wrong with an answer, for the model and for the log."""
    return "; ".join(f"{'.'.join(map(str, part['loc'])) or 'the answer'}: {part['msg']}" for part in error.errors()[:5])


def _request(
    session: Session,
    name: str,
    values: Mapping[str, Any],
    seed: int,
    max_tokens: int,
    shape: type[BaseModel] | None = None,
    fault: str = "",
) -> Request:
    prompt = prompts.load(name)
    messages = prompt.messages(**values)
    if fault:
        messages[-1]["content"] += f"\n\nYour last answer did not fit: {fault}. Answer again, whole."
    return Request(
        model=session.model,
        messages=messages,
        schema=shape.model_json_schema() if shape else None,
        temperature=TEMPERATURE,
        seed=seed & 0x7FFFFFFF,
        max_tokens=max_tokens,
        timeout=30 + max_tokens * session.profile.seconds_per_token,
        prompt=prompt.name,
        template=prompt.hash,
    )
