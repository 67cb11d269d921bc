"""What each type of task is made of, and how far along each stage brings it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.models import TaskType


@dataclass(frozen=True)
class Step:
    """One stage of a workflow: from `begins` to `ends` percent, `promises` is what its column says before it runs."""

    name: str
    begins: int
    ends: int
    promises: str
    lane: str = "io"


WORKFLOWS: dict[str, tuple[Step, ...]] = {
    TaskType.BLOG_POST: (
        Step("research", 0, 10, "Facts and their sources"),
        Step("draft", 10, 55, "Outline, then section by section"),
        Step("critique", 55, 85, "Score, refine, score again"),
        Step("illustrate", 85, 90, "Typographic card"),
        Step("format", 90, 97, "Title, slug, tags"),
        Step("finalize", 97, 100, "Waiting for you"),
    ),
}


def step(task_type: str, name: str) -> Step:
    """The step called `name` of a type of task."""
    return next(step for step in WORKFLOWS[task_type] if step.name == name)
