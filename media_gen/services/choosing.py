"""Choosing: a person settles on one picture, and from then on it may be public."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from content import permissions
from content.errors import Invalid
from content.models import Piece, User
from content.services import audit
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.services.derivatives import derive

MAX_ALT = 300  # characters


@transaction.atomic
def choose(image: Image, *, by: User, alt: str = "") -> dict[str, Any]:
    """Copy `image` to the public storage, mark the piece's others as not chosen, and give its public facts:
    {url, srcset, alt, width, height, credit, source, variants: [{url, width, height, type}]}.

    `url` is a JPEG, which every reader of pages, feeds and previews understands; `srcset` lists the WebP sizes.
    Without `alt` the proposed text stands; with neither, and with one of more than 300 characters, `Invalid`.
    Choosing it again changes nothing.
    """
    permissions.require_reviewer(by, image.piece)
    alt = " ".join((alt or image.alt).split())
    if not alt:
        raise Invalid("Say what is in the picture, for readers who cannot see it.", {"alt": ["Needed to use it."]})
    if len(alt) > MAX_ALT:
        raise Invalid("The alt text is too long.", {"alt": [f"At most {MAX_ALT} characters, this has {len(alt)}."]})
    Piece.objects.select_for_update(of=("self",)).get(pk=image.piece_id)  # one person chooses at a time
    facts = _published(image, alt)
    before = Image.objects.filter(pk=image.pk).values_list("status", "alt").get()
    others = Image.objects.filter(piece=image.piece_id).exclude(pk=image.pk)
    others.exclude(status=ImageStatus.NOT_CHOSEN).update(status=ImageStatus.NOT_CHOSEN)
    image.status, image.alt = ImageStatus.CHOSEN, alt
    image.save(update_fields=["status", "alt", "public"])
    Piece.objects.filter(pk=image.piece_id).update(cover=facts)
    image.piece.cover = facts
    if before != (ImageStatus.CHOSEN, alt):
        audit.record("image.chosen", image, by=by, piece=image.piece_id, source=image.source, url=facts["url"])
    return facts


def _published(image: Image, alt: str) -> dict[str, Any]:
    """Write the public files of `image`; names are content hashes, so a second time writes nothing."""
    variants: list[dict[str, Any]] = []
    for derivative in derive(storage.read(storage.PREVIEWS, image.preview)):
        path = storage.keep(storage.PUBLIC, derivative.content, derivative.suffix)
        size = {"width": derivative.width, "height": derivative.height, "type": derivative.type}
        variants.append({"url": storage.url(path), **size})
        if derivative.type == "image/jpeg":
            image.public = path
    webp = [variant for variant in variants if variant["type"] == "image/webp"]
    largest = variants[-1]
    return {
        "url": largest["url"],
        "srcset": ", ".join(f"{variant['url']} {variant['width']}w" for variant in webp),
        "alt": alt,
        "width": largest["width"],
        "height": largest["height"],
        "credit": image.credit,
        "source": image.source,
        "variants": variants,
    }
