"""Stages of one step run at once; one that fails leaves the others be, and is tried again by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import make
import pytest
import tiny
from django.db import connections

from content.errors import InvalidMove, NotAllowed
from pipeline import runner
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus
from pipeline.services import tasks
from pipeline.stages.base import Lease
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _tiny() -> Iterator[None]:
    tiny.install()
    tiny.ran.clear()
    yield
    tiny.install()


def statuses(task: Task) -> list[str]:
    return list(task.stages.order_by("position", "pk").values_list("status", flat=True))


def run_one() -> None:
    stage = Stage.objects.claim(["io"])
    assert stage
    runner.execute(stage, Lease(stage))


def part(task: Task, key: str) -> Stage:
    return task.stages.get(name="tiny_part", key=key)


def test_they_run_side_by_side_in_one_worker() -> None:
    task = tiny.many(20, meeting=20)  # each waits until all of them have begun

    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert set(statuses(task)) == {"done"}


def test_the_next_step_waits_for_the_last_of_them() -> None:
    task = tiny.many(6)

    drain()

    end = task.stages.get(name="tiny_end")
    last = max(stage.finished_at for stage in task.stages.filter(name="tiny_part") if stage.finished_at)
    assert end.started_at
    assert end.started_at >= last


def test_two_that_end_at_the_same_moment_queue_the_next_step_once() -> None:
    for _ in range(10):
        task = tiny.many(2)
        run_one()
        both = [stage for _ in range(2) if (stage := Stage.objects.claim(["io"]))]
        barrier = threading.Barrier(2)

        def finish(stage: Stage, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            runner.execute(stage, Lease(stage))
            connections.close_all()

        threads = [threading.Thread(target=finish, args=(stage,)) for stage in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert task.stages.get(name="tiny_end").status == StageStatus.QUEUED
        drain()
        task.refresh_from_db()
        assert task.status == TaskStatus.COMPLETED


def test_one_that_fails_leaves_the_others_be() -> None:
    task = tiny.many(4, failing=["2"])

    drain()

    task.refresh_from_db()
    assert statuses(task) == ["done", "done", "done", "failed", "done", "done"]
    assert task.status == TaskStatus.COMPLETED
    error = Event.objects.get(task=task, type="error")
    assert error.data["error_message"] == "The model will not."
    assert error.data["stage_id"] == part(task, "2").pk


def test_percent_only_rises_and_reaches_a_hundred_at_the_end() -> None:
    task = tiny.many(7, failing=["3"])

    drain()

    told = [
        event.data["percent"] for event in Event.objects.filter(task=task).order_by("seq") if "percent" in event.data
    ]
    assert told == sorted(told)
    assert told.count(100) == 2  # its last stage, and the task
    assert max(told[:-2]) < 100


def test_a_failed_one_is_tried_again_by_itself() -> None:
    task = tiny.many(4, failing=["1", "2"])
    drain()
    task.refresh_from_db()
    ran_before = list(tiny.ran)
    Task.objects.filter(pk=task.pk).update(params={})

    tasks.retry_stage(part(task, "1"), by=task.owner)
    task.refresh_from_db()
    assert (task.status, task.percent) == (TaskStatus.QUEUED, 70)
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert [part(task, key).status for key in "0123"] == ["done", "done", "failed", "done"]
    assert tiny.ran[len(ran_before) :] == [part(task, "1").pk, task.stages.get(name="tiny_end").pk]


def test_all_failed_ones_are_tried_again_together() -> None:
    task = tiny.many(4, failing=["1", "2"])
    drain()
    task.refresh_from_db()
    Task.objects.filter(pk=task.pk).update(params={})

    tasks.retry(task, by=task.owner)
    drain()

    assert set(statuses(task)) == {"done"}


def test_one_is_tried_again_while_the_others_are_still_at_work() -> None:
    task = tiny.many(3, failing=["0"])
    run_one()
    run_one()
    assert part(task, "0").status == StageStatus.FAILED
    Task.objects.filter(pk=task.pk).update(params={})

    tasks.retry_stage(part(task, "0"), by=task.owner)

    assert part(task, "0").status == StageStatus.QUEUED
    drain()
    assert set(statuses(task)) == {"done"}
    assert Event.objects.filter(task=task, type="complete").count() == 1


def test_only_what_has_failed_is_tried_again_and_only_by_those_who_may() -> None:
    task = tiny.many(2, failing=["1"])
    drain()
    task.refresh_from_db()

    with pytest.raises(InvalidMove, match="has not failed"):
        tasks.retry_stage(part(task, "0"), by=task.owner)
    with pytest.raises(NotAllowed):
        tasks.retry_stage(part(task, "1"), by=make.creator())


def test_a_task_in_which_nothing_failed_is_not_tried_again() -> None:
    task = tiny.many(2)
    drain()
    task.refresh_from_db()

    with pytest.raises(InvalidMove, match="nothing in it to try again"):
        tasks.retry(task, by=task.owner)


def test_of_two_who_try_the_same_one_again_the_second_is_told() -> None:
    task = tiny.many(2, failing=["1"])
    drain()
    task.refresh_from_db()
    tasks.retry_stage(part(task, "1"), by=task.owner)

    with pytest.raises(InvalidMove):
        tasks.retry_stage(part(task, "1"), by=task.owner)


def test_one_whose_worker_keeps_dying_leaves_the_others_be() -> None:
    task = tiny.many(2)
    run_one()
    dying = Stage.objects.claim(["io"])
    assert dying
    Stage.objects.filter(pk=dying.pk).update(attempt=runner.LIVES, lease_expires_at="2020-01-01T00:00Z")

    runner.return_expired()
    drain()

    task.refresh_from_db()
    assert sorted(statuses(task)) == ["done", "done", "done", "failed"]
    assert task.status == TaskStatus.COMPLETED


def test_cancelling_stops_all_of_them() -> None:
    task = tiny.many(5)
    run_one()
    Task.objects.filter(pk=task.pk).update(params={"seconds": 30})
    worker = threading.Thread(target=drain)
    worker.start()
    ends = time.monotonic() + 10
    while task.stages.filter(status=StageStatus.RUNNING).count() < 5 and time.monotonic() < ends:
        time.sleep(0.05)
    task.refresh_from_db()

    tasks.cancel(task, by=task.owner)
    worker.join(10)

    assert not worker.is_alive()
    assert set(statuses(task)) == {"done", "cancelled"}
