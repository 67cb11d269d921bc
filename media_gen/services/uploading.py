"""A picture that a person brings: from their machine, or from a host that pictures may be fetched from."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from time import perf_counter
from typing import Any

from django.conf import settings
from django.db import transaction

from content import permissions
from content.models import Piece, User
from content.services import audit
from media_gen import storage
from media_gen.intake import decoding, fetching
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates
from media_gen.sources.base import Made

UPLOAD = "upload"


def upload(piece: Piece, content: bytes, *, name: str, by: User, alt: str = "") -> Image:
    """Keep the picture in `content` as a candidate of `piece`; the same file a second time is the same picture.

    It is decoded and made anew, so nothing that was written beside the pixels stays. `name` is what the file was
    called. `Invalid`, with a sentence that says why, if it is no picture that is taken.
    """
    permissions.require_writer(by, piece)
    return _kept(piece, content, by=by, alt=alt, provenance={"name": PurePosixPath(name.replace("\\", "/")).name[:200]})


def bring(piece: Piece, url: str, *, by: User, alt: str = "") -> Image:
    """The same with the picture at an address, whose host must be one of `settings.IMAGE_HOSTS`."""
    permissions.require_writer(by, piece)
    content = fetching.fetch(url, hosts=settings.IMAGE_HOSTS)
    return _kept(piece, content, by=by, alt=alt, provenance={"url": url[:500]})


def _kept(piece: Piece, content: bytes, *, by: User, alt: str, provenance: dict[str, Any]) -> Image:
    began = perf_counter()
    picture = decoding.decode(content)
    made = Made(
        image=decoding.encode(picture),
        width=picture.width,
        height=picture.height,
        seconds=perf_counter() - began,
        provenance={"source": UPLOAD, "by": by.pk, **provenance},
        alt=" ".join(alt.split())[:300],
    )
    key = f"upload-{hashlib.sha256(content).hexdigest()[:40]}"
    with transaction.atomic():
        # Two who send the same file at once: the second finds what the first kept.
        Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
        known: Image | None = piece.images.filter(key=key).first()
        if known:
            return _revived(known, made)
        image = candidates.keep(piece, made, source=UPLOAD, key=key)
        image.by = by
        image.save(update_fields=["by"])
        audit.record("image.uploaded", image, by=by, piece=piece.pk, **provenance)
    return image


def _revived(known: Image, made: Made) -> Image:
    """Nobody chose it and its preview was cleaned up: now somebody wants it after all."""
    if known.status == ImageStatus.EXPIRED:
        known.preview, known.status = storage.keep(storage.PREVIEWS, made.image, "webp"), ImageStatus.CANDIDATE
        known.save(update_fields=["preview", "status"])
    return known
