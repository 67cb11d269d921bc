"""Heartbeats: which processes are alive."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def alive(self, process: str, *, within: float = 15) -> HeartbeatQuerySet:
        """Processes of this kind that were heard of in the last `within` seconds."""
        return self.filter(process=process, at__gte=Now() - timedelta(seconds=within))


class Heartbeat(models.Model):
    """When a process of a kind (`worker`, `clock`) on a host was last heard of; doctor and the desk read it."""

    process = models.CharField(max_length=20)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    at = models.DateTimeField()

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("process", "host", name="one_heartbeat_per_process_and_host")]

    def __str__(self) -> str:
        return f"{self.process} on {self.host}"

    @classmethod
    def beat(cls, process: str, host: str, pid: int) -> None:
        cls.objects.update_or_create(process=process, host=host, defaults={"pid": pid, "at": Now()})
