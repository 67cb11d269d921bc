"""Choosing: a person settles on one picture, and from then on it may be public."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from content import permissions
from content.errors import ExternalError, Invalid, InvalidMove, Stale
from content.models import Piece, Post, Status, User
from content.services import audit
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.services import derivatives, provenance

MAX_ALT = 300  # characters
GONE = "This picture was cleaned up, since nobody chose it for a while. Make it again."


def choose(image: Image, *, by: User, alt: str = "", instead_of: int | None = None) -> dict[str, Any]:
    """Make `image` public, mark the piece's others as not chosen, and give its public facts, see `publish_files`.

    Without `alt` the proposed text stands; with neither, and with one of more than 300 characters, `Invalid`.
    `instead_of` is the pk of the picture that the person saw as the chosen one, 0 for none: when it is another by now,
    `Stale` says who was first. None: whoever comes last decides. Choosing it again changes nothing. When the storage
    fails, `ExternalError`: nothing is changed but `image.error`, and choosing it again goes on where it failed.
    """
    facts = publish_files(image, by=by, alt=alt, instead_of=instead_of)
    return settle(image, facts, by=by, instead_of=instead_of)


def publish_files(image: Image, *, by: User, alt: str = "", instead_of: int | None = None) -> dict[str, Any]:
    """The first half of choosing: the files are made and lie in the public storage, and nobody refers to them yet.

    Gives the public facts: {url, srcset, alt, width, height, credit, credit_url, source, hint, variants: [{url, width,
    height, type}]}. `url` is the largest JPEG, which every reader of pages, feeds and previews understands; `srcset`
    lists the WebP sizes; `hint` is a data URI of a blur. It takes a second or more and holds no lock: call it in no
    transaction. Names are content hashes, so a second time writes nothing.
    """
    permissions.require_reviewer(by, image.piece)
    described = _described(alt or image.alt)
    image.refresh_from_db(fields=["status", "facts", "preview", "error"])
    _require_free(image, described, instead_of=instead_of)
    if image.status == ImageStatus.CHOSEN and image.facts:
        return {**image.facts, "alt": described}  # its files are public, as its first approver signed them
    try:
        facts = _published(image, by=by)
    except FileNotFoundError as gone:
        raise InvalidMove(GONE) from gone
    except ExternalError as failure:
        image.error = failure.message[:300]
        image.save(update_fields=["error"])
        raise
    return {**facts, "alt": described}


@transaction.atomic
def settle(image: Image, facts: dict[str, Any], *, by: User, instead_of: int | None = None) -> dict[str, Any]:
    """The second half: under the piece's lock, `image` with its public `facts` becomes the chosen one."""
    Piece.objects.select_for_update(of=("self",)).get(pk=image.piece_id)  # one person chooses at a time
    image.refresh_from_db(fields=["status", "facts", "preview", "chosen_by", "chosen_at"])
    before = _require_free(image, facts["alt"], instead_of=instead_of)
    if image.status == ImageStatus.CHOSEN and image.facts:
        # Somebody else had it made public meanwhile: what they approved stands.
        facts = {**image.facts, "alt": facts["alt"]}
    again = before == image and image.facts == facts
    others = Image.objects.with_preview().filter(piece=image.piece_id).exclude(pk=image.pk)
    others.exclude(status=ImageStatus.NOT_CHOSEN).update(status=ImageStatus.NOT_CHOSEN)
    if before != image:
        image.chosen_by, image.chosen_at = by, timezone.now()
    image.status, image.alt, image.facts, image.error = ImageStatus.CHOSEN, facts["alt"], facts, ""
    image.public = _name(facts["url"])
    image.save(update_fields=["status", "alt", "facts", "error", "public", "chosen_by", "chosen_at"])
    Piece.objects.filter(pk=image.piece_id).update(cover=facts)
    image.piece.cover = facts
    if not again:
        audit.record(
            "image.chosen",
            image,
            by=by,
            piece=image.piece_id,
            source=image.source,
            url=facts["url"],
            instead_of=before.pk if before and before != image else None,
        )
    return facts


def waits_to_replace(piece: Piece) -> bool:
    """Whether the public article still shows another picture than the one that is chosen by now: a post is a copy, and
    takes the new one when a person publishes again."""
    if piece.status != Status.PUBLISHED:
        return False
    shown = Post.objects.live().filter(piece=piece).values_list("cover", flat=True).first()
    return shown is not None and shown != piece.cover


def _described(alt: str) -> str:
    alt = " ".join(alt.split())
    if not alt:
        raise Invalid("Say what is in the picture, for readers who cannot see it.", {"alt": ["Needed to use it."]})
    if len(alt) > MAX_ALT:
        raise Invalid("The alt text is too long.", {"alt": [f"At most {MAX_ALT} characters, this has {len(alt)}."]})
    return alt


def _require_free(image: Image, alt: str, *, instead_of: int | None) -> Image | None:
    """The piece's chosen picture, if it is one that the person knows of; else `Stale`."""
    chosen = Image.objects.filter(piece=image.piece_id, status=ImageStatus.CHOSEN).select_related("chosen_by").first()
    if image.status == ImageStatus.EXPIRED:
        raise InvalidMove(GONE)
    if instead_of is None or instead_of == (chosen.pk if chosen else 0):
        return chosen
    if chosen == image and image.facts.get("alt") == alt:
        return chosen  # the same click, twice
    if chosen is None:
        raise Stale("The picture that was chosen is not any more. Look again, then choose.")
    who = chosen.chosen_by.byline if chosen.chosen_by else "Somebody"
    what = "this picture with another text" if chosen == image else "another picture"
    raise Stale(f"{who} was first and chose {what}. Look at it, then choose again.")


def _published(image: Image, *, by: User) -> dict[str, Any]:
    """Write the public files of `image`: {url, srcset, …}, all but the alt text."""
    picture = derivatives.opened(storage.read(storage.PREVIEWS, image.preview))

    def put(derivative: derivatives.Derivative) -> dict[str, Any]:
        name = storage.keep(storage.PUBLIC, derivative.content, derivative.suffix)
        return {
            "url": storage.url(name),
            "width": derivative.width,
            "height": derivative.height,
            "type": derivative.type,
        }

    variants = derivatives.derive(picture, provenance.packet(image, by=by), put)
    largest = variants[-1]
    return {
        "url": largest["url"],
        "srcset": derivatives.by_type(variants, "image/webp"),
        "width": largest["width"],
        "height": largest["height"],
        "credit": image.credit,
        "credit_url": image.credit_url if image.credit_url.startswith("https://") else "",
        "source": image.source,
        "hint": derivatives.hint(picture),
        "variants": variants,
    }


def _name(url: str) -> str:
    """The name in the public storage of what lies at an address."""
    return storage.names_in(url)[-1]
