"""From an approved version to a public post, and what becomes of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction
from django.utils import timezone

from content import permissions
from content.errors import Invalid, InvalidMove, Stale
from content.models import AuditEntry, Decision, FormerAddress, Piece, Post, Status, User, Verdict, Version
from content.services import addresses, audit, fragments, rendering, review

is_web_address = URLValidator(schemes=["http", "https"])


@transaction.atomic
def publish(
    piece: Piece,
    *,
    by: User,
    cover: Mapping[str, Any] | None = None,
    slug: str = "",
    published_at: datetime | None = None,
) -> Post:
    """Copy the approved version into the piece's post and make it public.

    `cover` holds the public facts of the chosen picture ({url, alt, width, height, credit}); the piece's own
    is kept when none is given. `slug` is the address that a person wants for it; without one it keeps the address that
    it has, or gets one from its title. `published_at` is when readers could first read it elsewhere (an import), never
    later than now. Only what a person approved goes out: the standing decision must be an approval of exactly the
    current version.
    """
    locked, version, decision = require_publishable(piece, by=by)
    chosen = dict(cover if cover is not None else locked.cover)
    locked.move_to(Status.PUBLISHED, cover=chosen)
    post = draft_of(locked, version, reviewer=decision.byline, cover=chosen)
    if published_at:
        post.published_at = post.updated_at = min(published_at, post.published_at)
    _store(post, wanted=addresses.asked(slug) if slug else "", otherwise=wish_of(version))
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
    locked, version, decision = _approved(piece, by=by)
    if not locked.on.public:
        raise InvalidMove(f"{locked.on.name} pieces are published there by hand. Copy the text, then mark it.")
    return locked, version, decision


def _approved(piece: Piece, *, by: User) -> tuple[Piece, Version, Decision]:
    permissions.require_reviewer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea", "owner").get(pk=piece.pk)
    if locked.deleted_at:
        raise InvalidMove(f"“{locked}” was deleted.")
    version = locked.current
    decision = review.standing(version) if version else None
    if locked.status == Status.PUBLISHED:
        raise _second(locked, "is already public", "piece.published", "piece.marked")
    if (
        version is None
        or decision is None
        or decision.verdict != Verdict.APPROVED
        or decision.version_hash != version.hash
        or locked.status != Status.READY
    ):
        raise InvalidMove(f"“{locked}” is not approved. Only an approved text can be published.")
    return locked, version, decision


@transaction.atomic
def unpublish(piece: Piece, *, by: User) -> Post:
    """Take the post off the public site; the text stays approved and the address stays taken."""
    permissions.require_reviewer(by, piece)
    # The piece before the post, as `publish` locks them: of two people neither then waits for the other for ever.
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    post = Post.objects.filter(piece=piece, withdrawn_at=None).first()
    if post is None:
        raise _second(locked, "is not public", "piece.unpublished", "piece.unmarked")
    post.withdrawn_at = timezone.now()
    post.save(update_fields=["withdrawn_at"])
    Piece.objects.filter(pk=piece.pk, status=Status.PUBLISHED).update(status=Status.READY)
    audit.record("piece.unpublished", piece, by=by, slug=post.slug)
    piece.refresh_from_db()
    return post


@transaction.atomic
def move(piece: Piece, *, by: User, slug: str, instead_of: str = "") -> tuple[Post, str]:
    """Give its article another address; the one that it leaves leads there for good, and nobody else gets it.

    Gives the post and a warning, empty unless the wish was taken and it got a suffix. `instead_of` is the slug that
    the person saw: when it is another by now, `Stale` says who was first. The same address again changes nothing.
    """
    permissions.require_reviewer(by, piece)
    wanted = addresses.asked(slug)
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    post = Post.objects.filter(piece=piece).first()
    if post is None:
        raise InvalidMove(f"“{locked}” has no address yet. It gets one when it is published.")
    if instead_of and instead_of != post.slug:
        first = _latest(locked, "post.moved")
        who = f"{first.actor.byline} was first: it" if first and first.actor else "It"
        raise Stale(f"{who} is at “{post.slug}” by now. Look again, then change it.", slug=post.slug)
    if post.slug != wanted and _moved(post, wanted):
        audit.record("post.moved", post, by=by, piece=locked.pk, slug=post.slug, wanted=wanted)
    return post, addresses.warning(wanted, post.slug)


@transaction.atomic
def mark_published(piece: Piece, *, by: User, url: str = "", version_hash: str = "") -> None:
    """A person has pasted the approved text where it belongs; `url` is where it can be read there, if they say so.

    `version_hash` is of the text that they pasted: `Stale` where another is the newest by now.
    """
    url = _web_address(url)
    if piece.on.public:
        raise InvalidMove(f"“{piece}” goes out on your own site. Publish it there.")
    locked, version, _ = _approved(piece, by=by)
    if version_hash and version_hash != version.hash:
        raise Stale(f"There is a newer text, version {version.number}. Read it, then decide.")
    locked.move_to(Status.PUBLISHED, marked_at=timezone.now(), marked_url=url)
    audit.record("piece.marked", locked, by=by, version=version.number, url=url)
    piece.refresh_from_db()


@transaction.atomic
def unmark(piece: Piece, *, by: User) -> None:
    """It was not published elsewhere after all, or is not there any more; its text stays as approved as it was."""
    permissions.require_reviewer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    if locked.marked_at is None:
        raise _second(locked, "is not marked as published", "piece.unmarked")
    Piece.objects.filter(pk=piece.pk).update(marked_at=None, marked_url="", updated_at=timezone.now())
    Piece.objects.filter(pk=piece.pk, status=Status.PUBLISHED).update(status=Status.READY)
    audit.record("piece.unmarked", locked, by=by, url=locked.marked_url)
    piece.refresh_from_db()


def _web_address(typed: str) -> str:
    url = typed.strip()
    try:
        if url:
            is_web_address(url)
    except ValidationError as error:
        says = "A web address begins with http:// or https://."
        raise Invalid("That is no web address.", {"url": [says]}) from error
    if len(url) > 500:
        raise Invalid("That address is too long.", {"url": [f"At most 500 characters, this has {len(url)}."]})
    return url


def _second(piece: Piece, stands: str, *events: str) -> InvalidMove:
    """The refusal of whoever came second; it names the first."""
    first = _latest(piece, *events)
    if first is None or first.actor is None:
        return InvalidMove(f"“{piece}” {stands}.")
    return InvalidMove(f"“{piece}” {stands}. {first.actor.byline} was first.", first=first.actor.byline)


def _latest(piece: Piece, *events: str) -> AuditEntry | None:
    of_piece = AuditEntry.objects.filter(event__in=events, object_type="piece", object_id=piece.pk)
    of_post = AuditEntry.objects.filter(event__in=events, object_type="post", data__piece=piece.pk)
    return (of_piece | of_post).select_related("actor").order_by("-pk").first()


def _store(post: Post, *, wanted: str, otherwise: str) -> None:
    """Store what is to be the piece's post from now on; the one that it has keeps its address and its date.

    `wanted` is the address that a person asked for, `otherwise` what a new one is made from where nobody did.
    """
    before = Post.objects.filter(piece=post.piece).first()
    if before is not None:
        post.pk, post.slug = before.pk, before.slug
        post.published_at, post.updated_at = before.published_at, timezone.now()
        if not (wanted and wanted != before.slug and _moved(post, wanted)):
            _made(post).save()
        return
    for free in addresses.free_for(wanted or otherwise):
        post.slug = free
        try:
            with transaction.atomic():
                _made(post).save()
        except IntegrityError:
            continue  # somebody took it between the look and the insert
        return
    raise _too_many(post)


def _moved(post: Post, wanted: str) -> bool:
    """Store the post at the best free address for what is wanted; False, and nothing stored, where it has that."""
    left, post.updated_at = post.slug, timezone.now()
    for free in addresses.free_for(wanted, besides=post.pk):
        if free == left:
            return False
        post.slug = free
        try:
            with transaction.atomic():
                _made(post).save()
                FormerAddress.objects.filter(post=post, slug=free).delete()
                FormerAddress.objects.create(post=post, slug=left)
        except IntegrityError:
            continue  # somebody took it between the look and the update
        return True
    raise _too_many(post)


def _too_many(post: Post) -> InvalidMove:
    return InvalidMove(f"There are a thousand posts at addresses like “{post.slug}”. Choose another.")


def wish_of(version: Version) -> str:
    """What its address is made from where nobody says otherwise."""
    return str(version.facts.get("slug") or version.title)


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
        author=(str(version.facts.get("author") or "") or piece.owner.byline)[:120],  # an import keeps its author
        reviewer=reviewer,
        made_with=_made_with(piece) or str(version.facts.get("made_with") or "")[:120],
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
