"""Replay: a version's calls made again exactly as they were, compared, and nothing of it stored as a version."""

from __future__ import annotations

import json
from io import StringIO
from types import SimpleNamespace
from typing import Any

import make
import pytest
from caller import api
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from content.errors import ExternalError, Invalid
from content.models import Piece, Role, Version
from content.services import editing
from pipeline import providers, runner
from pipeline.agents import guided, prompts
from pipeline.agents.guided import Field, Shape
from pipeline.models import Notification, Stage, Task, TaskStatus
from pipeline.providers.base import Reply, Request
from pipeline.providers.scripted import Scripted
from pipeline.providers.session import Session
from pipeline.services import replaying, tasks
from pipeline.stages.base import Lease
from pipeline.stages.replaying import Recorded, readable, request_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(scripted: Scripted) -> Version:
    """A LinkedIn post that the scripted model wrote."""
    tasks.create("platform_content", {"platform": "linkedin", "topic": "Cavity walls"}, owner=make.creator())
    work(), work()
    scripted.asked.clear()
    version: Version = Version.objects.select_related("piece__owner").get()
    assert version.record["calls"]
    return version


def work() -> Task:
    """A worker runs the next stage."""
    stage = Stage.objects.claim(["io"])
    assert stage
    runner.execute(stage, Lease(stage))
    return Task.objects.get(pk=stage.task_id)


def with_record(record: dict[str, Any], piece: Piece | None = None, **fields: Any) -> Version:
    """A version with this generation record."""
    return make.version(piece=piece or make.piece(), record=record, **fields)


def call(**fields: Any) -> dict[str, Any]:
    """One recorded call, by the scripted model."""
    made: dict[str, Any] = {
        "provider": "scripted",
        "model": "scripted",
        "digest": "scripted",
        "prompt": "writer.section",
        "schema": None,
    }
    made |= {"messages": [{"role": "user", "content": "Write."}], "options": {"seed": 1, "max_tokens": 80}}
    return {**made, "output": "An old kettle boils.", **fields}


def test_the_same_calls_are_made_again_and_come_out_the_same(written: Version, scripted: Scripted) -> None:
    replaying.replay(written, by=written.piece.owner)
    task = work()

    assert (task.status, task.doing) == (TaskStatus.COMPLETED, "Same, word for word")
    assert (task.result["same"], task.result["different"]) == (True, [])
    assert task.result["calls"] == len(written.record["calls"]) == len(scripted.asked)
    for asked, recorded in zip(scripted.asked, written.record["calls"], strict=True):
        assert [dict(message) for message in asked.messages] == recorded["messages"]
        options = {"temperature": asked.temperature, "seed": asked.seed, "max_tokens": asked.max_tokens}
        assert {**options, **asked.options} == recorded["options"]
    assert Version.objects.count() == 1
    assert task.stages.get().kept["calls"] == [{"same": True, "digest": "scripted"}] * task.result["calls"]


def test_a_schema_keeps_the_order_of_its_fields(scripted: Scripted) -> None:
    """PostgreSQL sorts the keys of an object, and a model fills its fields in the order in which they come."""
    properties = {"zebra": {"type": "string"}, "a": {"type": "string"}, "mule": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "required": ["zebra"]}
    session = Session(scripted, "scripted")
    session.ask(Request(model="scripted", messages=[{"role": "user", "content": "Write."}], schema=schema, seed=4))

    version = with_record(session.record())
    version.refresh_from_db()
    again = request_of(version.record["calls"][0])

    assert json.dumps(again.schema) == json.dumps(schema)
    assert (again.seed, again.model) == (4, "scripted")


def test_what_comes_out_otherwise_is_said_call_by_call(scripted: Scripted) -> None:
    version = with_record({"calls": [call(), call(output='{"text": "A kettle sings."}'), call()]})
    answers = iter(["An old kettle boils.", '{"text": "A kettle whistles."}', "An old kettle boils."])
    scripted.script = lambda request: next(answers)

    task = replaying.replay(version, by=make.editor())
    assert task.name == f"Replay version {version.number} of “{version.piece.title}”"
    task = work()

    assert (task.doing, task.result["different"]) == ("Different in 1 of 3 calls", [2])
    kept = task.stages.get().kept["calls"]
    assert [again.get("output") for again in kept] == [None, '{"text": "A kettle whistles."}', None]
    assert Version.objects.filter(piece=version.piece).count() == 2


def test_nobody_stands_in_for_the_model_that_wrote_it(scripted: Scripted, settings: Any) -> None:
    settings.FALLBACK = ("scripted/another",)
    version = with_record({"calls": [call(model="first")]})
    scripted.script = lambda request: ExternalError(f"{request.model} is gone.", retryable=False)

    replaying.replay(version, by=make.editor())
    task = work()

    assert (task.status, task.error) == (TaskStatus.FAILED, "first is gone.")
    assert {request.model for request in scripted.asked} == {"first"}


