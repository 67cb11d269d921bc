"""Schedules: when a person's daily run is due, in their own time."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from content.models import User

WEEK = [0, 1, 2, 3, 4, 5, 6]  # Monday is 0, as in `date.weekday`
MOST_IDEAS = 10


def every_day() -> list[int]:
    return list(WEEK)


def usual_platforms() -> list[str]:
    return list(settings.DAILY_PLATFORMS)


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def of(self, user: User) -> Schedule:
        """This person's; the usual one, switched off and not stored, for somebody who never changed it."""
        return self.filter(owner=user).first() or Schedule(owner=user, zone=settings.TIME_ZONE)

    def due(self, now: datetime.datetime) -> ScheduleQuerySet:
        """Switched on, and their moment has come; those of people who left are not."""
        return self.filter(is_on=True, owner__is_active=True, next_run_at__lte=now).order_by("next_run_at")


class Schedule(models.Model):
    """One person's daily run: local time `at` in `zone` (an IANA name) on `weekdays`.

    `next_run_at` is worked out from them whenever they change or a run is due (`services/schedules.py`), and is the one
    thing that the clock looks at.
    """

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="schedule")
    is_on = models.BooleanField(default=False)
    at = models.TimeField(default=datetime.time(9, 0))
    zone = models.CharField(max_length=60, default="UTC")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=every_day)
    count = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_IDEAS)]
    )
    platforms = ArrayField(models.CharField(max_length=40), default=usual_platforms)
    next_run_at = models.DateTimeField(null=True, editable=False)
    last_run_at = models.DateTimeField(null=True, editable=False)
    last_task = models.ForeignKey("pipeline.Task", models.SET_NULL, null=True, editable=False, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScheduleQuerySet.as_manager()

    names_a_person = True

    class Meta:
        indexes = [models.Index("next_run_at", name="schedule_due", condition=Q(is_on=True))]

    def __str__(self) -> str:
        return f"the daily run of {self.owner}"

    def local(self, moment: datetime.datetime) -> datetime.datetime:
        """The moment on this person's clock; as it is where this machine does not know their zone (any more)."""
        try:
            return moment.astimezone(zoneinfo.ZoneInfo(self.zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return moment
