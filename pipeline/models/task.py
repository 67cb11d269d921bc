"""Tasks: one thing asked of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.db.models import F, Q
from django.urls import reverse

from content.models.state import Moves

if TYPE_CHECKING:
    from content.models import Piece, User


class TaskType(models.TextChoices):
    BLOG_POST = "blog_post", "Blog post"
    DAILY_WORKFLOW = "daily_workflow", "Daily run"
    PLATFORM_CONTENT = "platform_content", "One piece"
    IMAGE_GENERATION = "image_generation", "Pictures"
    PUBLISH = "publish", "Publishing"
    REVISION = "revision", "Revision"
    REPLAY = "replay", "Replay"


class TaskStatus(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    DELETED = "deleted", "Deleted"


ACTIVE = [TaskStatus.QUEUED, TaskStatus.RUNNING]
TASK_MOVES: dict[str, set[str]] = {
    TaskStatus.QUEUED: {TaskStatus.RUNNING, TaskStatus.CANCELLED, TaskStatus.FAILED},
    TaskStatus.RUNNING: {TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELLED},
    TaskStatus.FAILED: {TaskStatus.QUEUED, TaskStatus.DELETED},
    TaskStatus.CANCELLED: {TaskStatus.QUEUED, TaskStatus.DELETED},
    # A run that kept what succeeded is finished; its failed parts can be tried again.
    TaskStatus.COMPLETED: {TaskStatus.QUEUED, TaskStatus.DELETED},
}


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> TaskQuerySet:
        """Creators see their own work, editors and admins see everybody's; deleted ones nobody."""
        kept = self.exclude(status=TaskStatus.DELETED)
        return kept if user.reviews else kept.filter(owner=user)

    def active(self) -> TaskQuerySet:
        """Queued or running, in the order in which they will be served."""
        return self.filter(status__in=ACTIVE).order_by("-status", "-priority", "created_at", "pk")

    def tell(self, pk: int, *, doing: str, doing_as: str, percent: int) -> int | None:
        """Write what a running task does; how far it is then (`percent` can only raise it), None if it does not run."""
        with connection.cursor() as cursor:  # Django's update returns no values, and a second look costs a round trip
            cursor.execute(
                "UPDATE pipeline_task SET doing = %s, doing_as = %s, percent = GREATEST(percent, %s) "
                "WHERE id = %s AND status = %s RETURNING percent",
                [doing[:200], doing_as, percent, pk, TaskStatus.RUNNING],
            )
            row = cursor.fetchone()
        return int(row[0]) if row else None

    def touch(self, pk: int) -> None:
        """It moved; its row is then locked to the end of the transaction."""
        with connection.cursor() as cursor:
            cursor.execute("UPDATE pipeline_task SET updated_at = statement_timestamp() WHERE id = %s", [pk])

    def troubled(self) -> TaskQuerySet:
        """Failed, and not yet retried or deleted."""
        return self.filter(status=TaskStatus.FAILED)


class Task(Moves):
    """One thing asked of the machine, made of stages.

    `doing` is what it does or waits for right now, in words; `doing_as` the shape that goes with it on screen
    (running, loading, queued, retry). `percent` only rises. `last_seq` numbers its events.
    """

    moves: ClassVar = TASK_MOVES

    type = models.CharField(max_length=30, choices=TaskType.choices)
    name = models.CharField(max_length=300)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tasks")
    params = models.JSONField(default=dict)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=120)
    priority = models.SmallIntegerField(default=0)
    status = models.CharField(max_length=10, choices=TaskStatus.choices, default=TaskStatus.QUEUED)
    stage = models.CharField(max_length=40, blank=True)
    percent = models.PositiveSmallIntegerField(default=0)
    doing = models.CharField(max_length=200, blank=True)
    doing_as = models.CharField(max_length=10, default="queued")
    error = models.TextField(blank=True)
    recovery = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    last_seq = models.PositiveIntegerField(default=0)
    run_after = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                F("priority").desc(), "created_at", name="task_active", condition=Q(status__in=["queued", "running"])
            ),
            models.Index(fields=["owner", "-created_at"]),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("task", args=[self.pk])

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def pieces(self) -> list[Piece]:
        """What it writes or wrote, each once."""
        found = {stage.piece_id: stage.piece for stage in self.stages.select_related("piece__current") if stage.piece}
        return list(found.values())

    @property
    def queue_position(self) -> int | None:
        """1 is next; None when it does not wait in the queue."""
        if self.status != TaskStatus.QUEUED:
            return None
        ahead = Q(priority__gt=self.priority) | Q(priority=self.priority, created_at__lt=self.created_at)
        return Task.objects.filter(ahead, status=TaskStatus.QUEUED).count() + 1

    @property
    def seconds(self) -> float | None:
        """From the first claim to the end, None while it has none."""
        if not (self.started_at and self.finished_at):
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def param(self, name: str, default: Any = "") -> Any:
        value = self.params.get(name)
        return default if value in (None, "") else value
