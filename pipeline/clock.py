"""Every second: give expired leases back, issue missing tickets, ask for daily runs that are due, restart a cluster
that does nothing. Beside it, on threads of their own, the post and the broom: a slow mail server or storage delays
nothing else."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator

import structlog
from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connections, transaction
from django.db.models.functions import Now

from content.errors import ExternalError
from content.services import chain, retention
from media_gen.services import cleanup
from pipeline import queue, runner
from pipeline.models import Heartbeat, Stage, StageStatus
from pipeline.models.stage import in_seconds
from pipeline.services import mail, schedules

log = structlog.get_logger(__name__)

POST_EVERY_SECONDS = 2
SWEEP_AFTER_SECONDS, SWEEP_EVERY_SECONDS = 600, 24 * 3600
TICKET_AGE_SECONDS = 5  # a ticket that is older than this is taken for lost


def tick() -> None:
    """One round. Several clocks may run: whatever they do is claimed first."""
    for duty in (runner.return_expired, issue_tickets, schedules.fire_due, watch_cluster, beat):
        try:
            duty()
        except (OperationalError, InterfaceError):
            raise
        except Exception:  # a bug in one thing must not keep the others from being done
            log.exception("not done", duty=duty.__name__)


def beat() -> None:
    host = socket.gethostname()
    Heartbeat.beat("clock", host, os.getpid())
    for pid in queue.clusters_here():  # an idle cluster has no heart of its own
        Heartbeat.beat("worker", host, pid)


def tidy() -> None:
    """Once an hour: forget sessions and tokens that have expired anyway."""
    call_command("clearsessions")
    call_command("flushexpiredtokens")


def issue_tickets() -> int:
    """A ticket for every due stage that has none, or whose ticket a broker or a worker lost; how many."""
    with transaction.atomic():
        lost = list(
            Stage.objects.without_ticket(TICKET_AGE_SECONDS)
            .select_for_update(skip_locked=True, of=("self",))
            .values_list("pk", flat=True)[:200]
        )
        Stage.objects.filter(pk__in=lost).update(ticket_at=Now())
    # One ticket drains many stages; a few more let idle workers help.
    for _ in lost[:4]:
        if not queue.ticket():
            break
    return len(lost)


def watch_cluster() -> bool:
    """Kill this host's clusters if stages of a lane have been due for long and nobody anywhere runs or starts one.

    A cluster whose idle worker was killed can stay wedged for good (a fault of django-q2); whoever started it
    (`up`, systemd) starts it again. Lane by lane: a picture that takes minutes hides no cluster that writes nothing.
    """
    if not any(map(_stands_still, settings.LANES)):
        return False
    killed = False
    for pid in queue.clusters_here():
        log.error("cluster takes tickets and finishes nothing, killing it", pid=pid)
        try:
            os.killpg(os.getpgid(pid), signal.SIGKILL)
            killed = True
        except (ProcessLookupError, PermissionError) as error:
            log.warning("cluster not killed", pid=pid, error=type(error).__name__)
    return killed


def _stands_still(lane: str) -> bool:
    long_ago = in_seconds(-settings.CLUSTER_HUNG_AFTER_SECONDS)
    overdue = Stage.objects.claimable([lane]).filter(queued_at__lt=long_ago)
    if not overdue.exclude(not_before__gt=long_ago).exists():
        return False
    of_lane = Stage.objects.filter(lane=lane)
    at_work = of_lane.filter(status=StageStatus.RUNNING, lease_expires_at__gte=Now())
    return not (at_work.exists() or of_lane.filter(started_at__gte=long_ago).exists())


class Chore(threading.Thread):
    """Something that may take its time, done again and again on a thread and a connection of its own."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.stopped = threading.Event()

    def rests(self) -> Iterator[float]:
        """The seconds before each time."""
        raise NotImplementedError

    def do(self) -> None:
        raise NotImplementedError

    def run(self) -> None:
        try:
            for seconds in self.rests():
                if self.stopped.wait(seconds):
                    return
                try:
                    self.do()
                except (OperationalError, InterfaceError, ExternalError) as error:
                    log.warning("not done", chore=self.name, error=type(error).__name__)
                    connections.close_all()
                except Exception:  # a bug; the next round is another chance
                    log.exception("not done", chore=self.name)
        finally:
            connections.close_all()


class Post(Chore):
    """Sends the mail that is due."""

    def __init__(self) -> None:
        super().__init__("post")

    def rests(self) -> Iterator[float]:
        while True:
            yield POST_EVERY_SECONDS

    def do(self) -> None:
        mail.send_due()


class Broom(Chore):
    """Removes once a day the pictures that nobody needs, and what the trail need not know any longer; then it looks
    whether the trail is whole. Several may sweep: what one took, the others do not find."""

    def __init__(self) -> None:
        super().__init__("broom")

    def rests(self) -> Iterator[float]:
        yield SWEEP_AFTER_SECONDS  # a desk that is stopped every evening is swept too
        while True:
            yield SWEEP_EVERY_SECONDS

    def do(self) -> None:
        if blanked := retention.blank_old():
            log.info("old addresses blanked in the trail", rows=blanked)
        if not (check := chain.keep_verified()).whole:
            log.error("the trail was altered", finding=check.finding)
        if removed := cleanup.clean():
            log.info("pictures cleaned up", files=len(removed), bytes=sum(one.size for one in removed))
