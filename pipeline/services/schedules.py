"""Schedules: when the next daily run is, changing it, and asking for the runs that are due.

A local time that does not exist, because clocks were put forward, runs as late as it would have been by the clock
before (02:30 becomes 03:30); one that comes twice runs the first time. So says RFC 5545, section 3.3.5, and it is what
Python makes of `fold=0`.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.urls import reverse
from django.utils import timezone
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from content.errors import CopydeskError, Invalid
from content.models import User
from content.services import audit
from pipeline import notifications
from pipeline.models import Kind, Schedule, TaskType
from pipeline.models.schedule import MOST_IDEAS
from pipeline.services import fields, preferences, tasks

log = structlog.get_logger(__name__)

TOO_LATE = timedelta(hours=12)
WHEN = {"is_on", "at", "zone", "weekdays"}  # what the next run follows from


# --- When --------------------------------------------------------------------------------------------------------


def next_run(schedule: Schedule, after: datetime) -> datetime | None:
    """The first moment after `after` at which it is due, in UTC; None for one that is off or has no days."""
    if not schedule.is_on:
        return None
    return next((moment for moment in _moments(schedule, after) if moment > after), None)


def latest_due(schedule: Schedule, now: datetime) -> datetime:
    """The newest moment up to `now` at which it was due: of several that were missed, only that one counts."""
    assert schedule.next_run_at is not None, "only one that is on is due"
    missed = [moment for moment in _moments(schedule, now - timedelta(days=9)) if moment <= now]
    return max([*missed[-1:], schedule.next_run_at])


def _moments(schedule: Schedule, around: datetime) -> Iterator[datetime]:
    """When it is due, in order, from a day before `around` to a fortnight after it."""
    local = zone_of(schedule.zone)
    first = around.astimezone(local).date() - timedelta(days=1)
    for day in (first + timedelta(days=number) for number in range(16)):
        if day.weekday() in schedule.weekdays:
            yield _moment(day, schedule.at, local)


def _moment(day: date, at: time, local: zoneinfo.ZoneInfo) -> datetime:
    return datetime.combine(day, at.replace(fold=0), tzinfo=local).astimezone(UTC)


def says_next(schedule: Schedule, now: datetime) -> str:
    """“Sunday 22 November, 09:00 Lisbon time, in 23 h 14 min”; empty when there is none to come."""
    due = schedule.next_run_at
    if due is None:
        return ""
    local = schedule.local(due)
    place = schedule.zone.split("/")[-1].replace("_", " ")
    minutes = max(round((due - now).total_seconds() / 60), 0)
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    left = f"{days} days {hours} h" if days > 1 else f"{minutes // 60} h {rest} min" if minutes >= 60 else f"{rest} min"
    return f"{_date(local)}, {local:%H:%M} {place}{'' if place == 'UTC' else ' time'}, in {left}"


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The time zone called that; `Invalid` if there is none."""
    if name not in zones():
        raise Invalid(
            "There is no such time zone.", {"zone": [f"“{name}” is no time zone. Choose one such as Europe/Lisbon."]}
        )
    return zoneinfo.ZoneInfo(name)


@cache
def zones() -> frozenset[str]:
    """The names that can be chosen; read once, since that opens hundreds of files. “Factory” and “localtime” are
    names of files, not of places."""
    return frozenset(zoneinfo.available_timezones() - {"Factory", "localtime"})


# --- Changing it -------------------------------------------------------------------------------------------------


def _clock(value: Any) -> Any:
    """“09:00”, as a browser and the API send it; seconds do not count."""
    if isinstance(value, str):
        try:
            value = time.fromisoformat(value.strip())
        except ValueError:
            value = None
    if not isinstance(value, time) or value.tzinfo is not None:
        raise PydanticCustomError("clock", "A time of day, please, such as 09:00.")
    return value.replace(second=0, microsecond=0, fold=0)


def _days(values: list[int]) -> list[int]:
    return sorted(set(values))


def _known_zone(value: str) -> str:
    try:
        zone_of(value)
    except Invalid as error:
        raise PydanticCustomError("zone", error.fields["zone"][0]) from error  # type: ignore[arg-type]
    return value


class Plan(BaseModel):
    """What a schedule can be told. Only what is given is changed."""

    model_config = ConfigDict(extra="forbid", str_max_length=2000)

    is_on: bool = False
    at: Annotated[time, BeforeValidator(_clock)] = time(9)
    zone: Annotated[str, Field(max_length=60), AfterValidator(_known_zone)] = "UTC"
    weekdays: Annotated[list[Annotated[int, Field(ge=0, le=6)]], AfterValidator(_days)] = []
    count: Annotated[int, Field(ge=1, le=MOST_IDEAS)] = 5
    platforms: Annotated[list[fields.Social], AfterValidator(lambda names: list(dict.fromkeys(names)))] = []


