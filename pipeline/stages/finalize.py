"""Finalize: hand the piece to the people. Nothing is published here."""

from __future__ import annotations

from typing import Any

from content.models import Approval, Piece, Status

from .base import Work
from .writing import cost


def run(work: Work) -> dict[str, Any]:
    """The task's result, as SPEC 3.10 lists it."""
    with work.fenced():
        piece = Piece.objects.select_for_update(of=("self",)).select_related("current").get(pk=work.piece.pk)
        if piece.status == Status.WRITING:  # a second run finds it handed over
            piece.move_to(Status.GENERATED, approval=Approval.PENDING)
    version = piece.current
    assert version is not None, "format stores a version before this stage can run"
    outputs = {stage.name: stage for stage in work.task.stages.filter(key=work.stage.key)}
    critique = outputs["critique"].output
    illustrate = outputs["illustrate"].output if "illustrate" in outputs else {}
    seconds = {name: round(stage.seconds, 1) for name, stage in outputs.items() if name != work.stage.name}
    return {
        "says": "Written, and waiting for you",
        "piece_id": piece.pk,
        "title": version.title,
        "excerpt": version.facts.get("excerpt", ""),
        "word_count": version.words,
        "score": float(version.score) if version.score is not None else None,
        "passed": version.checks.passed,
        "attempts": [
            {name: attempt[name] for name in ("attempt", "score", "issues", "passed", "refinement")}
            for attempt in critique["attempts"]
        ],
        "model": work.task.model,
        "tokens_in": sum(stage.tokens_in for stage in outputs.values()),
        "tokens_out": sum(stage.tokens_out for stage in outputs.values()),
        "cost": cost(outputs.values()),
        "seconds": round(sum(seconds.values()), 1),
        "stage_seconds": seconds,
        "image": illustrate.get("image_id"),
    }
