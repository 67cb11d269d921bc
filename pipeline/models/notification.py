"""Notifications: what a person is told of, at the desk and by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

if TYPE_CHECKING:
    from content.models import User


class Kind(models.TextChoices):
    FINISHED = "finished", "A run has finished"
    PARTIAL = "partial", "A run has finished, and something in it failed"
    FAILED = "failed", "A task has failed"
    WAITING = "waiting", "A piece waits for review"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> NotificationQuerySet:
        """Those that are shown to this person at the desk, newest first."""
        return self.filter(owner=user, in_app=True).order_by("-pk")

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)

    def mark_read(self) -> int:
        return self.unread().order_by().update(read_at=Now())

    def mail_due(self) -> NotificationQuerySet:
        """Those whose mail is to be sent now, longest due first."""
        return self.filter(mail_due_at__lte=Now()).order_by("mail_due_at", "pk")


class Notification(models.Model):
    """One thing that happened, told to one person; `key` makes sure that it is told once.

    `title` is a whole sentence, `text` what there is to say beside it, `address` the page at the desk. `mail_due_at`
    is set while a mail is still to be sent, `mailed_at` when it was.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    task = models.ForeignKey("pipeline.Task", models.CASCADE, null=True, related_name="notifications")
    in_app = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)
    mail_due_at = models.DateTimeField(null=True)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint("owner", "key", name="told_once")]
        indexes = [
            models.Index(fields=["owner", "-id"], name="notification_newest", condition=Q(in_app=True)),
            models.Index("owner", name="notification_unread", condition=Q(read_at=None, in_app=True)),
            models.Index("mail_due_at", name="notification_mail_due", condition=Q(mail_due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title
