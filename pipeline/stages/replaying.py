"""What can be run again of a version: its calls as they were made, and what is missing where they cannot be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from content.models import Version
from pipeline import providers
from pipeline.providers.base import Request
from pipeline.providers.catalogue import profile

NEEDED = {"provider": "its provider", "model": "its model", "messages": "its messages", "options": "its options"}


@dataclass(frozen=True)
class Recorded:
    """The calls that made a version. `source` is the version that has them: one that code put together from another
    has none of its own. `gaps` say why they cannot be made again, `doubts` why the same may not come of it."""

    version: Version
    source: Version
    calls: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, version: Version) -> Self:
        if version.by_id:
            return cls(version, version, gaps=[f"Version {version.number} was written by {version.by}."])
        source = _source(version)
        calls = list(source.record.get("calls") or [])
        if not calls:
            return cls(version, source, gaps=[f"No generation record was kept of version {source.number}."])
        gaps = [line for at, call in enumerate(calls, start=1) if (line := _missing(at, call))]
        unseeded = sum(_options(call).get("seed") is None for call in calls)
        refused = sum(not profile(str(call.get("model")), str(call.get("provider") or "")).samples for call in calls)
        doubts = []
        if unseeded:
            doubts.append(f"{_calls(unseeded)} had no seed: the model may say something else each time.")
        elif refused:
            doubts.append("This model takes no seed: it may say something else each time.")
        return cls(version, source, calls, gaps, doubts)


def _source(version: Version) -> Version:
    """The version whose record holds the calls that made this text."""
    seen = {version.number}
    while not version.record.get("calls"):
        number = version.record.get("based_on")
        before = Version.objects.filter(piece=version.piece_id, number=number or 0).first()
        if before is None or before.by_id or before.number in seen:
            break
        seen.add(before.number)
        version = before
    return version


def _missing(at: int, call: Mapping[str, Any]) -> str:
    """“Call 3 lacks its messages and its options.”"""
    lacks = [says for name, says in NEEDED.items() if not call.get(name)]
    if "output" not in call:
        lacks.append("its output")
    if lacks:
        return f"Call {at} lacks {' and '.join(lacks)}."
    if call["provider"] not in providers.NAMES:
        return f"Call {at} was made by the provider “{call['provider']}”, which is none of those here."
    return ""


def request_of(call: Mapping[str, Any]) -> Request:
    """The question of this call, exactly as it was put."""
    options = _options(call)
    temperature, seed = float(options.pop("temperature", 0.7)), options.pop("seed", None)
    max_tokens = int(options.pop("max_tokens", 512))
    schema = call.get("schema")
    return Request(
        model=call["model"],
        messages=call["messages"],
        # As text it has its fields in their order; records of before have it as an object, with its keys sorted.
        schema=json.loads(schema) if isinstance(schema, str) else schema,
        temperature=temperature,
        seed=seed,
        max_tokens=max_tokens,
        timeout=30 + max_tokens * profile(call["model"], call["provider"]).seconds_per_token,
        options=options,
        prompt=str(call.get("prompt") or ""),
        template=str(call.get("template") or ""),
    )


def _options(call: Mapping[str, Any]) -> dict[str, Any]:
    return dict(call.get("options") or {})


def readable(output: str) -> str:
    """The words of an answer: of an object its texts, a paragraph each."""
    try:
        answer = json.loads(output)
    except ValueError:
        return output
    return "\n\n".join(_texts(answer)) or output


def _texts(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for part in value.values() for text in _texts(part)]
        case list():
            return [text for part in value for text in _texts(part)]
        case _:
            return [str(value)]


def _calls(count: int) -> str:
    return f"{count} call{'s' * (count != 1)}"
