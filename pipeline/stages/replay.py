"""Replay: the calls that made a version, made again exactly as they were. Nothing of it becomes a version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from content.errors import ExternalError, Invalid
from content.models import Version
from pipeline import providers
from pipeline.providers.base import Reply

from .base import Work
from .replaying import Recorded, request_of
from .writing import told

AT_ONCE = 4  # calls side by side

Again = dict[str, Any]


def run(work: Work) -> dict[str, Any]:
    """{same, calls, different: [number], version, of_version, models: [{provider, model, then, now}], doubts, piece_id,
    seconds, says}; what came of each call is kept, the text only where it is another one."""
    version = Version.objects.select_related("by").get(piece=work.piece, number=work.kept["version"])
    recorded = Recorded.of(version)
    if recorded.gaps:
        raise Invalid(f"It cannot be replayed. {' '.join(recorded.gaps)}")
    found: list[Again] = list(work.kept.get("calls", []))
    of = len(recorded.calls)
    while len(found) < of:
        work.progress(len(found) / of, f"Call {len(found) + 1} of {of}")
        found += _several(work, recorded.calls[len(found) : len(found) + AT_ONCE])
        work.keep("calls", found)
    different = [at for at, again in enumerate(found, start=1) if not again["same"]]
    says = summary(of, len(different))
    work.log("validator", f"{says}: {told(of, 'call')} of version {recorded.source.number}")
    return {
        "says": says,
        "same": not different,
        "calls": of,
        "different": different,
        "piece_id": work.piece.pk,
        "version": version.number,
        "of_version": recorded.source.number,
        "models": _models(recorded.calls, found),
        "doubts": recorded.doubts,
        "model": work.task.model,
        "tokens_in": work.session.tokens_in,
        "tokens_out": work.session.tokens_out,
        "cost": work.session.record()["cost"],
        "seconds": round(work.session.seconds, 1),
    }


def summary(calls: int, different: int) -> str:
    """“Same, word for word”, or “Different in 3 of 12 calls”."""
    if not different:
        return "Same, word for word"
    return f"Different in {different} of {told(calls, 'call')}" if calls > 1 else "Different"


def _several(work: Work, calls: Sequence[dict[str, Any]]) -> list[Again]:
    """The first of these calls, and those after it that went to the same model, side by side."""
    first = calls[0]
    line = (first["provider"], first["model"])
    alike = [call for call in calls if (call["provider"], call["model"]) == line]
    alike = alike if alike == list(calls) else [first]
    work.session.turn_to(providers.get(line[0]), line[1])
    answers = work.session.ask_all([request_of(call) for call in alike])
    for answer in answers:
        if isinstance(answer, ExternalError):
            raise answer
    return [_compared(call, answer) for call, answer in zip(alike, answers, strict=True) if isinstance(answer, Reply)]


def _compared(call: dict[str, Any], reply: Reply) -> Again:
    same = reply.text == call["output"]
    return {"same": same, "digest": reply.digest, **({} if same else {"output": reply.text})}


def _models(calls: Sequence[dict[str, Any]], found: Sequence[Again]) -> list[dict[str, str]]:
    """The models that were asked, each once, with the digest that it had and the one that it has."""
    named = {}
    for call, again in zip(calls, found, strict=True):
        one = {
            "provider": call["provider"],
            "model": call["model"],
            "then": str(call.get("digest") or ""),
            "now": again["digest"],
        }
        named[tuple(one.values())] = one
    return list(named.values())
