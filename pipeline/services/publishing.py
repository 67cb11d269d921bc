"""Publishing with a picture: text and picture are settled together, or neither goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.db import transaction

from content.errors import Invalid, Stale
from content.models import Piece, Post, Status, User
from content.services import publishing
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing

Picture = int | None | Literal["default"]


def publish(piece: Piece, *, by: User, picture: Picture = "default") -> Post:
    """Make the approved text public, with `picture`: the id of one of its images, None for none, or by default
    the chosen one, else its newest card.

    A card that shows an older title, or was cleaned up, is drawn again first. Whether the piece may be published is
    asked before any picture is made public, and again, under its lock, when the picture's files are there: making
    and sending them takes its time, and holds up nobody.

    A piece that is public and whose chosen picture was replaced is published again, with that picture and the text
    that is public.
    """
    with transaction.atomic():
        before, replacing = _publishable(piece, by=by)
        image = _picked(before, picture, replacing=replacing)
        chosen = _chosen(before)
    facts = choosing.publish_files(image, by=by, instead_of=chosen) if image else None
    with transaction.atomic():
        locked, replacing_now = _publishable(piece, by=by)
        if replacing_now != replacing or locked.current_id != before.current_id:
            raise Stale(f"“{locked}” was changed meanwhile. Look at it again.")
        cover: Mapping[str, Any] = {}
        if image and facts:
            cover = choosing.settle(image, facts, by=by, instead_of=chosen)
        if replacing:
            return publishing.replace_cover(piece, by=by, cover=cover)
        return publishing.publish(piece, by=by, cover=cover)


def unpublish(piece: Piece, *, by: User) -> Post:
    """Take the post off the public site; text and picture stay settled."""
    return publishing.unpublish(piece, by=by)


def _publishable(piece: Piece, *, by: User) -> tuple[Piece, bool]:
    """The piece, locked, and whether only its picture is to be replaced; else the refusal that says why not."""
    locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea", "owner").get(pk=piece.pk)
    if locked.status == Status.PUBLISHED and choosing.waits_to_replace(locked):
        return locked, True
    locked, _, _ = publishing.require_publishable(piece, by=by)
    return locked, False


def _picked(piece: Piece, picture: Picture, *, replacing: bool) -> Image | None:
    if picture is None:
        return None
    images = candidates.for_piece(piece)
    if picture != "default":
        image = images.filter(pk=picture).first()
        if image is None:
            raise Invalid("That picture does not belong to this piece.", {"picture": ["Choose one of its own."]})
    else:
        image = images.filter(status=ImageStatus.CHOSEN).first()
        if image is None and not replacing:
            image = images.filter(source=candidates.CARD).first()
    return _as_of_now(image, piece) if image else None


def _as_of_now(image: Image, piece: Piece) -> Image:
    """The same card with the title that the piece has now, drawn again if its preview is gone."""
    if candidates.is_outdated(image, piece):
        image = candidates.redrawn(image, piece)
    if image.status == ImageStatus.EXPIRED and image.source == candidates.CARD:
        seed = int(image.made.get("seed", 0))
        image = candidates.draw_card(piece, piece.title, seed=seed, key=f"again-{image.pk}")
    return image


def _chosen(piece: Piece) -> int:
    found = piece.images.filter(status=ImageStatus.CHOSEN).values_list("pk", flat=True).first()
    return found or 0
