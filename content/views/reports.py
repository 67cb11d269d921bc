"""The reports: whether the score agrees with the editors, and what happened at this desk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from content import permissions, platforms
from content.models import HouseRules, Role
from content.services import calibration as scores
from content.services import chain, trail_export, trail_reading, trail_rows

from . import trail_file
from .drawing import draw
from .filtering import place_at, without_empty
from .report_filters import AuditFilters, ScoreFilters
from .signed_in import SignedIn

A_PAGE = 50

IN_TEN = ("Hardly any", "One in ten", "Two in ten", "Three in ten", "Four in ten", "Five in ten", "Six in ten",
          "Seven in ten", "Eight in ten", "Nine in ten", "Nearly all")  # fmt: skip


@dataclass(frozen=True)
class TooFew:
    """A platform that has decisions, and not enough of them for a figure."""

    platform: str
    count: int


@login_required
@require_GET
def calibration(request: SignedIn) -> HttpResponse:
    """Scores against decisions, under the filters of the address; two queries over the decisions, however many."""
    permissions.require_reader_of_reports(request.user)
    if tidier := without_empty(request):
        return tidier
    filters = ScoreFilters(request.GET)
    days = filters.wanted.get("from"), filters.wanted.get("to")
    found = scores.cells(*days)
    chosen = [cell for cell in found if filters.fits(cell)]
    curve = scores.curve(scores.tallies(chosen), HouseRules.in_force().pass_mark)
    by_platform = Counter[str]()
    for cell in found:
        if filters.fits_person(cell) and cell.score is not None:
            by_platform[cell.platform] += cell.count
    wanted_platform = filters.wanted.get("platform")
    context = {
        "filters": filters,
        "headline": _headline(curve),
        "curve": curve,
        "drawing": draw(curve) if curve.is_enough else None,
        "people": len({cell.by for cell in chosen if cell.by is not None}),
        "guests": scores.counted(chosen, lambda cell: cell.by is None),
        "since": min((cell.first for cell in chosen), default=None),
        "unscored": scores.counted(chosen, lambda cell: cell.score is None),
        "too_few": [
            TooFew(platforms.get(slug).name if slug in platforms.ALL else slug, count)
            for slug, count in sorted(by_platform.items())
            if count < scores.ENOUGH and wanted_platform in (None, slug)
        ],
        "checks": scores.checks(filters.narrow(scores.standing(*days))) if curve.is_enough else [],
        "enough": scores.ENOUGH,
        "few": scores.FEW,
        "newest": scores.NEWEST,
    }
    return render(request, "content/reports.html", context)


@login_required
@require_GET
def audit(request: SignedIn) -> HttpResponse:
    """The trail, newest first, from the place that the address names on."""
    permissions.require_reader_of_reports(request.user)
    if tidier := without_empty(request):
        return tidier
    filters = AuditFilters(request.GET, by=request.user)
    entries = trail_reading.narrow(trail_reading.visible_to(request.user), filters.asked)
    ahead = list(trail_reading.before(entries, filters.place)[: A_PAGE + 1])
    shown = ahead[:A_PAGE]
    context = {
        "filters": filters,
        "rows": trail_rows.rows(shown, by=request.user),
        "chain": chain.last_verified(),
        "sees_all": request.user.role == Role.ADMIN,
        "newest": filters.address(),
        "older": filters.address(before=place_at(shown[-1].created_at, shown[-1].pk)) if len(ahead) > A_PAGE else "",
        "files": [(kind, filters.address(format=kind)) for kind in trail_export.KINDS],
    }
    return render(request, "content/reports_audit.html", context)


@login_required
@require_GET
def audit_export(request: SignedIn) -> StreamingHttpResponse:
    """The same, whole, as a file."""
    permissions.require_reader_of_reports(request.user)
    filters = AuditFilters(request.GET, by=request.user)
    return trail_file.download(request.GET.get("format", "csv"), filters.asked, by=request.user)


def _headline(curve: scores.Curve) -> str:
    """What is so, in a line."""
    if not curve.count:
        return "Nothing to hold the score against"
    if not curve.is_enough:
        return "Too few decisions to judge the score by"
    share = curve.at_mark.share
    if share is None:
        return "No text that was decided on reaches the mark"
    exactly = {0.0: "None", 1.0: "All"}.get(share.value)
    return f"{exactly or IN_TEN[round(share.value * 10)]} that pass are approved"
