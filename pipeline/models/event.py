"""Events: the numbered progress lines of a task."""

from __future__ import annotations

from typing import Any

from django.db import models


class Event(models.Model):
    """One progress line. `seq` counts from 1 within its task, without gaps."""

    task = models.ForeignKey("pipeline.Task", models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=30)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["task", "seq"]
        constraints = [models.UniqueConstraint("task", "seq", name="one_event_per_number")]

    def __str__(self) -> str:
        return f"{self.type} {self.seq} of task {self.task_id}"

    def as_message(self) -> dict[str, Any]:
        """What a client gets, over the socket and from the API alike."""
        return {
            **self.data,
            "type": self.type,
            "task_id": self.task_id,
            "seq": self.seq,
            "timestamp": self.created_at.isoformat(),
        }
