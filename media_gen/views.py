"""Pictures at the desk: one preview, and the pieces whose pictures nobody has decided on."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Max, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from content.models import Piece, User
from content.views.signed_in import SignedIn
from media_gen import storage
from media_gen.models import Image, ImageStatus

A_PAGE = 20
SHOWN = 4  # pictures of a piece in the list


def preview_bytes(user: object, pk: int) -> HttpResponse:
    """A candidate's bytes, for those who may see its piece; 404 for everybody else, so that nobody learns whether there
    is one, and not kept by any cache."""
    if not isinstance(user, User):
        raise Http404("Previews are private.")
    image = get_object_or_404(Image.objects.visible_to(user), pk=pk)
    try:
        content = storage.read(storage.PREVIEWS, image.preview)
    except FileNotFoundError as gone:
        raise Http404("This preview was cleaned up.") from gone
    return HttpResponse(content, content_type="image/webp", headers={"Cache-Control": "private, no-store"})


@require_GET
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    return preview_bytes(request.user, pk)


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The pieces with pictures to decide on, the newest pictures first."""
    open_ones = Q(images__status=ImageStatus.CANDIDATE)
    pieces = Piece.objects.visible_to(request.user).with_current().filter(open_ones)
    counted = pieces.annotate(many=Count("images", filter=open_ones), newest=Max("images__created_at"))
    page = Paginator(counted.order_by("-newest", "-pk"), A_PAGE).get_page(request.GET.get("page"))
    shown = _newest_of(list(page.object_list))
    context = {"page": page, "rows": [(piece, shown.get(piece.pk, [])) for piece in page.object_list]}
    return render(request, "media_gen/images.html", context)


def _newest_of(pieces: Sequence[Piece]) -> dict[int, list[Image]]:
    """{piece id: its newest candidates}, in one query for all of them."""
    found: dict[int, list[Image]] = {}
    candidates = Image.objects.filter(piece__in=pieces, status=ImageStatus.CANDIDATE)
    for image in candidates.order_by("-created_at", "-pk"):
        of_piece = found.setdefault(image.piece_id, [])
        if len(of_piece) < SHOWN:
            of_piece.append(image)
    return found
