"""The piece page: read, compare, edit, restore, decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from content import permissions
from content.errors import CopydeskError, Invalid, Stale
from content.forms import number
from content.models import Piece, User, Verdict, Version
from content.services import comparing, editing, review

from . import deciding
from .measuring import Measured
from .sheet import PANELS, Sheet
from .signed_in import SignedIn


@login_required
@require_GET
def piece(request: SignedIn, pk: int) -> HttpResponse:
    """One piece; `?version=` and `?against=` say what is compared, `?marks=` and `?panel=` what is shown.

    `?compact=1` leaves out what stands above the text, here and from now on; 0 brings it back.
    """
    if request.GET.get("compact") in ("0", "1"):
        request.session["compact"] = request.GET["compact"] == "1"
    return page(request, _visible(request.user, pk))


@login_required
@require_GET
def compare(request: SignedIn, pk: int) -> HttpResponse:
    """Any two versions, `?from=` and `?to=`, at an address that can be handed around."""
    found = _visible(request.user, pk)
    asked = QueryDict(mutable=True)
    if to := request.GET.get("to"):
        asked["version"] = to
    if old := request.GET.get("from"):
        asked["against"] = old
    return redirect(f"{found.get_absolute_url()}?{asked.urlencode()}")


@login_required
@require_http_methods(["GET", "POST"])
def decide(request: SignedIn, pk: int) -> HttpResponse:
    """Approve, request changes, reject or take back, on exactly the version whose hash is sent along."""
    found = _visible(request.user, pk)
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect(found)
    verdict, feedback = request.POST.get("verdict", ""), _text(request, "feedback")
    place = deciding.place_of(request, found)
    try:
        if verdict not in Verdict.values:
            raise Invalid("Say what you decided: approve, request changes or reject.")
        decision = review.decide(_read(found, request), verdict, by=request.user, feedback=feedback)
    except CopydeskError as refusal:
        found.refresh_from_db()
        return page(request, found, refusal=refusal, feedback=feedback)
    return deciding.after(request, found, decision, place=place)


@login_required
@require_http_methods(["GET", "POST"])
def restore(request: SignedIn, pk: int) -> HttpResponse:
    """An older text becomes the newest version."""
    found = _visible(request.user, pk)
    if request.method == "GET":
        return redirect(found)
    old = get_object_or_404(found.versions.light(), number=number(request.POST.get("number")))
    before = found.current.number if found.current else 0
    try:
        version = editing.restore(found, old.number, by=request.user, based_on=_text(request, "version_hash"))
    except CopydeskError as refusal:
        return page(request, found, refusal=refusal)
    if version.number == before:
        messages.info(request, f"The newest version has the text of version {old.number} already.")
    else:
        messages.success(request, f"Version {old.number} is back, as version {version.number}.")
    return redirect(f"{found.get_absolute_url()}?panel=history")


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """The text in an editor. Saving makes a new version; whatever is refused stays in the form."""
    found = _visible(request.user, pk)
    try:
        permissions.require_writer(request.user, found)
        if request.method == "POST":
            return _save(request, found)
    except Invalid as refusal:
        return _editor(request, found, refusal=refusal)
    except Stale as refusal:
        return _editor(request, found, refusal=refusal, conflict=True)
    except CopydeskError as refusal:
        return page(request, found, refusal=refusal)
    if not found.is_written or found.current is None:
        return redirect(found)
    return _editor(request, found)


@login_required
@require_POST
def measure(request: SignedIn, pk: int) -> HttpResponse:
    """The figures and the preview of a text as it is typed, as they would be once saved. Nothing is kept of it."""
    found = _visible(request.user, pk)
    permissions.require_writer(request.user, found)
    return render(request, "content/_answer.html", {"piece": found, "measured": _measured(found, *_typed(request))})


def _measured(piece: Piece, title: str, body: str) -> Measured | None:
    """None for what is longer than any text that can be saved."""
    title, body = editing.tidied(piece, title, body)
    return Measured(piece, title, body) if len(body) <= editing.MAX_BODY else None


def _save(request: SignedIn, piece: Piece) -> HttpResponse:
    title, body = _typed(request)
    before = piece.current_id
    version = editing.save_edit(piece, by=request.user, based_on=_text(request, "version_hash"), title=title, body=body)
    if version.pk == before:
        messages.info(request, "Nothing was changed, so nothing was saved.", extra_tags="saved")
    else:
        messages.success(request, f"Saved as version {version.number}.", extra_tags="saved")
    return redirect(piece)


def _typed(request: SignedIn) -> tuple[str, str]:
    """Title and Markdown as typed. The editor shows a text without its title line; it is put back here."""
    title, body = " ".join(_text(request, "title").split()), _text(request, "body").replace("\r\n", "\n")
    if request.POST.get("titled") and body.strip() and not body.lstrip().startswith("# "):
        body = f"# {title}\n\n{body}"
    return title, body


def _untitled(version: Version) -> tuple[bool, str]:
    """Whether the text opens with exactly its title, and the text without that line."""
    opening = f"# {version.title}\n\n"
    return (True, version.body.removeprefix(opening)) if version.body.startswith(opening) else (False, version.body)


def _editor(
    request: SignedIn, piece: Piece, *, refusal: CopydeskError | None = None, conflict: bool = False
) -> HttpResponse:
    newest = piece.versions.select_related("by").latest("number")
    titled, body = (False, newest.body) if piece.is_plain else _untitled(newest)
    title, difference = newest.title, None
    if refusal is not None:
        titled, title, body = bool(request.POST.get("titled")), _text(request, "title"), _text(request, "body")
    if conflict:
        newest.piece = piece
        difference = comparing.with_typed(newest, editing.tidied(piece, *_typed(request))[1], by=request.user)
    context = {
        "piece": piece,
        "version": newest,
        "titled": titled,
        "title_typed": title,
        "body_typed": body,
        "refusal": refusal,
        "fields": getattr(refusal, "fields", {}),
        "difference": difference,
        # Sent back as it came, so that saving again stays refused until the person has seen the difference.
        "based_on": request.POST.get("version_hash", "") if refusal and not conflict else newest.hash,
        "measured": _measured(piece, *(_typed(request) if refusal else (newest.title, newest.body))),
        "findings": [finding for finding in newest.checks.findings if finding.level != "pass"] if newest.report else [],
        "asked_for": piece.decisions.select_related("by", "guest__asked_by").first(),
    }
    return render(request, "content/edit.html", context, status=refusal.status if refusal else 200)


def page(request: SignedIn, piece: Piece, *, refusal: CopydeskError | None = None, feedback: str = "") -> HttpResponse:
    """The piece as the address asks for it; with a `refusal` also why not, and the `feedback` that was not sent."""
    context: dict[str, Any] = {
        "piece": piece,
        "sheet": Sheet(piece, request.GET),
        "panels": PANELS,
        "reading": deciding.Reading(piece, request.GET, request.user),
        "rail_open": not _is_phone(request),
        "refusal": refusal,
        "feedback": feedback,
        "read": _hashed(piece, request) if isinstance(refusal, Stale) else None,
        "may_decide": permissions.may_decide(request.user, piece.current),
        "may_write": request.user.reviews or piece.owner_id == request.user.pk,
        "here": reverse("piece", args=[piece.pk]),
        "is_compact": request.session.get("compact", False),
    }
    return render(request, "content/piece.html", context, status=refusal.status if refusal else 200)


def _visible(user: User, pk: int) -> Piece:
    pieces = Piece.objects.visible_to(user).select_related("current__by", "idea", "owner")
    return get_object_or_404(pieces, pk=pk)


def _read(piece: Piece, request: SignedIn) -> Version:
    """The version that the reviewer read, by its hash; `Stale` when this piece never had it."""
    version = _hashed(piece, request)
    if version is None:
        raise Stale("The version you decided on is not one of this piece. Read it again, then decide.")
    return version


def _hashed(piece: Piece, request: SignedIn) -> Version | None:
    return piece.versions.filter(hash=_text(request, "version_hash")).order_by("-number").first()


def _text(request: SignedIn, name: str) -> str:
    """What was typed, without the one character that PostgreSQL cannot keep."""
    return request.POST.get(name, "").replace("\x00", "")


def _is_phone(request: SignedIn) -> bool:
    """On a phone the queue starts closed, so that the text begins on the first screen."""
    return request.headers.get("sec-ch-ua-mobile") == "?1" or "Mobi" in request.headers.get("user-agent", "")
