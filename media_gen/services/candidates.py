"""Candidates: the pictures that a person may choose from. Private until one is chosen."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Case, IntegerField, Value, When

from content.models import Piece
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
    return next(iter(sources.get(CARD)(request(piece, title=title, seed=seed))))


def request(piece: Piece, **asked: Any) -> Request:
    """What any source is asked for `piece`; its title is the one that it has now, unless another is given."""
    about = {"title": piece.title, "category": piece.idea.category, "site": settings.SITE_NAME}
    return Request(**{**about, **asked})


def proposed_prompt(piece: Piece) -> str:
    """What a picture could show: what came with its text, else what it is about."""
    facts = piece.current.facts if piece.current else {}
    return str(facts.get("image_prompt") or piece.title or piece.idea.title)


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


def how(image: Image) -> str:
    """Enough to tell it from its siblings: “seed 418204, 30 steps”; empty where it was not made here."""
    made = image.made
    says = [f"seed {made['seed']}"] if made.get("seed") is not None else []
    return ", ".join([*says, f"{made['steps']} steps"] if made.get("steps") else says)


def for_piece(piece: Piece) -> ImageQuerySet:
    """The pictures of a piece: the chosen one first, then the newest."""
    chosen_first = Case(When(status=ImageStatus.CHOSEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Image.objects.filter(piece=piece).order_by(chosen_first, "-created_at", "-pk")


def default(piece: Piece) -> Image | None:
    """The one that goes out with it where nobody says otherwise: the chosen one, else its newest card."""
    images = for_piece(piece)
    return images.filter(status=ImageStatus.CHOSEN).first() or images.filter(source=CARD).first()


def is_outdated(image: Image, piece: Piece) -> bool:
    """A card whose title is not the piece's any more."""
    return image.source == CARD and image.made.get("title") != piece.title


def redrawn(image: Image, piece: Piece) -> Image:
    """The same card with the title that the piece has now."""
    seed = int(image.made.get("seed", 0))
    version = piece.current_id or 0
    return draw_card(piece, piece.title, seed=seed, key=f"title-of-{version}-{seed}")
