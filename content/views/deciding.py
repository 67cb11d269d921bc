"""Around a verdict: who reads the piece, what comes before and after it in the queue, and a moment to undo it."""

from __future__ import annotations

from functools import cached_property

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from content import permissions
from content.errors import CopydeskError, Invalid
from content.forms import number
from content.models import Decision, Piece, Priority, User, Verdict
from content.models.piece import PieceQuerySet
from content.services import claims, review, triage
from content.services.triage import Count, Queue

from .review import carried
from .signed_in import SignedIn

ABOVE, BELOW = 10, 40  # of the queue, as the rail shows it around the piece
DONE = {
    Verdict.APPROVED: "is approved. It is ready to publish.",
    Verdict.CHANGES_REQUESTED: "goes back, with what you asked for.",
    Verdict.REJECTED: "is rejected.",
    Verdict.REVOKED: "waits for a decision again.",
}


class Reading:
    """A piece among the others of its queue, which `?queue=` of its address names."""

    def __init__(self, piece: Piece, asked: QueryDict, user: User) -> None:
        self.piece, self.user = piece, user
        self.queue = Queue.from_address(asked.get("queue", ""))

    @property
    def plan(self) -> PlanForm:
        return PlanForm(initial={"due_at": self.piece.due_at, "priority": self.piece.priority})

    @cached_property
    def _pieces(self) -> PieceQuerySet:
        return self.queue.of(self.user)

    @cached_property
    def _around(self) -> tuple[list[Piece], list[Piece]]:
        """Those before the piece, the nearest last, and those from it on; the first of all where it is not in it."""
        place = self.queue.place(self.piece)
        listed = self._pieces.select_related("claimed_by")
        if not self.is_in_it:
            return [], list(listed.exclude(pk=self.piece.pk)[:BELOW])
        above = list(self.queue.before(listed, place)[:ABOVE])
        return above[::-1], [self.piece, *self.queue.after(listed, place)[:BELOW]]

    @cached_property
    def is_in_it(self) -> bool:
        return self._pieces.filter(pk=self.piece.pk).exists()

    @property
    def rail(self) -> list[Piece]:
        above, on = self._around
        return above + on

    @cached_property
    def count(self) -> Count:
        return triage.count(self._pieces)

    @cached_property
    def at(self) -> Count:
        """The how manieth it is; 0 where it is not in the queue."""
        if not self.is_in_it:
            return Count(0)
        before = self.queue.before(self._pieces, self.queue.place(self.piece))
        return Count(triage.count(before).number + 1)

    @property
    def previous(self) -> Piece | None:
        return self._around[0][-1] if self._around[0] else None

    @property
    def next(self) -> Piece | None:
        return next((piece for piece in self._around[1] if piece.pk != self.piece.pk), None)

    @property
    def carried(self) -> str:
        return carried(self.queue)

    @property
    def home(self) -> str:
        """The address of the queue itself."""
        return reverse("review") + (f"?{self.queue.address}" if self.queue.address else "")


class PlanForm(forms.Form):
    """When a piece has to be decided, and whether it presses."""

    due_at = forms.DateTimeField(
        label="Due",
        required=False,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        error_messages={"invalid": "Write the day and the hour as 2026-11-21 16:00, or leave it empty."},
    )
    priority = forms.TypedChoiceField(label="Priority", choices=Priority.choices, coerce=int)


def place_of(request: SignedIn, piece: Piece) -> triage.Place:
    """Where a piece stands in the queue that it was opened from."""
    return Queue.from_address(request.GET.get("queue", "")).place(piece)


