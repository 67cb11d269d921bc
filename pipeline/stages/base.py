"""What a stage works with: its row, its piece, a line to the model, and a voice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone

from content.errors import CopydeskError
from content.models import Piece
from pipeline import events, providers, workflows
from pipeline.models import Stage, Task
from pipeline.models.stage import LeaseLost
from pipeline.providers.session import Session

DELTA_EVERY_SECONDS = 0.12


class Lease:
    """The right to write a stage's output, kept alive by the heartbeat, lost for good when that fails."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.token = stage.run_token
        self.lost = threading.Event()


class Work:
    """One run of one stage."""

    def __init__(self, stage: Stage, lease: Lease) -> None:
        self.stage = stage
        self.task: Task = stage.task
        self.lease = lease
        self.step = workflows.step(self.task.type, stage.name)
        self.session = Session(
            provider=providers.get(self.task.provider),
            model=self.task.model,
            rank=stage.pk,
            check=self.check,
            say=lambda message, as_: self.say(message, as_),
            log=lambda level, message: self.log("model", message, level=level),
        )
        # Of many stages of one step, each speaks for itself, and the task for all of them.
        self.is_one_of_many = self.step.side_by_side and self._counted()[1] > 1
        self._said = ("", "")
        self._sent: dict[str, float] = {}

    @property
    def piece(self) -> Piece:
        assert self.stage.piece is not None, "every stage of a writing task has a piece"
        return self.stage.piece

    @property
    def kept(self) -> dict[str, Any]:
        """What an earlier run of this stage has already made."""
        kept: dict[str, Any] = self.stage.kept
        return kept

    def output_of(self, name: str) -> dict[str, Any]:
        """The output of an earlier stage of the same task."""
        output: dict[str, Any] = self.task.stages.get(name=name, key=self.stage.key).output
        return output

    # --- Stopping ---

    def check(self) -> None:
        """Raise if this run has to end: cancelled, taken over, or past the task's deadline."""
        if self.lease.lost.is_set():
            raise LeaseLost(str(self.stage))
        if self.task.deadline_at and timezone.now() > self.task.deadline_at:
            raise CopydeskError(
                "It took longer than this installation allows for one task.",
                code="deadline",
            )

    @contextmanager
    def fenced(self) -> Iterator[None]:
        """A transaction in which this run, and no other, may write; `LeaseLost` if it has been replaced."""
        with transaction.atomic():
            if not Stage.objects.all().lock_held(self.stage.pk, self.lease.token):
                raise LeaseLost(str(self.stage))
            with events.together():
                yield

    def keep(self, name: str, value: Any) -> None:
        """Remember what is made already; a second run finds it in `kept`."""
        self.stage.keep(name, value)

    # --- Speaking ---

    @property
    def opening(self) -> str:
        """What it says first."""
        if self.is_one_of_many and self.stage.aim:
            return f"{self.step.does} {self.stage.aim}"
        return f"Beginning with {self.stage.title.lower()}"

    def progress(self, fraction: float, message: str, **more: Any) -> None:
        """How much of this stage is done (0 to 1), what it is doing now, and what `more` its event says."""
        self._tell(message, "running", min(max(fraction, 0), 1), **more)

    def say(self, message: str, as_: str) -> None:
        """What it waits for: `as_` is loading, queued, retry or running."""
        self._tell(message, as_)

    def _tell(self, message: str, as_: str, fraction: float = -1, **more: Any) -> None:
        """`fraction` is how much of this stage is done; below 0 it says nothing of that."""
        if self.is_one_of_many and (message, as_) == self._said:
            return
        with transaction.atomic(savepoint=False):
            doing, shape, done, of = message, as_, 0, 1
            if self.is_one_of_many:
                Stage.objects.all().say(self.stage.pk, message[:200])
                done, of = self._counted()
                doing, shape = self._of_all(done, of), "running"
            percent = self._percent((done + fraction) / of) if fraction >= 0 else 0
            now = Task.objects.all().tell(self.task.pk, doing=doing, doing_as=shape, percent=percent)
            if now is None:
                return
            if (message, as_) != self._said or now != self.task.percent:
                events.emit(self.task, "progress", percent=now, message=message, **self.which, **more, **{"as": as_})
            self._said, self.task.percent = (message, as_), now

    def _counted(self) -> tuple[int, int]:
        """(how many stages of this step are settled, how many there are)"""
        return Stage.objects.all().counted(self.task.pk, self.stage.name)

    def _percent(self, share: float) -> int:
        """`share` is how much of this step is done."""
        return min(round(self.step.begins + (self.step.ends - self.step.begins) * share), 99)

    def passed(self) -> tuple[int, bool]:
        """Write to the task that this stage, whose row says so already, is done.

        How far that brings the task, and whether it was the last of its step.
        """
        if not self.is_one_of_many:
            Task.objects.filter(pk=self.task.pk).update(percent=Greatest("percent", min(self.step.ends, 99)))
            return self.step.ends, True
        Task.objects.all().touch(self.task.pk)  # locks it: of two at once, one counts both
        done, of = self._counted()
        percent = self._percent(done / of)
        now = Task.objects.all().tell(self.task.pk, doing=self._of_all(done, of), doing_as="running", percent=percent)
        return now or percent, done == of

    def _of_all(self, done: int, of: int) -> str:
        does, parts = self.step.does, self.step.parts
        return f"{does}, {done} of {of} {parts} done" if done else f"{does} {of} {parts} side by side"

    @property
    def which(self) -> dict[str, Any]:
        """What tells an event of this stage from its siblings'."""
        which: dict[str, Any] = {"stage": self.stage.name}
        if self.step.side_by_side:
            which |= {"stage_id": self.stage.pk, "piece_id": self.stage.piece_id}
        return which

    def log(self, source: str, message: str, *, level: str = "info") -> None:
        """A line in the task's log; `source` is model, validator, images, publisher or worker."""
        if self.is_one_of_many:
            message = f"{self.stage.label}: {message}"
        events.emit(self.task, "log", source=source, level=level, message=message)

    def live(self, block: str, text: str, *, kind: str = "p", final: bool = False) -> None:
        """Live text, at most about eight times a second for each block; the final one always."""
        now = time.monotonic()
        if final or now - self._sent.get(block, 0) >= DELTA_EVERY_SECONDS:
            self._sent[block] = now
            name = f"{self.stage.pk}-{block}" if self.step.side_by_side else block
            events.delta(self.task, block=name, text=text, kind=kind, final=final)
