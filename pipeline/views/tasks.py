"""Tasks: the list, one task as it goes, and what a person can do with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from content.errors import CopydeskError
from content.forms import number
from content.models import Piece
from content.views.signed_in import SignedIn
from pipeline.models import Event, Task, TaskStatus, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import tasks
from pipeline.views.contact import Pictures
from pipeline.views.places import Publishing
from pipeline.views.progress import SOURCES, Progress, line
from pipeline.views.reworking import Replaying, Revising
from pipeline.views.runs import Run
from pipeline.views.today import works

A_PAGE = 20
ACTIVE_SHOWN = 50
KINDS: dict[str, type[Progress]] = {
    TaskType.DAILY_WORKFLOW: Run,
    TaskType.IMAGE_GENERATION: Pictures,
    TaskType.PUBLISH: Publishing,
    TaskType.REVISION: Revising,
    TaskType.REPLAY: Replaying,
}
WRITES_NOTHING = [TaskType.IMAGE_GENERATION, TaskType.PUBLISH, TaskType.REPLAY]
MANY = {TaskType.DAILY_WORKFLOW}  # the types that write more than one piece


@login_required
def index(request: SignedIn) -> HttpResponse:
    """Active first, in the order in which they are served; then the others, newest first.

    With `?piece=` it leads to the newest task that wrote that piece: content links here without knowing tasks.
    """
    if piece := number(request.GET.get("piece")):
        of_piece = Task.objects.visible_to(request.user).exclude(type__in=WRITES_NOTHING)
        of_piece = of_piece.filter(stages__piece_id=piece)
        if task := of_piece.order_by("-created_at", "-pk").first():
            return redirect(task)
    return render(request, "pipeline/tasks.html", _listed(request))


@login_required
def index_live(request: SignedIn) -> HttpResponse:
    return render(request, "pipeline/_tasks_live.html", _listed(request))


def _listed(request: SignedIn) -> dict[str, object]:
    visible = Task.objects.visible_to(request.user).select_related("owner")
    active = list(visible.active()[:ACTIVE_SHOWN])
    earlier = visible.exclude(status__in=ACTIVE).order_by("-created_at", "-pk")
    page = Paginator(earlier, A_PAGE).get_page(request.GET.get("page"))
    ended = list(page.object_list)
    return {
        "active": works(active),
        "running": sum(task.status == TaskStatus.RUNNING for task in active),
        "queued": sum(task.status == TaskStatus.QUEUED for task in active),
        "page": page,
        "earlier": works(ended, _pieces([task for task in ended if task.type not in MANY])),
    }


def _pieces(listed: Sequence[Task]) -> dict[int, Piece]:
    """{task id: its piece} for a page of tasks, in one query."""
    found = Piece.objects.filter(stages__task__in=listed).values_list("stages__task_id", "pk").distinct()
    by_task = dict(found)
    pieces = Piece.objects.in_bulk(set(by_task.values()))
    return {task_id: pieces[pk] for task_id, pk in by_task.items()}


@login_required
def task(request: SignedIn, pk: int) -> HttpResponse:
    return render(request, "pipeline/task.html", {"progress": _progress(request, pk)})


@login_required
def task_live(request: SignedIn, pk: int) -> HttpResponse:
    """The parts of the page that follow from stored rows; the script swaps in those that changed; `?text` asks for the text too."""
    context = {"progress": _progress(request, pk), "with_text": "text" in request.GET}
    return render(request, "pipeline/_task_live.html", context)


@login_required
def task_log(request: SignedIn, pk: int) -> HttpResponse:
    """The whole log as plain text, in the site's time zone."""
    asked = _progress(request, pk).task
    text = "".join(
        f"{timezone.localtime(said.at):%Y-%m-%d %H:%M:%S} {said.level:5} {said.source:9} {said.message}\n"
        for said in map(line, Event.objects.filter(task=asked, type="log").order_by("seq"))
    )
    return HttpResponse(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="task-{pk}.log"'},
    )


def _progress(request: SignedIn, pk: int) -> Progress:
    found = get_object_or_404(Task.objects.visible_to(request.user).select_related("owner"), pk=pk)
    shown = request.GET.get("log", "")
    kind = KINDS.get(found.type, Progress)
    return kind(found, shown if shown in SOURCES else "")


@require_POST
@login_required
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    return _act(request, pk, tasks.cancel)


@require_POST
@login_required
def retry(request: SignedIn, pk: int) -> HttpResponse:
    return _act(request, pk, tasks.retry)


@require_POST
@login_required
def retry_stage(request: SignedIn, pk: int, stage: int) -> HttpResponse:
    """Try one failed part of a run again, and come back to where it stands on the page."""
    found = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    part = get_object_or_404(found.stages.select_related("task", "piece__idea"), pk=stage)
    try:
        tasks.retry_stage(part, by=request.user)
    except CopydeskError as refusal:
        messages.error(request, refusal.message)
        return redirect(found)
    return redirect(f"{found.get_absolute_url()}#stage-{part.pk}")


@require_POST
@login_required
def delete(request: SignedIn, pk: int) -> HttpResponse:
    return _act(request, pk, tasks.delete, onward="tasks")


def _act(request: SignedIn, pk: int, act: Callable[..., None], *, onward: str = "") -> HttpResponse:
    """Do it, or say on the page that it was asked from why not: somebody else may have been first."""
    found = get_object_or_404(Task.objects.visible_to(request.user), pk=pk)
    back: Any = found
    if request.POST.get("back") == "pictures" and found.pieces:
        back = reverse("piece-pictures", args=[found.pieces[0].pk])
    try:
        act(found, by=request.user)
    except CopydeskError as refusal:
        messages.error(request, refusal.message)
        return redirect(back)
    return redirect(onward or back)
