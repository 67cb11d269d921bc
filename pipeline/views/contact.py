"""The contact sheet of a piece: its pictures, those in the making, and the one in hand."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from content.errors import CopydeskError
from content.models import Piece, User
from media_gen.models import Image, ImageStatus
from media_gen.services import candidates, choosing
from pipeline.models import Event, Stage, Task, TaskStatus, TaskType
from pipeline.models.task import ACTIVE
from pipeline.services import pictures
from pipeline.views.progress import Progress
from pipeline.views.standing import Standing, standing


@dataclass(frozen=True)
class Making:
    """A task that makes pictures for the piece. `coming` are the numbers of those that are not there yet, the one at
    work left out: each has its place from the beginning, so that nothing moves when they come."""

    task: Task
    standing: Standing
    source: str
    seed: int
    number: int
    coming: range
    left: int | None
    may_stop: bool

    @property
    def has_failed(self) -> bool:
        return self.task.status == TaskStatus.FAILED


class ContactSheet:
    """What the images page shows. `picked` is the picture in hand, by its pk; `alt` what was typed for it."""

    def __init__(
        self,
        user: User,
        piece: Piece,
        *,
        picked: int = 0,
        alt: str | None = None,
        refusal: CopydeskError | None = None,
    ) -> None:
        self.user, self.piece, self.refusal = user, piece, refusal
        self._picked, self._alt = picked, alt

    @cached_property
    def images(self) -> list[Image]:
        return list(Image.objects.filter(piece=self.piece).select_related("by").order_by("created_at", "pk"))

    @cached_property
    def chosen(self) -> Image | None:
        return next((image for image in self.images if image.status == ImageStatus.CHOSEN), None)

    @property
    def undecided(self) -> list[Image]:
        return [image for image in self.images if image.status == ImageStatus.CANDIDATE]

    @property
    def open(self) -> list[Image]:
        """The chosen one, then those that nobody has decided on, in the order in which they came."""
        return [self.chosen, *self.undecided] if self.chosen else self.undecided

    @property
    def passed_over(self) -> list[Image]:
        return [image for image in self.images if image.status == ImageStatus.NOT_CHOSEN]

    @property
    def cleaned_up(self) -> int:
        """How many are no more: nobody chose them for a while."""
        return sum(image.status == ImageStatus.EXPIRED for image in self.images)

    @property
    def left(self) -> list[Image]:
        """Those that can be chosen."""
        return [*self.open, *self.passed_over]

    @cached_property
    def picked(self) -> Image | None:
        left = self.left
        return next((image for image in left if image.pk == self._picked), left[0] if left else None)

    @property
    def alt(self) -> str:
        return self._alt if self._alt is not None else self.picked.alt if self.picked else ""

    @property
    def others(self) -> int:
        """How many an approval would mark as not chosen."""
        return max(len(self.open) - 1, 0)

    @property
    def fields(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self.refusal.extra.get("fields", {}) if self.refusal else {}
        return found

    @property
    def may_choose(self) -> bool:
        return self.user.reviews

    @property
    def may_make(self) -> bool:
        return (self.user.reviews or self.piece.owner_id == self.user.pk) and self.piece.is_written

    @cached_property
    def waits_to_replace(self) -> bool:
        return choosing.waits_to_replace(self.piece)

    def outdated(self) -> set[int]:
        """The cards whose title is not the piece's any more."""
        return {image.pk for image in self.left if candidates.is_outdated(image, self.piece)}

    @cached_property
    def making(self) -> list[Making]:
        """What is under way, oldest first, and at the end the newest of all if it has failed."""
        stages = Stage.objects.filter(piece=self.piece, name=pictures.STAGE, task__type=TaskType.IMAGE_GENERATION)
        rows = list(stages.exclude(task__status=TaskStatus.DELETED).select_related("task").order_by("pk"))
        shown = [stage for stage in rows if stage.task.status in ACTIVE]
        if rows and rows[-1].task.status == TaskStatus.FAILED:
            shown.append(rows[-1])
        return [self._making(stage) for stage in shown]

    def _making(self, stage: Stage) -> Making:
        task, asked = stage.task, stage.kept["asked"]
        there = sum(image.key.startswith(f"task-{task.pk}-") for image in self.images)
        number = min(there + 1, asked["count"])
        return Making(
            task,
            standing(task),
            asked["source"],
            asked["seed"] + there,
            number,
            range(number + 1, asked["count"] + 1),
            _left(task) if task.status == TaskStatus.RUNNING else None,
            self.user.reviews or task.owner_id == self.user.pk,
        )


class Pictures(Progress):
    """A task that makes pictures, on its own page."""

    is_pictures = True

    @cached_property
    def images(self) -> list[Image]:
        """Those that it has made so far."""
        made = Image.objects.filter(piece=self.piece, key__startswith=f"task-{self.task.pk}-")
        return list(made.exclude(status=ImageStatus.EXPIRED).order_by("pk"))

    @property
    def headline(self) -> str:
        return self.task.name


def _left(task: Task) -> int | None:
    """Seconds, as the task last said itself; before it did, as usual here."""
    said: Any = Event.objects.filter(task=task, type="progress").order_by("-seq").values_list("data", flat=True).first()
    if said and said.get("seconds_left") is not None:
        return int(said["seconds_left"])
    usual = pictures.eta(task)
    return usual[0] if usual else None
