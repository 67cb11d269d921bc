"""A daily run as its own page shows it: many pieces, each with a stage of its own."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property
from typing import Any

from content.models import Piece
from content.templatetags.desk import in_words
from pipeline.models import Stage, StageStatus, TaskStatus
from pipeline.services.eta import eta
from pipeline.views import parts
from pipeline.views.columns import Column, of_step
from pipeline.views.progress import Progress
from pipeline.workflows import WORKFLOWS


class Run(Progress):
    """What `Progress` says of one piece, said of all of them."""

    is_run = True

    @cached_property
    def piece(self) -> Piece | None:
        return None  # there are many: see `rows`

    @cached_property
    def eta(self) -> tuple[int, int] | None:
        return eta(self.task)

    @cached_property
    def columns(self) -> list[Column]:
        """One for each step."""
        steps = WORKFLOWS[self.task.type]
        return [of_step(self.task, step, [s for s in self.stages if s.name == step.name]) for step in steps]

    @property
    def kept_names(self) -> list[str]:
        pieces = f"{self.made_parts} piece{'' if self.made_parts == 1 else 's'}"
        return [pieces] if self.made_parts else []

    @cached_property
    def rows(self) -> list[parts.Row]:
        return parts.of_run(self.task)

    @property
    def platforms(self) -> list[Any]:
        return parts.platforms_of(self.rows)

    @cached_property
    def part_stages(self) -> list[Stage]:
        return [stage for stage in self.stages if stage.piece_id]

    @cached_property
    def failed_parts(self) -> int:
        return sum(stage.status == StageStatus.FAILED for stage in self.part_stages)

    @cached_property
    def made_parts(self) -> int:
        return sum(stage.status == StageStatus.DONE for stage in self.part_stages)

    @cached_property
    def waiting_parts(self) -> int:
        """How many of its pieces a person has still to decide on."""
        return Piece.objects.waiting().filter(deleted_at=None, stages__task=self.task).distinct().count()

    @property
    def cost(self) -> Decimal | None:
        """US dollars; None if the price of any of it is not known."""
        costs = [stage.cost for stage in self.stages]
        return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal())

    @property
    def headline(self) -> str:
        made, of = self.made_parts, len(self.part_stages)
        if self.task.status == TaskStatus.COMPLETED:
            if waiting := self.waiting_parts:
                pieces = "piece is" if waiting == 1 else "pieces are"
                return f"{in_words(waiting).capitalize()} {pieces} waiting for you"
            return self.task.doing or "Finished"
        if self.task.status == TaskStatus.FAILED and not made:
            return "Nothing was made"
        if self.task.status == TaskStatus.CANCELLED and made:
            return f"Cancelled with {made} of {of} pieces written"
        if self.task.is_active and of:
            return f"{made} of {of} piece{'' if of == 1 else 's'} written"
        return self.task.name
