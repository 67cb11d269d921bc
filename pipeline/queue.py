"""Tickets: "claim the best queued stage and run it". The only file that knows django-q2."""

from __future__ import annotations

import socket

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.status import Stat
from django_q.tasks import async_task

log = structlog.get_logger(__name__)

MOST_WAITING = 4  # tickets for the device's cluster


def ticket_on_commit() -> None:
    """Issue a ticket when the current transaction has committed."""
    transaction.on_commit(ticket)


def ticket() -> bool:
    """Put one ticket into the queue; False when Redis is away (the sweep issues another later)."""
    try:
        for cluster in _to_wake():
            # A ticket carries nothing and is worth nothing: never saved, never delivered twice.
            async_task("pipeline.worker.drain", ack_failure=True, save=False, cluster=cluster)
    except (redis.RedisError, OSError) as error:
        log.warning("ticket not issued", error=type(error).__name__)
        return False
    return True


def _to_wake() -> list[str]:
    """The clusters that a ticket goes to. That of the device finds nothing in most cases, which costs it milliseconds;
    it may be busy for minutes, or not be there, and then a few tickets are as good as many."""
    clusters = [settings.Q_CLUSTER["name"]]
    if settings.SDXL and get_broker(settings.GPU_CLUSTER).queue_size() < MOST_WAITING:
        clusters.append(settings.GPU_CLUSTER)
    return clusters


def depth() -> int | None:
    """How many tickets wait in Redis; None when it is away."""
    try:
        return int(get_broker().queue_size())
    except (redis.RedisError, OSError):
        return None


def clear() -> None:
    """Throw away every waiting ticket (tests; tickets carry nothing, so nothing is lost)."""
    get_broker().purge_queue()


def clusters_here() -> list[int]:
    """The process ids of the django-q2 clusters on this host, as they last reported themselves."""
    try:
        return [int(stat.pid) for stat in Stat.get_all(get_broker()) if stat.host == socket.gethostname()]
    except (redis.RedisError, OSError):
        return []
