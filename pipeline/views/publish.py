"""Publishing at the desk: now, at a date, elsewhere by hand; taking it back; its address; and previews to send around.

Each is a plain form on the piece's page, and comes back there with what happened, or with why it did not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from content.errors import CopydeskError, Invalid
from content.forms import number
from content.models import Piece, Post
from content.services import preview_links
from content.services import publishing as by_hand
from content.views.signed_in import SignedIn
from pipeline.forms import publishing as typed
from pipeline.services import deliveries, publishing
from pipeline.services.publishing import Picture

Act = Callable[[SignedIn, Piece], str]


def on_piece(refused: str = "") -> Callable[[Act], Callable[..., HttpResponse]]:
    """A view that does one thing to a piece and says what it did; a refusal is told after the word `refused`."""

    def made(act: Act) -> Callable[..., HttpResponse]:
        @login_required
        @require_http_methods(["GET", "POST"])
        @wraps(act)
        def view(request: SignedIn, pk: int) -> HttpResponse:
            seen = Piece.objects.visible_to(request.user).select_related("current", "idea", "owner")
            piece = get_object_or_404(seen, pk=pk)
            if request.method == "POST":
                try:
                    says = act(request, piece)
                except Invalid as refusal:
                    why = [sentence for sentences in refusal.fields.values() for sentence in sentences]
                    messages.error(request, " ".join([refused, refusal.message, *why]).strip())
                except CopydeskError as refusal:
                    messages.error(request, f"{refused} {refusal.message}".strip())
                else:
                    messages.success(request, says)
            return redirect(f"{piece.get_absolute_url()}?panel=publishing")

        return view

    return made


@on_piece("Not published.")
def publish(request: SignedIn, piece: Piece) -> str:
    """Publish the approved text: now, or, where a day and time were sent along, then."""
    about: dict[str, Any] = {"picture": _picture(request)}
    about |= {name: _text(request, name) for name in ("slug", "version_hash")}
    if request.POST.get("when") == "date":
        at = typed.moment(request.user, _text(request, "on"), _text(request, "at"))
        seen = number(request.POST.get("task"))
        publishing.schedule(piece, at=at, by=request.user, instead_of=seen, **about)
        return f"“{piece}” goes out {typed.says(request.user, at)}."
    out = publishing.publish(piece, by=request.user, **about)
    if out.warning:
        messages.warning(request, out.warning)
    return f"“{out.post.title}” is public." + (" Other places follow." if out.task else "")


@on_piece()
def call_off(request: SignedIn, piece: Piece) -> str:
    """Nothing goes out at the date that was set."""
    publishing.call_off(piece, by=request.user, task=number(request.POST.get("task")))
    return f"The date is off: “{piece}” goes out when somebody publishes it."


@on_piece()
def unpublish(request: SignedIn, piece: Piece) -> str:
    """Take it off the public site; text and picture stay approved."""
    out = publishing.unpublish(piece, by=request.user)
    return f"“{piece}” is off the public site. It is still approved." + (" Other places follow." if out.task else "")


@on_piece("The address stays as it was.")
def address(request: SignedIn, piece: Piece) -> str:
    """Give its article another address."""
    seen = _text(request, "instead_of")
    out = publishing.move(piece, by=request.user, slug=_text(request, "slug"), instead_of=seen)
    if out.warning:
        messages.warning(request, out.warning)
    if out.post.slug == seen:
        return "That is its address already."
    return f"The article is at /posts/{out.post.slug}/ now. The old address leads there."


@on_piece("No link was made.")
def preview_link(request: SignedIn, piece: Piece) -> str:
    """Make a link to one version, for somebody without an account."""
    version = get_object_or_404(piece.versions.select_related("piece"), number=number(request.POST.get("version")))
    days = request.POST.get("days", "")
    link = preview_links.make(version, by=request.user, days=number(days) if days else None)
    return f"Whoever has the link reads version {link.version.number} until {link.ends_at.day} {link.ends_at:%B}."


@on_piece("Not marked.")
def mark(request: SignedIn, piece: Piece) -> str:
    """A person has pasted it where it belongs."""
    url, seen = _text(request, "url"), _text(request, "version_hash")
    by_hand.mark_published(piece, by=request.user, url=url, version_hash=seen)
    return f"“{piece}” is marked as published on {piece.on.name}."


@on_piece()
def unmark(request: SignedIn, piece: Piece) -> str:
    by_hand.unmark(piece, by=request.user)
    return f"“{piece}” is not marked as published any more. It is still approved."


@on_piece()
def deliver(request: SignedIn, piece: Piece) -> str:
    """Bring the other places in step, after one of them refused or did not answer."""
    task = deliveries.follow(get_object_or_404(Post, piece=piece), by=request.user)
    if task is None:
        raise Invalid("There is no other place to bring in step.")
    return "It is sent again. See below how far it is."


def _text(request: SignedIn, name: str) -> str:
    """What was typed, without the one character that PostgreSQL cannot keep."""
    return request.POST.get(name, "").replace("\x00", "")


def _picture(request: SignedIn) -> Picture:
    wanted = request.POST.get("picture", "default")
    if wanted in ("default", "none"):
        return "default" if wanted == "default" else None
    if not number(wanted):
        raise Invalid("Choose one of the pictures, or none.")
    return number(wanted)
