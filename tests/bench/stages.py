"""Tiny stages a second through claim, lease and fence, beside bare django-q2 tasks that do nothing."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import redis
import tiny
from django.conf import settings
from django_q.tasks import async_task
from installation import Installation

from content.models import User
from pipeline import queue
from pipeline.models import TaskStatus

COUNT = 400
KEY = "bench:done"


def nothing() -> None:
    """What a bare django-q2 task does: count itself."""
    redis.Redis.from_url(settings.REDIS_URL).incr(KEY)


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    os.killpg(os.getpgid(installation.cluster()), signal.SIGSTOP)  # only our own cluster takes tickets
    cluster = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("tiny_cluster.py"))], start_new_session=True
    )
    try:
        time.sleep(4)
        bare, ours = _bare(), _ours()
    finally:
        os.killpg(cluster.pid, signal.SIGKILL)
        os.killpg(os.getpgid(installation.cluster()), signal.SIGCONT)
    report(
        "tiny stages a second",
        f"{COUNT / ours:.0f}; bare django-q2 {COUNT / bare:.0f} tasks a second; ratio {bare / ours:.2f}",
        True,
        {"stages": COUNT / ours, "bare": COUNT / bare},
    )


def _bare() -> float:
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete(KEY)
    began = time.monotonic()
    for _ in range(COUNT):
        async_task("bench.stages.nothing", ack_failure=True, save=False)
    while int(client.get(KEY) or 0) < COUNT:
        time.sleep(0.01)
    return time.monotonic() - began


def _ours() -> float:
    tiny.install()
    owner = User.objects.first()
    made = [tiny.task(owner=owner) for _ in range(COUNT)]
    began = time.monotonic()
    queue.ticket()
    queue.ticket()
    todo = type(made[0]).objects.filter(pk__in=[task.pk for task in made]).exclude(status=TaskStatus.COMPLETED)
    while todo.exists():
        time.sleep(0.01)
    return time.monotonic() - began
