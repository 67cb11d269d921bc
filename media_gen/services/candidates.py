"""Candidates: the pictures that a person may choose from. Private until one is chosen."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Case, IntegerField, Value, When

from content import permissions
from content.models import Piece, User
from content.services import audit
from media_gen import sources, storage
from media_gen.models import Image, ImageQuerySet, ImageStatus
from media_gen.sources.base import Made, Request

CARD = "card"


def draw_card(piece: Piece, title: str, *, seed: int = 0, key: str) -> Image:
    """A typographic card for `piece` with `title` on it; the one that `key` names already, if there is one."""
    known = piece.images.filter(key=key).first()
    return known or keep(piece, draw(piece, title, seed=seed), source=CARD, key=key)


def draw(piece: Piece, title: str, *, seed: int = 0) -> Made:
    """Only draw it; nothing is stored."""
    asked = Request(title=title, seed=seed, category=piece.idea.category, site=settings.SITE_NAME)
    return next(sources.get(CARD)(asked))


def keep(piece: Piece, made: Made, *, source: str, key: str) -> Image:
    """Store a picture as a candidate of `piece`, once for each `key`."""
    image, _ = Image.objects.get_or_create(
        piece=piece,
        key=key,
        defaults={
            "source": source,
            "preview": storage.keep(storage.PREVIEWS, made.image, "webp"),
            "alt": made.alt,
            "credit": made.credit,
            "credit_url": made.credit_url,
            "width": made.width,
            "height": made.height,
            "seconds": made.seconds,
            "made": made.provenance,
        },
    )
    return image


@transaction.atomic
def another_card(piece: Piece, *, by: User) -> Image:
    """One more card with the title that the piece has now, in the next ground and drawing."""
    permissions.require_writer(by, piece)
    # Of two who ask at once the second gets the seed after the first's.
    Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    seeds = [int(made.get("seed", 0)) for made in piece.images.filter(source=CARD).values_list("made", flat=True)]
    seed = max(seeds, default=-1) + 1
    image = draw_card(piece, piece.title, seed=seed, key=f"asked-{seed}")
    audit.record("image.drawn", image, by=by, piece=piece.pk, seed=seed)
    return image


def for_piece(piece: Piece) -> ImageQuerySet:
    """The pictures of a piece: the chosen one first, then the newest."""
    chosen_first = Case(When(status=ImageStatus.CHOSEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Image.objects.filter(piece=piece).order_by(chosen_first, "-created_at", "-pk")


def is_outdated(image: Image, piece: Piece) -> bool:
    """A card whose title is not the piece's any more."""
    return image.source == CARD and image.made.get("title") != piece.title


def redrawn(image: Image, piece: Piece) -> Image:
    """The same card with the title that the piece has now."""
    seed = int(image.made.get("seed", 0))
    version = piece.current_id or 0
    return draw_card(piece, piece.title, seed=seed, key=f"title-of-{version}-{seed}")
