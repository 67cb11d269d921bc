"""Changing a task after it was asked for."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from content.errors import InvalidMove, NotAllowed
from content.models import User
from content.services import audit
from pipeline.models import StageStatus, Task
from pipeline.services.tasks import lock


@transaction.atomic
def amend(task: Task, *, by: User, name: str | None = None, priority: int | None = None) -> None:
    """Give it another name, or another place in the queue: its stages are claimed by the new priority from now on."""
    if not (by.reviews or task.owner_id == by.pk):
        raise NotAllowed("Only its owner or an editor can do that.")
    lock(task)
    locked = Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    changed: dict[str, Any] = {"name": name, "priority": priority}
    changed = {field: value for field, value in changed.items() if value not in (None, getattr(locked, field))}
    if not changed:
        return
    if "priority" in changed:
        if not locked.is_active:
            raise InvalidMove(f"“{locked}” does not wait any more: it is {locked.get_status_display().lower()}.")
        unfinished = [StageStatus.WAITING, StageStatus.QUEUED, StageStatus.RUNNING]
        locked.stages.filter(status__in=unfinished).update(priority=priority)
    for field, value in changed.items():
        setattr(locked, field, value)
    locked.save(update_fields=[*changed, "updated_at"])
    audit.record("task.amended", locked, by=by, **changed)
    task.refresh_from_db()
