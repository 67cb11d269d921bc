"""Events: the numbered progress lines of a task."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection, models

# One statement for both: of thirty stages that speak at once, each holds the lock on the task's row half as long.
_APPEND = """
    WITH numbered AS (UPDATE pipeline_task SET last_seq = last_seq + 1 WHERE id = %s RETURNING last_seq)
    INSERT INTO pipeline_event (task_id, seq, type, data, created_at)
    SELECT %s, last_seq, %s, %s::jsonb, statement_timestamp() FROM numbered
    RETURNING id, seq, created_at
"""


class EventManager(models.Manager["Event"]):
    def append(self, task_id: int, type: str, data: dict[str, Any]) -> Event:
        """The task's next event, stored under the next number."""
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, [task_id, task_id, type, json.dumps(data)])
            row = cursor.fetchone()
        assert row, "events are emitted of tasks that exist"
        pk, seq, created_at = row
        return Event(pk=pk, task_id=task_id, seq=seq, type=type, data=data, created_at=created_at)


class Event(models.Model):
    """One progress line. `seq` counts from 1 within its task, without gaps."""

    task = models.ForeignKey("pipeline.Task", models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    type = models.CharField(max_length=30)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EventManager()

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
