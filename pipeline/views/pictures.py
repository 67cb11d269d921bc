"""The images page of a piece: see its pictures come, approve one, ask for more, bring one's own.

It stands here and not with the pictures, because what is in the making is a task.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods
from django_htmx.middleware import HtmxDetails

from content.errors import CopydeskError, ExternalError, Invalid, NotAllowed
from content.forms import number
from content.models import Piece
from content.views import signed_in
from media_gen.models import Image
from media_gen.services import candidates, choosing, uploading
from pipeline.forms.pictures import MorePictures
from pipeline.views.contact import ContactSheet

TWICE = "You asked for this a moment ago. Nothing was queued twice."


class SignedIn(signed_in.SignedIn):
    """With what django-htmx adds."""

    htmx: HtmxDetails


@login_required
@require_GET
def pictures(request: SignedIn, pk: int) -> HttpResponse:
    """The contact sheet; `?image=` is the picture in hand. For htmx, on the piece's own page, a small one."""
    return _page(request, _sheet(request, _visible(request, pk), picked=number(request.GET.get("image"))))


@login_required
@require_GET
def live(request: SignedIn, pk: int) -> HttpResponse:
    """The parts of the page that change by themselves, each under its id; `?image=` as on the page."""
    sheet = _sheet(request, _visible(request, pk), picked=number(request.GET.get("image")))
    return render(request, "pipeline/_contact_live.html", {"sheet": sheet, "piece": sheet.piece})


@login_required
@require_http_methods(["GET", "POST"])
def choose(request: SignedIn, pk: int) -> HttpResponse:
    """Approve one picture, with the text for those who cannot see it; `again` names one whose upload had failed."""
    piece = _visible(request, pk)
    if request.method == "GET":  # a reload, or the way back from signing in
        return redirect("piece-pictures", pk=piece.pk)
    wanted = number(request.POST.get("again") or request.POST.get("image"))
    images = candidates.for_piece(piece).select_related("piece__current")
    image = images.filter(pk=wanted).first()
    if image is None:
        refusal = Invalid("Pick one of the pictures first.", {"image": ["Pick one."]})
        return _page(request, _sheet(request, piece, refusal=refusal))
    alt = _alt(request, image)
    try:
        choosing.choose(image, by=request.user, alt=alt, instead_of=_seen(request))
    except NotAllowed:
        raise
    except CopydeskError as refused:
        return _page(request, _sheet(request, piece, picked=image.pk, alt=alt, refusal=refused))
    says = "This picture goes out with the text."
    if request.htmx:
        return _page(request, _sheet(request, piece, picked=image.pk), says=says)
    messages.success(request, says)
    return redirect("piece-pictures", pk=piece.pk)


def _alt(request: SignedIn, image: Image) -> str:
    """What was typed. Without a script the field still holds what was proposed for the picture that was shown first."""
    alt = " ".join(request.POST.get("alt", "").replace("\x00", "").split())
    shown = number(request.POST.get("alt_of"))
    if shown == image.pk:
        return alt
    proposed = Image.objects.filter(pk=shown, piece=image.piece_id).values_list("alt", flat=True).first()
    return image.alt if alt == proposed or "again" in request.POST else alt


def _seen(request: SignedIn) -> int | None:
    """Which picture the page showed as chosen, 0 for none."""
    return number(request.POST["instead_of"]) if "instead_of" in request.POST else None


@login_required
@require_http_methods(["GET", "POST"])
def more(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for more pictures; with `like_picked` for more like the one in hand. The page shows them come."""
    piece = _visible(request, pk)
    back = redirect("piece-pictures", pk=piece.pk)
    if request.method == "GET":
        return back
    picked = number(request.POST.get("image"))
    form = MorePictures(request.user, piece, typed=request.POST)
    if "like_picked" in request.POST:
        unsaid = dict.fromkeys(("source", "prompt", "negative", "seed"), "")
        asked = form.ask(like=picked or None, **unsaid)
    else:
        asked = form.ask()
    if asked is None:
        return _page(request, _sheet(request, piece, picked=picked), form=form)
    if request.htmx:
        shown = _context(request, _sheet(request, piece, picked=picked), form)
        return render(request, "pipeline/_more_asked.html", shown)
    if not asked[1]:
        messages.info(request, TWICE)
    return redirect(f"{back.url}{f'?image={picked}' if picked else ''}#making-{asked[0].pk}")


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: SignedIn, pk: int) -> HttpResponse:
    """Keep a picture that a person brings: a file, or one at an address."""
    piece = _visible(request, pk)
    if request.method == "GET":
        return redirect("piece-pictures", pk=piece.pk)
    try:
        image = _brought(request, piece)
    except (Invalid, ExternalError) as refused:
        return _page(request, _sheet(request, piece), brought=refused)
    messages.success(request, "It is here, and private until it is approved.")
    return redirect(f"{reverse('piece-pictures', args=[piece.pk])}?image={image.pk}")


def _brought(request: SignedIn, piece: Piece) -> Image:
    file, address = request.FILES.get("file"), request.POST.get("address", "").strip()
    if file is None:
        if address and settings.IMAGE_HOSTS:
            return uploading.bring(piece, address, by=request.user)
        raise Invalid("Choose a file first.", {"file": ["Choose a file first."]})
    if file.size and file.size > settings.IMAGE_MB * 1_000_000:
        raise Invalid(f"That file is larger than {settings.IMAGE_MB} MB.")
    return uploading.upload(piece, file.read(), name=file.name or "", by=request.user)


def _page(
    request: SignedIn,
    sheet: ContactSheet,
    *,
    form: MorePictures | None = None,
    brought: CopydeskError | None = None,
    says: str = "",
) -> HttpResponse:
    """The page, or for htmx the part of it that was asked for, with the status of what was refused."""
    refused = sheet.refusal or brought
    status = refused.status if refused else 400 if form else 200
    context = {**_context(request, sheet, form), "brought": brought, "says": says}
    if not request.htmx:
        return render(request, "pipeline/pictures.html", context, status=status)
    return render(request, "pipeline/_more.html" if form else "pipeline/_pictures.html", context, status=status)


def _context(request: SignedIn, sheet: ContactSheet, form: MorePictures | None = None) -> dict[str, Any]:
    form = form or MorePictures(request.user, sheet.piece, like=sheet.picked)
    return {
        "sheet": sheet,
        "piece": sheet.piece,
        "more": form,
        "image_mb": settings.IMAGE_MB,
        "image_hosts": settings.IMAGE_HOSTS,
    }


def _sheet(request: SignedIn, piece: Piece, **shown: Any) -> ContactSheet:
    return ContactSheet(request.user, piece, **shown)


def _visible(request: SignedIn, pk: int) -> Piece:
    pieces = Piece.objects.visible_to(request.user).select_related("current", "idea", "owner")
    return get_object_or_404(pieces, pk=pk)
