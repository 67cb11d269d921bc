"""What each type of task is made of, and how far along each stage brings it."""

from __future__ import annotations

from dataclasses import dataclass

from content.models import Piece
from media_gen import sources
from pipeline.models import Stage, Task, TaskType


@dataclass(frozen=True)
class Step:
    """One step of a workflow: from `begins` to `ends` percent, `promises` is what its column says before it runs.

    A step `side_by_side` is made of any number of stages that run at once; one that fails does not fail the task, and
    the next step begins when each of them is done or has failed. What it `does` to how many `parts` is said while it
    does. `recovery` is what a person can do when it has failed, where that is not what is true of every step. `pauses`
    are the seconds before the second and the third try.
    """

    name: str
    begins: int
    ends: int
    promises: str
    lane: str = "io"
    side_by_side: bool = False
    does: str = "Writing"
    parts: str = "pieces"
    recovery: str = ""
    pauses: tuple[float, float] = (5, 15)


WORKFLOWS: dict[str, tuple[Step, ...]] = {
    TaskType.BLOG_POST: (
        Step("research", 0, 10, "Facts and their sources"),
        Step("draft", 10, 55, "Outline, then section by section"),
        Step("critique", 55, 85, "Score, refine, score again"),
        Step("illustrate", 85, 90, "A picture to choose"),
        Step("format", 90, 97, "Title, slug, tags"),
        Step("finalize", 97, 100, "Waiting for you"),
    ),
    TaskType.DAILY_WORKFLOW: (
        Step("ideate", 0, 15, "Ideas, none like the last 30 days"),
        Step("transform", 15, 98, "Each idea for each platform", side_by_side=True),
        Step("wrap_up", 98, 100, "Waiting for you"),
    ),
    TaskType.PLATFORM_CONTENT: (
        Step("transform", 0, 98, "One piece", side_by_side=True),
        Step("wrap_up", 98, 100, "Waiting for you"),
    ),
    TaskType.IMAGE_GENERATION: (
        Step(
            "pictures",
            0,
            100,
            "To choose from",
            recovery="What arrived is kept. Try again for the rest, or ask in another way.",
        ),
    ),
    # What is public follows at once, without the first step: that one waits for a date.
    TaskType.PUBLISH: (
        Step("publish", 0, 20, "On our own site", recovery="Look at the piece, then publish it or set another date."),
        Step(
            "deliver",
            20,
            98,
            "Each other place",
            side_by_side=True,
            does="Sending",
            parts="places",
            pauses=(2, 10),
        ),
        Step(
            "summary",
            98,
            100,
            "What is where",
            recovery="Our own site is not affected. Put that right, then try again.",
        ),
    ),
    TaskType.REVISION: (
        Step(
            "revise",
            0,
            100,
            "What the note asks for",
            recovery="The text stays as it was. Try again, put the note in other words, or edit it yourself.",
        ),
    ),
    TaskType.REPLAY: (Step("replay", 0, 100, "The same calls again, compared"),),
}


def step(task_type: str, name: str) -> Step:
    """The step called `name` of a type of task."""
    return next(step for step in WORKFLOWS[task_type] if step.name == name)


def planned(task: Task, name: str, *, piece: Piece | None = None, key: str = "", lane: str = "") -> Stage:
    """A stage of the step `name`, not yet stored; `key` tells stages of one step apart. Its `lane` is the step's, where
    nothing else is said."""
    steps = [step.name for step in WORKFLOWS[task.type]]
    return Stage(
        task=task,
        name=name,
        key=key,
        position=steps.index(name),
        lane=lane or step(task.type, name).lane,
        piece=piece,
        priority=task.priority,
        asked_at=task.created_at,
    )


def lane_of(source: str) -> str:
    """Where pictures of this source are made: one at a time where they need the device to themselves."""
    return "gpu" if source in sources.NAMES and sources.about(source).on_device else "io"


def planned_transform(task: Task, piece: Piece) -> Stage:
    """The stage that writes one idea for one platform."""
    return planned(task, "transform", piece=piece, key=f"{piece.idea_id}-{piece.platform}")
