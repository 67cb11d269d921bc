"""The desk in a real browser: what happens shows by itself, once and in order, and nothing depends on it."""

from __future__ import annotations

import re

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from content.models import User
from pipeline import events
from pipeline.models import Stage, Task, TaskStatus
from pipeline.services import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def at_work(task: Task, stage: str, doing: str, percent: int) -> None:
    Stage.objects.filter(task=task, name=stage).update(status="running", started_at=timezone.now(), attempt=1)
    Task.objects.filter(pk=task.pk).update(
        status=TaskStatus.RUNNING,
        stage=stage,
        doing=doing,
        doing_as="running",
        percent=percent,
        started_at=timezone.now(),
    )


def says(task: Task, message: str, source: str = "model") -> None:
    events.emit(task, "log", source=source, level="info", message=message)


def lines(*messages: str) -> list[re.Pattern[str]]:
    """The log's lines, each of which ends in one of these."""
    return [re.compile(f".*{message}$") for message in messages]


def test_what_happens_shows_on_the_open_page(page: Page, owner: User) -> None:
    task = make.task(owner=owner)
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")
    expect(page.locator("#task-state")).to_have_text("Next in the queue")

    at_work(task, "draft", "Writing “The first step”, 2 of 5", 21)
    events.emit(
        task, "progress", stage="draft", percent=21, message="Writing “The first step”, 2 of 5", **{"as": "running"}
    )
    says(task, "draft: outline of 4 sections")
    events.delta(task, block="h1", text="The first step", kind="h2", final=True)
    events.delta(task, block="s1", text="A loft floor has two")
    events.delta(task, block="s1", text="A loft floor has two jobs.")

    expect(page.locator("#task-state")).to_have_text("Writing “The first step”, 2 of 5")
    expect(page.locator("#task-percent")).to_have_text("21 %")
    expect(page.locator("#task-said")).to_have_text("Writing “The first step”, 2 of 5")
    expect(page.locator('[data-stage="draft"]')).to_have_attribute("aria-current", "step")
    expect(page.locator("#log li")).to_have_count(1)
    expect(page.locator("#log li")).to_contain_text("draft: outline of 4 sections")
    expect(page.locator("#live h3")).to_have_text("The first step")
    expect(page.locator("#live p")).to_have_text("A loft floor has two jobs.")
    expect(page.locator("#live .pen")).to_have_count(1)


