"""The clock process."""

import signal
import threading
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connections

from pipeline import clock

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Every second: return expired leases to the queue, issue missing tickets, watch the cluster."

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: stopped.set())
        chores = [clock.Broom(), *([clock.Post()] if settings.MAIL_IS_ON else [])]
        for chore in chores:
            chore.start()
        ticks = 0
        while not stopped.wait(1):
            ticks += 1
            try:
                clock.tick()
                if ticks % 3600 == 0:
                    clock.tidy()
            except DatabaseError as error:
                log.warning("no tick", error=type(error).__name__)
                connections.close_all()
            except Exception:  # whatever it is, the next second is another chance
                log.exception("no tick")
        for chore in chores:
            chore.stopped.set()  # a mail that is being sent is not waited for: it is sent again, or was noted
