"""The new-task forms in a real browser: they answer while one types, and ask for nothing that is not needed."""

from __future__ import annotations

from typing import Any

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from content.models import User
from pipeline.models import Task

pytestmark = pytest.mark.django_db(transaction=True)
TYPES = ("blog_post", "daily_workflow", "platform_content")


@pytest.fixture
def fault() -> desk.Fault:
    """Anything that a form asks for in vain."""
    return lambda said: said.type == "error"


def open_form(page: Page, task_type: str, **more: Any) -> None:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    page.goto(f"/desk/tasks/new/?type={task_type}{query}")


def test_the_estimate_follows_what_is_chosen(page: Page) -> None:
    open_form(page, "daily_workflow")
    expect(page.locator("#makes")).to_have_text("Makes 5 ideas and 15 pieces")
    page.fill("#count", "2")
    page.uncheck("[name=platforms][value=x]")
    expect(page.locator("#makes")).to_have_text("Makes 2 ideas and 4 pieces")
    expect(page.locator("#time-for")).to_contain_text("2 ideas and 4 pieces")


def test_faults_are_said_while_one_types_and_taken_back(page: Page) -> None:
    open_form(page, "daily_workflow")
    page.fill("#count", "11")
    expect(page.locator("#says-count")).to_have_text("At most 10.")
    expect(page.locator("#count")).to_have_attribute("aria-invalid", "true")
    page.fill("#count", "10")
    expect(page.locator("#count")).not_to_have_attribute("aria-invalid", "true")


def test_what_was_typed_is_there_after_a_look_at_another_type(page: Page) -> None:
    open_form(page, "blog_post")
    page.fill("#topic", "Lime plaster")
    page.fill("#target_audience", "Owners of old houses")
    page.get_by_role("link", name="Daily run").click()
    expect(page.locator("#audience")).to_have_value("Owners of old houses")
    page.fill("#audience", "Everybody")
    page.get_by_role("link", name="One idea for one platform").click()
    expect(page.locator("#topic")).to_have_value("Lime plaster")
    expect(page.locator("#audience")).to_have_value("Everybody")
    page.get_by_role("link", name="Blog post").click()
    expect(page.locator("#topic")).to_have_value("Lime plaster")


def test_an_idea_is_found_by_its_words_and_brings_its_own_topic(page: Page, owner: User) -> None:
    make.idea(owner=owner, title="Why kettles break")
    idea = make.idea(owner=owner, title="Why lamps flicker")
    open_form(page, "platform_content")
    page.fill("#topic", "Typed before")
    page.fill("#words", "lamps")
    expect(page.locator("#idea option")).to_have_count(2)
    expect(page.locator("#topic")).to_have_value("Typed before")
    page.select_option("#idea", str(idea.pk))
    expect(page.locator("#topic")).to_be_hidden()
    expect(page.locator("#place-x")).to_have_text("Not made")


def test_a_piece_is_asked_for_with_the_keyboard_alone(page: Page, owner: User) -> None:
    idea = make.idea(owner=owner, title="Why lamps flicker")
    open_form(page, "platform_content", idea=idea.pk, platform="x")
    page.focus("[name=platform]:checked")
    page.keyboard.press("ArrowUp")
    page.wait_for_timeout(600)  # the answer that comes meanwhile leaves the focus where it is
    page.keyboard.press("ArrowDown")
    expect(page.locator("[name=platform][value=x]")).to_be_focused()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url.endswith(Task.objects.get(owner=owner).get_absolute_url())


def test_every_form_works_without_script(chromium: Browser, address: str, owner: User) -> None:
    idea = make.idea(owner=owner, title="Why lamps flicker")
    make.idea(owner=owner, title="Why kettles break")
    window = desk.signed_in(chromium, address, owner, java_script_enabled=False)
    page = window.new_page()
    open_form(page, "platform_content")
    page.fill("#words", "lamps")
    page.get_by_role("button", name="Find").click()
    assert page.locator("#idea option").count() == 2
    page.select_option("#idea", str(idea.pk))
    page.get_by_role("button", name="Queue the task").click()
    assert page.url.endswith(Task.objects.latest("pk").get_absolute_url())
    page.goto("/desk/tasks/new/")
    page.get_by_role("link", name="Daily run").click()
    page.uncheck("[name=platforms][value=x]")
    page.get_by_role("button", name="Queue the task").click()
    assert sorted(Task.objects.latest("pk").params["platforms"]) == ["instagram", "linkedin"]
    window.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1600, "dark")])
def test_the_forms_fit_every_screen_and_can_be_used_by_everyone(
    chromium: Browser, address: str, owner: User, width: int, scheme: str
) -> None:
    idea = make.idea(owner=owner, title="An idea with quite a long title that has to fit beside everything else here")
    window = desk.signed_in(chromium, address, owner, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = window.new_page()
    for task_type in TYPES:
        open_form(page, task_type, idea=idea.pk)
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wider <= 0, task_type
        assert Axe().run(page).response["violations"] == [], task_type
    window.close()
