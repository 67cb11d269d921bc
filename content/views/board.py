"""The pipeline board: every piece by its status, and many moved at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from content.errors import CopydeskError, Invalid
from content.forms import number
from content.models import Piece, Status, User
from content.models.piece import ROAD, PieceQuerySet
from content.services import bulk
from content.services.triage import Queue

from .cards import Card, cards
from .filtering import Filters, place_of
from .signed_in import SignedIn

A_LANE, A_PAGE = 8, 24


@dataclass(frozen=True)
class Tab:
    """One status with its count under the filters, and its address."""

    name: str
    title: str
    count: int
    url: str
    here: bool


@dataclass
class Lane:
    """The first cards of one status, and where the next ones are: `more` is their fragment, `page` the page that
    begins with them."""

    status: Status
    count: int
    page: str
    cards: list[Card] = field(default_factory=list)
    more: str = ""


@login_required
@require_GET
def board(request: SignedIn) -> HttpResponse:
    """Lanes side by side, or the cards of one `?status=`, under the filters of the address."""
    if any(not value for value in request.GET.values()):  # a form sends its empty fields along
        kept = request.GET.copy()
        for name in [name for name in kept if not kept[name]]:
            del kept[name]
        return redirect(f"{request.path}?{kept.urlencode()}" if kept else request.path)
    filters = Filters(request.GET, by=request.user)
    pieces = filters.narrow(_visible(request.user))
    counts = dict(pieces.by_status())
    total = sum(counts.values())
    shown = [Status(filters.status)] if filters.status else ROAD
    lanes = _lanes(pieces, filters, [(status, counts[status]) for status in shown])
    context = {
        "filters": filters,
        "tabs": [_tab(filters, "", "All", total), *(_tab(filters, s, s.label, n) for s, n in counts.items())],
        "lanes": lanes,
        "total": total,
        "chosen": Status(filters.status) if filters.status else None,
        "shown": counts[Status(filters.status)] if filters.status else total,
        "is_new": not total and not _visible(request.user).exists(),
        "verbs": _verbs(request.user),
        "most": bulk.MOST,
        "here": filters.address(),
        "all_under_filters": filters.address(status=""),
    }
    return render(request, "content/board.html", context)


@login_required
@require_GET
def more(request: SignedIn) -> HttpResponse:
    """The cards of one status after a place, as a fragment that takes the place of the mark under the last card.

    It has an address of its own, so that no cache hands a fragment out as the page.
    """
    filters = Filters(request.GET, by=request.user)
    if not filters.status or filters.place is None:
        return redirect("board")
    count = number(request.GET.get("count")) or A_PAGE
    [lane] = _lanes(
        filters.narrow(_visible(request.user)), filters, [(Status(filters.status), 1)], limit=min(count, A_PAGE)
    )
    return render(request, "content/_cards.html", {"lane": lane})


@login_required
@require_http_methods(["GET", "POST"])
def move(request: SignedIn) -> HttpResponse:
    """Many pieces at once: first what it would do, then, once that is confirmed, what it did."""
    here, back, home = _from_where(request)
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect(back)
    try:
        verb = bulk.verb(request.POST.get("verb", ""))
        context = {"verb": verb, "here": here, "back": back, "home": home}
        return _done(request, verb, context) if "sure" in request.POST else _ask(request, verb, context)
    except CopydeskError as refusal:
        messages.error(request, refusal.message)
        return redirect(back)


def _from_where(request: SignedIn) -> tuple[str, str, str]:
    """Where the pieces are sent to and where the way back leads, with the filters that were set, and what that is."""
    match = request.resolver_match
    if match and match.url_name == "review-move":
        asked = Queue.asked(request.GET.dict()).address
        here = f"?{asked}" if asked else ""
        return reverse("review-move") + here, reverse("review") + here, "queue"
    here = Filters(request.GET, by=request.user).address()
    return reverse("board-move") + here, reverse("board") + here, "board"


def _ask(request: SignedIn, verb: bulk.Verb, context: dict[str, Any]) -> HttpResponse:
    """What would be moved, what cannot, and why; nothing has been done."""
    pieces = set(_pinned(request)) or {pk for pk in map(number, request.POST.getlist("piece")) if pk}
    outcomes = bulk.rehearse(verb, pieces, by=request.user)
    context |= {
        "movable": [outcome.piece for outcome in outcomes if not outcome.refusal],
        "refused": [outcome for outcome in outcomes if outcome.refusal],
        "feedback": request.POST.get("feedback", ""),
    }
    return render(request, "content/board_move.html", context, status=400 if "refusal" in context else 200)


def _done(request: SignedIn, verb: bulk.Verb, context: dict[str, Any]) -> HttpResponse:
    """What was moved, and what was left as it is; where no reason was given, the question again."""
    try:
        outcomes = bulk.move(verb, _pinned(request), by=request.user, feedback=request.POST.get("feedback", ""))
    except Invalid as refusal:
        if "feedback" not in refusal.fields:
            raise
        return _ask(request, verb, context | {"refusal": refusal})
    context |= {
        "moved": [outcome for outcome in outcomes if not outcome.refusal],
        "left": [outcome for outcome in outcomes if outcome.refusal],
    }
    return render(request, "content/board_moved.html", context)


def _visible(user: User) -> PieceQuerySet:
    return Piece.objects.visible_to(user).written()


def _verbs(user: User) -> list[bulk.Verb]:
    return [verb for verb in bulk.VERBS.values() if user.reviews or not verb.for_reviewers]


def _tab(filters: Filters, name: str, title: str, count: int) -> Tab:
    return Tab(name, title, count, reverse("board") + filters.address(status=name), filters.status == name)


def _lanes(pieces: PieceQuerySet, filters: Filters, counts: Iterable[tuple[Status, int]], limit: int = 0) -> list[Lane]:
    """The lanes with their cards; one that the count says is empty costs no query."""
    limit = limit or (A_PAGE if filters.status else A_LANE)
    found: dict[Status, list[Piece]] = {}
    lanes = [Lane(status, count, reverse("board") + filters.address(status=status)) for status, count in counts]
    for lane in lanes:
        if not lane.count:
            continue
        listed = pieces.filter(status=lane.status).last_moved_first(filters.place if filters.status else None)
        ahead = list(listed.for_cards()[: limit + 1])
        found[lane.status] = ahead[:limit]
        if len(ahead) > limit:
            after = filters.address(status=lane.status, before=place_of(ahead[limit - 1]))
            lane.more = f"{reverse('board-cards')}{after}&count={limit}"
            if filters.status:
                lane.page = reverse("board") + after
    drawn = cards([piece for pieces in found.values() for piece in pieces])
    for lane in lanes:
        lane.cards = [drawn[piece.pk] for piece in found.get(lane.status, [])]
    return lanes


def _pinned(request: SignedIn) -> dict[int, str]:
    """The pieces that were confirmed, each with the hash of the text that was shown."""
    pairs = (pair.partition("-") for pair in request.POST.getlist("pinned"))
    return {number(pk): pin for pk, _, pin in pairs if number(pk)}