def test_scores_and_the_end_show_without_a_reload(page: Page, owner: User) -> None:
    task = make.task(owner=owner, topic="A kettle that lasts")
    at_work(task, "critique", "Scoring the draft", 56)
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")
    found = [{"name": "cta", "label": "Call to action", "points_lost": 0.5, "message": "No call to action"}]
    events.emit(task, "quality", attempt=1, quality_score=6.2, is_passing=False, issues=found, words=1287, feedback="")
    expect(page.locator(".attempts .fig")).to_contain_text("6.2")
    expect(page.locator(".attempts")).to_contain_text("No call to action")

    Task.objects.filter(pk=task.pk).update(
        status=TaskStatus.FAILED, doing="Critique failed", error="The model took too long.", finished_at=timezone.now()
    )
    Stage.objects.filter(task=task, name="critique").update(status="failed")
    events.emit(task, "error", stage="critique", error_message="The model took too long.", recovery="Try again.")
    expect(page.locator("#task-standing .note")).to_contain_text("The model took too long.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.locator("#task-said")).to_have_text("Failed: The model took too long.")
    expect(page.locator("#task-link")).to_have_text("")


def test_a_page_opened_in_the_middle_goes_on_where_it_was(page: Page, owner: User) -> None:
    task = make.task(owner=owner)
    at_work(task, "draft", "Writing", 21)
    sections = [{"heading": ""}, {"heading": "First"}]
    kept = {"outline": {"article": {"sections": sections}}, "section 0": {"section": {"paragraphs": ["An opening."]}}}
    Stage.objects.filter(task=task, name="draft").update(kept=kept)
    says(task, "said before")
    page.goto(task.get_absolute_url())
    expect(page.locator('#live [data-block="s0"]')).to_have_text("An opening.")
    expect(page.locator("#task-link")).to_have_text("Live")
    says(task, "said after")
    events.delta(task, block="s0", text="An opening.", final=True)
    events.delta(task, block="s1", text="And on it goes")
    expect(page.locator("#log li")).to_have_text(lines("said before", "said after"))
    expect(page.locator("#live p")).to_have_text(["An opening.", "And on it goes"])


def test_without_a_socket_the_page_asks_and_misses_nothing(page: Page, owner: User) -> None:
    page.route_web_socket("**/ws/tasks/**", lambda socket: socket.close(code=1011))
    task = make.task(owner=owner)
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Polling every 5 s")
    for number in range(3):
        says(task, f"line {number}")
    expect(page.locator("#log li")).to_have_text(lines("line 0", "line 1", "line 2"), timeout=15_000)


def test_a_socket_that_drops_comes_back_and_each_line_is_there_once(page: Page, owner: User) -> None:
    sockets: list[WebSocketRoute] = []

    def through(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        server = socket.connect_to_server()
        socket.on_message(server.send)
        server.on_message(socket.send)

    page.route_web_socket("**/ws/tasks/**", through)
    task = make.task(owner=owner)
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")
    says(task, "line 0")
    expect(page.locator("#log li")).to_have_count(1)
    sockets[0].close(code=1012)
    says(task, "line 1")
    expect(page.locator("#log li")).to_have_count(2, timeout=15_000)
    expect(page.locator("#task-link")).to_have_text("Live", timeout=15_000)
    says(task, "line 2")
    expect(page.locator("#log li")).to_have_text(lines("line 0", "line 1", "line 2"))
    expect(page.locator('[data-source=""] .n')).to_have_text("3")


def test_the_log_stays_at_the_newest_unless_one_reads_back(page: Page, owner: User) -> None:
    task = make.task(owner=owner)
    for number in range(60):
        says(task, f"line {number}")
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")
    at_end = "list => list.scrollHeight - list.scrollTop - list.clientHeight < 24"
    log = page.locator("#log")
    says(task, "one more")
    expect(page.locator("#log li")).to_have_count(61)
    assert log.evaluate(at_end)
    log.evaluate("list => { list.scrollTop = 0 }")
    says(task, "and another")
    expect(page.locator("#log li")).to_have_count(62)
    assert log.evaluate("list => list.scrollTop") == 0


def test_the_tabs_of_the_log_filter_what_comes_too(page: Page, owner: User) -> None:
    task = make.task(owner=owner)
    says(task, "from the model")
    says(task, "from the worker", source="worker")
    page.goto(task.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")
    page.get_by_role("link", name="Worker").click()
    says(task, "model again")
    expect(page.get_by_role("link", name="Model")).to_contain_text("2")
    expect(page.locator("#log li:visible")).to_have_text(lines("from the worker"))
    page.get_by_role("link", name="All").click()
    expect(page.locator("#log li:visible")).to_have_count(3)


def test_today_shows_what_starts_and_what_fails(page: Page, owner: User) -> None:
    page.goto("/desk/")
    expect(page.locator("#machine")).to_contain_text("No task is running or queued.")
    task = make.task(owner=owner, topic="Damp on a chimney breast")
    events.emit(task, "started", task_type=task.type, name=task.name)
    expect(page.locator("#machine .works")).to_contain_text("Damp on a chimney breast", timeout=10_000)
    tasks.cancel(task, by=owner)
    expect(page.locator("#machine")).to_contain_text("No task is running or queued.", timeout=10_000)


def test_the_form_answers_while_one_types_and_asks_once(page: Page, owner: User) -> None:
    page.goto("/desk/tasks/new/")
    page.get_by_label("Word count", exact=True).fill("20")
    expect(page.locator("#says-word_count")).to_have_text("At least 300.")
    expect(page.locator("#word_count")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Word count", exact=True).fill("900")
    expect(page.locator("#accepted")).to_contain_text("810 to 990 words")
    expect(page.locator("#word_count")).not_to_have_attribute("aria-invalid", "true")
    page.get_by_label("Topic").fill("Lime plaster")
    expect(page.locator("#says-topic")).to_contain_text("Nothing like it")
    page.get_by_role("button", name="Queue the task").dblclick()
    expect(page.get_by_role("heading", name="Lime plaster")).to_be_visible()
    assert Task.objects.count() == 1


def test_light_and_dark_are_kept_and_there_before_the_page_shows(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/desk/")
    page.get_by_text("Mara Lindqvist, your menu").locator("..").click()
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/desk/tasks/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 21, 26)"


def test_everything_works_without_script(chromium: Browser, address: str, owner: User) -> None:
    window = desk.signed_in(chromium, address, owner, java_script_enabled=False)
    page = window.new_page()
    page.goto("/desk/tasks/new/")
    page.get_by_label("Topic").fill("Lime plaster")
    page.get_by_role("button", name="Queue the task").click()
    page.get_by_text("Cancel", exact=True).click()
    page.get_by_role("button", name="Cancel the task").click()
    expect(page.locator("#task-standing")).to_contain_text("Cancelled by Mara Lindqvist")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#task-state")).to_have_text("Next in the queue")
    window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_read_well_for_everyone(chromium: Browser, address: str, owner: User, scheme: str) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    make.piece(title=long)
    task = make.task(owner=owner, topic=long)
    at_work(task, "draft", f"Writing “{long}”", 21)
    says(task, long)
    failed = make.task(owner=owner)
    Task.objects.filter(pk=failed.pk).update(status=TaskStatus.FAILED, error=long, finished_at=timezone.now())
    window = desk.signed_in(chromium, address, owner, color_scheme=scheme, viewport={"width": 320, "height": 640})
    page = window.new_page()
    paths = ["/desk/", "/desk/tasks/", task.get_absolute_url(), failed.get_absolute_url(), "/desk/tasks/new/"]
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
    window.close()
