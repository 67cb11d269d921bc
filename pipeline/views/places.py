"""A `publish` task as its own page shows it: our own site, and each other place with what it has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from content.models import Post
from pipeline.models import Delivery, DeliveryState, Stage, StageStatus, TaskStatus
from pipeline.views import standing as standings
from pipeline.views.columns import Column, of_step
from pipeline.views.progress import Progress
from pipeline.views.standing import Standing
from pipeline.workflows import WORKFLOWS

STATES: dict[str, Standing] = {
    DeliveryState.SENT: Standing("published", "Up to date"),
    DeliveryState.WITHDRAWN: Standing("none", "Taken off"),
}


@dataclass(frozen=True)
class Place:
    """One target, and its stage in this task. What it has may be newer than this task: the delivery says what it is."""

    stage: Stage
    standing: Standing
    delivery: Delivery | None

    @property
    def has_failed(self) -> bool:
        return self.stage.status == StageStatus.FAILED

    @property
    def is_there(self) -> bool:
        return self.delivery is not None and bool(self.delivery.document_id)


class Publishing(Progress):
    """What `Progress` says of a text, said of where it is public."""

    is_publishing = True

    @cached_property
    def columns(self) -> list[Column]:
        """One for each step; without a date the first is none of it."""
        by_step = {name: [one for one in self.stages if one.name == name] for name in ("publish", "deliver", "summary")}
        is_to_come = self.task.is_active and any(one.status != StageStatus.DONE for one in by_step["publish"])
        steps = [step for step in WORKFLOWS[self.task.type] if by_step[step.name] or (is_to_come and step.side_by_side)]
        return [of_step(self.task, step, by_step[step.name]) for step in steps]

    @property
    def headline(self) -> str:
        return self.task.name

    @property
    def kept_names(self) -> list[str]:
        return [one.label if one.key else one.title for one in self.stages if one.status == StageStatus.DONE]

    @cached_property
    def any_post(self) -> Post | None:
        """The piece's post, whether readers have it or not."""
        return Post.objects.filter(piece=self.piece).first() if self.piece else None

    @property
    def own_site(self) -> Standing:
        if self.post:
            return Standing("published", "Public")
        if self.any_post:
            return Standing("none", "Withdrawn")
        if self.task.status == TaskStatus.FAILED:
            return Standing("failed", "Not public")
        return Standing("queued", "Not public yet")

    @cached_property
    def places(self) -> list[Place]:
        stages = [stage for stage in self.stages if stage.name == "deliver"]
        known = {one.target: one for one in self.any_post.deliveries.all()} if self.any_post else {}
        in_line, shape = standings.places(stages), standings.shapes(stages)
        return [
            Place(stage, _standing(stage, found, in_line.get(stage.pk), shape.get(stage.pk, "running")), found)
            for stage, found in ((stage, known.get(stage.key)) for stage in stages)
        ]


def _standing(stage: Stage, delivery: Delivery | None, place: int | None, shape: str) -> Standing:
    match stage.status:
        case StageStatus.DONE if delivery:
            return STATES.get(delivery.state) or Standing("failed", "Failed since then", delivery.error)
        case StageStatus.RUNNING if not stage.doing:
            return Standing(shape, "Sending")
        case StageStatus.CANCELLED:
            return Standing("none", "Not sent", "Cancelled before it was sent.")
    return standings.part_standing(stage, None, place, shape)
