"""From an approved version to a public post."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from content import permissions
from content.errors import InvalidMove
from content.models import Decision, Piece, Post, Status, User, Verdict, Version
from content.services import addresses, audit, fragments, rendering, review


@transaction.atomic
def publish(piece: Piece, *, by: User, cover: Mapping[str, Any] | None = None) -> Post:
    """Copy the approved version into the piece's post and make it public.

    `cover` holds the public facts of the chosen picture ({url, alt, width, height, credit}); the piece's own
    is kept when none is given. Only what a person approved goes out: the standing decision must be an approval
    of exactly the current version.
    """
    locked, version, decision = require_publishable(piece, by=by)
    chosen = dict(cover if cover is not None else locked.cover)
    locked.move_to(Status.PUBLISHED, cover=chosen)
    post = _snapshot(locked, version, reviewer=decision.by.byline, cover=chosen)
    audit.record("piece.published", locked, by=by, version=version.number, slug=post.slug)
    piece.refresh_from_db()
    return post


@transaction.atomic
def replace_cover(piece: Piece, *, by: User, cover: Mapping[str, Any]) -> Post:
    """Give the public article of a published piece another picture; its text stays as it is."""
    permissions.require_reviewer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    post = Post.objects.live().filter(piece=piece).first()
    if locked.status != Status.PUBLISHED or post is None:
        raise InvalidMove(f"“{locked}” is not public.")
    post.cover, post.updated_at = dict(cover), timezone.now()
    _made(post).save()
    Piece.objects.filter(pk=locked.pk).update(cover=post.cover)
    audit.record("post.picture_replaced", post, by=by, piece=locked.pk, url=str(cover.get("url", "")))
    piece.refresh_from_db()
    return post


def require_publishable(piece: Piece, *, by: User) -> tuple[Piece, Version, Decision]:
    """The piece, its text and the approval by which `by` may publish it now; else the refusal that says why not.

    Call it in a transaction: the piece stays locked to its end, so what is true here is true when it is published.
    """
    permissions.require_reviewer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea", "owner").get(pk=piece.pk)
    if locked.deleted_at:
        raise InvalidMove(f"“{locked}” was deleted.")
    version = locked.current
    decision = review.standing(version) if version else None
    if locked.status == Status.PUBLISHED:
        raise InvalidMove(f"“{locked}” is already public.")
    if (
        version is None
        or decision is None
        or decision.verdict != Verdict.APPROVED
        or decision.version_hash != version.hash
        or locked.status != Status.READY
    ):
        raise InvalidMove(f"“{locked}” is not approved. Only an approved text can be published.")
    if not locked.on.public:
        raise InvalidMove(f"{locked.on.name} pieces are published there by hand. Copy the text, then mark it.")
    return locked, version, decision


@transaction.atomic
def unpublish(piece: Piece, *, by: User) -> Post:
    """Take the post off the public site; the text stays approved and the address stays taken."""
    permissions.require_reviewer(by, piece)
    # The piece before the post, as `publish` locks them: of two people neither then waits for the other for ever.
    Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    post = Post.objects.filter(piece=piece, withdrawn_at=None).first()
    if post is None:
        raise InvalidMove(f"“{piece}” is not public.")
    post.withdrawn_at = timezone.now()
    post.save(update_fields=["withdrawn_at"])
    Piece.objects.filter(pk=piece.pk, status=Status.PUBLISHED).update(status=Status.READY)
    audit.record("piece.unpublished", piece, by=by, slug=post.slug)
    piece.refresh_from_db()
    return post


def _snapshot(piece: Piece, version: Version, *, reviewer: str, cover: dict[str, Any]) -> Post:
    """The piece's post as it is to be from now on, stored; the one that it has keeps its address and its date."""
    post = draft_of(piece, version, reviewer=reviewer, cover=cover)
    before = Post.objects.filter(piece=piece).first()
    if before is not None:
        post.pk, post.slug, post.published_at = before.pk, before.slug, before.published_at
        _made(post).save()
        return post
    for slug in addresses.free_for(str(version.facts.get("slug") or version.title)):
        post.slug = slug
        try:
            with transaction.atomic():
                _made(post).save()
        except IntegrityError:
            continue  # somebody took it between the look and the insert
        return post
    raise InvalidMove(f"There are a thousand posts called “{post.slug}”. Give this one another title.")


def draft_of(piece: Piece, version: Version, *, reviewer: str = "", cover: Mapping[str, Any] | None = None) -> Post:
    """The post that this version would be, not stored and without an address."""
    page = rendering.article(version.title, version.body)
    now = timezone.now()
    return Post(
        piece=piece,
        version_number=version.number,
        version_hash=version.hash,
        title=version.title,
        excerpt=str(version.facts.get("excerpt") or page.excerpt)[:400],
        body=page.body,
        html=page.html,
        headings=page.headings,
        category=piece.idea.category,
        tags=[str(tag)[:60] for tag in version.facts.get("tags", [])],
        author=piece.owner.byline,
        reviewer=reviewer,
        made_with=_made_with(piece),
        cover=dict(cover or {}),
        word_count=version.words,
        read_minutes=max(1, int(version.facts.get("read_minutes", 1))),
        published_at=now,
        updated_at=now,
    )


def _made(post: Post) -> Post:
    """The post with all that readers get of it."""
    for name, value in fragments.of(post).items():
        setattr(post, name, value)
    return post


def _made_with(piece: Piece) -> str:
    """The model that wrote the first text, empty when people wrote all of it."""
    first = piece.versions.exclude(model="").order_by("number").values_list("model", flat=True).first()
    return first or ""