def test_each_call_goes_to_the_model_that_answered_it(scripted: Scripted) -> None:
    version = with_record({"calls": [call(model="one"), call(model="one"), call(model="two"), call(model="one")]})
    scripted.script = lambda request: "An old kettle boils."

    replaying.replay(version, by=make.editor())
    task = work()

    assert [request.model for request in scripted.asked] == ["one", "one", "two", "one"]
    assert [one["model"] for one in task.result["models"]] == ["one", "two"]


def test_a_model_that_is_another_one_by_now_is_named(client: Client, scripted: Scripted) -> None:
    version = with_record({"calls": [call(digest="0123456789abcdef", output="The old kettle boils.")]})
    scripted.script = lambda request: "The new kettle boils."
    mara = make.editor(name="Mara Voss")
    replaying.replay(version, by=mara)
    task = work()
    assert task.result["models"] == [
        {"provider": "scripted", "model": "scripted", "then": "0123456789abcdef", "now": "scripted"}
    ]
    client.force_login(mara)

    part = client.get(address(version), headers={"HX-Request": "true"}).content.decode()

    assert "scripted is another model by now" in part
    assert "Different" in part
    assert "<del>old</del>" in part
    assert '<ins data-by="model">new</ins>' in part
    assert "Mara Voss" in part


def test_a_version_that_code_put_together_is_replayed_by_the_calls_of_the_one_before(scripted: Scripted) -> None:
    piece = make.piece()
    drafted = with_record({"calls": [call()]}, piece)
    formatted = with_record({"calls": [], "based_on": drafted.number}, Piece.objects.get(pk=piece.pk))

    recorded = Recorded.of(formatted)

    assert (recorded.source, recorded.gaps, len(recorded.calls)) == (drafted, [], 1)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({}, "No generation record was kept of version 2."),
        ({"calls": [call(), call(messages=[], options={})]}, "Call 2 lacks its messages and its options."),
        ({"calls": [{key: value for key, value in call().items() if key != "output"}]}, "Call 1 lacks its output."),
        ({"calls": [call(provider="gone")]}, "Call 1 was made by the provider “gone”"),
        ({"calls": [], "based_on": 2}, "No generation record was kept of version 2."),
    ],
)
def test_a_record_that_is_not_whole_says_what_is_missing(client: Client, record: dict[str, Any], says: str) -> None:
    version = with_record(record)
    mara = make.editor()
    client.force_login(mara)

    with pytest.raises(Invalid) as refusal:
        replaying.replay(version, by=mara)
    part = client.get(address(version), headers={"HX-Request": "true"}).content.decode()

    assert says in refusal.value.message
    assert says in part
    assert "<button" not in part
    assert not Task.objects.exists()


def test_what_a_person_wrote_is_not_replayed() -> None:
    nora = make.editor(name="Nora Feld")
    version = make.version(piece=make.piece(), by=nora)

    with pytest.raises(Invalid, match=f"Version {version.number} was written by Nora Feld"):
        replaying.replay(version, by=nora)


def test_a_call_without_a_seed_may_say_something_else_and_that_is_said() -> None:
    version = with_record({"calls": [call(), call(options={"temperature": 0.7})]})

    assert Recorded.of(version).doubts == ["1 call had no seed: the model may say something else each time."]


def test_a_second_click_finds_the_first_ones_task(written: Version) -> None:
    mara = make.editor()

    assert replaying.replay(written, by=mara) == replaying.replay(written, by=make.editor())
    work()
    assert replaying.replay(written, by=mara).status == TaskStatus.QUEUED
    assert Task.objects.filter(type="replay").count() == 2


def test_a_run_that_was_cut_off_goes_on_where_it_was(scripted: Scripted) -> None:
    version = with_record({"calls": [call() for _ in range(6)]})
    answered: list[Request] = []

    def script(request: Request) -> Any:
        answered.append(request)
        return ExternalError("Away.", retryable=False) if len(answered) > 4 else "An old kettle boils."

    scripted.script = script
    mara = make.editor()
    replaying.replay(version, by=mara)
    task = work()
    assert task.status == TaskStatus.FAILED
    scripted.script = lambda request: answered.append(request) or "An old kettle boils."  # type: ignore[func-returns-value]
    before = len(answered)

    tasks.retry(task, by=mara)
    task = work()

    assert (task.result["same"], task.result["calls"]) == (True, 6)
    assert len(answered) - before == 2


def test_nobody_is_told_that_a_replayed_piece_waits(written: Version) -> None:
    Notification.objects.all().delete()

    replaying.replay(written, by=make.editor())
    work()

    assert not Notification.objects.exists()


# --- At the desk, by the API, from the command line ---------------------------------------------------------------


def address(version: Version) -> str:
    return reverse("version-replay", args=[version.piece_id, version.number])


