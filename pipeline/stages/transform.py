"""Transform: one idea becomes one piece on one platform. Nothing that breaks a rule of it is stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from content.models import Piece, Status, Version
from content.services import editing
from pipeline import events, quality
from pipeline.agents import transformer
from pipeline.agents.guided import seed_of
from pipeline.agents.transformer import Assigned, Made
from pipeline.models import Creativity

from . import Output
from .base import Work
from .writing import spent


def run(work: Work) -> Output:
    """{piece_id, version, title, platform, score, passed, attempts, says}"""
    if told := _written(work, work.piece):
        return told
    made = transformer.write(work.session, _assigned(work), lambda field, text: work.live(field, text))
    return lambda: _store(work, made)


def _store(work: Work, made: Made) -> dict[str, Any]:
    """The text as the piece's next version, and what is to be said of it."""
    title, body = work.piece.idea.title, made.body
    flags = quality.require_decent(body)
    report = editing.judge(work.piece, title, body)
    record = {**work.session.record(), "attempts": made.attempts}
    piece = Piece.objects.select_for_update().get(pk=work.piece.pk)
    piece.idea = work.piece.idea
    if told := _written(work, piece):
        return told
    version = editing.add_version(
        piece,
        title=title,
        body=body,
        stage="transform",
        model=record["calls"][-1]["model"],
        report=report,
        facts={"flags": flags},
        record=record,
        moves_to=Status.GENERATED,
        is_locked=True,
    )
    told = _told(work, version)
    events.emit(work.task, "quality", **{**told, **work.which, "feedback": quality.feedback_of(report)})
    beside = "" if report.passed else f", under {report.threshold:.1f}"
    work.log("validator", f"{report.score:.1f}{beside}. {told['says']}", level="info" if report.passed else "warn")
    work.log("model", spent(record))
    return told


def _written(work: Work, piece: Piece) -> dict[str, Any] | None:
    """What to say where the piece has got its text some other way since this stage failed: no model writes over that,
    and no approval of it passes to a text that nobody has read."""
    return _told(work, piece.current) if piece.is_written and piece.current else None


def _assigned(work: Work) -> Assigned:
    piece, task = work.piece, work.task
    creativity = Creativity(task.param("creativity", Creativity.USUAL))
    return Assigned(
        platform=piece.on,
        ask=piece.asked,
        title=piece.idea.title,
        description=piece.idea.description,
        category=piece.idea.category,
        keywords=tuple(task.param("keywords", [])),
        audience=piece.asked.audience,
        tone=piece.asked.tone,
        # The same for a run that was cut off, another one after a failure: the same seeds would fail the same way.
        seed=task.param("seed", seed_of(task.pk, work.stage.key)) + work.stage.tried,
        temperature=creativity.temperature(settings.TRANSFORM_TEMPERATURE),
        max_tokens=settings.TRANSFORM_TOKENS,
    )


def _told(work: Work, version: Version) -> dict[str, Any]:
    report = version.checks
    return {
        "piece_id": version.piece_id,
        "version": version.number,
        "title": version.title,
        "platform": work.piece.platform,
        "attempt": len(version.record.get("attempts", [])) or 1,
        "score": report.score,
        "quality_score": report.score,
        "passed": report.passed,
        "is_passing": report.passed,
        "issues": quality.issues_of(report),
        "says": version.facts["says"],
    }
