"""Publishing as people ask for it: now or at a date, with its picture, and what follows at other places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from content.errors import Invalid, InvalidMove, Stale
from content.models import Piece, Post, Status, User
from content.services import addresses, audit, publishing
from media_gen.services import publishing as pictured
from media_gen.services.publishing import Picture
from pipeline.models import Stage, Task, TaskStatus, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import deliveries, tasks

__all__ = ["Out", "Picture"]

STAGE = "publish"
FARTHEST = timedelta(days=365)


@dataclass(frozen=True)
class Out:
    """What became of it. `task` brings other places in step, where there are any; `warning` is for the person."""

    post: Post
    task: Task | None = None
    warning: str = ""


def publish(piece: Piece, *, by: User, picture: Picture = "default", slug: str = "", version_hash: str = "") -> Out:
    """Make the approved text public now, as `media_gen.services.publishing.publish` says, and tell the other places.

    A date that was set for it is off then.
    """
    told: list[Task | None] = []

    @contextmanager
    def together() -> Iterator[None]:
        with transaction.atomic():
            cancel_plans(piece, by=by)  # its stages are locked before the piece, as a worker locks them
            yield
            told.append(deliveries.follow(Post.objects.get(piece=piece), by=by))

    post = pictured.publish(piece, by=by, picture=picture, slug=slug, version_hash=version_hash, fence=together)
    is_first = post.published_at == post.updated_at
    wanted = slug or (publishing.wish_of(piece.current) if is_first and piece.current else "")
    return Out(post, told[-1], addresses.warning(wanted, post.slug) if wanted else "")


@transaction.atomic
def unpublish(piece: Piece, *, by: User) -> Out:
    """Take the post off the public site, and off the other places; text and picture stay settled."""
    post = publishing.unpublish(piece, by=by)
    return Out(post, deliveries.follow(post, by=by))


@transaction.atomic
def move(piece: Piece, *, by: User, slug: str, instead_of: str = "") -> Out:
    """Give its article another address, see `content.services.publishing.move`; the other places follow."""
    before = Post.objects.filter(piece=piece).values_list("slug", flat=True).first()
    post, warning = publishing.move(piece, by=by, slug=slug, instead_of=instead_of)
    is_read = post.withdrawn_at is None and post.slug != before
    return Out(post, deliveries.follow(post, by=by) if is_read else None, warning)


# --- At a date ---------------------------------------------------------------------------------------------------


def plans(piece: Piece) -> QuerySet[Task]:
    """The dates that are set for it and have not come: one, or none."""
    waits = Stage.objects.unsettled().filter(name=STAGE, piece=piece)
    found = Task.objects.filter(Q(pk__in=waits.values("task")), type=TaskType.PUBLISH, status__in=ACTIVE)
    return found.select_related("owner").order_by("pk")


def plan(piece: Piece) -> Task | None:
    """The date that is set for it."""
    return plans(piece).first()


def missed(piece: Piece) -> Task | None:
    """The date that came last, if nothing went out then and nobody has published it since."""
    of_piece = Task.objects.filter(type=TaskType.PUBLISH, stages__name=STAGE, stages__piece=piece)
    last = of_piece.exclude(status=TaskStatus.DELETED).select_related("owner").order_by("-pk").first()
    if last is None or last.status != TaskStatus.FAILED:
        return None
    return None if Post.objects.filter(piece=piece, updated_at__gt=last.finished_at).exists() else last


@transaction.atomic
def schedule(
    piece: Piece,
    *,
    at: datetime,
    by: User,
    picture: Picture = "default",
    version_hash: str = "",
    slug: str = "",
    instead_of: int = 0,
) -> Task:
    """Have the approved text published at a date, as the person who asks; the task that will do it.

    It is pinned to the text: `version_hash` is of the one that the person read, the newest unless said. `instead_of`
    is the plan that this one takes the place of. Refused as `publish` is; `Invalid` for a date that is past or more
    than a year off, `Stale` where somebody else set another date first.
    """
    _require_a_date(at)
    _require_seen(piece, instead_of)
    cancel_plans(piece, by=by)
    locked, version, _ = publishing.require_publishable(piece, by=by)
    _require_seen(piece, 0)
    if version_hash and version_hash != version.hash:
        raise Stale(f"Version {version.number} is newer than the one that you read. Read it, then decide.")
    pictured.picked(locked, picture)
    params = {
        "piece": locked.pk,
        "version_hash": version.hash,
        "picture": picture,
        "slug": addresses.asked(slug) if slug else "",
        "schedule_for": at.isoformat(),
    }
    task = tasks.create(TaskType.PUBLISH, params, owner=by)
    audit.record("piece.planned", locked, by=by, version=version.number, at=at.isoformat(), task=task.pk)
    return task


@transaction.atomic
def call_off(piece: Piece, *, by: User, task: int) -> None:
    """Nothing goes out at the date that was set by this task."""
    if not plans(piece).filter(pk=task).exists():
        known = Task.objects.filter(pk=task, type=TaskType.PUBLISH, stages__piece=piece).first()
        raise InvalidMove(f"That date is off already. {known.doing}." if known else "There is no such date for it.")
    cancel_plans(piece, by=by)


def cancel_plans(piece: Piece, *, by: User) -> None:
    for task in plans(piece):
        tasks.cancel(task, by=by)
        audit.record("piece.plan_called_off", piece, by=by, task=task.pk)


def is_void(task: Task, piece: Piece) -> bool:
    """Whether the text that this plan is pinned to may not go out any more, as things stand."""
    newest = piece.current.hash if piece.current else ""
    return piece.status not in (Status.READY, Status.PUBLISHED) or task.params.get("version_hash") != newest


def _require_a_date(at: datetime) -> None:
    now = timezone.now()
    if at <= now:
        raise Invalid("That time is past.", {"at": ["That is past. Publish it now, or choose a later time."]})
    if at > now + FARTHEST:
        raise Invalid("That is too far off.", {"at": ["At most a year from now."]})


def _require_seen(piece: Piece, seen: int) -> None:
    """`Stale` where a date stands that the person does not know of."""
    other = plans(piece).exclude(pk=seen).first()
    if other is not None:
        raise Stale(
            f"{other.owner} was first and set a date for it. Look at it, then change that.",
            first=str(other.owner),
            task_id=other.pk,
        )
