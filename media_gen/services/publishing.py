"""Publishing with a picture: text and picture are settled together, or neither goes out.

Below the tasks, since one of their stages publishes at a date; `pipeline.services.publishing` is what people call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal

from django.db import transaction

from content.errors import Invalid, InvalidMove, NotAllowed, Stale
from content.models import Piece, Post, Status, User
from content.services import publishing
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing

Picture = int | None | Literal["default"]
Fence = Callable[[], AbstractContextManager[Any]]


def publish(
    piece: Piece,
    *,
    by: User,
    picture: Picture = "default",
    slug: str = "",
    version_hash: str = "",
    fence: Fence = transaction.atomic,
) -> Post:
    """Make the approved text public, with `picture`: the id of one of its images, None for none, or by default
    the chosen one, else its newest card; at an address like `slug`, where one is given. `version_hash` is of the text
    that the person read: `Stale` where another is the newest by now.

    A card that shows an older title, or was cleaned up, is drawn again first. Whether the piece may be published is
    asked before any picture is made public, and again, under its lock, when the picture's files are there: making
    and sending them takes its time, and holds up nobody. `fence` opens the transaction in which it becomes public.

    A piece that is public and whose chosen picture was replaced is published again, with that picture and the text
    that is public.
    """
    with transaction.atomic():
        before, replacing = _publishable(piece, by=by)
        if version_hash and before.current and before.current.hash != version_hash:
            raise Stale(f"There is a newer text, version {before.current.number}. Read it, then decide.")
        image = picked(before, picture, replacing=replacing)
        image = _as_of_now(image, before) if image else None
        chosen = _chosen(before)
    facts = choosing.publish_files(image, by=by, instead_of=chosen) if image else None
    with fence():
        locked, replacing_now = _publishable(piece, by=by)
        if replacing_now != replacing or locked.current_id != before.current_id:
            raise Stale(f"“{locked}” was changed meanwhile. Look at it again.")
        cover: Mapping[str, Any] = {}
        if image and facts:
            cover = choosing.settle(image, facts, by=by, instead_of=chosen)
        if replacing:
            return publishing.replace_cover(piece, by=by, cover=cover)
        return publishing.publish(piece, by=by, cover=cover, slug=slug)


def publish_as_planned(
    piece_pk: int, *, by: User, version_hash: str, picture: Picture = "default", slug: str = "", fence: Fence
) -> Post:
    """What was set for a date, done at that date: exactly the text that was approved then, by the person who set it.

    Raises a `CopydeskError` that says why nothing goes out: the text was edited, its approval taken back, the piece
    deleted, or the person may not publish any more. A second run finds the same text public, and gives its post.
    """
    person = User.objects.filter(pk=by.pk, is_active=True).first()
    if person is None:
        raise NotAllowed(f"{by} set the date, and may not sign in here any more. Somebody else has to publish it.")
    piece = Piece.objects.select_related("current").filter(pk=piece_pk).first()
    if piece is None:
        raise InvalidMove("The piece is not there any more.")
    post = Post.objects.live().filter(piece=piece, version_hash=version_hash).first()
    if post is not None and piece.status == Status.PUBLISHED:
        return post
    if piece.current is None or piece.current.hash != version_hash:
        planned = piece.versions.filter(hash=version_hash).order_by("-number").first()
        was, now = planned.number if planned else "?", piece.current.number if piece.current else "?"
        raise Stale(f"Version {was} was to go out, but version {now} is newer. Nothing was published.")
    return publish(piece, by=person, picture=picture, slug=slug, version_hash=version_hash, fence=fence)


def _publishable(piece: Piece, *, by: User) -> tuple[Piece, bool]:
    """The piece, locked, and whether only its picture is to be replaced; else the refusal that says why not."""
    locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea", "owner").get(pk=piece.pk)
    if locked.status == Status.PUBLISHED and choosing.waits_to_replace(locked):
        return locked, True
    locked, _, _ = publishing.require_publishable(piece, by=by)
    return locked, False


def picked(piece: Piece, picture: Picture, *, replacing: bool = False) -> Image | None:
    """The image that would go out with this piece; `Invalid` for one that is not its own."""
    if picture is None:
        return None
    if picture == "default":
        image = candidates.default(piece)
        return None if replacing and image and image.status != ImageStatus.CHOSEN else image
    image = candidates.for_piece(piece).filter(pk=picture).first()
    if image is None:
        raise Invalid("That picture does not belong to this piece.", {"picture": ["Choose one of its own."]})
    return image


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
