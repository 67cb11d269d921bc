"""A new task of each type: its form, what it would take, and what is refused before it is queued."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import make
import pytest
from caller import api
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from test_pages import browser, seen, words

from content.errors import ExternalError, Invalid
from content.models import Piece, Status, User
from pipeline.forms.daily_workflow import NewDailyWorkflow
from pipeline.models import Preferences, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.providers.base import ModelCard
from pipeline.providers.scripted import Scripted
from pipeline.services import asking, estimating, fields, tasks
from pipeline.services.estimating import History, Size
from pipeline.templatetags.money import dollars

pytestmark = pytest.mark.django_db
RUN = {"type": "daily_workflow", "count": "2", "platforms": ["linkedin", "x"], "topics": "Kettles\nLamps"}
PIECE = {"type": "platform_content", "platform": "x", "topic": "Why kettles break"}


@pytest.fixture(autouse=True)
def _fresh_offer(scripted: Scripted) -> None:
    cache.clear()


def checked(client: Client, **typed: Any) -> str:
    """What the form says while one types."""
    return words(client.post(reverse("task-check"), typed).content.decode())


def finished_run(*, ideas: int = 2, seconds: float = 10, tokens: int = 1000, model: str = "scripted") -> Task:
    """A daily run that took `seconds` an idea, and side by side as long for all pieces; `tokens` in and out each."""
    owner = make.creator()
    task = tasks.create("daily_workflow", {"count": ideas, "platforms": ["linkedin", "x"]}, owner=owner)
    began = timezone.now() - timedelta(hours=1)
    spent = {"status": StageStatus.DONE, "tokens_in": tokens, "tokens_out": tokens, "started_at": began}
    task.stages.filter(name="ideate").update(seconds=seconds * ideas, **spent)
    for number in range(ideas * 2):
        Stage.objects.create(
            task=task,
            name="transform",
            key=str(number),
            position=1,
            asked_at=began,
            seconds=seconds,
            finished_at=began + timedelta(seconds=seconds),
            **spent,
        )
    Task.objects.filter(pk=task.pk).update(
        status=TaskStatus.COMPLETED, model=model, result={"ideas": ideas}, finished_at=timezone.now()
    )
    return task


# --- Each type has a form of its own ---


@pytest.mark.parametrize(
    ("task_type", "asks_for"),
    [("blog_post", "Word count"), ("daily_workflow", "Ideas"), ("platform_content", "Find an idea by its words")],
)
def test_each_type_has_an_address_and_a_form(task_type: str, asks_for: str) -> None:
    html = browser(make.creator()).get(reverse("task-new"), {"type": task_type}).content.decode()
    assert asks_for in words(html)
    assert f'?type={task_type}" aria-current="page"' in html


@pytest.mark.parametrize("typed", ["poem", "", "blog_post' --"])
def test_an_unknown_type_is_a_blog_post(typed: str) -> None:
    assert "Word count" in seen(browser(make.creator()), "task-new", type=typed)


def test_what_the_types_share_is_kept_when_one_changes_between_them() -> None:
    address = {"type": "daily_workflow", "target_audience": "New cooks", "tone": "Warm", "word_count": "900"}
    html = browser(make.creator()).get(reverse("task-new"), address).content.decode()
    assert 'name="audience" value="New cooks"' in html
    assert 'name="tone" value="Warm"' in html
    assert "word_count" not in html


def test_a_daily_run_begins_as_the_person_prefers() -> None:
    owner = make.creator()
    Preferences.objects.create(
        owner=owner, topics=["Old houses"], keywords=["lime"], audience="Owners", creativity="bold"
    )
    html = browser(owner).get(reverse("task-new"), {"type": "daily_workflow"}).content.decode()
    assert "Old houses" in html
    assert "lime" in html
    assert 'value="Owners"' in html
    assert 'value="bold" checked' in html


def test_every_platform_whose_text_is_made_in_one_go_can_be_chosen() -> None:
    client = browser(make.creator())
    for task_type in ("daily_workflow", "platform_content"):
        html = client.get(reverse("task-new"), {"type": task_type}).content.decode()
        assert all(f'value="{slug}"' in html for slug in fields.social())
        assert 'value="blog"' not in html


# --- Asking ---


def test_a_daily_run_is_queued_with_what_was_chosen() -> None:
    owner = make.creator()
    response = browser(owner).post(reverse("task-new"), {**RUN, "creativity": "careful", "keywords": "spare\nparts"})
    task = Task.objects.get(owner=owner)
    assert response["Location"] == task.get_absolute_url()
    assert task.type == TaskType.DAILY_WORKFLOW
    assert (task.params["count"], task.params["platforms"]) == (2, ["linkedin", "x"])
    assert (task.params["topics"], task.params["keywords"]) == (["Kettles", "Lamps"], ["spare", "parts"])
    assert task.params["creativity"] == "careful"


def test_a_run_without_topics_is_about_those_of_the_installation(settings: Any) -> None:
    owner = make.creator()
    browser(owner).post(reverse("task-new"), {**RUN, "topics": ""})
    assert Task.objects.get(owner=owner).params["topics"] == settings.TOPICS


def test_a_run_for_no_platform_is_refused() -> None:
    response = browser(make.creator()).post(reverse("task-new"), {**RUN, "platforms": []})
    assert response.status_code == 400
    assert "Choose at least one." in words(response.content.decode())
    assert "One thing to put right: the platforms" in words(response.content.decode())


def test_one_piece_of_a_new_idea_is_queued() -> None:
    owner = make.creator()
    browser(owner).post(reverse("task-new"), {**PIECE, "description": "One part fails.", "category": "Repair"})
    piece = Piece.objects.get(owner=owner)
    assert (piece.platform, piece.idea.title, piece.idea.category) == ("x", "Why kettles break", "Repair")


def test_one_piece_of_an_idea_that_is_there_is_queued_and_makes_no_second_idea() -> None:
    idea = make.idea(title="Why lamps flicker")
    browser(idea.owner).post(reverse("task-new"), {**PIECE, "idea": str(idea.pk), "topic": "typed before"})
    assert Piece.objects.get(idea=idea).platform == "x"
    assert Task.objects.get().params["topic"] == ""


def test_the_dashboard_leads_to_a_form_with_idea_and_platform_chosen() -> None:
    idea = make.idea(title="Why lamps flicker")
    address = {"type": "platform_content", "idea": idea.pk, "platform": "x"}
    html = browser(idea.owner).get(reverse("task-new"), address).content.decode()
    assert f'value="{idea.pk}" selected>Why lamps flicker' in html
    assert 'value="x" checked' in html


@pytest.mark.parametrize("task_type", ["daily_workflow", "platform_content"])
def test_clicking_twice_asks_once(task_type: str) -> None:
    client, sent = browser(make.creator()), RUN if task_type == "daily_workflow" else PIECE
    first, second = client.post(reverse("task-new"), sent), client.post(reverse("task-new"), sent)
    assert Task.objects.count() == 1
    assert first["Location"] == second["Location"]


@pytest.mark.parametrize("sent", [RUN, PIECE])
def test_asking_again_starts_from_what_was_asked(sent: dict[str, Any]) -> None:
    owner = make.creator()
    client = browser(owner)
    client.post(reverse("task-new"), {**sent, "audience": "New cooks", "tone": "Dry", "creativity": "bold"})
    html = client.get(reverse("task-new"), {"like": Task.objects.get(owner=owner).pk}).content.decode()
    assert 'value="New cooks"' in html
    assert 'value="Dry"' in html
    assert 'value="bold" checked' in html
    assert f'name="type" value="{sent["type"]}"' in html
    assert ("Kettles\nLamps" if sent is RUN else 'value="Why kettles break"') in html


def test_a_piece_that_is_written_is_not_asked_for_again() -> None:
    owner = make.creator()
    idea = make.idea(owner=owner, title="Why lamps flicker")
    tasks.create("platform_content", {"idea": idea.pk, "platform": "x"}, owner=owner)
    Piece.objects.filter(idea=idea).update(status=Status.GENERATED)
    client, sent = browser(owner), {**PIECE, "idea": str(idea.pk)}
    assert "It has a piece there already." in checked(client, **sent)
    assert client.post(reverse("task-new"), sent).status_code == 400
    assert Task.objects.count() == 1


def test_a_piece_that_is_being_written_is_not_asked_for_again() -> None:
    idea = make.idea(title="Why lamps flicker")
    tasks.create("platform_content", {"idea": idea.pk, "platform": "x"}, owner=idea.owner)
    sent = {**PIECE, "idea": str(idea.pk), "audience": "Somebody else"}
    response = browser(idea.owner).post(reverse("task-new"), sent)
    assert response.status_code == 400
    assert "It was not queued. “Why lamps flicker” is being written for X already." in words(response.content.decode())


# --- Ideas ---


def test_the_form_says_which_platforms_an_idea_has() -> None:
    idea = make.idea(title="Why lamps flicker")
    tasks.create("platform_content", {"idea": idea.pk, "platform": "linkedin"}, owner=idea.owner)
    client = browser(idea.owner)
    assert "Why lamps flicker (LinkedIn)" in seen(client, "task-new", type="platform_content")
    text = checked(client, **PIECE, idea=str(idea.pk))
    assert "Not made" in text


def test_ideas_are_found_by_their_words() -> None:
    owner = make.creator()
    for title in ("Why lamps flicker", "Why kettles break"):
        make.idea(owner=owner, title=title)
    text = seen(browser(owner), "task-new", type="platform_content", words="LAMPS why")
    assert "Why lamps flicker" in text
    assert "Why kettles break" not in text


@pytest.mark.parametrize("typed", ["%", "\x00", "' OR 1=1 --", "x" * 5000, "_"])
def test_odd_words_find_nothing_and_break_nothing(typed: str) -> None:
    owner = make.creator()
    make.idea(owner=owner, title="Why lamps flicker")
    assert seen(browser(owner), "task-new", type="platform_content", words=typed)


def test_another_persons_idea_is_neither_shown_nor_told_from_one_that_is_not() -> None:
    secret = make.idea(title="A secret plan")
    client = browser(make.creator())
    address = {"type": "platform_content", "idea": secret.pk, "platform": "x"}
    assert "A secret plan" not in seen(client, "task-new", **address)
    said = [
        words(client.post(reverse("task-new"), {**PIECE, "idea": str(pk)}).content.decode())
        for pk in (secret.pk, 999_999_999)
    ]
    assert said[0] == said[1]
    assert "There is no such idea." in said[0]
    assert not Task.objects.exists()


# --- What it would take ---


def test_time_and_tokens_of_a_run_come_from_finished_runs() -> None:
    finished_run(ideas=2, seconds=10, tokens=1000)
    told = History("daily_workflow").estimate("scripted", Size(ideas=2, pieces=4))
    assert told.seconds == pytest.approx(30)  # two ideas one after the other, four pieces side by side
    assert (told.tokens_in, told.tokens_out) == pytest.approx((5000, 5000))
    assert (told.tasks, told.is_assumed, told.is_free) == (1, False, True)


def test_runs_of_nearly_that_size_count_before_others() -> None:
    for _ in range(estimating.NEAREST):
        finished_run(ideas=5, seconds=60)
    for _ in range(estimating.NEAREST):
        finished_run(ideas=1, seconds=10)
    assert History("daily_workflow").estimate("scripted", Size(ideas=1, pieces=2)).seconds == pytest.approx(20)


def test_a_night_between_a_failure_and_its_retry_is_not_counted() -> None:
    task = finished_run(ideas=2, seconds=10)
    last = task.stages.filter(name="transform").last()
    assert last is not None
    Stage.objects.filter(pk=last.pk).update(finished_at=timezone.now() + timedelta(hours=9))
    told = History("daily_workflow").estimate("scripted", Size(ideas=2, pieces=4))
    assert told.seconds == pytest.approx(20 + 40)


def test_a_model_without_history_has_no_time_and_assumed_tokens() -> None:
    finished_run()
    told = History("daily_workflow").estimate("anthropic/claude-sonnet-5", Size(ideas=2, pieces=6))
    assert told.seconds is None
    assert told.is_assumed
    assert told.tokens_in == 2 * estimating.ASSUMED["ideas"][0] + 6 * estimating.ASSUMED["pieces"][0]


def test_one_piece_is_judged_by_those_of_its_platform() -> None:
    for platform, seconds in (("x", 10), ("linkedin", 40)):
        task = tasks.create("platform_content", {"topic": "Kettles", "platform": platform}, owner=make.creator())
        task.stages.filter(name="transform").update(status=StageStatus.DONE, seconds=seconds)
        Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, finished_at=timezone.now())
    told = History("platform_content")
    assert told.estimate("", Size(pieces=1, platform="x")).seconds == 10
    assert told.estimate("", Size(pieces=1, platform="linkedin")).seconds == 40


def test_a_post_is_judged_by_its_words() -> None:
    task = make.task(word_count=1000)
    task.stages.update(status=StageStatus.DONE, seconds=10, tokens_in=500, tokens_out=100)
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, finished_at=timezone.now())
    told = History("blog_post").estimate("scripted", Size(words=2000))
    assert told.seconds == pytest.approx(2 * 10 * task.stages.count())
    assert told.tokens_out == pytest.approx(2 * 100 * task.stages.count())


def test_a_known_price_gives_a_cost_and_an_unknown_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(tokens_in: int, tokens_out: int, model: str, provider: str) -> Decimal | None:
        return Decimal(tokens_in + 3 * tokens_out) / 1_000_000 if model == "known" else None

    monkeypatch.setattr(estimating.catalogue, "cost", cost)
    history = History("platform_content")
    known, unknown = (history.estimate(name, Size(pieces=1)) for name in ("openai/known", "openai/unknown"))
    into, out = estimating.ASSUMED["pieces"]
    assert known.cost == Decimal(round(into) + 3 * round(out)) / 1_000_000
    assert unknown.cost is None
    assert not unknown.is_free


def test_the_form_says_time_and_cost_for_what_is_chosen() -> None:
    finished_run(ideas=2, seconds=60)
    client = browser(make.creator())
    text = checked(client, **RUN)
    assert "About 3 min, free on your own machine" in text
    assert "Cost and time for 2 ideas and 4 pieces" in text
    assert "from 1 finished task" in text
    assert "About 6 min" in checked(client, **{**RUN, "count": "4"})


def test_without_history_the_form_says_so() -> None:
    text = checked(browser(make.creator()), **RUN)
    assert "No history yet" in text
    assert "assumed: scripted has finished nothing like it here" in text


def test_a_price_that_is_not_known_is_said_and_not_zero(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimating.catalogue, "cost", lambda *asked: None)
    text = checked(browser(make.creator()), **RUN)
    assert "price unknown" in text
    assert "free" not in text


def test_what_a_run_would_take_can_be_said_before_run_now() -> None:
    finished_run(ideas=2, seconds=10)
    owner = make.creator()
    told = asking.run_estimate(owner, {"count": 2, "platforms": ["linkedin", "x"]})
    assert told.seconds == pytest.approx(30)
    Preferences.objects.create(owner=owner, model="another")
    assert asking.run_estimate(owner, {"count": 2, "platforms": ["x"]}).seconds is None


# --- Models ---


def offering(monkeypatch: pytest.MonkeyPatch, scripted: Scripted, *names: str) -> None:
    monkeypatch.setattr(scripted, "models", lambda: [ModelCard(name=name, provider="scripted") for name in names])


@pytest.mark.parametrize("sent", [RUN, PIECE, {"type": "blog_post", "topic": "Lime plaster", "word_count": "900"}])
def test_a_made_up_model_is_refused_by_naming_those_there_are(sent: dict[str, Any]) -> None:
    response = browser(make.creator()).post(reverse("task-new"), {**sent, "model": "gpt-9-imaginary"})
    assert response.status_code == 400
    says = "There is no model “gpt-9-imaginary” here. Choose from: scripted."
    assert says in words(response.content.decode())
    assert not Task.objects.exists()


def test_a_provider_that_is_not_set_up_here_offers_nothing() -> None:
    with pytest.raises(Invalid) as refused:
        asking.require_offered("anthropic/claude-sonnet-5")
    assert "Choose from: scripted." in refused.value.fields["model"][0]


def test_a_model_whose_provider_does_not_answer_may_wait_for_it(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent() -> list[ModelCard]:
        raise ExternalError("No model answers.", retryable=True)

    monkeypatch.setattr(scripted, "models", silent)
    owner = make.creator()
    response = browser(owner).post(reverse("task-new"), {**RUN, "model": "scripted"})
    assert response.status_code == 302
    assert Task.objects.filter(owner=owner).exists()
    assert "it fails while that is so" in seen(browser(owner), "task-new", type="daily_workflow")


def test_of_many_models_most_stand_behind_more(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, scripted, "scripted", *(f"other-{number}" for number in range(20)))
    html = browser(make.creator()).get(reverse("task-new")).content.decode()
    assert "13 more" in words(html)
    assert html.index('value="scripted"') < html.index('value="other-0"')


def test_a_name_without_a_tag_is_the_latest(scripted: Scripted, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.MODEL = "llama"
    offering(monkeypatch, scripted, "aardvark", "llama:latest")
    html = browser(make.creator()).get(reverse("task-new")).content.decode()
    assert 'value="llama:latest" checked' in html


def test_a_model_is_shown_with_its_speed_here() -> None:
    piece = tasks.create("platform_content", {"topic": "Kettles", "platform": "x"}, owner=make.creator())
    piece.stages.update(status=StageStatus.DONE, tokens_out=620, model_seconds=20, finished_at=timezone.now())
    cache.clear()
    assert "31 tokens a second here" in seen(browser(make.creator()), "task-new")


# --- The same by HTTP ---

TASKS = "/api/v1/tasks/"


def asked(user: User, **sent: Any) -> Any:
    return api(user).post(TASKS, sent)


def test_a_daily_run_and_one_piece_can_be_asked_for_by_http() -> None:
    owner = make.creator()
    run = asked(owner, task_type="daily_workflow", count=3, platforms=["x"])
    piece = asked(owner, task_type="platform_content", topic="Why kettles break", platform="linkedin")
    assert (run.status_code, run.json()["params"]["count"]) == (201, 3)
    assert [stage["name"] for stage in run.json()["stages"]] == ["ideate", "wrap_up"]
    assert piece.status_code == 201
    assert [one["platform"] for one in piece.json()["content"]] == ["linkedin"]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"count": 11}, "count"),
        ({"count": 0}, "count"),
        ({"count": "five"}, "count"),
        ({"count": 2.5}, "count"),
        ({"count": None}, "count"),
        ({"platforms": "x"}, "platforms"),
        ({"platforms": []}, "platforms"),
        ({"platforms": ["tiktok"]}, "platforms"),
        ({"platforms": ["blog"]}, "platforms"),
        ({"platforms": [["x"]]}, "platforms"),
        ({"platforms": {"x": 1}}, "platforms"),
        ({"topics": [7]}, "topics"),
        ({"topics": ["x" * 121]}, "topics"),
        ({"topics": [f"topic {number}" for number in range(21)]}, "topics"),
        ({"creativity": "wild"}, "creativity"),
        ({"topic": "Kettles"}, "topic"),
        ({"model": "gpt-9-imaginary"}, "model"),
        ({"model": {"name": "x"}}, "model"),
        ({"schedule_for": "tomorrow"}, "schedule_for"),
    ],
)
def test_nonsense_in_a_daily_run_is_named(sent: dict[str, Any], field: str) -> None:
    refused = asked(make.creator(), task_type="daily_workflow", **sent)
    assert (refused.status_code, refused.data["code"]) == (400, "invalid")
    assert list(refused.data["fields"]) == [field]
    assert not Task.objects.exists()


def test_no_idea_may_be_said_as_null() -> None:
    sent = {"task_type": "platform_content", "platform": "x", "topic": "Kettles", "idea": None}
    assert asked(make.creator(), **sent).status_code == 201


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"topic": "Kettles"}, "platform"),
        ({"platform": "x"}, "topic"),
        ({"platform": "x", "topic": "ab"}, "topic"),
        ({"platform": "tiktok", "topic": "Kettles"}, "platform"),
        ({"platform": ["x"], "topic": "Kettles"}, "platform"),
        ({"platform": "x", "idea": "the first"}, "idea"),
        ({"platform": "x", "idea": -1}, "idea"),
        ({"platform": "x", "idea": 10**30}, "idea"),
        ({"platform": "x", "idea": 999_999_999}, "idea"),
        ({"platform": "x", "topic": "Kettles", "count": 3}, "count"),
        ({"platform": "x", "topic": "Kettles", "description": "x" * 2001}, "description"),
    ],
)
def test_nonsense_in_one_piece_is_named(sent: dict[str, Any], field: str) -> None:
    refused = asked(make.creator(), task_type="platform_content", **sent)
    assert (refused.status_code, refused.data["code"]) == (400, "invalid")
    assert list(refused.data["fields"]) == [field]
    assert not Task.objects.exists()


def test_another_persons_idea_is_refused_like_one_that_is_not() -> None:
    secret, me = make.idea(title="A secret plan"), make.creator()
    answers = [asked(me, task_type="platform_content", platform="x", idea=pk).json() for pk in (secret.pk, 999_999_999)]
    assert answers[0] == answers[1]
    assert "secret" not in str(answers)
    assert not Piece.objects.exists()


def test_a_second_piece_of_an_idea_for_a_platform_is_a_conflict() -> None:
    idea = make.idea()
    sent = {"task_type": "platform_content", "platform": "x", "idea": idea.pk}
    assert asked(idea.owner, **sent).status_code == 201
    assert asked(idea.owner, **sent).status_code == 409


def test_a_made_up_model_starts_no_run_by_http() -> None:
    refused = api(make.creator()).post("/api/v1/workflows/execute/", {"model": "gpt-9-imaginary"})
    assert refused.status_code == 400
    assert "Choose from: scripted." in refused.data["fields"]["model"][0]
    assert not Task.objects.exists()


def test_a_hosted_model_shows_what_it_would_cost_beside_a_free_one(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosted = ModelCard(name="anthropic/claude-sonnet-5", provider="anthropic")
    free = ModelCard(name="scripted", provider="scripted")
    monkeypatch.setattr(asking.providers, "models", lambda: asking.providers.Offers((free, hosted), {}))
    monkeypatch.setattr(
        estimating.catalogue,
        "cost",
        lambda into, out, model, provider: Decimal("0.114" if provider != "scripted" else 0),
    )
    text = checked(browser(make.creator()), **RUN, model="anthropic/claude-sonnet-5")
    assert "No history yet, about $0.11" in text
    assert "free no history $0.11 no history" in text


def test_a_choice_changes_no_other_models_row(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("scripted", "another", "zebra")
    offering(monkeypatch, scripted, *names)
    numbers = [
        {
            choice.name: choice.number
            for choice in NewDailyWorkflow(make.creator(), {**RUN, "model": name}).models.choices
        }
        for name in names
    ]
    assert numbers[0] == numbers[1] == numbers[2]


@pytest.mark.parametrize(
    ("amount", "says"),
    [(Decimal("0.1142"), "$0.11"), (1234.5, "$1,234.50"), (0.002, "under $0.01"), (None, "price unknown")],
)
def test_money_is_said_as_people_say_it(amount: Any, says: str) -> None:
    assert dollars(amount) == says
