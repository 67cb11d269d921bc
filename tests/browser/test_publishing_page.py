"""Publishing in a real browser, as an editor does it: on a wide screen, on a phone, by keyboard, and without a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from content.models import Piece, Post, Status, User
from content.services import preview_links, review
from pipeline.models import Delivery
from pipeline.services import publishing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def panel(opened: desk.Opened, editor: User) -> Callable[..., Page]:
    """panel(piece, **window): the piece's page with its publishing beside it."""
    return lambda piece, **window: opened(f"{piece.get_absolute_url()}?panel=publishing", by=editor, **window)


@pytest.mark.parametrize("window", [{"width": 1280}, {"width": 320, "java_script_enabled": False}])
def test_the_whole_road_with_and_without_a_script(panel: Any, window: dict[str, Any]) -> None:
    piece = make.piece(status=Status.READY, title="A kettle that lasts")
    page = panel(piece, **window)
    side = page.locator("#publishing")

    day = (timezone.now() + timedelta(days=3)).date()
    side.get_by_label("Day", exact=True).fill(day.isoformat())
    side.get_by_label("Time", exact=True).fill("09:30")
    side.get_by_role("button", name="Set the date").click()
    expect(page.locator(".verdict")).to_contain_text(f"Goes out on {day:%A} at 09:30")
    side.get_by_role("button", name="Call it off").click()
    expect(page.locator(".verdict")).to_contain_text("The date is off")

    side.get_by_label("Address").fill("Kettles that last")
    page.locator(".verdict").get_by_role("button", name="Publish").click()
    expect(side.get_by_role("heading", level=2).first).to_have_text("Readers see version 1")
    side.get_by_label("Address of the article").fill("kettles")
    side.get_by_role("button", name="Change the address").click()
    expect(side).to_contain_text("Also leads here: /posts/kettles-that-last/")
    side.get_by_role("button", name="Make a link").click()
    expect(side.get_by_label(re.compile("^Version 1, until"))).to_have_value(re.compile("/preview/"))

    page.locator(".verdict").get_by_text("Unpublish…").click()
    expect(page.locator(".verdict")).to_contain_text("410 Gone")
    page.locator(".verdict").get_by_role("button", name="Unpublish").click()
    expect(side.get_by_role("heading", level=2).first).to_have_text("It was withdrawn")
    assert Post.objects.get().slug == "kettles"


def test_what_was_pasted_elsewhere_is_marked_by_keyboard_alone(panel: Any, editor: User) -> None:
    piece = make.social("linkedin")
    review.approve(piece.current, by=editor)
    page = panel(piece)

    summary = page.locator("summary", has_text="Mark as published")
    summary.focus()
    expect(summary).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("https://www.linkedin.com/posts/1")
    page.keyboard.press("Enter")

    expect(page.locator(".verdict")).to_contain_text("Marked as published on LinkedIn")
    expect(page.get_by_role("link", name="Open it there")).to_have_attribute("href", "https://www.linkedin.com/posts/1")
    piece.refresh_from_db()
    assert piece.marked_at


def test_what_another_place_said_is_shown_with_a_way_to_try_again(panel: Any) -> None:
    post = make.post()
    says = "Strapi says: slug must be unique"
    Delivery.objects.create(post=post, target="main", external_id="1", state="failed", error=says)

    side = panel(post.piece).locator("#publishing")

    expect(side).to_contain_text(says)
    expect(side.get_by_role("button", name="Try again")).to_be_visible()


def in_every_state(editor: User) -> list[Piece]:
    planned, pasted = make.piece(status=Status.READY), make.social("x")
    publishing.schedule(planned, at=timezone.now() + timedelta(days=2), by=editor)
    review.approve(pasted.current, by=editor)
    return [planned, make.post().piece, pasted]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_nothing_of_it_keeps_anybody_out_or_runs_off_the_screen(
    panel: Any, opened: desk.Opened, editor: User, scheme: str, width: int
) -> None:
    pieces = in_every_state(editor)
    link = preview_links.make(pieces[0].current, by=editor).url.removeprefix(settings.SITE_URL)
    pages = [panel(piece, color_scheme=scheme, width=width) for piece in pieces]
    pages.append(opened(link, by=editor, color_scheme=scheme, width=width))

    for page in pages:
        found = Axe().run(page).response["violations"]
        assert not [(page.url, fault["id"], fault["nodes"][0]["html"][:160]) for fault in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
