"""What is typed where something is published at a date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from content.errors import Invalid
from content.models import User
from pipeline.models import Schedule

USUAL = time(9, 0)


def moment(user: User, on: str, at: str) -> datetime:
    """The moment of that day and time by the person's own clock, in UTC; `Invalid` where one of them is none.

    What the clocks leave out, or show twice, is understood as in `services.schedules`.
    """
    try:
        day, clock = date.fromisoformat(on.strip()), time.fromisoformat(at.strip())
    except ValueError as error:
        raise Invalid("Choose a day and a time.", {"at": ["A day and a time, please."]}) from error
    return here(user, datetime.combine(day, clock.replace(tzinfo=None, fold=0)))


def here(user: User, said: datetime) -> datetime:
    """A moment that was said without its zone, as the person's clock means it."""
    return said.replace(tzinfo=local(user, timezone.now()).tzinfo).astimezone(UTC)


def local(user: User, when: datetime) -> datetime:
    """The moment on the person's own clock."""
    return Schedule.objects.of(user).local(when)


def proposed(user: User) -> datetime:
    """Tomorrow morning, on the person's own clock."""
    now = local(user, timezone.now())
    return datetime.combine(now.date() + timedelta(days=1), USUAL, tzinfo=now.tzinfo)


def place(user: User) -> str:
    """Whose clock it is: “Lisbon time”."""
    name = Schedule.objects.of(user).zone.split("/")[-1].replace("_", " ")
    return name if name == "UTC" else f"{name} time"


def says(user: User, when: datetime) -> str:
    """“today at 17:30”, “on Thursday at 09:00” within a week, else “on 3 December at 09:00”; with the place whose
    clock it is."""
    then, now = local(user, when), local(user, timezone.now())
    days = (then.date() - now.date()).days
    if days in (0, 1):
        day = ("today", "tomorrow")[days]
    elif 1 < days < 7:
        day = f"on {then:%A}"
    else:
        day = f"on {then.day} {then:%B}" + (f" {then.year}" if then.year != now.year else "")
    return f"{day} at {then:%H:%M} ({place(user)})"
