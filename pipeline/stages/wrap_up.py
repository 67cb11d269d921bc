"""Wrap up: count what was made and what was not. What succeeded is kept, whatever failed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from content.errors import ExternalError
from pipeline.models import Stage, StageStatus

from .base import Work
from .writing import cost, told


def run(work: Work) -> dict[str, Any]:
    """The task's result: what was made, what failed and why, tokens, seconds and cost of all of it.

    Raises if nothing was made at all: the task has then failed.
    """
    parts = list(work.task.stages.filter(name="transform").select_related("piece__idea").order_by("pk"))
    made = [stage for stage in parts if stage.status == StageStatus.DONE]
    failed = [stage for stage in parts if stage.status != StageStatus.DONE]
    if not made:
        reason = Counter(stage.error for stage in failed).most_common(1)[0][0]
        what = "The piece was" if len(failed) == 1 else f"None of the {len(failed)} pieces was"
        not_ = " not" if len(failed) == 1 else ""
        raise ExternalError(f"{what}{not_} made. {reason}", retryable=False)
    stages = [stage for stage in work.task.stages.all() if stage.pk != work.stage.pk]
    ideas = {stage.piece.idea_id for stage in parts if stage.piece}
    return {
        "says": says(len(ideas), len(made), len(parts)),
        "ideas": len(ideas),
        "pieces": len(made),
        "failed": len(failed),
        "failures": [_failure(stage) for stage in failed],
        "content": [_piece(stage) for stage in made],
        "model": work.task.model,
        "tokens_in": sum(stage.tokens_in for stage in stages),
        "tokens_out": sum(stage.tokens_out for stage in stages),
        "cost": cost(stages),
        "model_seconds": round(sum(stage.model_seconds for stage in stages), 1),
    }


def says(ideas: int, made: int, asked: int) -> str:
    """ "5 ideas, 14 of 15 pieces"."""
    pieces = told(made, "piece") if made == asked else f"{made} of {told(asked, 'piece')}"
    return f"{told(ideas, 'idea')}, {pieces}"


def _failure(stage: Stage) -> dict[str, Any]:
    return {**_piece(stage), "stage_id": stage.pk, "error": stage.error}


def _piece(stage: Stage) -> dict[str, Any]:
    assert stage.piece is not None, "every transform has a piece"
    return {"piece_id": stage.piece_id, "title": stage.piece.idea.title, "platform": stage.piece.platform}
