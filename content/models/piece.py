"""Pieces: one idea on one platform."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from content import platforms
from content.platforms.base import Ask

from .state import MOVES, Approval, Moves, Status
from .words import query

if TYPE_CHECKING:
    from .user import User
    from .version import Version

# Where a person has something to decide, as long as nobody has.
WAITING = [Status.GENERATED, Status.REVIEWED, Status.EDITED]
# What is read first: what presses, what is late or due soonest, what has waited longest.
PRESSING = ("-priority", "due_at", "updated_at", "pk")
# Who claimed a piece and was not seen at it for so long reads it no more.
CLAIM_HOLDS = timedelta(minutes=15)
# What the desk counts, in the order of the road.
ROAD = [Status.GENERATED, Status.REVIEWED, Status.EDITED, Status.READY, Status.PUBLISHED, Status.REJECTED]


# The same, as the indexes of the queue are made for it.
UNDECIDED = models.Q(deleted_at=None, approval=Approval.PENDING, status__in=WAITING)
MARKS = """
    SELECT version.score, (version.report ->> 'passed')::boolean IS FALSE INTO NEW.score, NEW.below
    FROM content_version version WHERE version.id = NEW.current_id;
    NEW.below := coalesce(NEW.below, FALSE);
    RETURN NEW;
"""


class Priority(models.IntegerChoices):
    """Higher ones are read first, whatever is due."""

    LOW = -1, "Low"
    NORMAL = 0, "Normal"
    HIGH = 1, "High"


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class PieceQuerySet(models.QuerySet["Piece"]):
    def visible_to(self, user: User) -> PieceQuerySet:
        """Creators see their own work, editors and admins see everybody's; deleted ones nobody."""
        kept = self.filter(deleted_at=None)
        return kept if user.reviews else kept.filter(owner=user)

    def written(self) -> PieceQuerySet:
        """Those that have a text to read."""
        return self.exclude(status=Status.WRITING)

    def waiting(self) -> PieceQuerySet:
        """Those that wait for a person, the most pressing first."""
        return self.filter(status__in=WAITING, approval=Approval.PENDING).order_by(*PRESSING)

    def sent_back(self) -> PieceQuerySet:
        """Those whose writer was asked for changes."""
        return self.filter(status=Status.REVIEWED, approval=Approval.CHANGES_REQUESTED)

    def free(self, by: User | None = None) -> PieceQuerySet:
        """Those that nobody reads now; with `by`, nobody else."""
        ended = models.Q(claimed_by=None) | models.Q(claimed_at__lte=timezone.now() - CLAIM_HOLDS)
        return self.filter(ended | models.Q(claimed_by=by) if by else ended)

    def in_line(self) -> PieceQuerySet:
        """Ready for a list of the queue: with who wrote the newest version and who reads the piece now."""
        return self.select_related("current__by", "claimed_by").defer("current__body", "current__record")

    def made(self, first: date | None = None, last: date | None = None) -> PieceQuerySet:
        """Those made from the beginning of `first` to the end of `last`, as this installation's clock says."""
        found = self.filter(created_at__gte=_midnight(first)) if first else self
        return found.filter(created_at__lt=_midnight(last + timedelta(days=1))) if last and last < date.max else found

    def about(self, category: str) -> PieceQuerySet:
        return self.filter(idea__category__iexact=category)

    def saying(self, words: str) -> PieceQuerySet:
        """Those with these words in their newest text, its title or their idea's."""
        return self.filter(words__vector=query(words))

    def last_moved_first(self, after: tuple[datetime, int] | None = None) -> PieceQuerySet:
        """Those that moved last come first, from the one after `after` (its `updated_at` and `pk`) on: what moves
        meanwhile leaves the pages below, and nothing shows twice."""
        found = self.order_by("-updated_at", "-pk")
        if after is None:
            return found
        moment, pk = after
        return found.filter(updated_at__lte=moment).exclude(updated_at=moment, pk__gte=pk)

    def by_status(self) -> list[tuple[Status, int]]:
        """How many there are in each status of the road."""
        counts = dict(self.order_by().values_list("status").annotate(models.Count("pk")))
        return [(status, counts.get(status, 0)) for status in ROAD]

    def with_current(self) -> PieceQuerySet:
        """Ready to be listed: newest version without its heavy columns, idea and owner in the same query."""
        return self.select_related("current", "idea", "owner").defer("current__body", "current__record")

    def for_cards(self) -> PieceQuerySet:
        """As the board shows them: with who wrote the newest version, and the post."""
        return self.with_current().select_related("current__by", "post").defer("post__body", "post__html")


