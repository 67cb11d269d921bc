"""The daily run on the front page, in the task list and on its own page. As the server renders them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import make
import pytest
import runs
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from test_pages import browser, seen, words

from content.models import Idea, Piece, Status, User
from content.services import ideas, review
from pipeline import events
from pipeline.models import Schedule, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.providers.scripted import Scripted
from pipeline.services import preferences, tasks
from pipeline.views.daily import away, when

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _offered(scripted: Scripted) -> None:
    cache.clear()


def parts_of(run: Task) -> list[Stage]:
    return list(run.stages.filter(name="transform").select_related("piece__idea").order_by("pk"))


# --- Run now ---


def test_run_now_asks_for_what_the_settings_say_and_leads_to_the_run() -> None:
    owner = make.creator()
    preferences.change(owner, topics=["lime plaster"])
    response = browser(owner).post(reverse("run-now"))
    run = Task.objects.get(owner=owner)
    assert run.type == TaskType.DAILY_WORKFLOW
    assert run.params["topics"] == ["lime plaster"]
    assert response["Location"] == run.get_absolute_url()


def test_of_many_topics_the_front_page_names_the_first_few() -> None:
    owner = make.creator()
    preferences.change(owner, topics=[f"topic {number}" for number in range(1, 21)])
    said = seen(browser(owner), "dashboard")
    assert "topic 4, topic 5 and 15 more" in said
    assert "topic 6" not in said


def test_pressing_run_now_again_leads_to_the_same_run() -> None:
    client = browser(make.creator())
    first, second = client.post(reverse("run-now")), client.post(reverse("run-now"))
    assert Task.objects.count() == 1
    assert first["Location"] == second["Location"]


def test_a_run_that_is_at_work_for_long_is_still_the_one() -> None:
    owner = make.creator()
    run = runs.asked(owner)
    runs.laid_out(run)
    Task.objects.update(created_at=timezone.now() - timedelta(minutes=10))
    assert browser(owner).post(reverse("run-now"))["Location"] == run.get_absolute_url()
    assert Task.objects.count() == 1


def test_somebody_elses_run_keeps_nobody_from_theirs() -> None:
    runs.asked(make.creator())
    browser(make.editor()).post(reverse("run-now"))
    assert Task.objects.count() == 2


def test_while_my_run_is_at_work_the_button_leads_to_it() -> None:
    owner = make.creator()
    run = runs.asked(owner)
    assert "Your run is in the queue" in seen(browser(owner), "dashboard")
    runs.laid_out(run)
    html = browser(owner).get(reverse("dashboard")).content.decode()
    assert "Your run is at work" in words(html)
    assert reverse("run-now") not in html


def test_run_now_says_why_it_cannot(settings: Any) -> None:
    owner = make.creator()
    Schedule.objects.create(owner=owner, platforms=["fax"])
    text = words(browser(owner).post(reverse("run-now"), follow=True).content.decode())
    assert "Platforms:" in text
    assert "fax" in text
    assert not Task.objects.exists()


def test_running_and_writing_are_asked_for_by_forms_only() -> None:
    client = browser(make.creator())
    assert client.get(reverse("run-now")).status_code == 405
    assert client.get(reverse("idea-write", args=[make.idea().pk])).status_code == 405


# --- The section ---


def test_before_the_first_run_the_page_says_what_one_would_bring() -> None:
    text = seen(browser(make.creator()), "dashboard")
    assert "No run yet" in text
    assert "No schedule set" in text
    assert "Run now 5 ideas, 15 pieces" in text
    assert "about" not in text.split("15 pieces")[1][:10]  # no history, so no guess
    assert "remote work" in text


def test_the_last_and_the_next_run_are_named() -> None:
    owner = make.creator()
    run = runs.finished(owner, fails=1)
    moment = timezone.now() + timedelta(hours=23, minutes=14)
    Schedule.objects.create(owner=owner, is_on=True, zone="Europe/Lisbon", next_run_at=moment)
    text = seen(browser(owner), "dashboard")
    local = moment.astimezone(ZoneInfo("Europe/Lisbon"))
    assert f"Run {run.pk} finished" in text
    assert "5 ideas, 14 of 15 pieces" in text
    assert f"{local:%H:%M} Lisbon time" in text
    assert "in 23 h 14 min" in text
    assert "5 ideas, 15 pieces, less than a minute" in text


@pytest.mark.parametrize(
    ("seconds", "says"), [(10, "1 min"), (360, "6 min"), (83640, "23 h 14 min"), (183600, "2 days 3 h")]
)
def test_how_far_off_the_next_run_is(seconds: float, says: str) -> None:
    assert away(seconds) == says


@pytest.mark.parametrize(
    ("zone", "place"),
    [("Europe/Lisbon", "Lisbon time"), ("America/Argentina/Buenos_Aires", "Buenos Aires time"), ("UTC", "UTC")],
)
def test_the_next_run_is_told_by_the_schedules_own_clock(zone: str, place: str) -> None:
    moment = timezone.now() + timedelta(days=3)
    local = moment.astimezone(ZoneInfo(zone))
    assert when(moment, zone) == f"{local:%A} {local.day} {local:%B}, {local:%H:%M} {place}"


# --- Its ideas ---


def test_the_ideas_of_the_newest_run_stand_beside_what_became_of_each() -> None:
    owner = make.editor()
    run = runs.asked(owner)
    stages = runs.laid_out(run)
    review.approve(runs.written(stages[0], make.SOCIAL["linkedin"]).current, by=make.editor())
    runs.written(stages[1])
    runs.at_work(stages[2], "Writing the scenes")
    runs.failed(stages[3], "Each try had 31 words too many.")
    html = browser(owner).get(reverse("dashboard")).content.decode()
    text = words(html)
    assert "Today’s ideas Five from run" in text
    assert runs.TITLES[0] in text
    assert "Ready" in text
    assert "Generated" in text
    assert "Writing the scenes" in text
    assert "Each try had 31 words too many." in text
    assert "2nd in the queue" in text
    assert f'href="{stages[0].piece.get_absolute_url()}"' in html  # type: ignore[union-attr]
    assert reverse("task-stage-retry", args=[run.pk, stages[3].pk]) in html


def test_ideas_of_an_earlier_day_carry_its_date() -> None:
    owner = make.creator()
    run = runs.finished(owner)
    Task.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=2))
    day = timezone.localtime(timezone.now() - timedelta(days=2))
    assert f"Ideas of {day:%A} {day.day} {day:%B}" in seen(browser(owner), "dashboard")


def test_an_idea_that_was_not_made_for_a_platform_can_be_asked_for() -> None:
    owner = make.creator()
    run = runs.asked(owner, platforms=["linkedin"])
    for stage in runs.laid_out(run):
        runs.written(stage)
    runs.ended(run)
    idea = Idea.objects.filter(owner=owner).order_by("pk").first()
    assert idea is not None
    client = browser(owner)
    assert "Not made Write it" in seen(client, "dashboard")
    first = client.post(reverse("idea-write", args=[idea.pk]), {"platform": "x"})
    second = client.post(reverse("idea-write", args=[idea.pk]), {"platform": "x"})
    task = Task.objects.get(type=TaskType.PLATFORM_CONTENT)
    assert first["Location"] == second["Location"] == task.get_absolute_url()
    assert Piece.objects.get(idea=idea, platform="x").status == Status.WRITING
    assert "Next in the queue" in seen(client, "dashboard")


def test_what_is_written_already_is_not_asked_for_twice() -> None:
    owner = make.creator()
    run = runs.finished(owner)
    idea = Idea.objects.filter(pieces__stages__task=run).first()
    assert idea is not None
    response = browser(owner).post(reverse("idea-write", args=[idea.pk]), {"platform": "x"}, follow=True)
    assert "has a piece for X already" in words(response.content.decode())


def test_nobody_writes_on_another_persons_idea() -> None:
    idea = make.idea()
    assert browser(make.creator()).post(reverse("idea-write", args=[idea.pk]), {"platform": "x"}).status_code == 404
    assert not Task.objects.exists()


def test_a_creator_sees_nothing_of_another_persons_runs() -> None:
    run = runs.finished(make.creator(), fails=2)
    client = browser(make.creator())
    text = seen(client, "dashboard")
    assert runs.TITLES[0] not in text
    assert f"run {run.pk}" not in text.lower()
    stage = parts_of(run)[-1]
    assert client.post(reverse("task-stage-retry", args=[run.pk, stage.pk])).status_code == 404
    stage.refresh_from_db()
    assert stage.status == StageStatus.FAILED


# --- What failed ---


def test_a_piece_that_was_not_made_needs_a_person() -> None:
    owner = make.creator()
    run = runs.finished(owner, fails=1)
    html = browser(owner).get(reverse("dashboard")).content.decode()
    text = words(html)
    assert f"One piece of run {run.pk} was not made" in text
    assert "“What an EPC does not measure” for Instagram" in text
    assert "over 280 weighted characters" in text
    assert "Nothing has failed." not in text


def test_many_that_were_not_made_are_told_of_at_once() -> None:
    owner = make.creator()
    run = runs.finished(owner, fails=7)
    text = seen(browser(owner), "dashboard")
    assert f"Seven pieces of run {run.pk} were not made" in text
    assert "Try all seven again" in text
    assert "and four more" in text


def test_what_is_tried_again_or_was_made_meanwhile_needs_nobody() -> None:
    owner = make.creator()
    run = runs.finished(owner, fails=2)
    first, second = parts_of(run)[-2:]
    tasks.retry_stage(first, by=owner)
    assert "were not made" not in seen(browser(owner), "dashboard")  # the run is at work again
    runs.written(first)
    runs.ended(run)
    assert f"One piece of run {run.pk} was not made" in seen(browser(owner), "dashboard")
    piece = second.piece
    assert piece is not None
    again = tasks.create("platform_content", {"idea": piece.idea_id, "platform": piece.platform}, owner=owner)
    assert "was not made" not in seen(browser(owner), "dashboard")
    tasks.cancel(again, by=owner)
    assert f"One piece of run {run.pk} was not made" in seen(browser(owner), "dashboard")


def test_a_failed_part_is_tried_again_without_a_script() -> None:
    owner = make.creator()
    run = runs.finished(owner, fails=1)
    stage = parts_of(run)[-1]
    response = browser(owner).post(reverse("task-stage-retry", args=[run.pk, stage.pk]))
    assert response["Location"] == f"{run.get_absolute_url()}#stage-{stage.pk}"
    stage.refresh_from_db()
    run.refresh_from_db()
    assert (stage.status, run.status) == (StageStatus.QUEUED, TaskStatus.QUEUED)


def test_a_part_that_has_not_failed_is_left_alone_and_said() -> None:
    owner = make.creator()
    run = runs.finished(owner)
    stage = parts_of(run)[0]
    response = browser(owner).post(reverse("task-stage-retry", args=[run.pk, stage.pk]), follow=True)
    assert "has not failed" in words(response.content.decode())


# --- The run's own page ---


def test_a_run_that_thinks_shows_the_ideas_so_far_and_room_for_the_rest() -> None:
    run = runs.thinking(runs.asked(), 2)
    text = seen(browser(run.owner), "task", run.pk)
    assert "2 ideas of 5" in text
    assert runs.TITLES[1] in text
    assert runs.TITLES[2] not in text
    assert "Idea 3, still to come" in text
    assert "Not begun" in text


def test_a_reload_in_the_middle_of_a_run_shows_where_each_piece_is() -> None:
    run = runs.asked()
    stages = runs.laid_out(run)
    runs.written(stages[0], says="214 words")
    runs.at_work(stages[1], "Writing post 2 of 3")
    runs.failed(stages[2], "The model took longer than 30 s, three times.")
    Stage.objects.filter(pk=stages[3].pk).update(
        not_before=timezone.now() + timedelta(seconds=15), doing="Waiting 15 s before run 3 of 3: it was cut off"
    )
    html = browser(run.owner).get(reverse("task", args=[run.pk])).content.decode()
    text = words(html)
    assert "1 of 15 pieces written" in text
    assert "1 of 15 pieces, 1 failed" in text
    assert "An open flue takes more warm air" in text
    assert "18.3 s 214 words" in text
    assert "Writing post 2 of 3" in text
    assert f'data-mine="{stages[1].pk}"' in html
    assert "three times." in text
    assert "Waiting 15 s before run 3 of 3" in text
    assert 'data-s="retry"' in html


def test_a_part_that_waits_for_the_model_is_not_shown_as_at_work() -> None:
    run = runs.asked()
    first, second, *_ = runs.laid_out(run)
    for stage, doing, shape in (
        (first, "Writing the hook", "running"),
        (second, "2nd in line for the model", "queued"),
    ):
        runs.at_work(stage, doing)
        told = {"stage": "transform", "stage_id": stage.pk, "percent": 15}
        events.emit(run, "progress", message="Beginning with writing", **told, **{"as": "running"})
        events.emit(run, "progress", message=doing, **told, **{"as": shape})
    for address in (run.get_absolute_url(), reverse("dashboard")):
        html = browser(run.owner).get(address).content.decode()
        assert '<span class="state" data-s="running">Writing the hook' in html
        assert '<span class="state" data-s="queued">2nd in line for the model' in html


def test_the_opening_of_a_reel_is_its_words_and_not_its_headings() -> None:
    run = runs.asked(count=1)
    reel = runs.laid_out(run, 1)[2]
    runs.written(reel, "## Hook\n\nYour chimney is a hole.\n\n## Value\n\nClose it.", says="41 s spoken")
    text = seen(browser(run.owner), "task", run.pk)
    assert "Your chimney is a hole." in text
    assert "## Hook" not in text


def test_a_run_that_has_ended_gives_its_sums_and_what_to_do_next() -> None:
    run = runs.finished(fails=2)
    text = seen(browser(run.owner), "task", run.pk)
    assert "13 pieces are waiting for you" in text
    assert "Pieces 13 of 15" in text
    assert "Not made 2" in text
    assert "Try both failed pieces again" in text
    assert "No charge" in text
    assert "Start reviewing" in text


def test_a_run_in_which_nothing_was_made_says_so_and_offers_a_new_try() -> None:
    run = runs.asked()
    for stage in runs.laid_out(run):
        runs.failed(stage, "No model answers.")
    run.stages.filter(name="wrap_up").update(status="failed", attempt=1)
    Task.objects.filter(pk=run.pk).update(
        status="failed", error="None of the 15 pieces was made. No model answers.", finished_at=timezone.now()
    )
    text = seen(browser(run.owner), "task", run.pk)
    assert "Nothing was made" in text
    assert "None of the 15 pieces was made. No model answers." in text
    assert "Try again from writing" in text


def test_a_run_without_a_single_idea_has_no_table() -> None:
    run = runs.asked()
    tasks.cancel(run, by=run.owner)
    html = browser(run.owner).get(reverse("task", args=[run.pk])).content.decode()
    assert "Nothing had been finished." in words(html)
    assert '<section id="task-parts" aria-labelledby="h-parts" hidden>' in html


def test_a_piece_that_was_deleted_meanwhile_is_shown_as_that() -> None:
    run = runs.finished()
    piece = parts_of(run)[0].piece
    assert piece is not None
    ideas.delete_piece(Piece.objects.get(pk=piece.pk), by=run.owner)
    html = browser(run.owner).get(reverse("task", args=[run.pk])).content.decode()
    assert "Deleted" in words(html)
    assert f'href="{piece.get_absolute_url()}"' not in html
    front = browser(run.owner).get(reverse("dashboard")).content.decode()
    assert "Deleted" in words(front)
    assert "Write it" not in words(front), "a piece that was deleted stays that"


def test_the_page_of_one_piece_is_that_of_a_text_and_has_no_public_address() -> None:
    owner = make.creator()
    task = tasks.create("platform_content", {"topic": "Lime plaster", "platform": "x"}, owner=owner)
    assert "Next in the queue" in seen(browser(owner), "task", task.pk)
    stage = task.stages.get(name="transform")
    runs.written(stage, "A post about lime.", says="One post")
    Stage.objects.filter(task=task, name="wrap_up").update(status="done", attempt=1)
    Task.objects.filter(pk=task.pk).update(status="completed", percent=100, finished_at=timezone.now())
    text = seen(browser(owner), "task", task.pk)
    assert "Written, and waiting for you" in text
    assert "One post" in text
    assert "View public" not in text


def test_the_list_gives_the_counts_of_each_run() -> None:
    owner = make.editor()
    runs.finished(owner, fails=1)
    runs.finished(make.creator(), count=3)
    text = seen(browser(owner), "tasks")
    assert "5 ideas, 14 of 15 pieces" in text
    assert "3 ideas, 9 pieces" in text


# --- What it costs ---


def queries(client: Client, address: str) -> int:
    client.get(address)  # the first one looks for the model
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


def test_the_front_page_asks_no_more_with_two_hundred_ideas() -> None:
    owner = make.editor()
    runs.finished(owner, fails=1, count=3)
    client = browser(owner)
    few = queries(client, reverse("dashboard-live"))
    for _ in range(5):
        make.idea(owner=owner)
    Idea.objects.bulk_create([Idea(title=f"Idea {number}", owner=owner) for number in range(190)])
    for _ in range(2):
        runs.finished(owner, fails=4, count=5)
    assert queries(client, reverse("dashboard-live")) <= few
    assert few <= 32


def test_the_page_of_a_run_asks_no_more_with_forty_pieces() -> None:
    owner = make.editor()
    small, large = runs.asked(owner, count=1), runs.asked(owner, count=10)
    for run, count in ((small, 1), (large, 10)):
        for number, stage in enumerate(runs.laid_out(run, count)):
            if number % 3 == 0:
                runs.written(stage)
            elif number % 3 == 1:
                runs.at_work(stage)
    client = browser(owner)
    few = queries(client, reverse("task-live", args=[small.pk]))
    assert queries(client, reverse("task-live", args=[large.pk])) <= few
    assert few <= 16


def test_a_run_shows_what_models_and_people_said_as_text() -> None:
    hostile = "<script>alert(1)</script>"
    owner: User = make.editor(name=hostile)
    run = runs.asked(owner, count=1)
    first, second, third = runs.laid_out(run, 1)
    Idea.objects.update(title=hostile, description=hostile, category=hostile)
    runs.written(first, hostile * 3, says=hostile)
    runs.failed(second, hostile)
    runs.at_work(third, hostile)
    for address in (reverse("dashboard"), run.get_absolute_url()):
        html = browser(owner).get(address).content.decode()
        assert hostile not in html
        assert "&lt;script&gt;alert(1)" in html
