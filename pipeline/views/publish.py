"""Making a piece public, with its picture, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods

from content.errors import CopydeskError, Invalid, Stale
from content.models import Piece
from content.views.signed_in import SignedIn
from pipeline.services import publishing
from pipeline.services.publishing import Picture


@login_required
@require_http_methods(["GET", "POST"])
def publish(request: SignedIn, pk: int) -> HttpResponse:
    """Publish the approved text; a refusal comes back on the piece's page."""
    piece = _visible(request, pk)
    if request.method == "POST":
        try:
            post = publishing.publish(piece, by=request.user, picture=_picture(request, piece))
        except CopydeskError as refusal:
            messages.error(request, f"Not published. {refusal.message}")
        else:
            messages.success(request, f"“{post.title}” is public.")
    return redirect(piece)


@login_required
@require_http_methods(["GET", "POST"])
def unpublish(request: SignedIn, pk: int) -> HttpResponse:
    """Take it off the public site; text and picture stay approved."""
    piece = _visible(request, pk)
    if request.method == "POST":
        try:
            publishing.unpublish(piece, by=request.user)
        except CopydeskError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"“{piece}” is off the public site. It is still approved.")
    return redirect(piece)


def _visible(request: SignedIn, pk: int) -> Piece:
    return get_object_or_404(Piece.objects.visible_to(request.user).select_related("current"), pk=pk)


def _picture(request: SignedIn, piece: Piece) -> Picture:
    """The picture that was asked for. `Stale` when the text is no longer the one that the person saw approved."""
    seen = request.POST.get("version_hash", "")
    if seen and piece.current and seen != piece.current.hash:
        raise Stale(f"There is a newer text, version {piece.current.number}. Read it, then decide.")
    wanted = request.POST.get("picture", "default")
    if wanted == "default":
        return "default"
    if wanted == "none":
        return None
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 16):
        raise Invalid("Choose one of the pictures, or none.", {"picture": ["Choose one of its own."]})
    return int(wanted)
