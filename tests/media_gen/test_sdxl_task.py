"""Pictures by a real SDXL pipeline with a tiny model: the whole road of the task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import make
import pytest

from media_gen import storage
from media_gen.models import Image
from pipeline import runner
from pipeline.models import Event, Stage, Task, TaskStatus
from pipeline.services import tasks
from pipeline.stages import picturing
from pipeline.stages.base import Lease

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sdxl(tiny_sdxl: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SDXL, settings.SDXL_DEVICE, settings.SDXL_SIZE, settings.SDXL_STEPS = str(tiny_sdxl), "cpu", "64x64", 6
    monkeypatch.setattr(picturing, "TELL_EVERY_SECONDS", 0)


def asked(count: int = 4, **params: Any) -> tuple[Task, Stage]:
    """A task in the hands of a worker."""
    task = tasks.create(
        "image_generation",
        {"piece": make.piece().pk, "source": "sdxl", "prompt": "a red kettle", "seed": 40, "count": count, **params},
        owner=make.editor(),
    )
    stage = Stage.objects.claim(["gpu"])
    assert stage
    return task, stage


def messages(task: Task) -> list[str]:
    return [event.data["message"] for event in Event.objects.filter(task=task, type="progress").order_by("seq")]


def bytes_of(task: Task) -> list[bytes]:
    made = Image.objects.filter(key__startswith=f"task-{task.pk}-").order_by("pk")
    return [storage.read(storage.PREVIEWS, image.preview) for image in made]


def test_four_in_one_batch_step_by_step_and_the_same_seeds_give_the_same_pictures() -> None:
    first, stage = asked()
    runner.execute(stage, Lease(stage))
    second, stage = asked()
    runner.execute(stage, Lease(stage))

    first.refresh_from_db()
    assert first.status == TaskStatus.COMPLETED
    assert [message for message in messages(first) if "step" in message] == [
        f"4 pictures, step {step} of 6" for step in range(7)
    ]
    assert [image.made["seed"] for image in Image.objects.filter(key__startswith=f"task-{first.pk}-")] == [
        40,
        41,
        42,
        43,
    ]
    assert len(set(bytes_of(first))) == 4
    assert bytes_of(second) == bytes_of(first)


def test_a_cancel_in_the_middle_keeps_nothing_half_made(monkeypatch: pytest.MonkeyPatch) -> None:
    task, stage = asked()
    lease, tell = Lease(stage), picturing.Teller.__call__

    def heard(self: Any, step: int, steps: int, at_once: int = 1) -> None:
        if step == 3:
            tasks.cancel(task, by=task.owner)
            lease.lost.set()
        tell(self, step, steps, at_once)

    monkeypatch.setattr(picturing.Teller, "__call__", heard)
    runner.execute(stage, lease)

    task.refresh_from_db()
    assert (task.status, Image.objects.count()) == (TaskStatus.CANCELLED, 0)
    assert messages(task)[-1] == "4 pictures, step 2 of 6"


def test_a_worker_that_dies_between_two_pictures_leaves_the_rest_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, stage = asked()
    runner.execute(stage, Lease(stage))
    task, stage = asked()
    with monkeypatch.context() as dying:
        kept = picturing.candidates.keep

        def keep(*args: Any, **kwargs: Any) -> Image:
            if kwargs["key"].endswith("-3"):
                raise SystemExit  # as by a kill -9, nothing is told
            return kept(*args, **kwargs)

        dying.setattr(picturing.candidates, "keep", keep)
        with pytest.raises(SystemExit):
            runner.execute(stage, Lease(stage))
    assert len(bytes_of(task)) == 2

    Stage.objects.filter(pk=stage.pk).enqueue()
    again = Stage.objects.claim(["gpu"])
    assert again
    runner.execute(again, Lease(again))

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert bytes_of(task)[:2] == bytes_of(whole)[:2]
    assert [image.made["seed"] for image in Image.objects.filter(key__startswith=f"task-{task.pk}-")] == [
        40,
        41,
        42,
        43,
    ]
    assert Event.objects.filter(task=task, type="image_found").count() == 4