@transaction.atomic
def change(user: User, **wanted: Any) -> Schedule:
    """Change what is given, keep the rest, and work out the next run if it moves; `Invalid` names each field that does not fit."""
    try:
        plan = Plan.model_validate(wanted).model_dump(exclude_unset=True)
    except ValidationError as error:
        faults = _missing(wanted) if wanted.get("is_on") else {}
        raise Invalid("Some fields need another look.", faults | fields.sentences(error)) from error
    Schedule.objects.get_or_create(owner=user, defaults={"zone": Schedule.objects.of(user).zone})
    kept = Schedule.objects.select_for_update().get(owner=user)
    changed = {name: value for name, value in plan.items() if value != getattr(kept, name)}
    for name, value in changed.items():
        setattr(kept, name, value)
    if kept.is_on and (faults := _missing({"weekdays": kept.weekdays, "platforms": kept.platforms})):
        raise Invalid("Some fields need another look.", faults)
    if changed.keys() & WHEN:  # otherwise a run that is due this very second would be lost
        kept.next_run_at = next_run(kept, timezone.now())
    kept.save(update_fields=[*changed, "next_run_at", "updated_at"])
    if changed:
        says: dict[str, Any] = {
            name: str(value) if isinstance(value, time) else value for name, value in changed.items()
        }
        audit.record("schedule.changed", kept, by=user, **says)
    return kept


def _missing(wanted: dict[str, Any]) -> dict[str, list[str]]:
    """What one that is switched on has to have; one that is off may wait for it."""
    needed = {"weekdays": "Choose at least one day.", "platforms": "Choose at least one platform."}
    return {name: [says] for name, says in needed.items() if name in wanted and not wanted[name]}


# --- Asking for what is due --------------------------------------------------------------------------------------


def fire_due(now: datetime | None = None) -> int:
    """Ask for every daily run that is due, each once however many clocks there are; how many were started.

    A run that is 12 hours late or more is passed over, and its owner told. So is one whose run before is still at
    work: a machine that stands still must not pile up a week of them.
    """
    now = now or timezone.now()
    started = 0
    while (did := _fire_one(now)) is not None:
        started += did
    return started


def _fire_one(now: datetime) -> bool | None:
    """Settle one due schedule: whether it started a run, None when nothing is due.

    What became of it and the next moment are written together, so neither a crash nor a second clock repeats it.
    """
    with transaction.atomic():
        due = Schedule.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        schedule = due.select_related("owner", "last_task").first()
        if schedule is None:
            return None
        started = _settle(schedule, now)
        schedule.save(update_fields=["is_on", "next_run_at", "last_run_at", "last_task"])
    return started


def _settle(schedule: Schedule, now: datetime) -> bool:
    try:
        due = latest_due(schedule, now)
        schedule.next_run_at = next_run(schedule, now)
    except Invalid as error:  # a zone that this machine's tables do not have any more
        schedule.is_on, schedule.next_run_at = False, None
        _pass_over(schedule, now, f"It is switched off. {' '.join(error.fields.get('zone', []))}")
        return False
    if now - due >= TOO_LATE:
        _pass_over(schedule, due, "The machine was away at that time, and came back more than 12 hours later.")
        return False
    if schedule.last_task and schedule.last_task.is_active:
        _pass_over(schedule, due, f"“{schedule.last_task}” is still at work.")
        return False
    return _start(schedule, due, now)


def _start(schedule: Schedule, due: datetime, now: datetime) -> bool:
    params = preferences.daily_params(schedule.owner, task_name=f"Daily run, {_date(schedule.local(due))}")
    try:
        with transaction.atomic():
            task = tasks.create(TaskType.DAILY_WORKFLOW, params, owner=schedule.owner)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing is written, and the next tick finds the run still due
    except CopydeskError as refusal:
        faults = [f"{name.capitalize()}: {' '.join(says)}" for name, says in refusal.extra.get("fields", {}).items()]
        _pass_over(schedule, due, " ".join([refusal.message, *faults]))
        return False
    except Exception as error:  # a bug must not ask again every second, nor keep the other schedules waiting
        log.exception("daily run not started", schedule=schedule.pk)
        _pass_over(schedule, due, f"Something in Copydesk broke: {type(error).__name__}. The log says where.")
        return False
    schedule.last_run_at, schedule.last_task = now, task
    audit.record("schedule.fired", schedule, due=due.isoformat(), task=task.pk)
    return True


def _pass_over(schedule: Schedule, due: datetime, why: str) -> None:
    """No run this time: the trail and its owner are told which one, and why."""
    local = schedule.local(due)
    audit.record("schedule.skipped", schedule, due=due.isoformat(), why=why)
    notifications.tell(
        schedule.owner,
        Kind.FAILED,
        key=f"schedule-{schedule.pk}-{due.isoformat()}",
        title=f"The daily run of {_date(local)}, {local:%H:%M}, was not started.",
        text=why,
        address=reverse("settings"),
    )


def _date(local: datetime) -> str:
    return f"{local:%A} {local.day} {local:%B}"
