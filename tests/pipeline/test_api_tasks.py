"""Tasks by HTTP: ask, watch, cancel, retry, publish."""

from __future__ import annotations

import threading
from typing import Any

import make
import pytest
from caller import api
from django.db import connections

from content.models import AuditEntry, Piece, Status
from content.services import review
from pipeline import events
from pipeline.models import Stage, Task, TaskStatus
from pipeline.providers.scripted import Scripted
from pipeline.workflows import WORKFLOWS

pytestmark = pytest.mark.django_db
TASKS = "/api/v1/tasks/"
ASKED = {"task_type": "blog_post", "topic": "Why kettles break", "word_count": 900}


def one(task: Task, rest: str = "") -> str:
    return f"{TASKS}{task.pk}/{rest}"


def put(task: Task, status: str, **fields: Any) -> Task:
    """The task as it is later on."""
    Task.objects.filter(pk=task.pk).update(status=status, **fields)
    task.refresh_from_db()
    return task


def test_a_task_is_asked_for_and_queued_in_one_call() -> None:
    owner = make.creator()

    made = api(owner).post(TASKS, ASKED)

    assert made.status_code == 201
    said = made.json()
    task = Task.objects.get(pk=said["id"])
    assert (said["task_id"], said["task_type"], said["status"]) == (task.pk, "blog_post", "queued")
    assert (said["percent"], said["queue_position"], said["approval_status"]) == (0, 1, "pending")
    assert (said["error"], said["result"], said["recovery"], said["eta_seconds"]) == (None, None, None, None)
    assert [stage["name"] for stage in said["stages"]] == [step.name for step in WORKFLOWS["blog_post"]]
    piece = Piece.objects.get(owner=owner)
    assert said["content"] == [{"id": piece.pk, "platform": "blog"}]
    assert said["params"]["word_count"] == 900
    assert api(owner).get(one(task)).json() == said


