"""Stages: the unit a worker runs. Claimed, leased, fenced, finished once."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import connection, models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Now

from .task import Task, TaskStatus


class StageStatus(models.TextChoices):
    WAITING = "waiting", "Waiting for the stage before"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


SETTLED = [StageStatus.DONE, StageStatus.FAILED, StageStatus.CANCELLED]


# Where its name is no word of an editor’s.
TITLES = {
    "ideate": "Ideas",
    "transform": "Writing",
    "wrap_up": "Summary",
    "publish": "Our own site",
    "deliver": "Elsewhere",
    "revise": "Revision",
}


def title_of(name: str) -> str:
    """What a person calls the step of that name."""
    return TITLES.get(name) or name.replace("_", " ").capitalize()


class LeaseLost(Exception):
    """This worker no longer holds the stage: another one has it, or it was cancelled. Write nothing."""


class Spent(NamedTuple):
    """What one run of a stage took. `cost` in US dollars, None where a price is not known."""

    seconds: float
    model_seconds: float
    tokens_in: int
    tokens_out: int
    cost: Decimal | None


_FINISH = """
    UPDATE pipeline_stage
    SET status = %s, output = %s::jsonb, doing = '', error = '', finished_at = statement_timestamp(),
        lease_expires_at = NULL, not_before = NULL,
        seconds = seconds + %s, model_seconds = model_seconds + %s,
        tokens_in = tokens_in + %s, tokens_out = tokens_out + %s, cost = cost + %s
    WHERE id = %s AND run_token = %s AND status = 'running'
"""


def in_seconds(seconds: float) -> Any:
    """A moment from now, by the database's clock: workers on several machines need not agree on theirs."""
    return Now() + timedelta(seconds=seconds)


