"""Cleaning up: previews that nobody chose, and files that nothing refers to any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from content.models import Piece, Post
from content.services import audit
from media_gen import storage
from media_gen.models import Image, ImageStatus
from media_gen.storage.base import Stored


@dataclass(frozen=True)
class Removed:
    """A file that went, or would go: where it lay, its name and its bytes, and `why` in a few words. `image` is the
    picture it was the preview of; `size` is 0 where the file stays for another picture, or was gone already."""

    where: str
    name: str
    size: int
    why: str
    image: int | None = None


def clean(*, dry_run: bool = False) -> list[Removed]:
    """Remove what nobody needs, and give the list; in a dry run only the list.

    Previews that nobody chose go after PREVIEW_DAYS; their rows stay, as expired. Files that no picture, piece or post
    refers to go when they are a day old: younger ones may belong to an approval that is under way. Raises
    `ExternalError` when a storage fails; what was done until then stays done, and the next time does the rest.
    """
    now = timezone.now()
    previews = storage.listing(storage.PREVIEWS, before=now)
    removed = list(_expire({file.name: file.size for file in previews}, dry_run=dry_run))
    settled = now - storage.GRACE
    # Listed before it is asked what is needed: what somebody refers to meanwhile is among the needed.
    orphans = {
        storage.PREVIEWS: [file for file in previews if file.at < settled],
        storage.PUBLIC: storage.listing(storage.PUBLIC, before=settled),
    }
    gone = {one.name for one in removed if one.size}
    needed = {storage.PREVIEWS: _needed_previews() | gone, storage.PUBLIC: _needed_in_public()}
    for where, files in orphans.items():
        removed += _sweep(where, (file for file in files if file.name not in needed[where]), dry_run=dry_run)
    if removed and not dry_run:
        audit.record("images.cleaned", files=len(removed), bytes=sum(one.size for one in removed))
    return removed


def _expire(sizes: dict[str, int], *, dry_run: bool) -> Iterator[Removed]:
    """The previews of pictures that nobody chose for too long. A file goes with the last picture that needs it."""
    before = timezone.now() - timedelta(days=settings.PREVIEW_DAYS)
    since = Greatest("created_at", "chosen_at")  # one that gave way to another lay here from its choice on
    old = Image.objects.unchosen().alias(since=since).filter(since__lt=before).order_by("pk")
    expired: set[int] = set()
    for image in list(old.only("pk", "preview")):
        expired.add(image.pk)
        if not dry_run and not _expired(image):
            continue  # somebody chose it while we looked
        others = Image.objects.with_preview().filter(preview=image.preview).exclude(pk__in=expired)
        size = 0 if others.exists() else sizes.pop(image.preview, 0)
        if size and not dry_run:
            storage.remove(storage.PREVIEWS, image.preview)
        yield Removed(storage.PREVIEWS, image.preview, size, f"not chosen for {settings.PREVIEW_DAYS} days", image.pk)


def _expired(image: Image) -> bool:
    with transaction.atomic():
        return bool(Image.objects.unchosen().filter(pk=image.pk).update(status=ImageStatus.EXPIRED))


def _needed_previews() -> set[str]:
    return set(Image.objects.with_preview().values_list("preview", flat=True))


def _needed_in_public() -> set[str]:
    """What a reader may see, and what is chosen for the next publication."""
    chosen = Image.objects.filter(status=ImageStatus.CHOSEN).values_list("facts", flat=True)
    covers: Iterable[dict[str, Any]] = chain(
        chosen.iterator(),
        Piece.objects.exclude(cover={}).values_list("cover", flat=True).iterator(),
        Post.objects.exclude(cover={}).values_list("cover", flat=True).iterator(),
    )
    return {name for cover in covers for name in storage.names_in(str(cover))}


def _sweep(where: str, orphans: Iterable[Stored], *, dry_run: bool) -> Iterator[Removed]:
    for file in orphans:
        if not dry_run:
            storage.remove(where, file.name)
        why = "left of a broken write" if file.is_broken else "nothing refers to it"
        yield Removed(where, file.name, file.size, why)
