"""A daily run with a model of 2 s a call: wall time over the critical path, beside plain threads in the same run.

The critical path is what no order of work could shorten: the calls for the ideas, then those of the longest piece.
One worker runs all of it: a cluster of two processes, as `make up` starts it.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone
from installation import ROOT, Installation, proportional_memory

from content.models import User
from pipeline.models import Task, TaskStatus, TaskType
from pipeline.providers.base import Request
from pipeline.providers.scripted import Scripted
from pipeline.services import tasks

SECONDS = 2.0  # a call
BOUND = 1.15
PLATFORMS = ["linkedin", "x", "instagram"]
ROUNDS = 3  # the median counts: one run in a noisy moment says little
MEBIBYTE = 1024 * 1024


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    with _one_worker(installation) as cluster:
        _daily(1)  # the worker imports what it needs once
        for count in (5, 10):
            ours, bare = zip(*((_daily(count), _threads(count * len(PLATFORMS))) for _ in range(ROUNDS)), strict=True)
            wall, critical = sorted(ours)[ROUNDS // 2]
            plain = sorted(bare)[ROUNDS // 2]
            ratio = wall / critical
            report(
                f"daily run, {count} x {len(PLATFORMS)}",
                f"{ratio:.3f} (≤ {BOUND}): {wall:.2f} s, critical path {critical:.1f} s; plain threads {plain:.2f} s",
                ratio <= BOUND,
                {"wall": round(wall, 3), "critical": critical, "threads": round(plain, 3), "ratio": round(ratio, 4)},
            )
        pids = [int(pid) for pid in subprocess.check_output(["pgrep", "-g", str(cluster)], text=True).split()]
        mib = proportional_memory(pids) / MEBIBYTE
        report("worker after 30 at once, MiB", f"{mib:.0f}, cluster of {len(pids)} processes", True, round(mib, 1))


@contextmanager
def _one_worker(installation: Installation) -> Iterator[int]:
    """A cluster like the installation's own, with a slower model, while that one stands still."""
    theirs = os.getpgid(installation.cluster())
    os.killpg(theirs, signal.SIGSTOP)
    environment = {**os.environ, "COPYDESK_SCRIPTED_SECONDS": str(SECONDS)}
    cluster = subprocess.Popen(
        [sys.executable, "manage.py", "qcluster"], cwd=ROOT, env=environment, start_new_session=True
    )
    try:
        time.sleep(4)
        yield cluster.pid
    finally:
        os.killpg(cluster.pid, signal.SIGKILL)
        os.killpg(theirs, signal.SIGCONT)


def _daily(count: int) -> tuple[float, float]:
    """(wall seconds from asking to the end, seconds of the critical path) of one run."""
    owner = User.objects.order_by("pk")[0]
    settings.PROVIDER = settings.MODEL = "scripted"
    params = {"count": count, "platforms": PLATFORMS, "topics": [f"Topic {time.monotonic()}", "old boats", "a garden"]}
    began = timezone.now()
    task = tasks.create(TaskType.DAILY_WORKFLOW, params, owner=owner)
    row = Task.objects.filter(pk=task.pk)
    while row.exclude(status__in=[TaskStatus.COMPLETED, TaskStatus.FAILED]).exists():
        time.sleep(0.25)  # looking takes from the two cores what the worker needs; the end stands in the row
    task.refresh_from_db()
    assert task.finished_at
    wall = (task.finished_at - began).total_seconds()
    assert task.status == TaskStatus.COMPLETED, task.error
    assert (task.result["pieces"], task.result["failed"]) == (count * len(PLATFORMS), 0), task.result["failures"]
    ideas = len(task.stages.get(name="ideate").output["record"]["calls"])
    longest = max(len(piece.current.record["calls"]) for piece in task.pieces if piece.current)
    return wall, SECONDS * (ideas + longest)


def _threads(pieces: int) -> float:
    """The same calls with nothing around them: one, then all the others at once."""
    model = Scripted()
    model.seconds = SECONDS

    def call() -> None:
        for _ in model.stream(Request(model="scripted", messages=[{"role": "user", "content": "Write."}])):
            pass

    began = time.monotonic()
    call()
    threads = [threading.Thread(target=call) for _ in range(pieces)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began
