"""Statuses and the one way to change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from content.errors import InvalidMove


class Status(models.TextChoices):
    """Where a piece is on its road. `writing` comes before the road: its task is still at it."""

    WRITING = "writing", "Being written"
    GENERATED = "generated", "Generated"
    REVIEWED = "reviewed", "Reviewed"
    EDITED = "edited", "Edited"
    READY = "ready", "Ready"
    PUBLISHED = "published", "Published"
    REJECTED = "rejected", "Rejected"


class Approval(models.TextChoices):
    """What people said of the newest version."""

    PENDING = "pending", "Waiting for a decision"
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"


MOVES: dict[str, set[str]] = {
    Status.WRITING: {Status.GENERATED},
    Status.GENERATED: {Status.REVIEWED, Status.EDITED, Status.READY, Status.REJECTED},
    Status.REVIEWED: {Status.REVIEWED, Status.EDITED, Status.READY, Status.REJECTED},
    Status.EDITED: {Status.EDITED, Status.REVIEWED, Status.READY, Status.REJECTED},
    Status.READY: {Status.PUBLISHED, Status.EDITED, Status.REVIEWED},
    Status.PUBLISHED: {Status.EDITED, Status.READY},
    Status.REJECTED: {Status.EDITED, Status.REVIEWED},
}
# Where undoing a verdict may lead: to wherever its piece waited before. No other verb goes this way, so that nothing
# that was read looks as if it had just been written.
UNDOING: dict[str, set[str]] = {
    decided: {Status.GENERATED, Status.REVIEWED, Status.EDITED}
    for decided in (Status.READY, Status.REVIEWED, Status.REJECTED)
}


def sources(target: str, moves: Mapping[str, set[str]]) -> list[str]:
    """The statuses from which `target` may be reached."""
    return [str(start) for start, targets in moves.items() if target in targets]


class Moves(models.Model):
    """A status that moves along a table, by one UPDATE, so that of two callers one wins."""

    moves: ClassVar[Mapping[str, set[str]]] = {}
    status: Any
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    def move_to(self, target: str, *, along: Mapping[str, set[str]] | None = None, **changes: Any) -> None:
        """Move to `target` and set `changes` in the same statement; `InvalidMove` if the table forbids it.

        `along` is another table than that of the model.
        """
        won = (
            type(self)
            ._base_manager.filter(Q(pk=self.pk) & Q(("status__in", sources(target, along or self.moves))))
            .update(**{"status": target, "updated_at": Now(), **changes})
        )
        if not won:
            self.refresh_from_db(fields=["status"])
            raise InvalidMove(self.refusal(target), status_now=str(self.status))
        self.status = target
        for name, value in changes.items():
            setattr(self, name, value)

    def refusal(self, target: str) -> str:
        """Why a move to `target` is refused, for a person."""
        names = dict(cast("models.CharField[str, str]", self._meta.get_field("status")).flatchoices)
        now, wanted = str(names[self.status]), str(names[target])
        if self.status == target:
            return f"“{self}” is already {now.lower()}."
        return f"“{self}” is {now.lower()} and cannot become {wanted.lower()}."
