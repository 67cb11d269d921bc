"""The review list: what waits for a decision, and where everything else is."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from content.models import Piece, Status

from .signed_in import SignedIn

A_PAGE = 50
SHAPES = {"writing": "running"}


@dataclass(frozen=True)
class Tab:
    """One list: its name in the address, its word, how many are in it."""

    name: str
    title: str
    count: int


@dataclass(frozen=True)
class Row:
    """One piece of the list, with what its checks say in a few words."""

    piece: Piece

    @property
    def notes(self) -> list[str]:
        """“2 unsourced”, “1 check”; empty when all passed, or nothing was checked."""
        version = self.piece.current
        if version is None or not version.report:
            return []
        found = [finding for finding in version.checks.findings if finding.level != "pass"]
        unsourced = sum(len(finding.quotes) or 1 for finding in found if finding.name == "claims")
        others = sum(finding.name != "claims" for finding in found)
        notes = [f"{unsourced} unsourced"] if unsourced else []
        return notes + ([f"{others} {'check' if others == 1 else 'checks'}"] if others else [])

    @property
    def below(self) -> bool:
        """Under the mark, or broken by a hard rule."""
        version = self.piece.current
        return bool(version and version.report and not version.checks.passed)


@login_required
@require_GET
def review(request: SignedIn) -> HttpResponse:
    """What waits, longest first; `?status=` lists the pieces of one status, newest first."""
    pieces = Piece.objects.visible_to(request.user).written()
    counts = pieces.by_status()
    status = request.GET.get("status", "")
    chosen = Status(status) if status in {known for known, _ in counts} else None
    waiting = pieces.waiting()
    listed = pieces.filter(status=chosen).order_by("-updated_at", "-pk") if chosen else waiting
    page = Paginator(listed.with_current(), A_PAGE).get_page(request.GET.get("page"))
    tabs = [Tab("", "Waiting", waiting.count()), *(Tab(known, known.label, count) for known, count in counts)]
    rows = [Row(piece) for piece in page]
    context = {
        "tabs": tabs,
        "chosen": chosen,
        "page": page,
        "rows": rows,
        "minutes": sum(int(row.piece.current.facts.get("read_minutes", 1)) for row in rows if row.piece.current),
        "is_new": not any(count for _, count in counts),
    }
    return render(request, "content/review.html", context)
