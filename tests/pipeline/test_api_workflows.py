"""Daily runs by HTTP: start one, see its ideas and where each piece is, try one piece again."""

from __future__ import annotations

from typing import Any

import make
import pytest
from caller import api

from pipeline.models import Preferences, Schedule, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import tasks
from pipeline.workflows import planned_transform

WORKFLOWS = "/api/v1/workflows/"
pytestmark = pytest.mark.django_db


def run_of(owner: Any, *, status: str = TaskStatus.COMPLETED, failing: tuple[str, ...] = ()) -> Task:
    """A run of one idea for LinkedIn and X, as it is later on."""
    task = tasks.create(TaskType.DAILY_WORKFLOW, {"platforms": ["linkedin", "x"]}, owner=owner)
    idea = make.idea(owner=owner, title="Why the kettle whistles")
    for slug in ("linkedin", "x"):
        stage = planned_transform(task, tasks.ideas.start_piece(idea, slug, ask={}))
        stage.status = StageStatus.FAILED if slug in failing else StageStatus.DONE
        stage.error = "Too long." if slug in failing else ""
        stage.save()
    task.stages.exclude(name="transform").update(status=StageStatus.DONE)
    result = {"ideas": 1, "pieces": 2 - len(failing), "failed": len(failing)}
    Task.objects.filter(pk=task.pk).update(status=status, percent=100, result=result)
    task.refresh_from_db()
    return task


def test_a_run_is_started_as_the_person_likes_it() -> None:
    owner = make.creator()
    Preferences.objects.create(owner=owner, topics=["kettles"], tone="Warm")
    Schedule.objects.create(owner=owner, count=3, platforms=["x"])

    made = api(owner).post(f"{WORKFLOWS}execute/", {})

    assert made.status_code == 201
    said = made.json()
    task = Task.objects.get(pk=said["workflow_id"])
    assert said["task_id"] == task.pk
    assert said["status"] == "queued"
    assert said["started_at"]
    wanted = {"count": 3, "platforms": ["x"], "topics": ["kettles"], "tone": "Warm"}
    assert {name: task.params[name] for name in wanted} == wanted


def test_what_the_call_says_goes_over_what_the_person_likes() -> None:
    owner = make.creator()

    made = api(owner).post(f"{WORKFLOWS}execute/", {"count": 2, "platforms": ["instagram", "instagram"]})

    task = Task.objects.get(pk=made.json()["task_id"])
    assert (task.params["count"], task.params["platforms"]) == (2, ["instagram"])


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"count": 11}, "count"),
        ({"count": 0}, "count"),
        ({"count": "many"}, "count"),
        ({"platforms": ["fax"]}, "platforms"),
        ({"platforms": ["blog"]}, "platforms"),
        ({"platforms": []}, "platforms"),
        ({"topics": ["x" * 121]}, "topics"),
        ({"creativity": "wild"}, "creativity"),
    ],
)
def test_nonsense_is_refused_by_name(sent: dict[str, Any], field: str) -> None:
    refused = api(make.creator()).post(f"{WORKFLOWS}execute/", sent)

    assert refused.status_code == 400
    assert any(name.split(".")[0] == field for name in refused.json()["fields"])
    assert not Task.objects.exists()


def test_a_run_shows_its_ideas_and_where_each_piece_is() -> None:
    owner = make.creator()
    task = run_of(owner, failing=("x",))

    said = api(owner).get(f"{WORKFLOWS}{task.pk}/").json()

    assert (said["ideas"], said["pieces"], said["failed"]) == (1, 1, 1)
    (idea,) = said["results"]
    assert idea["title"] == "Why the kettle whistles"
    by_platform = {piece["platform"]: piece for piece in idea["pieces"]}
    assert by_platform["linkedin"]["stage_status"] == "done"
    assert by_platform["x"]["error"] == "Too long."
    assert Stage.objects.get(pk=by_platform["x"]["stage"]).name == "transform"


def test_one_failed_piece_is_tried_again_alone() -> None:
    owner = make.creator()
    task = run_of(owner, failing=("linkedin", "x"))
    one = task.stages.get(key__endswith="-x")

    answer = api(owner).post(f"/api/v1/tasks/{task.pk}/retry/", {"stage": one.pk})

    assert answer.status_code == 200
    assert answer.json()["status"] == "queued"
    one.refresh_from_db()
    assert one.status == StageStatus.QUEUED
    assert task.stages.get(key__endswith="-linkedin").status == StageStatus.FAILED
    again = api(owner).post(f"/api/v1/tasks/{task.pk}/retry/", {"stage": one.pk})
    assert again.status_code == 409


def test_a_stage_of_another_task_is_not_there() -> None:
    owner = make.creator()
    task, other = run_of(owner), run_of(owner, failing=("x",))

    answer = api(owner).post(f"/api/v1/tasks/{task.pk}/retry/", {"stage": other.stages.get(key__endswith="-x").pk})

    assert answer.status_code == 404


def test_people_see_their_own_runs_and_editors_all() -> None:
    owner, stranger = make.creator(), make.creator()
    task = run_of(owner)
    make.task(owner=owner)

    assert [line["workflow_id"] for line in api(owner).get(WORKFLOWS).json()["results"]] == [task.pk]
    assert api(stranger).get(WORKFLOWS).json()["results"] == []
    assert api(stranger).get(f"{WORKFLOWS}{task.pk}/").status_code == 404
    assert api(make.editor()).get(f"{WORKFLOWS}{task.pk}/").status_code == 200
