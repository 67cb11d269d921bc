"""Today: what waits for a person, what is in the works, what has failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from content.models import Piece, User
from content.templatetags.desk import clock, in_words
from content.views.signed_in import SignedIn
from media_gen.models import Image
from pipeline import queue
from pipeline.models import Heartbeat, Task, TaskStatus
from pipeline.services.eta import etas
from pipeline.views.daily import Daily
from pipeline.views.standing import Standing, standing

WAITING_SHOWN = 6
WORKS_SHOWN = 8
TROUBLE_SHOWN = 5


@dataclass(frozen=True)
class Work:
    """One task in the works, with how it stands and what is left of it."""

    task: Task
    standing: Standing
    eta: tuple[int, int] | None


def works(listed: Sequence[Task], pieces: Mapping[int, Piece] | None = None) -> list[Work]:
    """These tasks as they stand; `pieces` names the one piece of those that have but one, by task."""
    left = etas(listed)
    return [Work(task, standing(task, (pieces or {}).get(task.pk)), left.get(task.pk)) for task in listed]


@login_required
def today(request: SignedIn) -> HttpResponse:
    return render(request, "pipeline/today.html", _context(request.user))


@login_required
def today_live(request: SignedIn) -> HttpResponse:
    """The parts of the page that change by themselves."""
    return render(request, "pipeline/_today_live.html", _context(request.user))


def _context(user: User) -> dict[str, Any]:
    return {**_front(user), **_machine(user), "daily": Daily(user)}


def _front(user: User) -> dict[str, Any]:
    pieces = Piece.objects.visible_to(user)
    waiting = pieces.waiting()
    counts = pieces.by_status()
    shown = list(waiting.with_current()[:WAITING_SHOWN])
    count = waiting.count() if len(shown) == WAITING_SHOWN else len(shown)
    # A task that has not written yet already has its piece: what counts as new is that nothing was finished.
    is_new = not any(number for _, number in counts)
    return {
        "waiting": shown,
        "count": count,
        "counts": counts,
        "is_new": is_new,
        "deck": _deck(waiting, count) if count else "",
        "picture": _picture(shown[0]) if shown else None,
        "silent": _silent() if is_new else [],
        "last": Task.objects.visible_to(user).filter(status=TaskStatus.COMPLETED).order_by("-finished_at").first(),
        "now": timezone.localtime(),
    }


def _deck(waiting: Any, count: int) -> str:
    """“Two are due today. The oldest has waited since Wednesday.”"""
    end_of_day = timezone.localtime().replace(hour=23, minute=59, second=59)
    due = waiting.filter(due_at__lte=end_of_day).count()
    oldest = waiting.order_by("updated_at").values_list("updated_at", flat=True).first()
    says = []
    if due:
        says.append(f"{in_words(due).capitalize()} {'is' if due == 1 else 'are'} due today.")
    if oldest:
        says.append(f"{'It' if count == 1 else 'The oldest'} has waited since {clock(oldest)}.")
    return " ".join(says)


def _picture(lead: Piece) -> str:
    """The address of the lead's picture: the chosen one, or the newest candidate."""
    if lead.cover:
        return str(lead.cover.get("url", ""))
    image = Image.objects.with_preview().filter(piece=lead).order_by("-created_at").first()
    return image.get_preview_url() if image else ""


def _machine(user: User) -> dict[str, Any]:
    visible = Task.objects.visible_to(user).select_related("owner")
    active = list(visible.active()[: WORKS_SHOWN + 1])
    return {
        "works": works(active[:WORKS_SHOWN]),
        "more_works": len(active) > WORKS_SHOWN,
        "troubled": list(visible.troubled().order_by("-finished_at")[:TROUBLE_SHOWN]),
        "nobody_works": _nobody_works() if active else False,
    }


def _nobody_works() -> bool:
    """Tasks wait, and no worker has been heard of: “is it loading or hung?” deserves an answer."""
    return not Heartbeat.objects.alive("worker").exists()


def _silent() -> list[str]:
    """The parts of the machine that do not answer; the page itself came from web and PostgreSQL."""
    parts = [
        ("the worker", Heartbeat.objects.alive("worker").exists()),
        ("the clock", Heartbeat.objects.alive("clock").exists()),
        ("Redis", queue.depth() is not None),
    ]
    return [name for name, well in parts if not well]