class StageQuerySet(models.QuerySet["Stage"]):
    def claimable(self, lanes: Sequence[str]) -> StageQuerySet:
        """What a worker of these lanes may take now: higher priority first, then the oldest task."""
        due = Q(not_before=None) | Q(not_before__lte=Now())
        return self.filter(due, status=StageStatus.QUEUED, lane__in=lanes).order_by(
            F("priority").desc(), "asked_at", "position", "pk"
        )

    def claim(self, lanes: Sequence[str]) -> Stage | None:
        """Take the best claimable stage, or None. The token in it is the right to write its output."""
        return next(iter(self.claim_some(lanes, 1)), None)

    def claim_some(self, lanes: Sequence[str], most: int) -> list[Stage]:
        """Take at most so many, best first; one round to the database for all of them."""
        if not self.is_any_queued():
            return []
        with transaction.atomic():
            free = self.claimable(lanes).select_for_update(skip_locked=True, of=("self",))
            taken = list(free.values_list("pk", "task_id", "name")[:most])
            if not taken:
                return []
            pks = [pk for pk, _, _ in taken]
            self.filter(pk__in=pks).update(
                status=StageStatus.RUNNING,
                attempt=F("attempt") + 1,
                run_token=RandomUUID(),  # another one for each row
                lease_expires_at=in_seconds(settings.LEASE_SECONDS),
                started_at=Now(),
                error="",
            )
            # The locks on tasks in the order of their keys: two workers that claim at once never wait for each other.
            for task_id, name in sorted({(task_id, name) for _, task_id, name in taken}):
                # Where nothing changes nothing is locked: many stages of one task are claimed at the same moment.
                begins = Q(status=TaskStatus.QUEUED) | Q(started_at=None) | ~Q(stage=name)
                Task.objects.filter(begins, pk=task_id).update(
                    status=Case(When(status=TaskStatus.QUEUED, then=Value(TaskStatus.RUNNING)), default="status"),
                    started_at=Coalesce("started_at", Now()),
                    deadline_at=Coalesce("deadline_at", in_seconds(settings.TASK_DEADLINE_SECONDS)),
                    stage=name,
                    updated_at=Now(),
                )
        claimed = Stage.objects.select_related("task__owner", "piece__idea").in_bulk(pks)
        return [claimed[pk] for pk in pks]

    def is_any_queued(self) -> bool:
        """Whether anything waits to be claimed, now or later. In SQL: every hand that is done asks, and mostly in vain."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pipeline_stage WHERE status = %s LIMIT 1", [StageStatus.QUEUED])
            return cursor.fetchone() is not None

    def enqueue(self, *, after: float = 0) -> int:
        """Put these stages into the queue, to be run at the earliest in `after` seconds."""
        return self.update(
            status=StageStatus.QUEUED,
            queued_at=Now(),
            not_before=in_seconds(after) if after else None,
            ticket_at=None if after else Now(),
            run_token=None,
            lease_expires_at=None,
        )

    def unsettled(self) -> StageQuerySet:
        """Those that still have to run."""
        return self.exclude(status__in=SETTLED)

    def failed(self) -> StageQuerySet:
        return self.filter(status=StageStatus.FAILED)

    def counted(self, task_id: int, name: str) -> tuple[int, int]:
        """(how many stages of this step will not run again by themselves, how many there are)

        In SQL, because every step of every one of thirty stages asks: Django takes longer to word it than PostgreSQL to
        count.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE status = ANY(%s)), count(*) FROM pipeline_stage "
                "WHERE task_id = %s AND name = %s",
                [list(SETTLED), task_id, name],
            )
            settled, of = cursor.fetchone()
        return settled, of

    def say(self, pk: int, doing: str) -> None:
        """Write what a stage does right now."""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pipeline_stage SET doing = %s WHERE id = %s", [doing, pk])

    def lock_held(self, pk: int, token: uuid.UUID | None) -> bool:
        """Whether a worker still holds the stage by this token; its row is then locked to the end of the transaction."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM pipeline_stage WHERE id = %s AND run_token = %s AND status = %s FOR UPDATE",
                [pk, token, StageStatus.RUNNING],
            )
            return cursor.fetchone() is not None

    def held(self, tokens: Sequence[uuid.UUID]) -> StageQuerySet:
        """Those that a worker holds by these tokens."""
        return self.filter(run_token__in=tokens, status=StageStatus.RUNNING)

    def expired(self) -> StageQuerySet:
        """Running, but their worker has not been heard of for a lease."""
        return self.filter(status=StageStatus.RUNNING, lease_expires_at__lt=Now())

    def without_ticket(self, seconds: float) -> StageQuerySet:
        """Queued and due, but no ticket was issued in the last `seconds`."""
        due = Q(not_before=None) | Q(not_before__lte=Now())
        old = Q(ticket_at=None) | Q(ticket_at__lt=in_seconds(-seconds))
        return self.filter(due & old, status=StageStatus.QUEUED)


class Stage(models.Model):
    """One step of a task.

    `kept` is what it has already made and need not make again when it runs a second time; `output` is its
    result, written once, together with the status, by the holder of `run_token`.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="stages")
    name = models.CharField(max_length=40)
    key = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField()
    lane = models.CharField(max_length=10, default="io")
    piece = models.ForeignKey("content.Piece", models.PROTECT, null=True, related_name="stages")
    status = models.CharField(max_length=10, choices=StageStatus.choices, default=StageStatus.WAITING)
    priority = models.SmallIntegerField(default=0)
    asked_at = models.DateTimeField(help_text="When its task was asked for")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="How often it was claimed")
    failures = models.PositiveSmallIntegerField(default=0, help_text="How often it said that it failed")
    run_token = models.UUIDField(null=True, editable=False)
    lease_expires_at = models.DateTimeField(null=True)
    queued_at = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    ticket_at = models.DateTimeField(null=True)
    kept = models.JSONField(default=dict)
    output = models.JSONField(default=dict)
    doing = models.CharField(max_length=200, blank=True, help_text="What it does right now, where several run at once")
    error = models.TextField(blank=True)
    seconds = models.FloatField(default=0)
    model_seconds = models.FloatField(default=0)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(
        max_digits=12, decimal_places=6, default=0, null=True, help_text="US dollars; empty where a price is not known"
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ["task", "position", "pk"]
        constraints = [models.UniqueConstraint("task", "name", "key", name="one_stage_per_name_and_key")]
        indexes = [
            models.Index(
                F("priority").desc(), "asked_at", "position", name="stage_claim", condition=Q(status="queued")
            ),
            models.Index("lease_expires_at", name="stage_lease", condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"{self.name} of task {self.task_id}"

    @property
    def title(self) -> str:
        return title_of(self.name)

    @property
    def label(self) -> str:
        """What a person calls it, beside others of the same step."""
        if self.name == "deliver":  # of one piece, to each of several places
            return self.key
        return f"{self.piece.on.name}, “{self.piece}”" if self.piece else f"{self.title} {self.key}".rstrip()

    @property
    def aim(self) -> str:
        """For whom or where it is."""
        return f"to {self.key}" if self.name == "deliver" else f"for {self.piece.on.name}" if self.piece else ""

    @property
    def tried(self) -> int:
        """How often it said that it failed, before and since a person had it tried again. Added to its seeds: the same
        ones would fail the same way."""
        before: int = self.kept.get("tried", 0)
        return before + self.failures

    def write(self, **changes: Any) -> None:
        """Write to the row as the holder of its lease; `LeaseLost` if it is not ours any more."""
        if not Stage.objects.held([self.run_token] if self.run_token else []).filter(pk=self.pk).update(**changes):
            raise LeaseLost(str(self))
        for name, value in changes.items():
            setattr(self, name, value)

    def finish(self, output: dict[str, Any], spent: Spent) -> None:
        """Write that it is done, as `write` would, with what it spent added to what earlier runs did.

        In SQL: of the dozen statements that a text of a daily run needs, this one took Django longest to word.
        """
        with connection.cursor() as cursor:
            cursor.execute(_FINISH, [StageStatus.DONE, json.dumps(output), *spent, self.pk, self.run_token])
            if not cursor.rowcount:
                raise LeaseLost(str(self))
        self.status, self.output = StageStatus.DONE, output

    def fail(self, reason: str, spent: Spent) -> None:
        """Write that it failed once more, as `write` would, with what it spent. It is still held: to be tried again, or
        to be given up."""
        sums = {name: F(name) + value for name, value in spent._asdict().items()}
        self.write(error=reason, failures=F("failures") + 1, **sums)
        self.refresh_from_db(fields=["failures", *sums])

    def keep(self, name: str, value: Any) -> None:
        """Remember something that is made already, so that a second run does not make it again."""
        self.write(kept={**self.kept, name: value})