class Piece(Moves):
    """One idea on one platform.

    `ask` is what was asked of the text (see `content.platforms.base.Ask`); the checks judge against it.
    """

    moves: ClassVar = MOVES

    idea = models.ForeignKey("content.Idea", models.PROTECT, related_name="pieces")
    platform = models.CharField(max_length=40)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="pieces")
    title = models.CharField(max_length=300)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WRITING)
    approval = models.CharField(max_length=20, choices=Approval.choices, default=Approval.PENDING)
    current = models.ForeignKey("content.Version", models.PROTECT, null=True, related_name="+")
    ask = models.JSONField(default=dict)
    due_at = models.DateTimeField(null=True, blank=True)
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)
    # Who reads it now, so that two do not: said, not enforced; of two verdicts the first holds anyway.
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    claimed_at = models.DateTimeField(null=True, blank=True)
    # Of the newest text; the database copies them, so that a hundred thousand pieces can be sorted by an index.
    score = models.DecimalField(max_digits=3, decimal_places=1, null=True, editable=False)
    below = models.BooleanField(default=False, db_default=False, editable=False, help_text="The mark, or a hard rule")
    created_at = models.DateTimeField(auto_now_add=True)
    cover = models.JSONField(default=dict, blank=True, help_text="Public facts of the chosen picture")
    deleted_at = models.DateTimeField(null=True, editable=False)
    # Of a text that is published elsewhere by hand: when it was marked, and where it can be read, if that was said.
    marked_at = models.DateTimeField(null=True, blank=True)
    marked_url = models.URLField(max_length=500, blank=True)
    came_from = models.CharField(max_length=300, blank=True, help_text="Where it was imported from; once each")

    objects = PieceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("idea", "platform", name="one_piece_per_idea_and_platform"),
            models.UniqueConstraint(fields=["came_from"], name="imported_once", condition=~models.Q(came_from="")),
        ]
        indexes = [
            models.Index("status", "updated_at", name="piece_waiting", condition=models.Q(deleted_at=None)),
            models.Index(fields=["owner", "-created_at"]),
            models.Index(fields=["-created_at", "-id"], name="piece_newest"),
            models.Index(fields=["-priority", "due_at", "updated_at", "id"], name="piece_queue", condition=UNDECIDED),
            models.Index(fields=["score", "updated_at", "id"], name="piece_lowest", condition=UNDECIDED),
            models.Index(
                fields=["-priority", "due_at", "updated_at", "id"],
                name="piece_failed",
                condition=UNDECIDED & models.Q(below=True),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="marks_of_the_newest_text",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("current_id"),  # type: ignore[no-untyped-call]
                func=MARKS,
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("piece", args=[self.pk])

    @cached_property
    def asked(self) -> Ask:
        return Ask.from_dict({**self.ask, "platform": self.platform})

    @property
    def on(self) -> Any:
        """The platform's rules and words."""
        return platforms.get(self.platform)

    @property
    def is_plain(self) -> bool:
        """Its text is pasted somewhere as it stands; on our own site it is Markdown."""
        return not self.on.public

    @property
    def original(self) -> Version | None:
        """The newest text that a model wrote before any person touched it."""
        first_by_hand = self.versions.filter(by__isnull=False).order_by("number").first()
        by_model = self.versions.filter(by=None)
        if first_by_hand:
            by_model = by_model.filter(number__lt=first_by_hand.number)
        return by_model.order_by("-number").first()

    @property
    def waits(self) -> bool:
        """Somebody has to decide on its newest version."""
        return self.status in WAITING and self.approval == Approval.PENDING

    @property
    def reader(self) -> User | None:
        """Who reads it now, as far as they said so and were seen at it."""
        holds = self.claimed_at is not None and self.claimed_at > timezone.now() - CLAIM_HOLDS
        return self.claimed_by if holds else None

    @property
    def is_late(self) -> bool:
        return self.due_at is not None and self.due_at < timezone.now()

    @property
    def is_written(self) -> bool:
        return self.status != Status.WRITING
