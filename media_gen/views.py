"""Pictures at the desk: see the candidates, choose one, ask for another."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.middleware import HtmxDetails

from content.errors import Invalid
from content.forms import number
from content.models import Piece
from content.views import signed_in
from media_gen import storage
from media_gen.models import Image
from media_gen.services import candidates, choosing


class SignedIn(signed_in.SignedIn):
    """With what django-htmx adds."""

    htmx: HtmxDetails


@login_required
@require_GET
def preview(request: SignedIn, pk: int) -> HttpResponse:
    """A candidate's bytes, for those who may see its piece and for nobody else, caches included."""
    image = get_object_or_404(Image.objects.visible_to(request.user), pk=pk)
    try:
        content = storage.read(storage.PREVIEWS, image.preview)
    except FileNotFoundError as gone:
        raise Http404("This preview was cleaned up.") from gone
    return HttpResponse(content, content_type="image/webp", headers={"Cache-Control": "private, no-store"})


@login_required
@require_GET
def pictures(request: SignedIn, pk: int) -> HttpResponse:
    """The candidates of a piece; `?image=` is the one that is picked. For htmx only the part that changes."""
    return _page(request, _visible(request, pk), picked=number(request.GET.get("image")))


@login_required
@require_http_methods(["GET", "POST"])
def choose(request: SignedIn, pk: int) -> HttpResponse:
    """Settle on one picture, with the text for those who cannot see it."""
    piece = _visible(request, pk)
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect("piece-pictures", pk=piece.pk)
    images = candidates.for_piece(piece).select_related("piece__current")
    image = images.filter(pk=number(request.POST.get("image"))).first()
    if image is None:
        refusal = Invalid("Pick one of the pictures first.", {"image": ["Pick one."]})
        return _page(request, piece, refusal=refusal)
    alt = " ".join(request.POST.get("alt", "").replace("\x00", "").split())
    shown = images.filter(pk=number(request.POST.get("alt_of"))).first()
    if shown and shown != image and alt == shown.alt:
        alt = image.alt  # without a script the field still holds what was proposed for another picture
    try:
        choosing.choose(image, by=request.user, alt=alt)
    except Invalid as refusal:
        return _page(request, piece, picked=image.pk, alt=alt, refusal=refusal)
    return _done(request, piece, "This picture goes out with the text.")


@login_required
@require_http_methods(["GET", "POST"])
def redraw(request: SignedIn, pk: int) -> HttpResponse:
    """One more card."""
    piece = _visible(request, pk)
    if request.method == "GET":
        return redirect("piece-pictures", pk=piece.pk)
    image = candidates.another_card(piece, by=request.user)
    return _done(request, piece, "Here is another card.", picked=image.pk)


def _done(request: SignedIn, piece: Piece, says: str, *, picked: int = 0) -> HttpResponse:
    if request.htmx:
        return _page(request, piece, picked=picked, says=says)
    messages.success(request, says)
    return redirect("piece-pictures", pk=piece.pk)


def _page(
    request: SignedIn,
    piece: Piece,
    *,
    picked: int = 0,
    alt: str | None = None,
    says: str = "",
    refusal: Invalid | None = None,
) -> HttpResponse:
    images = list(candidates.for_piece(piece))
    picked_image = next((image for image in images if image.pk == picked), images[0] if images else None)
    context = {
        "piece": piece,
        "images": [(image, candidates.is_outdated(image, piece)) for image in images],
        "picked": picked_image,
        "alt": alt if alt is not None else (picked_image.alt if picked_image else ""),
        "says": says,
        "refusal": refusal,
        "fields": refusal.fields if refusal else {},
        "may_choose": request.user.reviews,
        "may_draw": request.user.reviews or piece.owner_id == request.user.pk,
    }
    template = "media_gen/_pictures.html" if request.htmx else "media_gen/pictures.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _visible(request: SignedIn, pk: int) -> Piece:
    pieces = Piece.objects.visible_to(request.user).select_related("current", "idea", "owner")
    return get_object_or_404(pieces, pk=pk)
