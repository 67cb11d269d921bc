"""What is true of every stage: claimed once, leased, fenced, tried again, finished once."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import tiny
from django.db import connections
from django.utils import timezone

from pipeline import clock, queue, runner, worker
from pipeline.models import Stage, StageStatus, TaskStatus
from pipeline.models.stage import LeaseLost
from pipeline.stages.base import Lease, Work
from pipeline.worker import Crew, drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _tiny() -> Iterator[None]:
    tiny.install()
    tiny.ran.clear()
    yield
    tiny.install()


def claim() -> Stage | None:
    return Stage.objects.claim(["io", "gpu"])


def test_a_stage_runs_and_its_task_completes() -> None:
    task = tiny.task()

    drain()

    task.refresh_from_db()
    assert (task.status, task.percent, task.doing) == (TaskStatus.COMPLETED, 100, "Tiny and done")
    assert task.stages.get().output == {"says": "Tiny and done", "run": 1}


def test_stages_of_a_task_follow_each_other() -> None:
    tiny.install(3)
    task = tiny.task(stages=3)

    drain()

    assert tiny.ran == list(task.stages.order_by("position").values_list("pk", flat=True))
    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED


def test_the_higher_priority_is_claimed_first_then_the_oldest() -> None:
    old, urgent, new = tiny.task(), tiny.task(priority=5), tiny.task()

    order = [stage.task_id for _ in range(3) if (stage := claim())]

    assert order == [urgent.pk, old.pk, new.pk]
    assert claim() is None


def test_a_worker_takes_only_from_its_lanes() -> None:
    tiny.task(lane="gpu")

    assert Stage.objects.claim(["io"]) is None
    assert Stage.objects.claim(["gpu"]) is not None


def test_of_many_workers_each_stage_goes_to_one() -> None:
    for _ in range(30):
        tiny.task()
    claimed: list[int] = []

    def grab() -> None:
        while stage := claim():
            claimed.append(stage.pk)
        connections.close_all()

    threads = [threading.Thread(target=grab) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(claimed) == sorted(Stage.objects.values_list("pk", flat=True))


def test_a_worker_that_lost_its_lease_writes_nothing() -> None:
    task = tiny.task()
    first = claim()
    assert first
    expire(first)
    runner.return_expired()
    second = claim()
    assert second

    runner.execute(first, Lease(first))

    stage = task.stages.get()
    assert (stage.status, stage.output, stage.run_token) == (StageStatus.RUNNING, {}, second.run_token)
    with pytest.raises(LeaseLost):
        first.keep("section", "text")
    runner.execute(second, Lease(second))
    assert task.stages.get().output == {"says": "Tiny and done", "run": 2}
    assert task.events.filter(type="complete").count() == 1


def test_a_stage_whose_worker_died_is_given_back_and_says_so() -> None:
    task = tiny.task()
    stage = claim()
    assert stage
    expire(stage)

    assert runner.return_expired() == 1

    assert task.stages.get().status == StageStatus.QUEUED
    task.refresh_from_db()
    assert (task.doing, task.doing_as) == ("Its worker stopped; another one takes over", "retry")


def test_a_stage_that_kills_every_worker_fails_in_the_end() -> None:
    task = tiny.task()
    for _ in range(runner.LIVES):
        stage = claim()
        assert stage
        expire(stage)
        runner.return_expired()

    task.refresh_from_db()
    assert task.status == TaskStatus.FAILED
    assert "died" in task.error


def test_two_sweeps_at_once_give_a_stage_back_once() -> None:
    task = tiny.task()
    stage = claim()
    assert stage
    expire(stage)
    returned: list[int] = []

    def sweep() -> None:
        returned.append(runner.return_expired())
        connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(returned) == 1
    assert task.events.filter(type="log", data__level="warn").count() == 1


def test_a_failure_that_may_pass_is_tried_again_with_a_pause_and_a_reason() -> None:
    task = tiny.task(fails=2)

    drain()
    task.refresh_from_db()
    assert task.doing == "Waiting 5 s before it starts over with tiny, run 2 of 3: The model does not answer."
    for _ in range(2):
        Stage.objects.update(not_before=None)
        drain()

    task.refresh_from_db()
    assert (task.status, task.stages.get().attempt) == (TaskStatus.COMPLETED, 3)


def test_a_third_failure_is_final_and_says_what_to_do() -> None:
    task = tiny.task(fails=9)
    for _ in range(3):
        Stage.objects.filter(status=StageStatus.QUEUED).update(not_before=None)
        drain()

    task.refresh_from_db()
    assert (task.status, task.error) == (TaskStatus.FAILED, "The model does not answer.")
    assert "try again" in task.recovery
    error = task.events.get(type="error")
    assert error.data == {"stage": "tiny", "error_message": task.error, "recovery": task.recovery}


def test_a_failure_that_will_not_pass_is_final_at_once() -> None:
    task = tiny.task(fails=9, retryable=False)

    drain()

    task.refresh_from_db()
    assert (task.status, task.stages.get().attempt) == (TaskStatus.FAILED, 1)


def test_a_bug_fails_the_task_and_not_the_worker() -> None:
    broken, sound = tiny.task(breaks=True), tiny.task()

    drain()

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.status, sound.status) == (TaskStatus.FAILED, TaskStatus.COMPLETED)
    assert "ZeroDivisionError" in broken.error


def test_stages_run_side_by_side(settings: Any) -> None:
    settings.STAGES_AT_ONCE = 8
    for _ in range(8):
        tiny.task(seconds=0.4)
    running: list[int] = []
    watching = threading.Event()

    def watch() -> None:
        while not watching.wait(0.05):
            running.append(Stage.objects.filter(status=StageStatus.RUNNING).count())
        connections.close_all()

    watcher = threading.Thread(target=watch)
    watcher.start()
    drain()
    watching.set()
    watcher.join()

    assert max(running) == 8


def test_a_hand_that_is_slow_to_say_that_it_is_free_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    class SlowLock:
        def __init__(self) -> None:
            self.lock = threading.Lock()

        def __enter__(self) -> None:
            if threading.current_thread().name.startswith("hand-"):
                time.sleep(0.05)
            self.lock.acquire()

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    class SlowCrew(Crew):
        def __init__(self) -> None:
            super().__init__()
            self.lock = SlowLock()  # type: ignore[assignment]

    monkeypatch.setattr(worker, "Crew", SlowCrew)
    monkeypatch.setattr(worker, "_crew", SlowCrew())
    for _ in range(3):
        task = tiny.task()
        thread = threading.Thread(target=drain, daemon=True)
        thread.start()
        thread.join(20)
        assert not thread.is_alive(), "it waits for a hand that went home"
        task.refresh_from_db()
        assert task.status == TaskStatus.COMPLETED


def test_a_flushed_broker_loses_nothing() -> None:
    task = tiny.task()
    queue.ticket()
    queue.clear()
    Stage.objects.update(ticket_at=timezone.now() - timedelta(seconds=60))

    assert clock.issue_tickets() == 1
    assert queue.depth() == 1
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED


def test_a_long_picture_hides_no_cluster_that_stands_still(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.LANES = ["io", "gpu"]
    cluster = subprocess.Popen(["sleep", "600"], start_new_session=True)
    monkeypatch.setattr(queue, "clusters_here", lambda: [cluster.pid])
    picture, text = tiny.task(), tiny.task()
    long_ago = timezone.now() - timedelta(seconds=600)
    picture.stages.update(lane="gpu")
    drawing = Stage.objects.claim(["gpu"])
    text.stages.update(queued_at=timezone.now())
    try:
        assert drawing is not None
        assert not clock.watch_cluster()  # the text has only just been asked for
        text.stages.update(queued_at=long_ago)
        assert clock.watch_cluster()
        assert cluster.wait(10) == -signal.SIGKILL
    finally:
        cluster.kill()


def test_fenced_work_of_a_replaced_run_is_refused() -> None:
    tiny.task()
    stage = claim()
    assert stage
    work = Work(stage, Lease(stage))
    Stage.objects.update(run_token=uuid.uuid4())

    with pytest.raises(LeaseLost), work.fenced():
        raise AssertionError("the block must not be entered")


def test_percent_only_rises() -> None:
    task = tiny.task()
    stage = claim()
    assert stage
    work = Work(stage, Lease(stage))

    for fraction in (0.5, 0.2, 0.9, 0.1, 1.0):
        work.progress(fraction, f"at {fraction}")

    assert [e.data["percent"] for e in task.events.filter(type="progress").order_by("seq")] == [50, 50, 90, 90, 99]


def expire(stage: Stage) -> None:
    Stage.objects.filter(pk=stage.pk).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
