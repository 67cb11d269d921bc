"""Schedules: each due run once, at the hour the person chose, through clock changes, absences and two clocks."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import make
import pytest
from django.db import OperationalError, connections
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from content.errors import Invalid, InvalidMove
from content.models import AuditEntry, User
from pipeline import clock
from pipeline.models import Notification, Preferences, Schedule, Task, TaskStatus
from pipeline.services import schedules
from pipeline.services.schedules import next_run

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
ZONES = [BERLIN, NEW_YORK, LORD_HOWE]
WEEK = [0, 1, 2, 3, 4, 5, 6]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def plan(zone: str = "UTC", at: time = time(9), weekdays: list[int] | None = None, **fields: Any) -> Schedule:
    """A schedule that is on and not stored."""
    return Schedule(is_on=True, zone=zone, at=at, weekdays=WEEK if weekdays is None else weekdays, **fields)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def runs(schedule: Schedule, begin: datetime, end: datetime) -> list[datetime]:
    found, at = [], next_run(schedule, begin)
    while at is not None and at <= end:
        found.append(at)
        at = next_run(schedule, at)
    return found


# --- When ---


@pytest.mark.parametrize(
    ("zone", "at", "after", "due"),
    [
        # Berlin: 29 March 2026, 02:00 becomes 03:00; 25 October, 03:00 becomes 02:00.
        (BERLIN, time(9), utc(2026, 3, 28, 8), utc(2026, 3, 29, 7)),
        (BERLIN, time(2, 30), utc(2026, 3, 28, 12), utc(2026, 3, 29, 1, 30)),  # 03:30, as 02:30 does not exist
        (BERLIN, time(2, 30), utc(2026, 10, 24, 12), utc(2026, 10, 25, 0, 30)),  # the first of two
        (BERLIN, time(2, 30), utc(2026, 10, 25, 0, 30), utc(2026, 10, 26, 1, 30)),  # not the second
        # New York: 8 March 2026 and 1 November.
        (NEW_YORK, time(2, 15), utc(2026, 3, 8, 0), utc(2026, 3, 8, 7, 15)),
        (NEW_YORK, time(1, 15), utc(2026, 11, 1, 0), utc(2026, 11, 1, 5, 15)),
        (NEW_YORK, time(1, 15), utc(2026, 11, 1, 5, 15), utc(2026, 11, 2, 6, 15)),
        # Lord Howe moves by half an hour: 4 October 2026, 02:00 becomes 02:30; 5 April, 02:00 becomes 01:30.
        (LORD_HOWE, time(2, 15), utc(2026, 10, 3, 0), utc(2026, 10, 3, 15, 45)),  # 02:45
        (LORD_HOWE, time(2, 30), utc(2026, 10, 3, 0), utc(2026, 10, 3, 15, 30)),
        (LORD_HOWE, time(1, 45), utc(2026, 4, 4, 0), utc(2026, 4, 4, 14, 45)),
        (LORD_HOWE, time(1, 45), utc(2026, 4, 4, 14, 45), utc(2026, 4, 5, 15, 15)),
    ],
)
def test_the_next_run_keeps_to_the_persons_clock(zone: str, at: time, after: datetime, due: datetime) -> None:
    assert next_run(plan(zone, at), after) == due


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("change", ["spring", "autumn"])
def test_around_a_change_it_agrees_with_a_clock_on_the_wall(zone: str, change: str) -> None:
    """Every quarter of an hour, against the minutes of the zone itself, counted one by one."""
    begin = {
        BERLIN: {"spring": utc(2026, 3, 27), "autumn": utc(2026, 10, 23)},
        NEW_YORK: {"spring": utc(2026, 3, 6), "autumn": utc(2026, 10, 30)},
        LORD_HOWE: {"spring": utc(2026, 10, 1), "autumn": utc(2026, 4, 2)},
    }[zone][change]
    wall = ZoneInfo(zone)
    begin, end = (day.replace(tzinfo=wall).astimezone(UTC) - MINUTE for day in (begin, begin + 5 * DAY))
    first_seen: dict[datetime, datetime] = {}
    for minute in range(int((end - begin) / MINUTE) + 180):
        moment = begin + minute * MINUTE
        first_seen.setdefault(moment.astimezone(wall).replace(tzinfo=None, fold=0), moment)
    gap = HOUR if zone != LORD_HOWE else HOUR / 2
    for quarter in range(96):
        at = (datetime(2026, 1, 1) + quarter * 15 * MINUTE).time()
        found = runs(plan(zone, at), begin, end)
        for due in found:
            shown = due.astimezone(wall).replace(tzinfo=None, fold=0)
            wished = datetime.combine(shown.date(), at)
            if wished in first_seen:
                assert due == first_seen[wished]
            else:  # it was skipped by the clock
                assert shown == wished + gap
        assert len(found) == len({due.astimezone(wall).date() for due in found}) == 5


times = st.times().map(lambda at: at.replace(second=0, microsecond=0))
days = st.lists(st.integers(0, 6), min_size=1, unique=True)


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    zone=st.sampled_from(sorted(schedules.zones())),
    at=times,
    weekdays=days,
    begin=st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
)
def test_in_any_zone_the_next_run_is_later_and_on_a_chosen_day(
    zone: str, at: time, weekdays: list[int], begin: datetime
) -> None:
    due = next_run(plan(zone, at, weekdays), begin)

    assert due is not None
    assert begin < due <= begin + 9 * DAY
    shown = due.astimezone(ZoneInfo(zone))
    wished = datetime.combine(shown.date(), at)
    if shown.replace(tzinfo=None, fold=0) == wished:
        assert shown.weekday() in weekdays
        assert shown.fold == 0
    else:  # a gap: a little later on that day, or, where a whole day was left out, on the next one
        exists = wished.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        assert exists.replace(tzinfo=None) != wished or shown.date() != exists.date()


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_has_as_many_runs_as_days(zone: str) -> None:
    for at in (time(0), time(1, 45), time(2, 15), time(2, 30), time(3), time(23, 59)):
        local = ZoneInfo(zone)
        begin = datetime(2026, 1, 1, tzinfo=local) - MINUTE
        found = runs(plan(zone, at), begin, datetime(2026, 12, 31, 23, 59, tzinfo=local))
        assert len(found) == 365
        assert found == sorted(set(found))


def test_only_chosen_days_count() -> None:
    mondays = runs(plan(BERLIN, weekdays=[0]), utc(2026, 1, 1), utc(2026, 12, 31))

    assert len(mondays) == 52
    assert {due.astimezone(ZoneInfo(BERLIN)).weekday() for due in mondays} == {0}


def test_one_that_is_off_or_has_no_days_is_never_due() -> None:
    off = plan()
    off.is_on = False

    assert next_run(off, utc(2026, 1, 1)) is None
    assert next_run(plan(weekdays=[]), utc(2026, 1, 1)) is None


def test_a_day_that_a_country_left_out_is_made_up_for_by_no_second_run() -> None:
    """Samoa had no 30 December 2011: its run falls together with that of the day after."""
    found = runs(plan("Pacific/Apia"), utc(2011, 12, 29), utc(2012, 1, 2))

    assert [due.astimezone(ZoneInfo("Pacific/Apia")).date() for due in found] == [
        date(2011, 12, 29),
        date(2011, 12, 31),
        date(2012, 1, 1),
        date(2012, 1, 2),
    ]


# --- Changing it ---


@pytest.fixture
def mara(db: None) -> User:
    return make.editor(name="Mara")


def test_a_schedule_that_is_switched_on_knows_its_next_run_and_leaves_a_trace(mara: User) -> None:
    with mock.patch("django.utils.timezone.now", return_value=utc(2026, 11, 21, 12)):
        schedules.change(mara, is_on=True, at="09:00", zone="Europe/Lisbon", weekdays=["0", "5"], count="3")

    kept = Schedule.objects.get(owner=mara)
    assert kept.next_run_at == utc(2026, 11, 23, 9)
    assert (kept.weekdays, kept.count, kept.at) == ([0, 5], 3, time(9))
    trace = AuditEntry.objects.get(event="schedule.changed", actor=mara)
    assert trace.data == {"is_on": True, "zone": "Europe/Lisbon", "weekdays": [0, 5], "count": 3}


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("zone", "Europe/Lissabon", "“Europe/Lissabon” is no time zone. Choose one such as Europe/Lisbon."),
        ("zone", "{0}", "“{0}” is no time zone. Choose one such as Europe/Lisbon."),
        ("zone", "../../etc/passwd", "“../../etc/passwd” is no time zone. Choose one such as Europe/Lisbon."),
        ("at", "25:00", "A time of day, please, such as 09:00."),
        ("at", None, "A time of day, please, such as 09:00."),
        ("count", 0, "At least 1."),
        ("count", 11, "At most 10."),
        ("weekdays", [], "Choose at least one day."),
        ("platforms", [], "Choose at least one platform."),
        ("is_on", "perhaps", "Yes or no, please."),
        ("colour", "red", "There is no such field."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(mara: User, field: str, value: Any, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        schedules.change(mara, **{"is_on": True, field: value})

    assert refused.value.fields == {field: [says]}
    assert not Schedule.objects.filter(owner=mara).exists()


def test_a_platform_that_has_no_daily_text_is_refused(mara: User) -> None:
    with pytest.raises(Invalid) as refused:
        schedules.change(mara, platforms=["blog"])

    assert list(refused.value.fields) == ["platforms"]


def test_saving_again_neither_moves_a_run_that_is_due_this_second_nor_leaves_a_trace(mara: User) -> None:
    schedules.change(mara, is_on=True)
    Schedule.objects.filter(owner=mara).update(next_run_at=utc(2026, 1, 1))

    schedules.change(mara, is_on=True, count=5)

    assert Schedule.objects.get(owner=mara).next_run_at == utc(2026, 1, 1)
    assert AuditEntry.objects.filter(event="schedule.changed").count() == 1


def test_switching_it_off_leaves_no_next_run(mara: User) -> None:
    schedules.change(mara, is_on=True)

    assert schedules.change(mara, is_on=False, weekdays=[]).next_run_at is None


# --- Asking for what is due ---


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Task]]:
    """Runs are asked for without their stages, and are done at once: a year goes by in seconds."""

    def create(task_type: str, params: dict[str, Any], *, owner: User) -> Task:
        name = params["task_name"]
        return Task.objects.create(type=task_type, name=name, owner=owner, params=params, status="completed")

    monkeypatch.setattr(schedules.tasks, "create", create)
    return lambda: list(Task.objects.order_by("pk"))


def stored(owner: User, begin: datetime, *args: Any, **fields: Any) -> Schedule:
    made = plan(*args, owner=owner, **fields)
    made.next_run_at = next_run(made, begin)
    made.save()
    return made


def test_a_due_run_is_asked_for_with_what_the_person_prefers(mara: User, scripted: Any) -> None:
    Preferences.objects.create(owner=mara, topics=["Bees"], keywords=["hive"], tone="Warm", creativity="bold")
    stored(mara, utc(2026, 11, 20, 12), "Europe/Lisbon", count=2, platforms=["x"])

    assert schedules.fire_due(utc(2026, 11, 21, 9)) == 1

    task = Task.objects.get()
    assert (task.owner, task.type, task.name) == (mara, "daily_workflow", "Daily run, Saturday 21 November")
    assert task.params["topics"] == ["Bees"]
    assert (task.params["count"], task.params["platforms"], task.params["creativity"]) == (2, ["x"], "bold")
    kept = Schedule.objects.get()
    assert (kept.last_task, kept.last_run_at) == (task, utc(2026, 11, 21, 9))
    assert kept.next_run_at == utc(2026, 11, 22, 9)
    assert AuditEntry.objects.get(event="schedule.fired").data["task"] == task.pk


def test_nothing_is_asked_for_before_its_time(mara: User, quick: Any) -> None:
    stored(mara, utc(2026, 11, 20, 12))

    assert schedules.fire_due(utc(2026, 11, 21, 8, 59)) == 0
    assert quick() == []


def test_one_that_is_off_and_one_whose_owner_has_left_are_not_asked_for(mara: User, quick: Any) -> None:
    off = stored(mara, utc(2026, 11, 20, 12))
    Schedule.objects.filter(pk=off.pk).update(is_on=False)
    stored(make.editor(is_active=False), utc(2026, 11, 20, 12))

    assert schedules.fire_due(utc(2026, 11, 21, 9)) == 0


def test_a_machine_that_was_away_for_three_days_runs_todays_once(mara: User, quick: Any) -> None:
    stored(mara, utc(2026, 11, 17, 12))

    assert schedules.fire_due(utc(2026, 11, 21, 10)) == 1
    assert schedules.fire_due(utc(2026, 11, 21, 10)) == 0

    assert [task.name for task in quick()] == ["Daily run, Saturday 21 November"]
    assert Schedule.objects.get().next_run_at == utc(2026, 11, 22, 9)


@pytest.mark.parametrize(("late", "started"), [(12 * HOUR - MINUTE, 1), (12 * HOUR, 0), (20 * HOUR, 0)])
def test_a_run_that_is_twelve_hours_late_is_passed_over_and_that_is_said(
    mara: User, quick: Any, late: timedelta, started: int
) -> None:
    stored(mara, utc(2026, 11, 20, 12))

    assert schedules.fire_due(utc(2026, 11, 21, 9) + late) == started

    assert Schedule.objects.get().next_run_at == utc(2026, 11, 22, 9)
    told = Notification.objects.filter(owner=mara)
    assert told.count() == 1 - started
    if not started:
        assert told[0].title == "The daily run of Saturday 21 November, 09:00, was not started."
        assert AuditEntry.objects.filter(event="schedule.skipped").count() == 1


def test_a_run_that_is_still_at_work_is_not_overtaken_by_the_next(mara: User, quick: Any) -> None:
    stored(mara, utc(2026, 11, 20, 12))
    schedules.fire_due(utc(2026, 11, 21, 9))
    Task.objects.update(status=TaskStatus.RUNNING)

    assert schedules.fire_due(utc(2026, 11, 22, 9)) == 0

    assert "still at work" in Notification.objects.get(owner=mara).text
    Task.objects.update(status=TaskStatus.COMPLETED)
    assert schedules.fire_due(utc(2026, 11, 23, 9)) == 1


@pytest.mark.parametrize(
    "error", [InvalidMove("The desk is closed."), ZeroDivisionError("oh"), Invalid("No.", {"model": ["It is gone."]})]
)
def test_a_run_that_cannot_be_asked_for_is_said_once_and_stops_nobody_else(
    mara: User, quick: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    other = make.editor()
    create = schedules.tasks.create

    def broken(task_type: str, params: dict[str, Any], *, owner: User) -> Task:
        if owner == mara:
            raise error
        return create(task_type, params, owner=owner)

    monkeypatch.setattr(schedules.tasks, "create", broken)
    stored(mara, utc(2026, 11, 20, 12))
    stored(other, utc(2026, 11, 20, 12), at=time(9, 1))

    assert schedules.fire_due(utc(2026, 11, 21, 9, 2)) == 1
    assert schedules.fire_due(utc(2026, 11, 21, 9, 3)) == 0

    assert Notification.objects.filter(owner=mara).count() == 1
    assert Schedule.objects.get(owner=mara).next_run_at == utc(2026, 11, 22, 9)
    assert [task.owner for task in quick()] == [other]


def test_a_refusal_names_the_field(mara: User) -> None:
    stored(mara, utc(2026, 11, 20, 12), platforms=["carrier pigeon"])

    assert schedules.fire_due(utc(2026, 11, 21, 9)) == 0

    assert "Platforms: " in Notification.objects.get(owner=mara).text


def test_while_the_database_is_away_a_run_stays_due(mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(mara, utc(2026, 11, 20, 12))
    monkeypatch.setattr(schedules.tasks, "create", mock.Mock(side_effect=OperationalError("gone")))

    with pytest.raises(OperationalError):
        schedules.fire_due(utc(2026, 11, 21, 9))

    assert Schedule.objects.get().next_run_at == utc(2026, 11, 21, 9)


def test_a_zone_that_this_machine_has_no_table_for_switches_the_run_off_and_says_so(mara: User, quick: Any) -> None:
    stored(mara, utc(2026, 11, 20, 12))
    Schedule.objects.update(zone="Europe/Atlantis")

    assert schedules.fire_due(utc(2026, 11, 21, 9)) == 0

    assert not Schedule.objects.get().is_on
    assert "Europe/Atlantis" in Notification.objects.get(owner=mara).text


@pytest.mark.parametrize("zone", ZONES)
def test_over_nine_months_of_ticks_with_random_gaps_each_due_run_is_asked_for_once(
    mara: User, quick: Any, zone: str
) -> None:
    seed = random.Random(zone)
    begin, end = utc(2026, 3, 1), utc(2026, 12, 1)
    schedule = stored(mara, begin, zone, time(2, seed.choice([0, 15, 30])), sorted(seed.sample(WEEK, 5)))
    expected = runs(schedule, begin, end)
    now, started = begin, []
    while now < end:
        if schedules.fire_due(now):
            started.append(now)
        now += timedelta(
            seconds=seed.choice([1, 60, seed.uniform(1, 12 * 3600 - 1)])
            if seed.random() < 0.2
            else seed.uniform(3600, 12 * 3600 - 1)
        )

    expected = [due for due in expected if due <= now]
    missing = len(expected) - len(started)
    assert missing in {0, 1}  # one may be due after the last tick
    for due, did in zip(expected, started, strict=False):
        assert timedelta(0) <= did - due < 12 * HOUR
    assert len(quick()) == len(started)


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        *((BERLIN, begin) for begin in (utc(2026, 3, 28, 22), utc(2026, 10, 24, 21))),
        *((NEW_YORK, begin) for begin in (utc(2026, 3, 8, 4), utc(2026, 11, 1, 3))),
        *((LORD_HOWE, begin) for begin in (utc(2026, 10, 3, 12), utc(2026, 4, 4, 12))),
    ],
)
def test_ticking_every_minute_through_a_change_of_clocks_runs_once(
    mara: User, quick: Any, zone: str, begin: datetime
) -> None:
    """From late evening to morning of the night in which the clocks change, for hours that exist twice or not at all."""
    people = [
        (make.editor(), at) for at in (time(1), time(1, 30), time(1, 45), time(2), time(2, 15), time(2, 30), time(3))
    ]
    for person, at in people:
        stored(person, begin, zone, at)

    for minute in range(10 * 60):
        schedules.fire_due(begin + minute * MINUTE)

    assert sorted(task.owner_id for task in quick()) == sorted(person.pk for person, _ in people)


def test_a_schedule_that_is_changed_in_the_middle_keeps_to_the_new_hour(mara: User, quick: Any) -> None:
    seed, now = random.Random(7), utc(2026, 3, 1)
    asked: list[datetime] = []
    with mock.patch("django.utils.timezone.now", side_effect=lambda: now):
        schedules.change(mara, is_on=True, zone=BERLIN)
        expected: list[datetime] = []
        for _ in range(25):
            kept = schedules.change(
                mara,
                at=time(seed.randrange(24), seed.choice([0, 30])),
                zone=seed.choice(ZONES),
                weekdays=sorted(seed.sample(WEEK, seed.randint(1, 7))),
            )
            until = now + timedelta(hours=seed.uniform(5, 200))
            expected += runs(kept, now, until)
            while now < until:
                now = min(now + timedelta(minutes=seed.uniform(1, 600)), until)
                asked += [now] * schedules.fire_due(now)

    assert len(asked) == len(expected) > 20
    assert all(due <= did < due + 12 * HOUR for due, did in zip(expected, asked, strict=True))


@pytest.mark.django_db(transaction=True)
def test_several_clocks_at_once_ask_for_each_run_once(quick: Any) -> None:
    people = [make.editor() for _ in range(12)]
    for number, person in enumerate(people):
        stored(person, utc(2026, 11, 20, 12), at=time(9, number))
    ready = threading.Barrier(6)
    started: list[int] = []

    def a_clock() -> None:
        try:
            ready.wait()
            for _ in range(5):
                started.append(schedules.fire_due(utc(2026, 11, 21, 10)))
        finally:
            connections.close_all()

    clocks = [threading.Thread(target=a_clock) for _ in range(6)]
    for each in clocks:
        each.start()
    for each in clocks:
        each.join()

    assert sum(started) == 12
    assert sorted(task.owner_id for task in quick()) == sorted(person.pk for person in people)


def test_the_clock_asks_for_due_runs_and_a_bug_in_one_duty_leaves_the_others_done(
    mara: User, quick: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = stored(mara, utc(2026, 11, 20, 12))
    Schedule.objects.filter(pk=schedule.pk).update(next_run_at=datetime.now(UTC) - MINUTE)
    monkeypatch.setattr(clock, "issue_tickets", mock.Mock(side_effect=ZeroDivisionError, __name__="issue_tickets"))

    clock.tick()

    kept = Schedule.objects.get()
    assert kept.next_run_at is not None
    assert kept.next_run_at > datetime.now(UTC)
