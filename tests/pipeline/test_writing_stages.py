"""From a topic to a text that waits for people: research, draft, critique, format, finalize."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import make
import pytest

from content.errors import ExternalError
from content.models import Approval, Status
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus
from pipeline.providers.base import Request
from pipeline.providers.scripted import Scripted
from pipeline.services import tasks
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)

PARAGRAPHS = [
    "A kettle fails where water meets the wire. Open the base, look for a black mark beside the contacts, and write down "
    "the number on the part. For example, Anna Berg in Lund found the mark in four of six kettles that her neighbours "
    "had thrown away, and mended three before lunch.",
    "Take a picture before you pull anything. Two wires look alike when the lamp is behind you, and a wrong one blows the "
    "fuse in the cellar. Put tape on the left wire, lay the screws in a saucer, and keep the cat out of the room.",
    "Scale is stone. One spoon of citric acid in a full kettle takes a month of it away in ten minutes, while vinegar "
    "needs an hour and leaves its smell in the tea. Rinse twice, then boil once and pour that water on the weeds.",
    "New parts come by post in a small envelope. Compare the old one and the new one hole by hole, since two makers drill "
    "them three millimetres apart. If the tab is too wide, a nail file makes it fit in a minute.",
    "Boil it twice before anyone drinks. Listen for the click, watch the lamp go out, and put your hand near the base: it "
    "stays cool in a kettle that is whole. Write the date under the lid with a pencil.",
    "A toaster asks for the same patience. Its lever holds by a magnet, and crumbs keep the plates apart; turn it over the "
    "sink, brush it out, and press the lever again. Radios, lamps and fans are kinder still.",
]


def _lines(times: int, start: int = 0) -> str:
    return "\n\n".join(PARAGRAPHS[(start + n) % len(PARAGRAPHS)] for n in range(times))


def capable(request: Request, *, review: float = 8, draft: Callable[[int], str] | None = None) -> str:
    """A capable model's answers, one for each prompt."""
    match request.prompt:
        case "researcher.angles":
            return json.dumps({"angles": ["A kettle is mended in an afternoon.", "Most of them die of one part."]})
        case "writer.outline":
            names = ["Find the part", "Put in a new one", "Keep it for longer"]
            sections = [{"heading": name, "points": [f"How to {name.lower()}"]} for name in names]
            return json.dumps({"title": "Mending a kettle at home", "sections": sections})
        case "writer.section":
            asked = request.messages[-1]["content"]
            at = next(n for n, mark in enumerate(["the opening,", "Find", "Put", "Keep", ""]) if f": {mark}" in asked)
            return draft(at) if draft else PARAGRAPHS[at]
        case "critic.review":
            return json.dumps({"score": review, "faults": [{"quote": "Scale is stone.", "problem": "Say how."}]})
        case "writer.refine":
            return "# Mending a kettle at home\n\n" + "\n\n".join(
                [PARAGRAPHS[0], *(f"## Part {n}\n\n{PARAGRAPHS[n]}" for n in (1, 2, 3, 4)), "Try it this weekend."]
            )
        case "subeditor.finish":
            return json.dumps(
                {
                    "title": "Mending a kettle in an afternoon",
                    "excerpt": "One small part kills most kettles. Change it in an afternoon.",
                    "tags": ["kettles", "repair"],
                    "image_prompt": "A kettle with its base open on a wooden table",
                }
            )
    raise AssertionError(f"nobody expected {request.prompt!r}")


def write(scripted: Scripted, script: Callable[[Request], Any] = capable, **params: Any) -> Task:
    scripted.script = script
    task = make.task(**{"topic": "Mending a kettle", "word_count": 300, "word_count_tolerance": 20, **params})
    drain()
    task.refresh_from_db()
    return task


def test_a_text_ends_waiting_for_people_and_nothing_is_published(scripted: Scripted) -> None:
    task = write(scripted)

    piece = task.pieces[0]
    assert (task.status, task.error) == (TaskStatus.COMPLETED, "")
    assert (piece.status, piece.approval) == (Status.GENERATED, Approval.PENDING)
    assert not hasattr(piece, "post")


def test_the_result_says_what_came_of_it(scripted: Scripted) -> None:
    result = write(scripted).result

    assert result["says"] == "Written, and waiting for you"
    assert result["title"] == "Mending a kettle in an afternoon"
    assert result["attempts"][0]["refinement"] == 0
    assert set(result["stage_seconds"]) == {"research", "draft", "critique", "illustrate", "format"}
    assert result["tokens_out"] > 0
    assert 240 <= result["word_count"] <= 360


def test_the_text_has_one_title_its_sections_and_the_facts_beside_it(scripted: Scripted) -> None:
    version = write(scripted).pieces[0].current

    assert version is not None
    assert version.body.startswith("# Mending a kettle in an afternoon\n")
    assert version.body.count("\n## ") == 4
    assert version.facts["slug"] == "mending-a-kettle-in-an-afternoon"
    assert version.facts["tags"] == ["kettles", "repair"]
    assert len(version.facts["excerpt"]) <= 160


def test_every_attempt_is_a_version_with_its_generation_record(scripted: Scripted) -> None:
    piece = write(scripted).pieces[0]

    first, *_, last = piece.versions.order_by("number")
    assert (first.stage, last.stage) == ("draft", "format")
    prompts = [call["prompt"] for call in first.record["calls"]]
    assert prompts == ["writer.outline", *["writer.section"] * 5, "critic.review"]
    assert all(call["options"]["seed"] is not None and call["output_hash"] for call in first.record["calls"])


