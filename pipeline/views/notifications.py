"""Notifications: the list, opening one, and marking them all read."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from content.forms import number
from content.views.signed_in import SignedIn
from pipeline.models import Notification

A_PAGE = 30


@require_safe
@login_required
def index(request: SignedIn) -> HttpResponse:
    """Newest first; `?before=` is the number of the last one on the page before."""
    mine = Notification.objects.of(request.user)
    before = number(request.GET.get("before"))
    rows = list((mine.filter(pk__lt=before) if before else mine)[: A_PAGE + 1])
    context = {"rows": rows[:A_PAGE], "older": rows[A_PAGE - 1].pk if len(rows) > A_PAGE else None, "before": before}
    return render(request, "pipeline/notifications.html", context)


@require_safe
@login_required
def bell(request: SignedIn) -> HttpResponse:
    """The bell alone: pages ask for it now and then."""
    return render(request, "pipeline/_bell.html")


@require_safe
@login_required
def show(request: SignedIn, pk: int) -> HttpResponse:
    """Mark it read, and go where it happened."""
    told = get_object_or_404(Notification.objects.of(request.user), pk=pk)
    Notification.objects.filter(pk=told.pk).mark_read()
    if url_has_allowed_host_and_scheme(told.address, allowed_hosts=None):
        return redirect(told.address)
    return redirect("notifications")


@require_POST
@login_required
def read_all(request: SignedIn) -> HttpResponse:
    """Those that the page showed, up to number `upto`: one that came since stays unread."""
    mine = Notification.objects.of(request.user)
    if upto := number(request.POST.get("upto")):
        mine.filter(pk__lte=upto).mark_read()
    return redirect("notifications")
