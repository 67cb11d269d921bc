"""A guest's page: one version, who asks, and the three verdicts. And the desk's side of it: asking, and taking it back.

What the guest sees names nobody but who asked, and leads nowhere but to what the article itself leads to.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from content.errors import CopydeskError, Invalid
from content.forms import number
from content.models import GuestLink, Piece
from content.services import guest_links

from . import preview
from .signed_in import SignedIn

# As for a preview, but the form needs to say where it was sent from: a browser that may send no referrer sends the
# origin “null”, which is refused as another site's.
HEADERS = {**preview.HEADERS, "Referrer-Policy": "same-origin"}
HEADLINES = {
    "not_found": "There is no such link",
    "gone": "This link has ended",
    "used": "You have decided",
    "overtaken": "It is settled without you",
    "too_many": "Not now",
}


@require_http_methods(["GET", "HEAD", "POST"])
def guest(request: HttpRequest, token: str) -> HttpResponse:
    """The version and the form; what was decided, or why nothing can be; by a POST, the decision."""
    response = _decided(request, token) if request.method == "POST" else _asked(request, token)
    for name, value in HEADERS.items():
        response[name] = value
    return response


def _asked(request: HttpRequest, token: str) -> HttpResponse:
    try:
        link = guest_links.read(token)
    except CopydeskError as refusal:
        return _ended(request, refusal)
    if request.method == "GET":
        guest_links.opened(link)
    return _page(request, link)


def _decided(request: HttpRequest, token: str) -> HttpResponse:
    verdict, feedback = _typed(request, "verdict"), _typed(request, "feedback")
    try:
        decision = guest_links.decide(token, verdict, feedback)
    except CopydeskError as refusal:
        return _refused(request, token, refusal, feedback)
    return render(request, "content/guest_done.html", {"decision": decision, "link": decision.guest})


def _refused(request: HttpRequest, token: str, refusal: CopydeskError, feedback: str) -> HttpResponse:
    """The form again, with what was written, as long as its guest can still decide; else why not, in a guest's words."""
    if refusal.code in HEADLINES:
        return _ended(request, refusal)
    try:
        link = guest_links.read(token)
    except CopydeskError as ended:  # somebody was first, between the reading and the deciding
        return _ended(request, ended)
    return _page(request, link, status=refusal.status, refusal=refusal, feedback=feedback)


def _page(request: HttpRequest, link: GuestLink, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "content/guest.html", {"link": link, **preview.shown(link.version), **more}, status=status)


def _ended(request: HttpRequest, refusal: CopydeskError) -> HttpResponse:
    context = {"refusal": refusal, "headline": HEADLINES[refusal.code], "decision": getattr(refusal, "decision", None)}
    return render(request, "content/guest_ended.html", context, status=refusal.status)


# --- At the desk ---


@login_required
@require_http_methods(["GET", "POST"])
def ask(request: SignedIn, pk: int) -> HttpResponse:
    """Make a link for somebody without an account to the version whose hash is sent along."""
    piece = _visible(request, pk)
    if request.method == "POST":
        try:
            read = piece.versions.filter(hash=_typed(request, "version_hash")).order_by("-number").first()
            if read is None:
                raise Invalid("The version that you ask about is not one of this piece.")
            days = _typed(request, "days")
            link = guest_links.make(
                read,
                by=request.user,
                name=_typed(request, "name"),
                days=number(days) if days else guest_links.USUAL_DAYS,
            )
        except CopydeskError as refusal:
            _say_why(request, refusal)
        else:
            messages.success(request, f"Send {link.name} the address below. It works once, for this version.")
    return redirect(f"{piece.get_absolute_url()}?panel=publishing#guests")


@login_required
@require_http_methods(["GET", "POST"])
def take_back(request: SignedIn, pk: int, link: int) -> HttpResponse:
    """A link leads nowhere any more."""
    piece = _visible(request, pk)
    if request.method == "POST":
        found = get_object_or_404(GuestLink.objects.select_related("version__piece"), pk=link, version__piece=piece)
        try:
            guest_links.take_back(found, by=request.user)
        except CopydeskError as refusal:
            _say_why(request, refusal)
        else:
            messages.success(request, f"{found.name} cannot decide any more.")
    return redirect(f"{piece.get_absolute_url()}?panel=publishing#guests")


def _visible(request: SignedIn, pk: int) -> Piece:
    return get_object_or_404(Piece.objects.visible_to(request.user), pk=pk)


def _say_why(request: SignedIn, refusal: CopydeskError) -> None:
    why = [sentence for sentences in getattr(refusal, "fields", {}).values() for sentence in sentences]
    messages.error(request, " ".join([refusal.message, *why]))


def _typed(request: HttpRequest, name: str) -> str:
    """What was typed, without the one character that PostgreSQL cannot keep."""
    return str(request.POST.get(name, "")).replace("\x00", "")
