"""Events: the numbered progress lines of a task."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection, models

# One statement for all of it: of thirty stages that speak at once, each holds the lock on the task's row the shorter.
_APPEND = """
    WITH numbered AS (
        UPDATE pipeline_task SET last_seq = last_seq + %(many)s WHERE id = %(task)s RETURNING last_seq - %(many)s AS before
    )
    INSERT INTO pipeline_event (task_id, seq, type, data, created_at)
    SELECT %(task)s, before + at, type, data::jsonb, statement_timestamp()
    FROM numbered, unnest(%(types)s::text[], %(data)s::text[]) WITH ORDINALITY AS told (type, data, at)
    RETURNING id, seq, created_at
"""


class EventManager(models.Manager["Event"]):
    def append(self, task_id: int, told: Sequence[tuple[str, dict[str, Any]]]) -> list[Event]:
        """The task's next events, each a type and its data, stored under the next numbers."""
        types, data = [type for type, _ in told], [json.dumps(said) for _, said in told]
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, {"task": task_id, "many": len(told), "types": types, "data": data})
            rows = sorted(cursor.fetchall(), key=lambda row: row[1])
        assert len(rows) == len(told), "events are emitted of tasks that exist"
        return [
            Event(pk=pk, task_id=task_id, seq=seq, type=type, data=said, created_at=created_at)
            for (pk, seq, created_at), (type, said) in zip(rows, told, strict=True)
        ]


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
