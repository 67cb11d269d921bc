"""The machine's pages: today, the tasks, one task, a new one. As the server renders them, without any script."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import make
import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from content.errors import ExternalError
from content.models import Status, User
from media_gen.services import candidates, choosing
from pipeline import events
from pipeline.models import Stage, Task, TaskStatus
from pipeline.providers.base import ModelCard
from pipeline.providers.scripted import Scripted
from pipeline.services import tasks

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _fresh_offer(scripted: Scripted) -> None:
    """What models are offered is remembered for a moment; not from one test to the next."""
    cache.clear()


def browser(user: User | None = None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def seen(client: Client, name: str, *args: Any, **query: Any) -> str:
    """The page as it reads: the text of its main part, without markup."""
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return words(response.content.decode())


def words(html: str) -> str:
    main = html.split('<main id="main"')[-1].split("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&nbsp;", " ").split())


def running(task: Task, stage: str, doing: str, *, percent: int = 20, as_: str = "running") -> Task:
    """As a worker leaves it while it is at `stage`."""
    Stage.objects.filter(task=task, name=stage).update(status="running", started_at=timezone.now(), attempt=1)
    Task.objects.filter(pk=task.pk).update(
        status=TaskStatus.RUNNING, stage=stage, doing=doing, doing_as=as_, percent=percent, started_at=timezone.now()
    )
    task.refresh_from_db()
    return task


def failed(task: Task, stage: str = "draft") -> Task:
    Stage.objects.filter(task=task, name="research").update(status="done", seconds=85, output={"says": "3 facts"})
    Stage.objects.filter(task=task, name=stage).update(status="failed", attempt=3)
    Task.objects.filter(pk=task.pk).update(
        status=TaskStatus.FAILED,
        doing="Draft failed",
        error="The model took too long.",
        recovery="Research is kept.",
        finished_at=timezone.now(),
    )
    task.refresh_from_db()
    return task


# --- The door ---


def test_signing_in_leads_to_where_the_person_was_going() -> None:
    make.editor(email="mara@example.org")
    sent = {"email": "mara@example.org", "password": "correct horse", "next": reverse("tasks")}
    assert browser().post(reverse("signin"), sent)["Location"] == reverse("tasks")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example"]
)
def test_signing_in_never_leads_to_another_site(elsewhere: str) -> None:
    make.editor(email="mara@example.org")
    sent = {"email": "mara@example.org", "password": "correct horse", "next": elsewhere}
    assert browser().post(reverse("signin"), sent)["Location"] == reverse("dashboard")


def test_a_wrong_password_is_said_and_the_address_stays() -> None:
    make.editor(email="mara@example.org")
    response = browser().post(reverse("signin"), {"email": "mara@example.org", "password": "wrong"})
    assert response.status_code == 401
    html = response.content.decode()
    assert 'role="alert"' in html
    assert 'value="mara@example.org"' in html
    assert "wrong" in words(html)


def test_signing_out_is_a_form_and_not_a_link() -> None:
    client = browser(make.editor())
    assert client.get(reverse("signout")).status_code == 405
    client.post(reverse("signout"))
    assert client.get(reverse("dashboard")).status_code == 302


@pytest.mark.parametrize("name", ["dashboard", "dashboard-live", "tasks", "tasks-live", "task-new"])
def test_nobody_sees_the_desk_without_signing_in(name: str) -> None:
    response = browser().get(reverse(name))
    assert response.status_code == 302
    assert reverse("signin") in response["Location"]


# --- Today ---


def test_a_new_desk_says_that_it_is_new_and_what_to_do_first() -> None:
    text = seen(browser(make.creator()), "dashboard")
    assert "Nothing is waiting. Nothing has been written." in text
    assert "Ask for one piece" in text
    assert "Nothing has failed." in text
    assert "No task is running or queued." in text


def test_the_headline_of_today_is_how_many_pieces_wait() -> None:
    make.piece(status=Status.GENERATED, title="The oldest")
    make.piece(status=Status.EDITED)
    make.piece(status=Status.READY)
    text = seen(browser(make.editor()), "dashboard")
    assert "Two pieces are waiting for you" in text
    assert "The oldest" in text


def test_one_piece_is_counted_as_one() -> None:
    make.piece()
    text = seen(browser(make.editor()), "dashboard")
    assert "One piece is waiting for you" in text
    assert "It has waited since" in text


def test_when_everything_is_decided_today_says_so() -> None:
    make.piece(status=Status.READY)
    assert "Nothing is waiting for you" in seen(browser(make.editor()), "dashboard")


def test_a_creator_sees_only_their_own_work_today() -> None:
    owner, stranger = make.creator(), make.creator()
    make.piece(owner=owner, title="Mine alone")
    make.task(owner=owner, topic="My own task")
    assert "Mine alone" in seen(browser(owner), "dashboard")
    text = seen(browser(stranger), "dashboard")
    assert "Mine alone" not in text
    assert "My own task" not in text


def test_what_failed_is_shown_today_with_a_way_to_try_again() -> None:
    task = failed(make.task(topic="Underfloor heating"))
    response = browser(make.editor()).get(reverse("dashboard"))
    assert "The model took too long." in words(response.content.decode())
    assert f'action="{reverse("task-retry", args=[task.pk])}"' in response.content.decode()


def test_tasks_that_wait_while_no_worker_lives_are_told_so() -> None:
    make.task()
    assert "No worker is at work." in seen(browser(make.editor()), "dashboard")


def test_the_page_costs_no_more_queries_with_more_pieces(django_assert_max_num_queries: Any) -> None:
    client = browser(make.editor())
    for _ in range(8):
        make.piece()
    with django_assert_max_num_queries(20):
        client.get(reverse("dashboard"))


# --- A task ---


def test_a_queued_task_says_its_place_and_not_just_queued() -> None:
    make.task()
    second = make.task()
    assert "2nd in the queue" in seen(browser(second.owner), "task", second.pk)


@pytest.mark.parametrize(
    ("as_", "doing"),
    [
        ("loading", "Loading the model, usually 40 s"),
        ("retry", "Trying again, 2 of 3: the model took longer than 30 s"),
        ("running", "Writing “The first step”, 4 of 5"),
    ],
)
def test_a_running_task_says_what_it_does_or_waits_for(as_: str, doing: str) -> None:
    task = running(make.task(), "draft", doing, as_=as_)
    response = browser(task.owner).get(reverse("task", args=[task.pk]))
    html = response.content.decode()
    assert doing in words(html)
    assert f'data-s="{as_}"' in html
    assert ">Running<" not in html


def test_a_reload_in_the_middle_shows_everything_so_far() -> None:
    task = running(make.task(), "draft", "Writing")
    Stage.objects.filter(task=task, name="draft").update(
        kept={
            "outline": {
                "article": {"title": "T", "sections": [{"heading": ""}, {"heading": "First"}, {"heading": "Second"}]}
            },
            "section 0": {"section": {"heading": "", "paragraphs": ["An opening."]}},
            "section 1": {"section": {"heading": "First", "paragraphs": ["One.", "Two."]}},
        }
    )
    events.emit(task, "log", source="model", level="warn", message="section 1: no answer, trying again")
    events.emit(task, "quality", attempt=1, quality_score=6.2, is_passing=False, words=1287, feedback="", issues=[
        {"name": "words", "label": "Words", "points_lost": 1.2, "message": "63 words under the range"}
    ])  # fmt: skip
    events.emit(task, "refinement_started", attempt=2, feedback="Write 63 words more.")
    html = browser(task.owner).get(reverse("task", args=[task.pk])).content.decode()
    text = words(html)
    assert "An opening." in text
    assert "First" in text
    assert "Two." in text
    assert "Second" not in text
    assert 'data-block="s1"' in html
    assert "section 1: no answer, trying again" in text
    assert "6.2" in text
    assert "−1.2 63 words under the range" in text
    assert "Refinement 1 is being written" in text
    assert "Write 63 words more." in text
    assert 'data-after="3"' in html


def test_the_log_can_be_read_by_source_and_counts_each() -> None:
    task = make.task()
    events.emit(task, "log", source="model", level="info", message="from the model")
    events.emit(task, "log", source="worker", level="info", message="from the worker")
    text = seen(browser(task.owner), "task", task.pk, log="model")
    assert "All 2 Model 1 Validator 0" in text
    assert "from the model" in text
    assert "from the worker" not in text


def test_the_log_can_be_downloaded_whole() -> None:
    task = make.task()
    for number in range(450):
        events.emit(task, "log", source="model", level="info", message=f"line {number}")
    client = browser(task.owner)
    assert "50 earlier lines are in the download." in seen(client, "task", task.pk)
    response = client.get(reverse("task-log", args=[task.pk]))
    assert "attachment" in response["Content-Disposition"]
    assert [line.rsplit(" ", 1)[1] for line in response.content.decode().splitlines()] == [str(n) for n in range(450)]


def test_a_failed_task_says_why_what_is_kept_and_where_it_would_go_on() -> None:
    task = failed(make.task())
    text = seen(browser(task.owner), "task", task.pk)
    assert "The model took too long. Research is kept." in text
    assert "Try again from draft" in text
    assert "Saves 1 min 25 s of work already done" in text


def test_trying_again_queues_the_task() -> None:
    task = failed(make.task())
    response = browser(task.owner).post(reverse("task-retry", args=[task.pk]), follow=True)
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED
    assert "Next in the queue" in words(response.content.decode())


def test_cancelling_says_who_did_it_and_offers_a_new_try() -> None:
    task = make.task(owner=make.creator(name="Tomás Okafor"))
    response = browser(task.owner).post(reverse("task-cancel", args=[task.pk]), follow=True)
    text = words(response.content.decode())
    assert "Cancelled by Tomás Okafor" in text
    assert "Try again from research" in text


def test_cancelling_what_has_ended_says_why_not() -> None:
    task = make.task()
    tasks.cancel(task, by=task.owner)
    response = browser(task.owner).post(reverse("task-cancel", args=[task.pk]), follow=True)
    assert "already cancelled" in words(response.content.decode())


def test_a_finished_task_leads_to_its_piece() -> None:
    piece = make.piece(title="A kettle that lasts")
    task = make.task(owner=piece.owner)
    Stage.objects.filter(task=task).update(piece=piece, status="done", tokens_out=1000)
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, percent=100, finished_at=timezone.now())
    html = browser(piece.owner).get(reverse("task", args=[task.pk])).content.decode()
    assert "Written, and waiting for you" in words(html)
    assert "Public once it is approved" in words(html)
    assert f'href="{piece.get_absolute_url()}"' in html


def test_a_finished_task_whose_piece_is_public_links_to_the_post() -> None:
    post = make.post(title="Out in public")
    task = make.task(owner=post.piece.owner)
    Stage.objects.filter(task=task).update(piece=post.piece, status="done")
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, finished_at=timezone.now())
    html = browser(make.editor()).get(reverse("task", args=[task.pk])).content.decode()
    assert "Written, and public" in words(html)
    assert f'href="{post.get_absolute_url()}"' in html


def test_a_finished_task_shows_the_chosen_picture() -> None:
    piece = make.piece()
    wanted, other = (candidates.draw_card(piece, piece.title, seed=seed, key=f"test-{seed}") for seed in (0, 1))
    choosing.choose(wanted, by=make.editor())
    task = make.task(owner=piece.owner)
    Stage.objects.filter(task=task).update(piece=piece, status="done")
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, finished_at=timezone.now())

    html = browser(piece.owner).get(reverse("task", args=[task.pk])).content.decode()

    assert wanted.get_preview_url() in html
    assert other.get_preview_url() not in html


@pytest.mark.parametrize("name", ["task", "task-live", "task-log"])
def test_another_persons_task_is_not_found(name: str) -> None:
    task = make.task()
    assert browser(make.creator()).get(reverse(name, args=[task.pk])).status_code == 404


@pytest.mark.parametrize("name", ["task-cancel", "task-retry", "task-delete"])
def test_another_persons_task_cannot_be_touched(name: str) -> None:
    task = make.task()
    assert browser(make.creator()).post(reverse(name, args=[task.pk])).status_code == 404
    task.refresh_from_db()
    assert task.status == TaskStatus.QUEUED


# --- The list ---


def test_the_list_has_what_is_active_first_and_the_newest_next() -> None:
    owner = make.creator()
    tasks.cancel(make.task(owner=owner, topic="An old cancelled one"), by=owner)
    make.task(owner=owner, topic="Waits its turn")
    running(make.task(owner=owner, topic="Is at work"), "draft", "Writing")
    text = seen(browser(owner), "tasks")
    assert "One task is running, one waits" in text
    places = [text.index(name) for name in ("Is at work", "Waits its turn", "An old cancelled one")]
    assert places == sorted(places)


def test_the_list_costs_no_more_queries_with_more_tasks_at_work(django_assert_num_queries: Any) -> None:
    owner = make.creator()
    client = browser(owner)
    running(make.task(owner=owner), "draft", "Writing")
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("tasks-live"))
    for _ in range(5):
        running(make.task(owner=owner), "draft", "Writing")
    with django_assert_num_queries(len(one)):
        client.get(reverse("tasks-live"))


def test_the_list_has_pages() -> None:
    owner = make.creator()
    for number in range(23):
        tasks.cancel(make.task(owner=owner, topic=f"Number {number} of many"), by=owner)
    client = browser(owner)
    assert "Page 1 of 2" in seen(client, "tasks")
    assert "Number 0 of many" in seen(client, "tasks", page=2)


# --- A new task ---


def test_a_good_form_queues_a_task_and_leads_to_it() -> None:
    owner = make.creator()
    sent = {
        "topic": "Lime plaster",
        "word_count": "900",
        "word_count_tolerance": "15",
        "strict": "on",
        "brief": "One\nTwo",
    }
    response = browser(owner).post(reverse("task-new"), sent)
    task = Task.objects.get(owner=owner)
    assert response["Location"] == task.get_absolute_url()
    assert (task.params["word_count"], task.params["strict"], task.params["brief"]) == (900, True, ["One", "Two"])


def test_a_form_with_faults_says_each_and_keeps_what_was_typed() -> None:
    sent = {"topic": "", "word_count": "20", "word_count_tolerance": "10", "brief": "Kept words"}
    response = browser(make.creator()).post(reverse("task-new"), sent)
    text = words(response.content.decode())
    assert response.status_code == 400
    assert not Task.objects.exists()
    assert "At least 3 characters." in text
    assert "At least 300." in text
    assert "Kept words" in text
    assert "Two things to put right: the topic, the word count" in text


def test_a_start_is_in_the_sites_own_time(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    start = (timezone.now() + timedelta(days=30)).astimezone(ZoneInfo("Asia/Tokyo")).replace(second=0, microsecond=0)
    sent = {"topic": "Later on", "word_count": "900", "word_count_tolerance": "10"}
    browser(make.creator()).post(reverse("task-new"), {**sent, "schedule_for": f"{start:%Y-%m-%dT%H:%M}"})
    assert Task.objects.get().run_after == start


def test_while_one_types_the_form_says_what_it_thinks() -> None:
    sent = {"topic": "Lime plaster", "word_count": "1500", "word_count_tolerance": "10", "brief": "One\nTwo"}
    text = words(browser(make.creator()).post(reverse("task-check"), sent).content.decode())
    assert "Nothing like it in the last 30 days" in text
    assert "2 facts." in text
    assert "Accepted: 1,350 to 1,650 words" in text
    assert "No history yet" in text


@pytest.mark.parametrize("typed", ["9" * 5000, "--5", "٣", "-"])
def test_numbers_that_are_none_break_no_page(typed: str) -> None:
    piece = make.piece()
    client = browser(piece.owner)
    sent = {"topic": "Lime plaster", "word_count": typed, "word_count_tolerance": typed, "priority": typed}
    assert client.post(reverse("task-check"), sent).status_code == 200
    assert client.post(reverse("task-new"), sent).status_code == 400
    assert client.get(reverse("task-new"), {"like": typed}).status_code == 200
    assert client.get(reverse("tasks"), {"piece": typed}).status_code == 200
    assert client.get(reverse("piece", args=[piece.pk]), {"version": typed}).status_code == 404
    assert client.get(reverse("piece", args=[piece.pk]), {"against": typed}).status_code == 404
    assert client.post(reverse("piece-restore", args=[piece.pk]), {"number": typed}).status_code == 404


def test_a_topic_that_is_not_typed_yet_is_no_error_under_its_field() -> None:
    sent = {"topic": "", "word_count": "1500", "word_count_tolerance": "10"}
    html = browser(make.creator()).post(reverse("task-check"), sent).content.decode()
    assert "At least 3 characters." not in html
    assert "One thing to put right: the topic" in words(html)


def test_a_topic_much_like_a_recent_one_is_pointed_out() -> None:
    owner = make.creator()
    make.task(owner=owner, topic="Why lime plaster dries slowly")
    sent = {"topic": "why Lime plaster dries slowly?", "word_count": "900", "word_count_tolerance": "10"}
    text = words(browser(owner).post(reverse("task-check"), sent).content.decode())
    assert "Much like “Why lime plaster dries slowly”" in text


def test_clicking_twice_asks_once() -> None:
    owner = make.creator()
    client, sent = browser(owner), {"topic": "Lime plaster", "word_count": "900", "word_count_tolerance": "10"}
    first, second = client.post(reverse("task-new"), sent), client.post(reverse("task-new"), sent)
    assert Task.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_two_people_may_ask_for_the_same() -> None:
    sent = {"topic": "Lime plaster", "word_count": "900", "word_count_tolerance": "10"}
    for person in (make.creator(), make.creator()):
        browser(person).post(reverse("task-new"), sent)
    assert Task.objects.count() == 2


def test_asking_differently_starts_from_what_was_asked() -> None:
    task = make.task(topic="Lime plaster", brief=["One", "Two"], tags=["walls"])
    html = browser(task.owner).get(reverse("task-new"), {"like": task.pk}).content.decode()
    assert 'value="Lime plaster"' in html
    assert "One\nTwo" in html
    assert 'value="walls"' in html


def test_another_persons_task_is_not_copied_into_the_form() -> None:
    task = make.task(topic="A secret plan")
    assert "A secret plan" not in seen(browser(make.creator()), "task-new", like=task.pk)


def test_without_a_model_the_form_says_so_and_still_opens(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> list[ModelCard]:
        raise ExternalError("No model answers at http://127.0.0.1:11434.", retryable=True)

    monkeypatch.setattr(scripted, "models", silent)
    text = seen(browser(make.creator()), "task-new")
    assert "No model answers. No model answers at http://127.0.0.1:11434." in text
    assert "Queue the task" in text


# --- Every page ---


def test_what_people_typed_is_shown_as_text_everywhere() -> None:
    owner = make.creator(name=HOSTILE)
    task = failed(make.task(owner=owner, topic=f"{HOSTILE} topic", brief=[HOSTILE]))
    Task.objects.filter(pk=task.pk).update(error=HOSTILE)
    events.emit(task, "log", source="model", level="info", message=HOSTILE)
    make.piece(owner=owner, title=HOSTILE)
    client = browser(owner)
    pages = [reverse("dashboard"), reverse("tasks"), task.get_absolute_url(), f"{reverse('task-new')}?like={task.pk}"]
    for address in pages:
        html = client.get(address).content.decode()
        assert HOSTILE not in html
        assert "&lt;script&gt;alert(1)" in html


def test_no_page_carries_script_or_style_of_its_own() -> None:
    task = failed(make.task())
    client = browser(task.owner)
    for address in (
        reverse("dashboard"),
        reverse("tasks"),
        task.get_absolute_url(),
        reverse("task-new"),
        reverse("signin"),
    ):
        html = client.get(address, follow=True).content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)
