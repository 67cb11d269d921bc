"""Revise: what a reviewer asked for becomes the next version. Whoever changes the text or the decision meanwhile wins."""

from __future__ import annotations

from typing import Any

from content.checks.base import Report
from content.errors import Stale
from content.models import Decision, Piece, Status, Version
from content.services import audit, editing, review
from pipeline import events, quality
from pipeline.agents import reviser
from pipeline.agents.guided import seed_of
from pipeline.agents.reviser import Made, Revising

from . import Output
from .base import Work
from .writing import assignment, showing, spent


def run(work: Work) -> Output:
    """The task's result: {piece_id, version, based_on, title, score, passed, attempts, word_count, model, tokens_in,
    tokens_out, cost, seconds, says}"""
    base, decision = _asked_of(work)
    require_wanted(work.piece, base, decision)
    work.progress(0.1, f"Revising version {base.number}")
    work.log("model", f"revision of version {base.number}: {decision.feedback}")
    asked = _revising(work, base, decision)
    made = reviser.revise(work.session, asked, showing(work, "revision"))
    work.progress(0.85, "Scoring the revision")
    title = reviser.title_of(asked, made.body)
    flags = quality.require_decent(f"{title}\n\n{made.body}")
    report = _judged(work, title, made.body)
    return lambda: _store(work, base, decision, title, made, report, flags)


def require_wanted(piece: Piece, base: Version, decision: Decision) -> None:
    """`Stale` unless this version is the newest and this decision stands: what a person did since is not undone."""
    newest = Version.objects.select_related("by").get(pk=piece.current_id or 0)
    if piece.deleted_at:
        raise Stale(f"“{piece}” was deleted.")
    if newest.pk != base.pk:
        raise Stale(
            f"{newest.author} saved version {newest.number} while version {base.number} was to be revised. That one "
            "stays. Ask again from there."
        )
    if review.standing(newest) != decision:
        raise Stale(f"The request for changes to version {base.number} does not stand any more, so nothing was stored.")


def _asked_of(work: Work) -> tuple[Version, Decision]:
    base = Version.objects.select_related("by").get(piece=work.piece, number=work.kept["version"])
    return base, Decision.objects.get(pk=work.kept["decision"])


def _revising(work: Work, base: Version, decision: Decision) -> Revising:
    piece = work.piece
    low, high = piece.asked.word_range or (0, 0)
    return Revising(
        platform=piece.on,
        ask=piece.asked,
        title=base.title,
        body=base.body,
        note=decision.feedback,
        low=low,
        high=high,
        # The same for a run that was cut off, another one after a failure: the same seeds would fail the same way.
        seed=work.task.param("seed", seed_of(work.task.pk, "revise")) + work.stage.tried,
    )


def _judged(work: Work, title: str, body: str) -> Report:
    if work.piece.is_plain:
        return editing.judge(work.piece, title, body)
    return quality.judge(work.piece, work.session, assignment(work), title, body)


def _store(
    work: Work, base: Version, decision: Decision, title: str, made: Made, report: Report, flags: list[str]
) -> dict[str, Any]:
    """The text as the piece's next version, which waits for a decision."""
    piece = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea").get(pk=work.piece.pk)
    require_wanted(piece, base, decision)
    session = work.session
    record = {**session.record(), "attempts": made.attempts, "based_on": base.number, "decision": decision.pk}
    version = editing.add_version(
        piece,
        title=title,
        body=made.body,
        stage="revision",
        model=session.model if not session.calls else session.calls[0]["model"],
        note=" ".join(decision.feedback.split())[:300],
        report=report,
        facts={"flags": flags},
        record=record,
        moves_to=Status.EDITED,
        is_locked=True,
    )
    audit.record("piece.revised", piece, by=work.task.owner, version=version.number, model=version.model)
    events.emit(work.task, "quality", **_scored(report, version), feedback=quality.feedback_of(report))
    beside = "" if report.passed else f", under {report.threshold:.1f}"
    work.log("validator", f"{report.score:.1f}{beside}. {version.says}", level="info" if report.passed else "warn")
    work.log("model", f"revision: {spent(record)}")
    return {
        "says": f"Version {version.number}, waiting for you",
        "piece_id": piece.pk,
        "title": version.title,
        "version": version.number,
        "based_on": base.number,
        "word_count": version.words,
        "score": report.score,
        "passed": report.passed,
        "attempts": made.attempts,
        "model": version.model,
        "tokens_in": session.tokens_in,
        "tokens_out": session.tokens_out,
        "cost": record["cost"],
        "seconds": round(session.seconds, 1),
    }


def _scored(report: Report, version: Version) -> dict[str, Any]:
    return {
        "attempt": 1,
        "score": report.score,
        "quality_score": report.score,
        "passed": report.passed,
        "is_passing": report.passed,
        "issues": quality.issues_of(report),
        "words": version.words,
        "version": version.number,
    }
