"""The versions of a piece, a page at a time, each with the decisions on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from content.models import Decision, Piece, Version

ON_A_PAGE = 20


@dataclass(frozen=True)
class Line:
    version: Version
    decisions: list[Decision]


class History:
    """One page of a piece's versions, newest first; pages are counted from 1."""

    def __init__(self, piece: Piece, total: int, page: int) -> None:
        self._piece = piece
        self.pages = max(1, -(-total // ON_A_PAGE))
        self.page = min(max(page, 1), self.pages)

    @property
    def newer(self) -> int:
        """The page with newer versions, 0 where there is none."""
        return self.page - 1

    @property
    def older(self) -> int:
        return self.page + 1 if self.page < self.pages else 0

    @cached_property
    def lines(self) -> list[Line]:
        start = (self.page - 1) * ON_A_PAGE
        versions = list(self._piece.versions.light().order_by("-number")[start : start + ON_A_PAGE])
        made = Decision.objects.filter(version__in=[version.pk for version in versions])
        decisions = list(made.select_related("by", "guest__asked_by"))
        return [Line(version, [one for one in decisions if one.version_id == version.pk]) for version in versions]
