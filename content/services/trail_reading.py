"""Reading the audit trail: who may see what of it, what was asked for, and in parts, however long it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Q, QuerySet

from content.models import AuditEntry, Role, User
from content.models.words import LANGUAGE, query
from content.services import days

# What editors work on together. Sign-ins, addresses, settings and people are for admins: whatever is new is so at first.
SHARED = ("idea", "piece", "version", "decision", "post", "image", "task")
# The first parts of the names of events that happen to those.
SHARED_GROUPS = (*SHARED, "edit", "guest")
RARE = 2000  # entries with a word
WORDS = SearchVector("object_name", config=LANGUAGE)  # as in the index `audit_words`


@dataclass(frozen=True)
class Asked:
    """What of the trail; what is empty does not narrow it. `event` is a name, or a beginning that ends with a dot."""

    event: str = ""
    actor: int | None = None
    by_nobody: bool = False
    object_type: str = ""
    object_id: int | None = None
    first: date | None = None
    last: date | None = None
    words: str = ""
    request_id: str = ""


def visible_to(user: User) -> QuerySet[AuditEntry]:
    """Admins see all; editors what happened to shared work, and what they did themselves; creators nothing."""
    entries = AuditEntry.objects.select_related("actor")
    if user.role == Role.ADMIN:
        return entries
    return entries.filter(Q(object_type__in=SHARED) | Q(actor=user)) if user.reviews else entries.none()


def may_see_origin(user: User, entry: AuditEntry) -> bool:
    """The address and browser: an admin of everybody, others only their own."""
    return user.role == Role.ADMIN or entry.actor_id == user.pk


def narrow(entries: QuerySet[AuditEntry], asked: Asked) -> QuerySet[AuditEntry]:
    """Those that were asked for, newest first."""
    if asked.event.endswith("."):
        # By name, each of which is in an index by time: for a beginning, PostgreSQL may walk all the trail to find a few.
        entries = entries.filter(event__in=[name for name in names() if name.startswith(asked.event)])
    elif asked.event:
        entries = entries.filter(event=asked.event)
    if asked.actor is not None:
        entries = entries.filter(actor=asked.actor)
    if asked.by_nobody:
        entries = entries.filter(actor=None)
    if asked.object_type:
        entries = entries.filter(object_type=asked.object_type)
    if asked.object_id is not None:
        entries = entries.filter(object_id=asked.object_id)
    if asked.words:
        found = AuditEntry.objects.order_by().annotate(words=WORDS).filter(words=query(asked.words))
        # Rare words are looked up first, or PostgreSQL may read the whole trail, newest first, to find a few: of a
        # word that nobody used that took 9 s among a million rows. Of common ones the newest are soon found.
        few = list(found.values_list("pk", flat=True)[: RARE + 1])
        rare = len(few) <= RARE
        entries = entries.filter(pk__in=few) if rare else entries.annotate(words=WORDS).filter(words=query(asked.words))
    if asked.request_id:
        entries = entries.filter(request_id=asked.request_id)
    return entries.filter(days.within("created_at", asked.first, asked.last)).order_by("-created_at", "-pk")


def before(entries: QuerySet[AuditEntry], place: tuple[datetime, int] | None) -> QuerySet[AuditEntry]:
    """Those that come after a place, which is the moment and number of an entry."""
    if place is None:
        return entries
    moment, pk = place
    return entries.filter(created_at__lte=moment).exclude(created_at=moment, pk__gte=pk)


def in_parts(entries: QuerySet[AuditEntry], size: int) -> Iterator[list[AuditEntry]]:
    """All of them, some at a time: each part is a query of its own that begins where the last one ended, so that
    nothing is held open in between, and as much memory is used for a million as for one part."""
    place: tuple[datetime, int] | None = None
    while part := list(before(entries, place)[:size]):
        yield part
        place = part[-1].created_at, part[-1].pk


def events(user: User) -> list[str]:
    """The names that occur, of those that this person may see."""
    found = names()
    return found if user.role == Role.ADMIN else [name for name in found if name.split(".")[0] in SHARED_GROUPS]


def names() -> list[str]:
    """Of all events that ever happened. The index is skipped through from name to name: 2 ms, however many rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE names (event) AS (
                (SELECT event FROM content_auditentry ORDER BY event LIMIT 1)
                UNION ALL
                SELECT (SELECT event FROM content_auditentry WHERE event > names.event ORDER BY event LIMIT 1)
                FROM names WHERE names.event IS NOT NULL
            )
            SELECT event FROM names WHERE event IS NOT NULL
            """
        )
        return [event for (event,) in cursor.fetchall()]
