"""New task: the form, what it says while one types, and the asking."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from content.errors import Invalid
from content.forms import number
from content.views.signed_in import SignedIn
from pipeline.forms import NewTask
from pipeline.models import Task, TaskType
from pipeline.services import asking


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn) -> HttpResponse:
    """The form; a good one is queued and leads to its task."""
    if request.method == "GET":
        return render(request, "pipeline/new_task.html", {"form": _form(request)})
    form = NewTask(request.user, request.POST)
    if form.asked is not None:
        try:
            task, is_new = asking.ask_once(TaskType.BLOG_POST, form.params, owner=request.user)
        except Invalid as error:
            form.errors = error.fields
        else:
            if not is_new:
                messages.info(request, "You asked for this a moment ago. Here it is; nothing was queued twice.")
            return redirect(task)
    return render(request, "pipeline/new_task.html", {"form": form}, status=400)


@require_POST
@login_required
def check(request: SignedIn) -> HttpResponse:
    """What the form says of what is typed so far: fragments that htmx puts where they belong."""
    return render(request, "pipeline/_new_task_live.html", {"form": NewTask(request.user, request.POST, live=True)})


def _form(request: SignedIn) -> NewTask:
    """Empty, or filled in like an earlier task (`?like=7`) that this person may see."""
    earlier = Task.objects.visible_to(request.user).filter(pk=number(request.GET.get("like"))).first()
    return NewTask.like(request.user, earlier) if earlier else NewTask(request.user)
