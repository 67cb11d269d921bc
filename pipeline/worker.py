"""What a ticket calls: claim the best queued stages and run them side by side until there are none."""

from __future__ import annotations

import os
import queue
import socket
import threading
from collections.abc import Callable

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
KEPT_SECONDS = 20.0  # a hand with nothing to do


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


class Crew:
    """Threads that each run what they are handed. They wait on models, so many fit into one process.

    One that has nothing to do stays a while, with its connection: to open thirty takes longer than everything else that
    thirty stages need of a worker.
    """

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.free = 0  # hands that wait and that no job in the inbox is meant for
        self.hands: list[threading.Thread] = []

    def hand_out(self, job: Callable[[], None]) -> None:
        with self.lock:
            if self.free:
                self.free -= 1
            else:
                hand = threading.Thread(target=self.hand, name=f"hand-{len(self.hands)}", daemon=True)
                self.hands.append(hand)
                hand.start()
            self.inbox.put(job)

    def hand(self) -> None:
        try:
            while (job := self.next()) is not None:
                close_old_connections()
                job()
                with self.lock:
                    self.free += 1
        finally:
            connections.close_all()

    def next(self) -> Callable[[], None] | None:
        while True:
            try:
                return self.inbox.get(timeout=KEPT_SECONDS)
            except queue.Empty:
                with self.lock:
                    if self.inbox.empty():
                        self.free -= 1
                        self.hands.remove(threading.current_thread())
                        return None

    def dismiss(self) -> None:
        """Send the hands home for good, when none has anything to do."""
        with self.lock:
            hands = list(self.hands)
        for _ in hands:
            self.inbox.put(None)
        for hand in hands:
            hand.join()


class Drain:
    """One ticket's worth of work: what is queued, and what is queued meanwhile."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.heart = Heart()
        self.lock = threading.Lock()
        self.busy = 0
        self.look = threading.Event()  # there may be more to claim, or nothing is left to wait for
        self.ran = 0
        self.broken: list[BaseException] = []

    def run(self) -> int:
        """How many stages ran."""
        self.heart.start()
        try:
            while not self.broken:
                room = min(settings.STAGES_AT_ONCE - self.busy, CLAIMED_AT_ONCE)
                if room > 0 and (stages := Stage.objects.claim_some(settings.LANES, room)):
                    for stage in stages:
                        self.hand_out(stage)
                elif self.busy:
                    self.rest()
                else:
                    break
        finally:
            while self.busy:
                self.rest()
            self.heart.stopped.set()
            self.heart.join()
        if self.broken:
            raise self.broken[0]
        return self.ran

    def rest(self) -> None:
        self.look.wait(LOOK_EVERY_SECONDS)
        self.look.clear()

    def claim(self) -> Stage | None:
        return Stage.objects.claim(settings.LANES)

    def hand_out(self, stage: Stage) -> None:
        with self.lock:
            self.busy += 1
        self.crew.hand_out(lambda: self.go_on_from(stage))

    def go_on_from(self, stage: Stage) -> None:
        """Run it, then whatever follows it, as long as there is something."""
        try:
            following: Stage | None = stage
            while following is not None:
                self.execute(following)
                following = self.claim()
                if following:
                    self.look.set()  # what ended may have queued more than one
        except Exception as error:  # the database is away, or a bug: the lease expires, the ticket fails
            log.exception("hand stopped", stage=stage.name, task=stage.task_id)
            self.broken.append(error)
            connections.close_all()
        finally:
            with self.lock:
                self.busy -= 1
                if not self.busy:
                    self.look.set()

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


_crew = Crew()


def drain() -> str:
    """The ticket's function: claims whatever is best now, wherever the ticket came from."""
    close_old_connections()
    if settings.IS_WORKER:
        return f"{Drain(_crew).run()} stages"
    # A command or a test ends with its work. The crew goes with it: a hand that was sent home may still count itself
    # among the free ones, and whoever asked that crew again would wait for it for ever.
    crew = Crew()
    try:
        return f"{Drain(crew).run()} stages"
    finally:
        crew.dismiss()
