"""Preview links: whoever has one reads exactly one version of one piece, without an account, until it ends.

A link is signed and not stored. What it shows never becomes public by it: no search engine may keep it, and it ends
with its date, with the piece, or with the account of the person who made it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from content import permissions
from content.errors import CopydeskError, Invalid, InvalidMove
from content.models import AuditEntry, Piece, Post, User, Verdict, Version
from content.services import addresses, audit, publishing, review

SALT = "content.preview"  # no other signature of this installation opens a preview, and no preview anything else
MOST_DAYS = 90
EVENT = "piece.preview_linked"
SHOWN = 5


class Ended(CopydeskError):
    """The link was good once."""

    code = "gone"
    status = 410


class Forged(CopydeskError):
    """There never was such a link, or what it showed is gone."""

    code = "not_found"
    status = 404


@dataclass(frozen=True)
class Link:
    """`by` made it; it shows the version until `ends_at`."""

    version: Version
    by: User
    ends_at: datetime.datetime

    @property
    def url(self) -> str:
        """The address to give away, host and all."""
        kept = [self.version.pk, self.version.hash[:12], int(self.ends_at.timestamp()), self.by.pk]
        return f"{settings.SITE_URL}{reverse('preview', args=[_signer().sign_object(kept)])}"


@transaction.atomic
def make(version: Version, *, by: User, days: int | None = None) -> Link:
    """A link to exactly this version that ends in `days` (as the settings say unless said, at most 90).

    Its owner and editors may make one; `Invalid` for a number of days that does not fit, `InvalidMove` for a piece
    that is being written or was deleted.
    """
    days = settings.PREVIEW_LINK_DAYS if days is None else days
    piece = version.piece
    permissions.require_writer(by, piece)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("A link lasts for a while.", {"days": [f"From 1 to {MOST_DAYS} days."]})
    if piece.deleted_at:
        raise InvalidMove(f"“{piece}” was deleted.")
    if not piece.is_written:
        raise InvalidMove(f"“{piece}” is still being written.")
    ends_at = (timezone.now() + datetime.timedelta(days=days)).replace(microsecond=0)
    audit.record(EVENT, piece, by=by, version=version.number, ends_at=int(ends_at.timestamp()))
    return Link(version, by, ends_at)


def of(piece: Piece) -> list[Link]:
    """The newest of those that still lead somewhere, newest first."""
    made = AuditEntry.objects.filter(object_type="piece", object_id=piece.pk, event=EVENT)
    rows = list(
        made.filter(data__ends_at__gt=int(timezone.now().timestamp()), actor__is_active=True)
        .select_related("actor")
        .order_by("-pk")[:SHOWN]
    )
    numbers = {row.data["version"] for row in rows}
    versions = {version.number: version for version in piece.versions.light().filter(number__in=numbers)}
    return [
        Link(
            versions[row.data["version"]], row.actor, datetime.datetime.fromtimestamp(row.data["ends_at"], datetime.UTC)
        )
        for row in rows
        if row.actor and row.data["version"] in versions
    ]


def read(token: str) -> Link:
    """What the link shows; `Forged` or `Ended` where it shows nothing."""
    kept = _opened(token)
    if kept is None:
        raise Forged("There is no such preview. See that the whole address was copied.")
    pk, hash_begins, ends, by = kept
    ends_at = datetime.datetime.fromtimestamp(ends, datetime.UTC)
    if ends_at <= timezone.now():
        raise Ended("The time of this preview is over. Ask whoever sent it for a new link.")
    versions = Version.objects.filter(pk=pk, hash__startswith=hash_begins, piece__deleted_at=None)
    version = versions.select_related("piece__owner", "piece__idea", "by").first()
    person = User.objects.filter(pk=by, is_active=True).first()
    if version is None or person is None:
        raise Ended("This preview was taken back. Ask whoever sent it for a new link.")
    return Link(version, person, ends_at)


def draft(version: Version) -> Post:
    """The article that this version would be: with the picture that was chosen for it, and no other."""
    piece = version.piece
    decision = review.standing(version)
    approver = decision.byline if decision and decision.verdict == Verdict.APPROVED else ""
    post = publishing.draft_of(piece, version, reviewer=approver, cover=piece.cover)
    known = Post.objects.filter(piece=piece).values_list("slug", flat=True).first()
    post.slug = known or addresses.base_of(publishing.wish_of(version))
    return post


def is_public(version: Version) -> bool:
    """Whether readers see this very version."""
    return Post.objects.live().filter(piece=version.piece_id, version_hash=version.hash).exists()


def _signer() -> signing.Signer:
    return signing.Signer(salt=SALT)


def _opened(token: str) -> tuple[int, str, int, int] | None:
    try:
        kept: Any = _signer().unsign_object(token)
    except (signing.BadSignature, ValueError, UnicodeError):
        return None
    pk, hash_begins, ends, by = kept
    return pk, hash_begins, ends, by