@pytest.mark.parametrize("task_type", WORKFLOWS)
def test_the_schema_promises_the_very_fields_that_are_accepted(task_type: str) -> None:
    from pipeline.api.asked import ASKING
    from pipeline.services.fields import FIELDS

    promised = ASKING[task_type]
    assert isinstance(promised, type)
    assert set(promised().fields) - {"task_type"} == set(FIELDS[task_type].model_fields)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"task_type": "poem"}, "task_type"),
        ({"task_type": None}, "task_type"),
        ({"task_type": ["blog_post"]}, "task_type"),
        ({"topic": ""}, "topic"),
        ({"topic": {"a": 1}}, "topic"),
        ({"word_count": 10**30}, "word_count"),
        ({"word_count": "many"}, "word_count"),
        ({"word_count": 1e400}, "word_count"),
        ({"priority": 101}, "priority"),
        ({"sources": ["javascript:alert(1)"]}, "sources"),
        ({"schedule_for": "2026-11-21T09:00:00"}, "schedule_for"),
        ({"brief": [["x"]]}, "brief"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_does_not_fit_is_named(changed: dict[str, Any], field: str) -> None:
    import json

    body = json.dumps({**ASKED, **changed}).replace("Infinity", "1e400")

    refused = api(make.creator()).post(TASKS, body, content_type="application/json")

    assert (refused.status_code, refused.data["code"]) == (400, "invalid")
    assert field in refused.data["fields"]
    assert not Task.objects.exists()


@pytest.mark.parametrize("body", [[], "x", 7, None, [ASKED]])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    assert api(make.creator()).post(TASKS, body).status_code == 400


def test_a_list_shows_what_one_may_see_in_the_same_queries_however_long(django_assert_num_queries: Any) -> None:
    mine, other = make.task(), make.task()
    client = api(mine.owner)
    assert [row["id"] for row in client.get(TASKS).json()["results"]] == [mine.pk]
    assert [row["id"] for row in api(make.editor()).get(TASKS).json()["results"]] == [other.pk, mine.pk]
    for _ in range(3):
        make.task(owner=mine.owner)

    with django_assert_num_queries(4):  # who calls, how many, which, and their stages with pieces
        assert len(client.get(TASKS).json()["results"]) == 4


def test_a_list_can_be_narrowed_by_status() -> None:
    owner = make.creator()
    failed, queued = put(make.task(owner=owner), TaskStatus.FAILED), make.task(owner=owner)
    client = api(owner)

    assert [row["id"] for row in client.get(TASKS, {"status": "failed"}).json()["results"]] == [failed.pk]
    assert [row["id"] for row in client.get(TASKS, {"status": "queued"}).json()["results"]] == [queued.pk]
    assert client.get(TASKS, {"status": "lost"}).status_code == 400


def test_a_failed_task_says_what_went_wrong_and_what_to_do() -> None:
    task = put(make.task(), TaskStatus.FAILED, error="No model answers.", recovery="Start it.", stage="draft")

    said = api(task.owner).get(one(task)).json()

    assert (said["status"], said["stage"]) == ("failed", "draft")
    assert (said["error"], said["recovery"], said["queue_position"]) == ("No model answers.", "Start it.", None)


def test_a_tasks_approval_is_its_pieces_approval() -> None:
    task = make.task()
    piece = Piece.objects.get(owner=task.owner)
    version = make.version(piece=piece)
    piece.move_to(Status.GENERATED)
    review.approve(version, by=make.editor())

    assert api(task.owner).get(one(task)).json()["approval_status"] == "approved"


def test_a_task_can_be_renamed_and_moved_ahead() -> None:
    owner = make.creator()
    first, second = make.task(owner=owner), make.task(owner=owner)
    client = api(owner)
    assert client.get(one(second)).json()["queue_position"] == 2

    said = client.patch(one(second), {"priority": 10, "task_name": "Kettles, at once"}).json()

    assert (said["priority"], said["task_name"], said["queue_position"]) == (10, "Kettles, at once", 1)
    claimed = Stage.objects.claim(["io"])
    assert claimed
    assert claimed.task_id == second.pk
    assert first.status == TaskStatus.QUEUED
    assert AuditEntry.objects.filter(event="task.amended", object_id=second.pk).exists()


def test_what_is_over_cannot_be_moved_but_renamed() -> None:
    task = put(make.task(), TaskStatus.COMPLETED)
    client = api(task.owner)

    assert client.patch(one(task), {"priority": 5}).status_code == 409
    assert client.patch(one(task), {"task_name": "Old kettles"}).json()["task_name"] == "Old kettles"
    assert client.patch(one(task), {"priority": 1000}).status_code == 400


def test_a_task_is_cancelled_retried_and_deleted() -> None:
    task = make.task()
    client = api(task.owner)

    assert client.post(one(task, "cancel/")).json()["status"] == "cancelled"
    again = client.post(one(task, "cancel/"))
    assert (again.status_code, again.data["code"]) == (409, "invalid_move")
    assert client.post(one(task, "retry/")).json()["status"] == "queued"
    assert client.delete(one(task)).status_code == 409
    client.post(one(task, "cancel/"))
    assert client.delete(one(task)).status_code == 204
    assert client.get(one(task)).status_code == 404
    assert Task.objects.filter(pk=task.pk).exists(), "hidden, and kept for the trail"


def test_events_come_in_order_and_only_those_that_one_has_not() -> None:
    task = make.task()
    for n in range(5):
        events.emit(task, "log", source="worker", level="info", message=f"line {n}")
    client = api(task.owner)

    every = client.get(one(task, "events/")).json()
    assert [event["seq"] for event in every["results"]] == [1, 2, 3, 4, 5]
    assert every["results"][0] | {"timestamp": ""} == {
        "type": "log",
        "task_id": task.pk,
        "seq": 1,
        "timestamp": "",
        "source": "worker",
        "level": "info",
        "message": "line 0",
    }
    page = client.get(one(task, "events/"), {"after": 2, "limit": 2}).json()
    assert ([event["seq"] for event in page["results"]], page["count"]) == ([3, 4], 3)
    assert [event["seq"] for event in client.get(page["next"]).json()["results"]] == [5]
    assert client.get(one(task, "events/"), {"after": 5}).json()["results"] == []


@pytest.mark.parametrize("after", ["-1", "x", str(10**30)])
def test_events_after_nonsense_are_refused(after: str) -> None:
    task = make.task()

    assert api(task.owner).get(one(task, "events/"), {"after": after}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_ten_tasks_an_hour_even_when_thirty_are_asked_for_at_once(settings: Any) -> None:
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "tasks": "10/hour"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    owner = make.creator()
    gate, said = threading.Barrier(30), []

    def ask() -> None:
        client = api(owner)
        gate.wait()
        said.append(client.post(TASKS, ASKED))
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Task.objects.filter(owner=owner).count() == 10
    codes = [answer.status_code for answer in said]
    assert (codes.count(201), codes.count(429)) == (10, 20)
    refused = next(answer for answer in said if answer.status_code == 429)
    assert 3500 < int(refused["Retry-After"]) <= 3600
    assert api(make.creator()).post(TASKS, ASKED).status_code == 201, "each person has their own ten"


def test_a_refused_task_does_not_count(settings: Any) -> None:
    rates = {**settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "tasks": "1/hour"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    client = api(make.creator())

    assert client.post(TASKS, {**ASKED, "topic": ""}).status_code == 400
    assert client.post(TASKS, ASKED).status_code == 201
    assert client.post(TASKS, ASKED).status_code == 429


def test_an_approved_piece_is_published_and_withdrawn() -> None:
    piece = make.piece(status=Status.READY)
    address = f"/api/v1/content/{piece.pk}/"
    client = api(make.editor())

    said = client.post(f"{address}publish/")

    assert said.status_code == 200
    post = said.json()["post"]
    assert api().get(f"/api/v1/posts/{post['slug']}/").json()["url"] == post["url"]
    assert client.get(address).json()["url"] == post["url"]
    assert client.post(f"{address}publish/").status_code == 409
    assert client.post(f"{address}unpublish/").status_code == 200
    assert api().get(f"/api/v1/posts/{post['slug']}/").status_code == 410
    assert client.post(f"{address}publish/", {"picture": None}).json()["post"] == post, "the address stays its own"


def test_what_nobody_approved_is_not_published() -> None:
    piece = make.piece()

    refused = api(make.editor()).post(f"/api/v1/content/{piece.pk}/publish/")

    assert (refused.status_code, refused.data["code"]) == (409, "invalid_move")
    assert api(make.editor()).post(f"/api/v1/content/{piece.pk}/unpublish/").status_code == 409


def test_a_creator_does_not_publish_and_a_picture_must_be_the_pieces_own() -> None:
    piece = make.piece(status=Status.READY)

    assert api(piece.owner).post(f"/api/v1/content/{piece.pk}/publish/").status_code == 403
    refused = api(make.editor()).post(f"/api/v1/content/{piece.pk}/publish/", {"picture": 10**30})
    assert (refused.status_code, list(refused.data["fields"])) == (400, ["picture"])


def test_the_models_that_answer_are_listed(scripted: Scripted) -> None:
    said = api(make.creator()).get("/api/v1/models/").json()

    assert said["count"] == len(said["results"]) > 0
    assert [line["name"] for line in said["results"] if line["chosen"]] == ["scripted"]


def test_a_model_server_that_is_away_is_a_502_that_says_so(settings: Any) -> None:
    settings.PROVIDER, settings.OLLAMA_HOST = "ollama", "http://127.0.0.1:9"

    refused = api(make.creator()).get("/api/v1/models/")

    assert (refused.status_code, refused.data["code"]) == (502, "external")
    assert refused.data["detail"] == "No model answers at http://127.0.0.1:9."
