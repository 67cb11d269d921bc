"""New task: the form of each type, what it says while one types, and the asking."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from content.errors import CopydeskError, Invalid
from content.forms import number
from content.views.signed_in import SignedIn
from pipeline.forms import FORMS, NewTask
from pipeline.models import Task, TaskType
from pipeline.services import asking


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn) -> HttpResponse:
    """The form of one type (`?type=daily_workflow`); a good one is queued and leads to its task."""
    if request.method == "GET":
        return render(request, "pipeline/new_task.html", _shown(_form(request)))
    form = FORMS[_type(request.POST)](request.user, request.POST)
    if form.asked is not None:
        try:
            task, is_new = asking.ask_once(form.task_type, form.params, owner=request.user)
        except Invalid as error:
            form.fault(error.fields)
        except CopydeskError as error:  # such as a piece that somebody has asked for meanwhile
            form.refusal = error.message
        else:
            if not is_new:
                messages.info(request, "You asked for this a moment ago. Here it is; nothing was queued twice.")
            return redirect(task)
    return render(request, "pipeline/new_task.html", _shown(form), status=400)


@require_POST
@login_required
def check(request: SignedIn) -> HttpResponse:
    """What the form says of what is typed so far: fragments that htmx puts where they belong."""
    form = FORMS[_type(request.POST)](request.user, request.POST, live=True)
    return render(request, "pipeline/_new_task_live.html", {"form": form})


def _type(sent: QueryDict) -> str:
    """The type that is asked for; a blog post if there is none of that name."""
    name = sent.get("type", "")
    return name if name in FORMS else TaskType.BLOG_POST


def _form(request: SignedIn) -> NewTask:
    """As one finds it; filled in like an earlier task (`?like=7`) that this person may see; or from the address."""
    earlier = Task.objects.visible_to(request.user).filter(pk=number(request.GET.get("like"))).first()
    if earlier and earlier.type in FORMS:
        return FORMS[earlier.type].like(request.user, earlier)
    return FORMS[_type(request.GET)].carrying(request.user, request.GET)


def _shown(form: NewTask) -> dict[str, Any]:
    return {"form": form, "types": FORMS.values()}
