"""What the machine does once more to a text: its revision, and its replay, for the pages of the desk that say so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import template

from content.models import Decision, Piece, User, Verdict, Version
from content.services import diffing
from content.services.diffing import Comparison
from pipeline.models import Task, TaskStatus
from pipeline.services import replaying, revising
from pipeline.stages.replaying import Recorded, readable

register = template.Library()

SHOWN = 12  # calls whose difference is drawn


class Revision:
    """Whether a piece is being revised, and whether the model can be asked to."""

    def __init__(self, piece: Piece, user: User, stands: Decision | None) -> None:
        self.piece, self.user, self.stands = piece, user, stands

    @cached_property
    def task(self) -> Task | None:
        return revising.under_way(self.piece)

    @property
    def may_see_task(self) -> bool:
        return self.task is not None and (self.user.reviews or self.task.owner_id == self.user.pk)

    @property
    def can_be_asked(self) -> bool:
        """Changes were requested, and nobody makes them yet."""
        wanted = self.stands is not None and self.stands.verdict == Verdict.CHANGES_REQUESTED
        return wanted and self.user.reviews and self.task is None


@dataclass(frozen=True)
class Call:
    """One call that was answered otherwise, and what is otherwise in it."""

    number: int
    prompt: str
    difference: Comparison


class Replay:
    """The newest replay of a version, and whether there can be another one."""

    def __init__(self, version: Version, user: User) -> None:
        self.version, self.user = version, user

    @cached_property
    def recorded(self) -> Recorded:
        return Recorded.of(self.version)

    @cached_property
    def task(self) -> Task | None:
        return replaying.of(self.version)

    @property
    def may_see_task(self) -> bool:
        return self.task is not None and (self.user.reviews or self.task.owner_id == self.user.pk)

    @property
    def is_done(self) -> bool:
        return self.task is not None and self.task.status == TaskStatus.COMPLETED

    @property
    def result(self) -> dict[str, Any]:
        return self.task.result if self.task else {}

    @property
    def other_models(self) -> list[dict[str, str]]:
        """Those that are not what they were when the version was written."""
        return [
            one for one in self.result.get("models", []) if one["then"] and one["now"] and one["then"] != one["now"]
        ]

    @cached_property
    def different(self) -> list[Call]:
        """The calls that were answered otherwise, with their differences, at most a dozen."""
        stage = self.task.stages.first() if self.task and self.is_done else None
        if stage is None:
            return []
        found, calls = stage.kept.get("calls", []), self.recorded.calls
        return [
            Call(
                at,
                str(calls[at - 1].get("prompt") or "a call"),
                _difference(calls[at - 1]["output"], found[at - 1]["output"]),
            )
            for at in self.result["different"][:SHOWN]
        ]

    @property
    def left_out(self) -> int:
        return max(len(self.result.get("different", [])) - SHOWN, 0)


def _difference(old: str, new: str) -> Comparison:
    """What is otherwise in the words; in the bare answers, where only their form differs."""
    before, after = readable(old), readable(new)
    return diffing.compare(*((old, new) if before == after else (before, after)), plain=True)


@register.simple_tag
def revision(piece: Piece, user: User, stands: Decision | None) -> Revision:
    return Revision(piece, user, stands)


@register.simple_tag
def replay(version: Version, user: User) -> Replay:
    return Replay(version, user)
