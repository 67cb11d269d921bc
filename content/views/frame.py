"""What every page of the desk needs around it: sections, what waits, and which model is at work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from content.models import Piece
from content.services import triage
from content.services.triage import Count


@dataclass(frozen=True)
class Section:
    """One entry of the masthead; `pages` are the names of the addresses under it. Some are for reviewers alone."""

    name: str
    title: str
    pages: tuple[str, ...]
    here: bool = False
    for_reviewers: bool = False

    @property
    def url(self) -> str:
        return reverse(self.name)


SECTIONS = (
    Section("dashboard", "Today", ("dashboard",)),
    Section("review", "Review", ("review", "review-move", "piece", "piece-edit", "piece-compare", "piece-decide")),
    Section("board", "Board", ("board", "board-move")),
    Section("tasks", "Tasks", ("tasks", "task")),
    Section("images", "Images", ("images", "piece-pictures", "image-choose")),
    Section("reports", "Reports", ("reports", "reports-audit"), for_reviewers=True),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Template context. `waiting_count` costs one query, and only where a template asks for it."""

    @cache
    def waiting_count() -> Count:
        if not request.user.is_authenticated:
            return Count(0)
        return triage.count(Piece.objects.visible_to(request.user).waiting())

    return {
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
        "sections": lambda: _sections(request),
        "waiting_count": waiting_count,
        "model_name": settings.MODEL,
        "is_starter": not settings.OLLAMA_HOST and bool(settings.STARTER_URL),
    }


def _sections(request: HttpRequest) -> list[Section]:
    match = request.resolver_match
    here = match.url_name if match else None
    reviews = getattr(request.user, "reviews", False)
    shown = [known for known in SECTIONS if reviews or not known.for_reviewers]
    return [replace(known, here=here in known.pages) for known in shown]
