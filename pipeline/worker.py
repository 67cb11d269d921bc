"""What a ticket calls: claim the best queued stages and run them side by side until there are none."""

from __future__ import annotations

import os
import queue
import socket
import threading

import structlog
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections, transaction

from pipeline import runner
from pipeline.models import Heartbeat, Stage
from pipeline.models.stage import in_seconds
from pipeline.stages.base import Lease

log = structlog.get_logger(__name__)

CLAIMED_AT_ONCE = 8  # the rest is left for a moment to other workers
LOOK_EVERY_SECONDS = 0.25  # for new work, while some is running


class Heart(threading.Thread):
    """Renews the leases of everything this process runs, on a connection of its own, and notices lost ones."""

    def __init__(self) -> None:
        super().__init__(name="heart", daemon=True)
        self.leases: set[Lease] = set()
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def run(self) -> None:
        try:
            while not self.stopped.wait(settings.HEARTBEAT_SECONDS):
                with self.lock:
                    leases = [lease for lease in self.leases if not lease.lost.is_set()]
                try:
                    self.renew(leases)
                except DatabaseError as error:
                    # The leases run out if this lasts, and the writes of their holders are refused.
                    log.warning("heartbeat missed", error=type(error).__name__)
                    connections.close_all()
        finally:
            connections.close_all()

    def renew(self, leases: list[Lease]) -> None:
        held = Stage.objects.held([lease.token for lease in leases if lease.token])
        with transaction.atomic():
            # One that is locked is being finished or cancelled; waiting for it, with others of its task in hand, could
            # wait for ever. It is renewed at the next beat.
            free = list(held.select_for_update(skip_locked=True).values_list("pk", flat=True))
            Stage.objects.filter(pk__in=free).update(lease_expires_at=in_seconds(settings.LEASE_SECONDS))
        alive = set(held.values_list("run_token", flat=True))
        for lease in leases:
            if lease.token not in alive:
                lease.lost.set()
        Heartbeat.beat("worker", socket.gethostname(), os.getpid())


class Drain:
    """Threads that each run one stage after the other; they wait on models, so many fit into one process."""

    def __init__(self) -> None:
        self.heart = Heart()
        self.inbox: queue.SimpleQueue[Stage | None] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.busy = 0
        self.look = threading.Event()  # something has ended: there may be more to claim
        self.hands: list[threading.Thread] = []
        self.ran = 0
        self.broken: list[BaseException] = []

    def run(self) -> int:
        """Run what is queued, and what is queued meanwhile; returns how many stages ran."""
        self.heart.start()
        try:
            while not self.broken:
                room = min(settings.STAGES_AT_ONCE - self.busy, CLAIMED_AT_ONCE)
                if room > 0 and (stages := Stage.objects.claim_some(settings.LANES, room)):
                    for stage in stages:
                        self.hand_out(stage)
                elif self.busy:
                    self.look.wait(LOOK_EVERY_SECONDS)
                    self.look.clear()
                else:
                    break
        finally:
            for _ in self.hands:
                self.inbox.put(None)
            for hand in self.hands:
                hand.join()
            self.heart.stopped.set()
            self.heart.join()
        if self.broken:
            raise self.broken[0]
        return self.ran

    def claim(self) -> Stage | None:
        return Stage.objects.claim(settings.LANES)

    def hand_out(self, stage: Stage) -> None:
        with self.lock:
            self.busy += 1
            if self.busy > len(self.hands):
                hand = threading.Thread(target=self.hand, name=f"hand-{len(self.hands)}", daemon=True)
                self.hands.append(hand)
                hand.start()
        self.inbox.put(stage)

    def hand(self) -> None:
        """Run what comes out of the inbox, then whatever follows it, as long as there is something."""
        try:
            while (stage := self.inbox.get()) is not None:
                try:
                    following: Stage | None = stage
                    while following is not None:
                        self.execute(following)
                        self.look.set()
                        following = self.claim()
                except Exception as error:  # the database is away, or a bug: the lease expires, the ticket fails
                    log.exception("hand stopped", stage=stage.name, task=stage.task_id)
                    self.broken.append(error)
                finally:
                    with self.lock:
                        self.busy -= 1
                    self.look.set()
        finally:
            connections.close_all()

    def execute(self, stage: Stage) -> None:
        lease = Lease(stage)
        with self.heart.lock:
            self.heart.leases.add(lease)
        try:
            runner.execute(stage, lease)
        finally:
            with self.heart.lock:
                self.heart.leases.discard(lease)
            self.ran += 1


def drain() -> str:
    """The ticket's function: claims whatever is best now, wherever the ticket came from."""
    close_old_connections()
    return f"{Drain().run()} stages"