def test_the_provenance_panel_offers_a_replay_follows_it_and_shows_it(client: Client, written: Version) -> None:
    mara = make.editor(name="Mara Voss")
    client.force_login(mara)
    panel = f"{written.get_absolute_url()}&panel=provenance"
    assert "Replay 1 call" in client.get(panel).content.decode()

    asked = client.post(address(written), follow=True)
    assert asked.redirect_chain == [(f"{panel}#replay", 302)]
    assert "Waiting for its turn" in asked.content.decode()
    assert 'hx-trigger="every 2s"' in asked.content.decode()
    task = work()

    shown = client.get(panel).content.decode()
    assert "Same, word for word" in shown
    assert "Replay again" in shown
    assert 'hx-trigger="every 2s"' not in shown
    page = client.get(task.get_absolute_url()).content.decode()
    assert "Same, word for word" in page
    assert f"Replay version {written.number}" in page
    assert client.get(task.get_absolute_url() + "live/").status_code == 200
    # What writes nothing is not what a piece's link to its task leads to.
    assert client.get(reverse("tasks"), {"piece": written.piece_id}).headers["Location"] != task.get_absolute_url()
    assert task.name in client.get(reverse("tasks")).content.decode()


def test_a_stranger_finds_no_version_to_replay(client: Client, written: Version) -> None:
    client.force_login(make.creator())

    assert client.post(address(written)).status_code == 404
    assert not Task.objects.filter(type="replay").exists()


def test_the_api_asks_for_a_replay_and_its_task_says_what_came_of_it(written: Version) -> None:
    owner = api(written.piece.owner)
    where = f"/api/v1/content/{written.piece_id}/versions/{written.number}/replay/"

    made = owner.post(where)
    work()

    assert (made.status_code, made.json()["task_type"]) == (201, "replay")
    assert owner.get(f"/api/v1/tasks/{made.json()['id']}/").json()["result"]["same"] is True
    assert api(make.creator()).post(where).status_code == 404
    person = editing.save_edit(written.piece, by=written.piece.owner, based_on=written.hash, title="Mine", body="Mine.")
    refused = owner.post(where.replace(f"/{written.number}/", f"/{person.number}/"))
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")
    other = owner.post("/api/v1/tasks/", {"task_type": "replay", "piece": written.piece_id})
    assert (other.status_code, other.json()["params"]["version"]) == (201, None)


@pytest.fixture
def working(monkeypatch: Any) -> None:
    """A worker that does what is queued whenever the command waits."""
    monkeypatch.setattr("pipeline.management.commands.replay.time", SimpleNamespace(sleep=lambda seconds: work()))


def run(*words: Any) -> tuple[int, str]:
    """(exit code, what it said)"""
    out = StringIO()
    try:
        call_command("replay", *map(str, words), stdout=out, stderr=StringIO())
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as refusal:
        return refusal.returncode, out.getvalue() + str(refusal)
    return 0, out.getvalue()


def test_the_command_says_same_different_or_cannot_by_its_exit_code(written: Version, working: None) -> None:
    make.user(Role.ADMIN)
    piece = written.piece
    assert run(piece.pk, "--wait") == (
        0,
        f"Version 1: Same, word for word (1 call, {seconds()} s, task {newest().pk})\n",
    )

    other = with_record({"calls": [call()]}, piece)
    code, said = run(piece.pk, "--wait", "--json")
    assert (code, json.loads(said)[0]["same"], json.loads(said)[0]["version"]) == (1, False, other.number)

    code, said = run(piece.pk, "--all", "--wait", "--json")
    assert (code, [one["same"] for one in json.loads(said)]) == (1, [True, False])
    assert run(piece.pk, "--version", 1, "--wait")[0] == 0

    with_record({}, Piece.objects.get(pk=piece.pk))
    assert run(piece.pk)[0] == 2
    assert run(piece.pk, "--version", 9)[0] == 2
    assert run(999_999, "--json") == (
        2,
        '{"code": "invalid", "detail": "There is no piece 999999."}\nThere is no piece 999999.',
    )


def newest() -> Task:
    return Task.objects.filter(type="replay").order_by("-pk")[0]


def seconds() -> float:
    return float(newest().result["seconds"])


def test_readable_words_are_those_of_an_answers_texts() -> None:
    assert readable('{"title": "One", "parts": ["two", {"x": "three"}], "n": 4}') == "One\n\ntwo\n\nthree\n\n4"
    assert readable("Plain.") == "Plain."


# --- The starter model itself -------------------------------------------------------------------------------------


def test_the_starter_model_says_the_same_again(starter: str) -> None:
    """Its calls are made again in the company of others and with a cache that holds their words."""
    question = {"question": "How do you descale a kettle?", "count": "one", "audience": "people at home"}
    wanted = Field(
        prompts.load("fieldwriter.answer"), question, Shape(1, "To descale it, ", longest=12), about="kettles", seed=7
    )
    session = Session(providers.get("ollama"), "smollm2:135m")
    for request, reply in guided.ask(session, wanted, 2):
        assert isinstance(reply, Reply)
        session.take(request, reply)
    version = with_record(session.record())

    replaying.replay(version, by=make.editor())
    task = work()

    assert (task.doing, task.result["calls"]) == ("Same, word for word", 2), task.error
    assert task.result["models"][0]["then"] == task.result["models"][0]["now"] != ""
