"""The review queue: what waits for a decision, what became of the rest, and who reads what now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from content import platforms
from content.forms import number
from content.models import Piece, Status, User
from content.models.piece import ROAD
from content.services import bulk, triage
from content.services.triage import Count, Queue

from .signed_in import SignedIn

A_PAGE = 50
READERS = 30  # colleagues who can be chosen as filter; more do not read at once
ORDERS = {"": "Due, then oldest", "score": "Lowest score"}


@dataclass(frozen=True)
class Tab:
    """One list: its word, how many are in it, and its address."""

    title: str
    count: Count
    url: str
    here: bool


@dataclass(frozen=True)
class Row:
    """One piece of the list, with what its checks say in a few words."""

    piece: Piece

    @cached_property
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
    def minutes(self) -> int:
        """Of reading."""
        return int(self.piece.current.facts.get("read_minutes", 1)) if self.piece.current else 0


class Page:
    """A queue as one person sees it, from a place on."""

    def __init__(self, queue: Queue, user: User, after: str) -> None:
        self.queue, self.user = queue, user
        place = triage.place_from(after, queue.columns)
        self.is_first = place is None
        pieces = queue.of(user).in_line()
        ahead = list((queue.after(pieces, place) if place else pieces)[: A_PAGE + 1])
        self.rows = [Row(piece) for piece in ahead[:A_PAGE]]
        last = queue.place(ahead[A_PAGE - 1]) if len(ahead) > A_PAGE else None
        self.more = f"?{queue.to(after=triage.place_as_text(last))}" if last else ""

    @cached_property
    def narrowed(self) -> Any:
        return self.queue.narrow(Piece.objects.visible_to(self.user), by=self.user)

    @cached_property
    def count(self) -> Count:
        """How many there are in all."""
        if self.is_first and not self.more:
            return Count(len(self.rows))
        return triage.count(self.queue.listed(self.narrowed, by=self.user))

    @property
    def minutes(self) -> int:
        return sum(row.minutes for row in self.rows)

    @cached_property
    def views(self) -> list[Tab]:
        """The saved views; who cannot decide claims nothing."""
        names = [name for name in triage.VIEWS if name != "mine" or self.user.reviews]
        return [self._tab(triage.VIEWS[name].title, view=name, status="") for name in names]

    @cached_property
    def statuses(self) -> list[Tab]:
        return [self._tab(known.label, status=known, view="") for known in ROAD if known != Status.READY]

    def _tab(self, title: str, *, view: str, status: str) -> Tab:
        queue = Queue.asked({"view": view, "status": status})
        here = (queue.view, queue.status) == (self.queue.view, self.queue.status)
        count = self.count if here else triage.count(queue.listed(self.narrowed, by=self.user))
        address = self.queue.to(view=view, status=status)
        return Tab(title, count, f"{reverse('review')}{'?' if address else ''}{address}", here)

    @property
    def chosen(self) -> Status | None:
        return Status(self.queue.status) if self.queue.status else None

    @property
    def view(self) -> triage.View:
        return triage.VIEWS[self.queue.view]

    @cached_property
    def readers(self) -> list[tuple[str, str]]:
        """Whose claims can be looked for."""
        claimed = Piece.objects.visible_to(self.user).filter(claimed_by__isnull=False).exclude(claimed_by=self.user)
        people = User.objects.filter(pk__in=claimed.order_by().values("claimed_by"))[:READERS]
        named = [(str(person.pk), str(person)) for person in people]
        return [("", "Anyone or nobody"), ("nobody", "Nobody"), *([("me", "Me")] if self.user.reviews else []), *named]

    @cached_property
    def is_new(self) -> bool:
        """Nothing was written here yet."""
        return not Piece.objects.visible_to(self.user).written().exists()

    @property
    def carried(self) -> str:
        """What a piece that is opened from here carries along, so that the next one is this queue’s."""
        return carried(self.queue)

    @property
    def here(self) -> str:
        return f"?{self.queue.address}" if self.queue.address else ""


def carried(queue: Queue) -> str:
    """`?queue=…` for the address of a piece; "" for the usual queue."""
    return f"?{urlencode({'queue': queue.address})}" if queue.address else ""


@login_required
@require_GET
def review(request: SignedIn) -> HttpResponse:
    """A queue: `?view=` or `?status=`, its filters and order, from `?after=` a place on."""
    queue = Queue.asked(request.GET.dict())
    context = {
        "page": Page(queue, request.user, request.GET.get("after", "")),
        "queue": queue,
        "platforms": [("", "All platforms"), *((slug, on.name) for slug, on in platforms.ALL.items())],
        "orders": ORDERS,
        "verbs": [verb for verb in bulk.VERBS.values() if request.user.reviews or not verb.for_reviewers],
        "most": bulk.MOST,
    }
    return render(request, "content/review.html", context)


@login_required
@require_GET
def claims(request: SignedIn) -> HttpResponse:
    """Who reads the listed `?piece=` now and what became of them, as fragments: nothing moves, only these words
    change."""
    wanted = [pk for pk in map(number, request.GET.getlist("piece")[:A_PAGE]) if pk]
    pieces = Piece.objects.visible_to(request.user).filter(pk__in=wanted).select_related("claimed_by")
    queue = Queue.asked(request.GET.dict())
    context = {"pieces": pieces, "count": triage.count(queue.of(request.user)), "asked": request.GET.get("count")}
    return render(request, "content/_claims.html", context)
