"""Publishing with a picture: text and picture are settled together, or neither goes out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from django.db import transaction

from content.errors import Invalid
from content.models import Piece, Post, User
from content.services import publishing
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing

Picture = int | None | Literal["default"]


@transaction.atomic
def publish(piece: Piece, *, by: User, picture: Picture = "default") -> Post:
    """Make the approved text public, with `picture`: the id of one of its images, None for none, or by default
    the chosen one, else its newest card.

    A card that shows an older title is drawn again first. Whether the piece may be published is asked, under its
    lock, before any picture is made public; the picture's files are there before the post is.
    """
    locked, _, _ = publishing.require_publishable(piece, by=by)
    return publishing.publish(piece, by=by, cover=_cover(locked, picture, by=by))


def unpublish(piece: Piece, *, by: User) -> Post:
    """Take the post off the public site; text and picture stay settled."""
    return publishing.unpublish(piece, by=by)


def _cover(piece: Piece, picture: Picture, *, by: User) -> Mapping[str, Any]:
    image = _picked(piece, picture)
    if image is None:
        return {}
    if candidates.is_outdated(image, piece):
        image = candidates.redrawn(image, piece)
    return choosing.choose(image, by=by)


def _picked(piece: Piece, picture: Picture) -> Image | None:
    if picture is None:
        return None
    images = candidates.for_piece(piece)
    if picture == "default":
        return images.filter(status=ImageStatus.CHOSEN).first() or images.filter(source=candidates.CARD).first()
    image = images.filter(pk=picture).first()
    if image is None:
        raise Invalid("That picture does not belong to this piece.", {"picture": ["Choose one of its own."]})
    return image
