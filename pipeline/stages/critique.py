"""Critique: score, refine with the specific issues, score again. Every attempt is a version; the best one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from content.checks.base import Report
from content.models import Version
from content.services import editing
from pipeline import events, quality
from pipeline.agents import writer
from pipeline.agents.assignment import Article, Assignment
from pipeline.agents.repair import Repair

from .base import Work
from .writing import Ledger, assignment, showing, together, told

REFINEMENTS = 3


@dataclass(frozen=True)
class Attempt:
    """One text and what was said of it. `changed` is what the refinement did."""

    number: int
    article: Article
    report: Report
    version: int
    changed: tuple[str, ...] = ()

    @property
    def words(self) -> int:
        return self.article.words


def run(work: Work) -> dict[str, Any]:
    """{attempts: [{attempt, score, passed, refinement, issues, words, version}], best, says}"""
    asked, ledger = assignment(work), Ledger(work)
    attempts = [_first(work, asked, ledger)]
    best = attempts[0]
    while not _good(asked, best) and len(attempts) <= REFINEMENTS:
        made = _refined(work, asked, ledger, best, len(attempts) + 1)
        if made is None:
            work.log("validator", "Nothing that is left can be mended by writing it again")
            break
        attempts.append(made)
        if not _beats(asked, made, best):
            work.log("validator", f"Attempt {made.number} is no better than attempt {best.number}, which goes on")
            break
        best = made
    return {
        "attempts": [_told(attempt) for attempt in attempts],
        "article": best.article.as_dict(),
        "best": best.number,
        "version": best.version,
        "score": best.report.score,
        "passed": best.report.passed,
        "says": ", ".join(f"{attempt.report.score:.1f}" for attempt in attempts),
    }


def _first(work: Work, asked: Assignment, ledger: Ledger) -> Attempt:
    """The draft, scored."""
    if "attempt 1" in work.kept:
        return _again(work, 1)
    drafted = work.output_of("draft")
    article = Article.from_dict(drafted["article"])
    work.progress(0.05, "Scoring the draft")
    return _store(work, asked, ledger, 1, article, drafted["record"])


def _refined(work: Work, asked: Assignment, ledger: Ledger, base: Attempt, number: int) -> Attempt | None:
    """The next attempt, made from the best so far; None if nothing could be changed."""
    if f"attempt {number}" in work.kept:
        return _again(work, number)
    count = len(base.report.issues)
    work.progress(0.1 + 0.28 * (number - 2), f"Refining with {told(count, 'issue')}, attempt {number}")
    feedback = quality.feedback_of(base.report)
    events.emit(work.task, "refinement_started", attempt=number, feedback=feedback)
    work.log("model", f"critique, refinement {number - 1}: {feedback}")
    show = showing(work, f"refinement {number - 1}")
    if work.session.profile.by_fields:
        repair = Repair(work.session, asked, base.article, base.report, number, show)
        article, changed = repair.run(), tuple(repair.done)
    else:
        messages = [issue.message for issue in base.report.issues]
        body = writer.refine(work.session, asked, base.article.markdown, messages, number, show)
        article, changed = Article.from_markdown(body), ("wrote it again with these faults in mind",)
    if article.markdown == base.article.markdown:
        return None
    work.log("model", f"critique, refinement {number - 1}: {'; '.join(changed)}")
    return _store(work, asked, ledger, number, article, ledger.cut(), changed)


def _store(
    work: Work,
    asked: Assignment,
    ledger: Ledger,
    number: int,
    article: Article,
    record: dict[str, Any],
    changed: tuple[str, ...] = (),
) -> Attempt:
    """Score an attempt, store it as a version, and tell: all of it once, whatever happens to the worker."""
    title, body = article.title, article.markdown
    flags = quality.require_decent(f"{title}\n\n{body}")
    report = quality.judge(work.piece, work.session, asked, title, body, attempt=number)
    record = together([record, ledger.cut()], article=article.as_dict(), based_on=number - 1 or None)
    with work.fenced():
        version = editing.add_version(
            work.piece,
            title=title,
            body=body,
            stage="draft" if number == 1 else f"refinement {number - 1}",
            model=work.task.model,
            note="; ".join(changed)[:300],
            report=report,
            facts={"flags": flags},
            record=record,
        )
        work.keep(f"attempt {number}", {"version": version.number, "article": article.as_dict(), "changed": changed})
        attempt = Attempt(number, article, report, version.number, changed)
        events.emit(work.task, "quality", **_told(attempt), feedback=quality.feedback_of(report))
    work.log("validator", _verdict(asked, attempt), level="info" if report.passed else "warn")
    return attempt


def _again(work: Work, number: int) -> Attempt:
    """An attempt that an earlier run of this stage has stored."""
    kept = work.kept[f"attempt {number}"]
    version = Version.objects.get(piece=work.piece, number=kept["version"])
    return Attempt(number, Article.from_dict(kept["article"]), version.checks, version.number, tuple(kept["changed"]))


def _good(asked: Assignment, attempt: Attempt) -> bool:
    return attempt.report.passed and asked.low <= attempt.words <= asked.high


def _beats(asked: Assignment, one: Attempt, other: Attempt) -> bool:
    """Passing and in the word range first, then the score."""

    def rank(attempt: Attempt) -> tuple[bool, bool, float]:
        return _good(asked, attempt), asked.low <= attempt.words <= asked.high, attempt.report.score

    return rank(one) > rank(other)


def _told(attempt: Attempt) -> dict[str, Any]:
    return {
        "attempt": attempt.number,
        "score": attempt.report.score,
        "quality_score": attempt.report.score,
        "passed": attempt.report.passed,
        "is_passing": attempt.report.passed,
        "refinement": attempt.number - 1,
        "issues": quality.issues_of(attempt.report),
        "words": attempt.words,
        "version": attempt.version,
    }


def _verdict(asked: Assignment, attempt: Attempt) -> str:
    """ "Attempt 1: 6.2, under 7.0. Words 1,287 of 1,350 to 1,650"."""
    report = attempt.report
    beside = (
        ""
        if report.passed
        else f", under {report.threshold:.1f}"
        if report.score < report.threshold
        else ", not passed"
    )
    length = f"Words {attempt.words:,} of {asked.low:,} to {asked.high:,}"
    count = len(quality.issues_of(report))
    left = f". {told(count, 'issue').capitalize()} left" if report.passed and count else ""
    return f"Attempt {attempt.number}: {report.score:.1f}{beside}. {length}{left}"