def test_a_draft_that_is_too_short_is_refined_and_scored_again(scripted: Scripted) -> None:
    task = write(scripted, lambda request: capable(request, draft=lambda at: PARAGRAPHS[at].split(". ")[0] + "."))

    piece, types = task.pieces[0], list(Event.objects.filter(task=task).values_list("type", flat=True))
    stages = list(piece.versions.order_by("number").values_list("stage", flat=True))
    assert stages[:2] == ["draft", "refinement 1"]
    assert types.index("quality") < types.index("refinement_started")
    scores = [attempt["score"] for attempt in task.result["attempts"]]
    assert scores[1] > scores[0]
    assert piece.current is not None
    assert piece.current.words > 200


def test_refining_stops_when_it_does_not_help_and_the_best_attempt_goes_on(scripted: Scripted) -> None:
    def worse(request: Request) -> str:
        if request.prompt == "writer.refine":
            return "# Kettle\n\n" + "\n\n".join(
                f"## Part {n}\n\nIt is very good. " + "It is good. " * 40 for n in range(5)
            )
        return capable(request, draft=lambda at: PARAGRAPHS[at].split(". ")[0] + ".")

    task = write(scripted, worse)

    first, second = task.result["attempts"]
    assert second["score"] <= first["score"]
    assert "It is very good" not in task.pieces[0].current.body  # type: ignore[union-attr]


def test_a_model_that_answers_nonsense_fails_the_stage_and_says_what_was_wrong(scripted: Scripted) -> None:
    task = write(scripted, lambda r: '{"title": "A"}' if r.prompt == "writer.outline" else capable(r))

    assert task.status == TaskStatus.RUNNING  # the stage tries again in a while
    stage = task.stages.get(name="draft")
    assert "writer.outline" in stage.error
    assert "sections" in stage.error
    assert sum(request.prompt == "writer.outline" for request in scripted.asked) == 3


def test_a_second_run_of_the_draft_goes_on_at_the_next_section(scripted: Scripted) -> None:
    def breaks(request: Request) -> Any:
        if request.prompt == "writer.section" and "part now" in request.messages[-1]["content"]:
            asked = request.messages[-1]["content"]
            if ": Put" in asked:
                return ExternalError("The key is wrong.", retryable=False)
        return capable(request)

    task = write(scripted, breaks)
    assert task.status == TaskStatus.FAILED
    scripted.asked.clear()
    scripted.script = capable

    tasks.retry(task, by=task.owner)
    drain()

    task.refresh_from_db()
    assert task.status == TaskStatus.COMPLETED
    assert sum(request.prompt == "writer.section" for request in scripted.asked) == 3
    assert not any(request.prompt == "writer.outline" for request in scripted.asked)
    draft = task.pieces[0].versions.get(stage="draft")
    assert sum(call["prompt"] == "writer.section" for call in draft.record["calls"]) == 5


@pytest.mark.parametrize("name", ["research", "draft", "critique", "format", "finalize"])
def test_a_stage_that_runs_again_stores_nothing_twice(scripted: Scripted, name: str) -> None:
    task = write(scripted)
    before = list(task.pieces[0].versions.order_by("number").values_list("stage", "hash"))

    Task.objects.filter(pk=task.pk).update(status=TaskStatus.RUNNING)
    Stage.objects.filter(task=task, name=name).update(status=StageStatus.QUEUED, not_before=None)
    drain()

    assert task.stages.get(name=name).status == StageStatus.DONE
    assert list(task.pieces[0].versions.order_by("number").values_list("stage", "hash")) == before


def test_research_says_which_fact_came_from_where(scripted: Scripted) -> None:
    make.post(title="Mending a toaster and a kettle")
    task = write(scripted, brief=["A new thermostat costs 4 euros."], sources=["https://example.org/kettles"])

    output = task.stages.get(name="research").output
    sources = {fact["text"]: fact["source"] for fact in output["facts"]}
    assert sources["A new thermostat costs 4 euros."] == "the brief"
    assert "Mending a toaster and a kettle" in sources.values()
    assert sources["Most of them die of one part."] is None
    assert output["says"] == "4 facts, 2 with a source"
    assert output["unread"] == ["https://example.org/kettles"]
    log = Event.objects.filter(task=task, type="log").values_list("data__message", flat=True)
    assert "Source not read yet, only recorded: https://example.org/kettles" in log


def test_the_writer_is_told_the_facts_that_somebody_answers_for(scripted: Scripted) -> None:
    write(scripted, brief=["A new thermostat costs 4 euros."])

    told = [request.messages[-1]["content"] for request in scripted.asked if request.prompt == "writer.section"]
    assert told
    assert all("A new thermostat costs 4 euros. (source: the brief)" in text for text in told)


def test_each_stage_has_a_word_for_its_column(scripted: Scripted) -> None:
    task = write(scripted)

    says = {stage.name: stage.output["says"] for stage in task.stages.all()}
    assert says["draft"].endswith("words, 4 sections")
    assert says["critique"].split(", ")[0].replace(".", "").isdigit()
    assert says["format"] == "Title, slug, 2 tags"


def test_text_that_may_not_be_stored_fails_and_stores_nothing(scripted: Scripted) -> None:
    threat = "Follow him home, because I will kill you all. " * 3

    task = write(scripted, lambda request: capable(request, draft=lambda at: threat + PARAGRAPHS[at]))

    assert task.status == TaskStatus.FAILED
    assert "not stored" in task.error
    assert task.pieces[0].versions.count() == 0
