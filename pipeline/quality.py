"""How good a text is: the deterministic checks, and where a model can judge, its critique as one more finding."""

from __future__ import annotations

from typing import Any

from content.checks import moderation
from content.checks.base import Finding, Report
from content.errors import CopydeskError
from content.models import Piece
from content.services import editing
from pipeline.agents import critic
from pipeline.agents.assignment import Assignment
from pipeline.providers.session import Session


def judge(piece: Piece, session: Session, asked: Assignment, title: str, body: str, *, attempt: int = 1) -> Report:
    """Score a text; a small model is not asked, because its opinion of a text says nothing about it."""
    extra: list[Finding] = []
    if not session.profile.by_fields:
        extra.append(critic.review(session, asked, body, attempt))
    return editing.judge(piece, title, body, extra=extra)


def require_decent(text: str) -> list[str]:
    """What a person must look at before this goes anywhere; `CopydeskError` if it may not even be stored."""
    verdict = moderation.moderate(text)
    if verdict.verdict == "refuse":
        raise CopydeskError(
            f"The text was not stored: {' '.join(verdict.reasons)} Try again, or change the topic.", code="moderation"
        )
    return list(verdict.reasons)


def issues_of(report: Report) -> list[dict[str, Any]]:
    """What lost points, worst first, for the page and the API."""
    return [
        {"name": issue.name, "points_lost": round(issue.lost, 1), "label": issue.label, "message": issue.message}
        for issue in report.issues
        if round(issue.lost, 1) > 0
    ]


def feedback_of(report: Report, most: int = 4) -> str:
    """What the next attempt is asked to mend, in one line."""
    return " ".join(issue.message for issue in report.issues[:most])