def after(
    request: SignedIn, piece: Piece, decision: Decision | None, *, place: triage.Place | None = None
) -> HttpResponse:
    """What follows a verdict: the next piece of the queue that this one was opened from, or the queue where nothing is
    left; and, for who made it, a moment to undo. A verdict that was taken back leaves its piece open.

    `place` is where the piece stood in the queue before it was decided on.
    """
    queue = Queue.from_address(request.GET.get("queue", ""))
    if decision is not None:
        tags = f"undo-{decision.pk}-{piece.pk}" if decision.verdict != Verdict.REVOKED else ""
        messages.success(request, f"“{piece}” {DONE[Verdict(decision.verdict)]}", extra_tags=tags)
    if decision is not None and decision.verdict == Verdict.REVOKED:
        return go(request, f"{piece.get_absolute_url()}?{request.GET.urlencode()}")
    coming = queue.next_after(place or queue.place(piece), by=request.user)
    if coming is None:
        return go(request, reverse("review") + (f"?{queue.address}" if queue.address else ""))
    return go(request, coming.get_absolute_url() + carried(queue))


def go(request: SignedIn, address: str) -> HttpResponse:
    """On to another page; htmx is told to open it as a page, with its own scripts and at its own address."""
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(address)
    response = HttpResponse(status=204)
    response["HX-Redirect"] = address
    return response


@login_required
@require_http_methods(["GET", "POST"])
def undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take back what one decided a moment ago, and read that piece again."""
    decisions = Decision.objects.filter(piece__in=Piece.objects.visible_to(request.user))
    decision = get_object_or_404(decisions.select_related("piece", "version", "by", "guest__asked_by"), pk=pk)
    if request.method == "POST":
        try:
            review.undo(decision, by=request.user)
            messages.success(request, f"Undone. “{decision.piece}” waits for a decision, as before.")
        except CopydeskError as refusal:
            messages.error(request, refusal.message)
    return go(request, decision.piece.get_absolute_url() + carried(Queue.from_address(request.GET.get("queue", ""))))


@login_required
@require_http_methods(["GET", "POST"])
def claim(request: SignedIn, pk: int) -> HttpResponse:
    """Say that one reads a piece (`from`: instead of whom), or (`leave`) that one does not any more.

    Reading a page claims nothing by itself: browsers fetch pages that nobody looks at. A script says it once the page
    is seen, and again as long as somebody is at it; without one there is a button. GET is who reads it now.
    """
    piece = _visible(request.user, pk)
    if request.method == "POST":
        try:
            _claim(request, piece)
        except CopydeskError as refusal:
            if not request.htmx:  # type: ignore[attr-defined]
                messages.error(request, refusal.message)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(piece.get_absolute_url() + carried(Queue.from_address(request.GET.get("queue", ""))))
    may_decide = permissions.may_decide(request.user, piece.current)
    return render(request, "content/_claim.html", {"piece": piece, "may_decide": may_decide})


def _claim(request: SignedIn, piece: Piece) -> None:
    if "leave" in request.POST:
        claims.let_go(piece, by=request.user)
    elif whom := number(request.POST.get("from")):
        claims.take_over(piece, by=request.user, from_whom=whom)
    else:
        claims.claim(piece, by=request.user)


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: SignedIn, pk: int) -> HttpResponse:
    """Set when a piece is due and whether it presses."""
    piece = _visible(request.user, pk)
    back = piece.get_absolute_url() + carried(Queue.from_address(request.GET.get("queue", "")))
    if request.method == "GET":
        return redirect(back)
    form = PlanForm(request.POST)
    try:
        if not form.is_valid():
            raise Invalid(" ".join(str(error) for errors in form.errors.values() for error in errors))
        triage.plan(piece, by=request.user, **form.cleaned_data)
        messages.success(request, f"“{piece}” {_planned(piece)}")
    except CopydeskError as refusal:
        messages.error(request, refusal.message)
    return redirect(back)


def _planned(piece: Piece) -> str:
    due = f"is due {timezone.localtime(piece.due_at):%A %-d %B, %H:%M}" if piece.due_at else "has no date"
    return f"{due}; its priority is {Priority(piece.priority).label.lower()}."


def _visible(user: User, pk: int) -> Piece:
    return get_object_or_404(Piece.objects.visible_to(user).select_related("claimed_by", "current"), pk=pk)
