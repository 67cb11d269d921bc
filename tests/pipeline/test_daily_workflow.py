"""The daily run: ideas, a piece of each for each platform, and an account of what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import make
import pytest
from django.utils import timezone

from content import platforms
from content.errors import ExternalError, Invalid, InvalidMove
from content.models import Approval, Idea, Piece, Status, Version
from content.services import ideas, review
from pipeline import providers
from pipeline.models import Event, Kind, Notification, Schedule, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.providers.base import Request
from pipeline.providers.filler import filler
from pipeline.providers.scripted import Scripted, Turn, busy
from pipeline.services import tasks
from pipeline.stages.base import Lease
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)
SOCIAL = ["linkedin", "x", "instagram"]


@pytest.fixture
def model(settings: Any) -> Iterator[Scripted]:
    settings.PROVIDER = settings.MODEL = "scripted"
    scripted = providers.get("scripted")
    assert isinstance(scripted, Scripted)
    yield scripted
    scripted.script = None
    scripted.asked.clear()


def daily(**params: Any) -> Task:
    params = {"count": 5, "platforms": SOCIAL, "topics": ["kettles", "old boats", "small gardens"], **params}
    return tasks.create(TaskType.DAILY_WORKFLOW, params, owner=params.pop("owner", None) or make.creator())


def ended(task: Task) -> Task:
    drain()
    task.refresh_from_db()
    return task


def transforms(task: Task) -> list[Stage]:
    return list(task.stages.filter(name="transform").select_related("piece__idea").order_by("pk"))


def test_five_ideas_become_fifteen_pieces(model: Scripted) -> None:
    task = ended(daily())

    assert task.status == TaskStatus.COMPLETED, task.error
    assert task.result["says"] == "5 ideas, 15 pieces"
    assert (task.result["ideas"], task.result["pieces"], task.result["failed"]) == (5, 15, 0)
    pieces = Piece.objects.select_related("current", "idea")
    assert sorted(piece.platform for piece in pieces) == sorted(SOCIAL * 5)
    for piece in pieces:
        assert piece.current
        assert (piece.status, piece.approval) == (Status.GENERATED, Approval.PENDING)
        assert piece.on.faults(piece.current.title, piece.current.body, piece.asked) == []
        assert piece.current.title == piece.idea.title
        assert piece.current.record["calls"]
        assert piece.current.by is None


def test_ten_ideas_are_the_same_code(model: Scripted) -> None:
    task = ended(daily(count=10))

    assert task.result["says"] == "10 ideas, 30 pieces"


def test_ideas_of_the_last_thirty_days_are_named_and_older_ones_are_not(model: Scripted) -> None:
    owner = make.creator()
    make.idea(owner=owner, title="Why the kettle whistles", category="Kitchen")
    old = make.idea(owner=owner, title="The boat that never sailed")
    Idea.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=31))
    make.idea(title="Somebody else’s lamp")

    ended(daily(owner=owner))

    asked = next(request for request in model.asked if request.prompt.startswith("ideator"))
    said = asked.messages[-1]["content"]
    assert "Why the kettle whistles" in said
    assert "Kitchen" not in said, "a category is never excluded"
    assert "The boat that never sailed" not in said
    assert "Somebody else’s lamp" not in said


def failing(*platforms_: str, error: ExternalError | None = None) -> Any:
    """A script under which pieces for these platforms fail."""
    names = {platforms.get(slug).name for slug in platforms_}

    def script(request: Request) -> Turn:
        said = request.messages[-1]["content"] + request.messages[0]["content"]
        if request.prompt.startswith("transformer") and any(f" {name}" in said for name in names):
            return Turn(error=error or ExternalError("The model is out of order.", retryable=False), seconds=0)
        return Turn()

    return script


def test_what_fails_is_said_and_the_rest_is_kept(model: Scripted) -> None:
    model.script = failing("instagram")

    task = ended(daily())

    assert task.status == TaskStatus.COMPLETED
    assert task.result["says"] == "5 ideas, 10 of 15 pieces"
    failures = task.result["failures"]
    assert {failure["platform"] for failure in failures} == {"instagram"}
    assert {failure["error"] for failure in failures} == {"The model is out of order."}
    assert Piece.objects.filter(status=Status.GENERATED).count() == 10
    assert Piece.objects.filter(status=Status.WRITING, platform="instagram").count() == 5


def test_one_failed_piece_is_made_when_it_is_tried_again(model: Scripted) -> None:
    model.script = failing("x")
    task = ended(daily(count=2))
    model.script = None
    failed = [stage for stage in transforms(task) if stage.status == StageStatus.FAILED]

    tasks.retry_stage(failed[0], by=task.owner)
    task = ended(task)

    assert task.status == TaskStatus.COMPLETED
    assert task.result["says"] == "2 ideas, 5 of 6 pieces"
    assert [failure["stage_id"] for failure in task.result["failures"]] == [failed[1].pk]
    assert Version.objects.count() == 5, "nothing was written twice"


def test_a_run_in_which_nothing_could_be_made_has_failed_and_can_be_tried_again(model: Scripted) -> None:
    model.script = failing(*SOCIAL)
    task = ended(daily(count=2))
    assert task.status == TaskStatus.FAILED
    assert task.error == "None of the 6 pieces was made. The model is out of order."
    assert task.recovery.startswith("Ideas are kept.")
    assert "try again from writing" in task.recovery
    model.script = None

    tasks.retry(task, by=task.owner)
    task = ended(task)

    assert task.status == TaskStatus.COMPLETED
    assert task.result["says"] == "2 ideas, 6 pieces"


def test_a_run_without_ideas_has_failed(model: Scripted) -> None:
    model.script = lambda request: ExternalError("The key is not valid.", retryable=False)

    task = ended(daily())

    assert task.status == TaskStatus.FAILED
    assert task.error == "The key is not valid."
    assert not Piece.objects.exists()


def test_people_are_told_how_it_ended(model: Scripted) -> None:
    owner = make.editor()
    ended(daily(count=1, owner=owner))
    model.script = failing("x")
    ended(daily(count=2, owner=owner))
    model.script = failing(*SOCIAL)
    ended(daily(count=1, owner=owner))

    told = Notification.objects.filter(owner=owner).order_by("pk")
    assert [one.kind for one in told] == [Kind.FINISHED, Kind.PARTIAL, Kind.FAILED]
    assert "1 idea, 3 pieces" in told[0].title
    assert "2 ideas, 4 of 6 pieces" in told[1].title


def test_a_second_run_of_ideate_makes_nothing_twice(model: Scripted) -> None:
    task = daily(count=2)
    stage = Stage.objects.claim(["io"])
    assert stage
    from pipeline.stages import ideate
    from pipeline.stages.base import Work

    ideate.run(Work(stage, Lease(stage)))  # and the worker dies before it can say so
    again = ideate.run(Work(stage, Lease(stage)))

    assert len(again["ideas"]) == Idea.objects.count() == 2
    assert task.stages.filter(name="transform").count() == Piece.objects.count() == 6


def test_a_text_that_breaks_a_rule_is_never_stored(model: Scripted) -> None:
    def script(request: Request) -> Turn:
        if request.prompt.startswith("transformer") and "posts" in (request.schema or {}).get("properties", {}):
            return Turn(json.dumps({"posts": ["word " * 90], "hashtags": []}))
        return Turn()

    model.script = script

    task = ended(daily(count=1))

    assert task.result["says"] == "1 idea, 2 of 3 pieces"
    (failure,) = task.result["failures"]
    assert "280" in failure["error"]
    assert not Version.objects.filter(piece__platform="x").exists()


def test_an_offensive_text_is_refused_and_a_suspicious_one_is_flagged(model: Scripted) -> None:
    def script(request: Request) -> Turn:
        if not request.prompt.startswith("transformer"):
            return Turn()
        reply = json.loads(filler(request))
        if "posts" in reply:
            reply["posts"][0] = "I will kill you all tomorrow, and nobody will stop me."
        elif "hook" in reply and "insights" in reply:
            reply["takeaway"] = "Write to jane.doe@gmail.com and tell her how it went for you."
        return Turn(json.dumps(reply))

    model.script = script

    task = ended(daily(count=1))

    (failure,) = task.result["failures"]
    assert failure["platform"] == "x"
    assert "was not stored" in failure["error"]
    flagged = Version.objects.get(piece__platform="linkedin")
    assert any("e-mail" in reason for reason in flagged.facts["flags"])


def test_any_mixture_of_faults_ends_with_the_right_counts(model: Scripted, settings: Any) -> None:
    settings.MODEL_TIMEOUT_SECONDS = 1.0
    tried: dict[str, int] = {}

    def script(request: Request) -> Turn:
        """Each piece gets one of six fates by its idea and platform; some are well at the second try."""
        if not request.prompt.startswith("transformer"):
            return Turn()
        said = json.dumps(list(request.messages))
        key = next(
            f"{stage.key}"
            for stage in parts
            if stage.piece and stage.piece.idea.title in said and f" {stage.piece.on.name}" in said
        )
        tried[key] = tried.get(key, 0) + 1
        match (sorted(stage.key for stage in parts).index(key) % 6, tried[key]):
            case (0, _):
                return Turn()
            case (1, _):
                return Turn(error=ExternalError("The account is empty.", retryable=False), seconds=0)
            case (2, _):
                return Turn(text="{ this is no JSON", seconds=0)
            case (3, 1):
                return Turn(error=busy(retry_after=0.1), seconds=0)
            case (4, 1):
                return Turn(cut_after=20, seconds=0)
            case (5, 1):
                return Turn(hangs=True)
        return Turn()

    parts: list[Stage] = []
    task = daily(count=4)
    from pipeline import runner

    stage = Stage.objects.claim(["io"])
    assert stage
    runner.execute(stage, Lease(stage))
    parts += transforms(task)
    model.script = script

    task = ended(task)

    assert task.status == TaskStatus.COMPLETED
    assert (task.result["pieces"], task.result["failed"]) == (8, 4)
    errors = {failure["error"] for failure in task.result["failures"]}
    assert "The account is empty." in errors
    assert any("Invalid JSON" in error for error in errors), errors
    assert {stage.status for stage in task.stages.all()} == {"done", "failed"}
    assert task.percent == 100
    seqs = list(Event.objects.filter(task=task).order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def test_one_idea_is_written_for_one_more_platform(model: Scripted) -> None:
    owner = make.creator()
    idea = make.idea(owner=owner, title="Why the kettle whistles")

    task = ended(tasks.create(TaskType.PLATFORM_CONTENT, {"idea": idea.pk, "platform": "x"}, owner=owner))

    assert task.name == "Why the kettle whistles, for X"
    assert (task.status, task.result["says"]) == (TaskStatus.COMPLETED, "1 idea, 1 piece")
    assert idea.pieces.get().status == Status.GENERATED
    with pytest.raises(InvalidMove, match="already"):
        tasks.create(TaskType.PLATFORM_CONTENT, {"idea": idea.pk, "platform": "x"}, owner=owner)


def test_an_idea_of_somebody_else_is_not_there(model: Scripted) -> None:
    idea = make.idea()

    with pytest.raises(Invalid) as refusal:
        tasks.create(TaskType.PLATFORM_CONTENT, {"idea": idea.pk, "platform": "x"}, owner=make.creator())

    assert refusal.value.fields == {"idea": ["There is no such idea."]}


def test_what_is_tried_again_by_a_person_is_asked_with_other_seeds(model: Scripted) -> None:
    model.script = failing("x")
    task = ended(daily(count=1))
    (failed,) = [stage for stage in transforms(task) if stage.status == StageStatus.FAILED]
    model.asked.clear()

    tasks.retry_stage(failed, by=task.owner)
    ended(task)
    failed.refresh_from_db()
    again = [request.seed for request in model.asked]
    model.asked.clear()
    tasks.retry_stage(failed, by=task.owner)
    ended(task)

    assert again
    assert not {request.seed for request in model.asked} & set(again)


def test_trying_again_writes_nothing_over_a_text_that_came_meanwhile(model: Scripted) -> None:
    model.script = failing("x")
    owner = make.editor()
    task = ended(daily(count=1, owner=owner))
    model.script = None
    (failed,) = [stage for stage in transforms(task) if stage.status == StageStatus.FAILED]
    assert failed.piece
    asked = {"idea": failed.piece.idea_id, "platform": "x"}
    ended(tasks.create(TaskType.PLATFORM_CONTENT, asked, owner=owner))
    piece = Piece.objects.get(pk=failed.piece_id)
    approved = piece.current
    assert approved
    review.approve(approved, by=owner)

    tasks.retry_stage(failed, by=owner)
    task = ended(task)

    assert task.result["says"] == "1 idea, 3 pieces"
    piece.refresh_from_db()
    assert (piece.current, piece.approval, piece.versions.count()) == (approved, Approval.APPROVED, 1)


def test_ideas_that_were_all_refused_are_asked_for_anew(model: Scripted) -> None:
    def script(request: Request) -> Turn:
        said = "I will kill you all tomorrow, and nobody will stop me."
        found = {"ideas": [{"title": "A letter to everybody", "description": said, "category": "Letters"}]}
        return Turn(json.dumps(found)) if request.prompt.startswith("ideator") else Turn()

    model.script = script
    task = ended(daily(count=1))
    assert task.status == TaskStatus.FAILED
    model.script = None

    tasks.retry(task, by=task.owner)

    assert ended(task).status == TaskStatus.COMPLETED


def test_a_run_names_the_day_that_it_is_where_its_owner_lives(model: Scripted) -> None:
    owner = make.creator()
    now, east, west = timezone.now(), "Pacific/Kiritimati", "Pacific/Niue"  # 25 hours apart
    Schedule.objects.create(owner=owner, zone=east)
    ended(daily(count=1, owner=owner))
    Schedule.objects.filter(owner=owner).update(zone=west)
    ended(daily(count=1, owner=owner))

    said = [
        "".join(m["content"] for m in asked.messages) for asked in model.asked if asked.prompt.startswith("ideator")
    ]
    assert f"{now.astimezone(ZoneInfo(east)):%d %B %Y}" in said[0]
    assert f"{now.astimezone(ZoneInfo(west)):%d %B %Y}" in said[-1]


def test_a_piece_that_was_deleted_is_not_written_again(model: Scripted) -> None:
    owner = make.creator()
    idea = make.idea(owner=owner, title="Why the kettle whistles")
    ended(tasks.create(TaskType.PLATFORM_CONTENT, {"idea": idea.pk, "platform": "x"}, owner=owner))
    ideas.delete_piece(idea.pieces.get(), by=owner)

    with pytest.raises(InvalidMove, match="it was deleted"):
        tasks.create(TaskType.PLATFORM_CONTENT, {"idea": idea.pk, "platform": "x"}, owner=owner)
