"""What a person can do with a task."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import make
import pytest
import tiny
from django.db import connections
from django.utils import timezone

from content.errors import Invalid, InvalidMove, NotAllowed
from content.models import Status
from pipeline import events
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus
from pipeline.services import amending, eta, tasks
from pipeline.worker import drain
from pipeline.workflows import WORKFLOWS

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_task_is_queued_by_the_call_that_makes_it() -> None:
    task = make.task(topic="Why lime plaster dries slowly")

    assert task.status == TaskStatus.QUEUED
    assert [(s.name, s.status) for s in task.stages.order_by("position")] == [
        (step.name, "waiting" if n else "queued") for n, step in enumerate(WORKFLOWS["blog_post"])
    ]
    (piece,) = task.pieces
    assert (piece.platform, piece.status, piece.idea.title) == ("blog", Status.WRITING, "Why lime plaster dries slowly")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", ""),
        ("topic", "   \t\n "),
        ("topic", "\x00\x01\x02"),
        ("topic", "x" * 201),
        ("topic", "x" * 100_000),
        ("topic", None),
        ("topic", ["a", "list"]),
        ("word_count", 0),
        ("word_count", -5),
        ("word_count", 10**9),
        ("word_count", 10**400),
        ("word_count", "many"),
        ("word_count", 600.5),
        ("word_count_tolerance", 50),
        ("sources", ["javascript:alert(1)"]),
        ("sources", ["not a web address"]),
        ("image_source", "crystal ball"),
        ("schedule_for", "yesterday-ish"),
        ("schedule_for", "9999-12-31T23:59:59-14:00"),  # in UTC, a year that the database takes and Python cannot read
        ("surprise", "field"),
    ],
)
def test_nonsense_is_refused_with_a_sentence_for_its_field(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refusal:
        make.task(**{field: value})

    assert field in refusal.value.fields
    assert all(sentence.strip() for sentence in refusal.value.fields[field])
    assert not Stage.objects.exists()


@pytest.mark.parametrize("tags", ["a, " * 50, ["a"] * 50])
def test_too_many_tags_are_counted_as_tags(tags: object) -> None:
    with pytest.raises(Invalid) as refusal:
        make.task(tags=tags)

    assert refusal.value.fields == {"tags": ["At most 20 of them."]}


def test_the_queue_has_positions() -> None:
    first, second, urgent = make.task(), make.task(), make.task(priority=10)

    assert [t.queue_position for t in (first, second, urgent)] == [2, 3, 1]


def test_how_long_it_takes_is_judged_from_finished_tasks_of_the_same_model() -> None:
    tiny.install(2)
    for seconds in (4, 6, 50):
        done = tiny.task(stages=2)
        done.stages.update(status=StageStatus.DONE, seconds=seconds, finished_at=timezone.now())
        Task.objects.filter(pk=done.pk).update(status=TaskStatus.COMPLETED)
    waits, other = tiny.task(stages=2), make.task()

    assert eta.etas([waits, other]) == {waits.pk: (12, 3)}
    assert eta.eta(other) is None


def test_a_cancelled_task_stops_in_the_middle_of_a_stage() -> None:
    tiny.install()
    task = tiny.task(seconds=30)
    worker = threading.Thread(target=lambda: (drain(), connections.close_all()))
    worker.start()
    while not task.stages.filter(status=StageStatus.RUNNING).exists():
        time.sleep(0.02)

    tasks.cancel(task, by=task.owner)
    worker.join(timeout=10)

    assert not worker.is_alive()
    task.refresh_from_db()
    assert (task.status, task.stages.get().status, task.stages.get().output) == ("cancelled", "cancelled", {})


def test_a_cancelled_task_can_be_tried_again_and_keeps_what_is_done() -> None:
    tiny.install(2)
    task = tiny.task(stages=2)
    first = Stage.objects.claim(["io"])
    assert first
    Stage.objects.filter(pk=first.pk).update(status=StageStatus.DONE, output={"says": "kept"}, run_token=None)
    tasks.cancel(task, by=task.owner)

    tasks.retry(task, by=task.owner)
    tiny.ran.clear()
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert first.pk not in tiny.ran
    assert Stage.objects.get(pk=first.pk).output == {"says": "kept"}


def test_a_task_that_is_at_work_is_not_tried_again() -> None:
    task = make.task()
    stage = Stage.objects.claim(["io"])
    assert stage

    with pytest.raises(InvalidMove, match="is running"):
        tasks.retry(task, by=task.owner)

    stage.refresh_from_db()
    assert (stage.status, stage.attempt) == (StageStatus.RUNNING, 1)


def test_moves_that_the_table_forbids_are_refused() -> None:
    task = make.task()
    tasks.cancel(task, by=task.owner)

    with pytest.raises(InvalidMove, match="already cancelled"):
        tasks.cancel(task, by=task.owner)
    tasks.delete(task, by=task.owner)
    with pytest.raises(InvalidMove):
        tasks.retry(task, by=task.owner)


def test_a_stranger_cannot_touch_it() -> None:
    task = make.task()

    for verb in (tasks.cancel, tasks.retry, tasks.delete):
        with pytest.raises(NotAllowed):
            verb(task, by=make.creator())


def test_a_task_can_wait_for_its_hour() -> None:
    task = make.task(schedule_for=(timezone.now() + timedelta(hours=1)).isoformat())

    assert Stage.objects.claim(["io"]) is None
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED


def test_events_are_numbered_without_gaps_from_many_threads() -> None:
    task = make.task()
    before = task.events.count()

    def talk() -> None:
        for n in range(20):
            events.emit(task, "log", source="worker", level="info", message=str(n))
        connections.close_all()

    threads = [threading.Thread(target=talk) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(Event.objects.filter(task=task).values_list("seq", flat=True)) == list(range(1, before + 161))


def test_moving_and_cancelling_while_stages_are_claimed_and_finished_never_locks_up() -> None:
    tiny.install(6)
    made = [tiny.task(stages=6) for _ in range(30)]
    workers = [threading.Thread(target=lambda: (drain(), connections.close_all())) for _ in range(2)]
    for worker in workers:
        worker.start()

    for task in made:
        try:
            amending.amend(task, by=task.owner, priority=5)
            tasks.cancel(task, by=task.owner)
        except InvalidMove:
            continue  # it was done already
    for worker in workers:
        worker.join()

    for task in made:
        task.refresh_from_db()
        assert task.status in {TaskStatus.CANCELLED, TaskStatus.COMPLETED}
        assert not task.stages.filter(status__in=["queued", "running"]).exists()
        assert task.events.filter(type="complete").count() == 1
