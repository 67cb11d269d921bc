"""The settings and the bell in a real browser: with keys only, on a phone, in light and dark."""

from __future__ import annotations

from typing import Any

import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from content.models import User
from pipeline import notifications
from pipeline.models import Kind, Schedule

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESSES = [
    *(f"/desk/settings/{name}" for name in ("", "topics/", "model/", "notifications/", "house/", "keyboard/")),
    "/desk/notifications/",
]


@pytest.fixture
def owner(transactional_db: None) -> User:
    """All settings are an admin’s."""
    return make.admin(name="Mara Lindqvist")


@pytest.fixture
def window() -> dict[str, Any]:
    return {"timezone_id": "Europe/Lisbon"}


def tell(person: User, number: int) -> None:
    notifications.tell(
        person,
        list(Kind)[number % 4],
        key=str(number),
        title=f"5 ideas, 14 of 15 pieces: “Daily run, number {number}” is done, with gaps.",
        text="Instagram, “A kettle that lasts”: The model took longer than 30 s.\nX, “Bees”: " + "a" * 90,
        address="/desk/tasks/",
    )


def test_every_page_is_accessible_and_fits_in_light_and_dark(page: Page, owner: User) -> None:
    for number in range(10):
        tell(owner, number)
    faults = {}
    for path in ADDRESSES:
        for width, scheme in ((320, "dark"), (1600, "light")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(path)
            if path == "/desk/notifications/":
                page.locator("#bell > summary").click()
            found = Axe().run(page).response["violations"]
            if found:
                faults[path, width] = [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in found]
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            assert not wide, (path, width)
    assert faults == {}


def test_a_new_schedule_begins_in_the_browsers_zone_and_is_set_with_keys_only(page: Page, owner: User) -> None:
    page.goto("/desk/settings/")
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")

    page.get_by_label("Run by itself").focus()
    page.keyboard.press("Space")
    page.get_by_label("Ideas").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("The next run is on")
    expect(page.get_by_text("Saved.")).to_be_visible()
    kept = Schedule.objects.get(owner=owner)
    assert (kept.is_on, kept.zone, kept.count) == (True, "Europe/Lisbon", 2)


def test_another_zone_is_offered_and_not_taken(page: Page, owner: User) -> None:
    Schedule.objects.create(owner=owner, zone="Asia/Tokyo")
    page.goto("/desk/settings/")
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Tokyo")

    page.get_by_role("button", name="Use Europe/Lisbon").click()

    expect(page.get_by_label("Time zone")).to_have_value("Europe/Lisbon")
    expect(page.get_by_role("button", name="Use Europe/Lisbon")).to_be_hidden()


def test_the_bell_opens_with_a_key_and_closes_with_escape(page: Page, owner: User) -> None:
    tell(owner, 1)
    page.goto("/desk/settings/")
    bell = page.locator("#bell > summary")
    expect(bell).to_have_text("1 unread notification")

    bell.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Daily run, number 1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Daily run, number 1")).to_be_hidden()
    expect(bell).to_be_focused()


def test_the_bell_learns_of_what_happened_while_the_page_was_open(page: Page, owner: User) -> None:
    page.clock.install()
    page.goto("/desk/settings/topics/")
    expect(page.locator("#bell > summary")).to_have_text("Notifications, none unread")
    page.get_by_label("Topics, one a line").fill("typed meanwhile")
    tell(owner, 1)

    page.clock.run_for(32_000)

    expect(page.locator("#bell > summary")).to_have_text("1 unread notification")
    expect(page.get_by_label("Topics, one a line")).to_have_value("typed meanwhile")


def test_marking_all_read_from_the_bell_empties_it(page: Page, owner: User) -> None:
    for number in range(3):
        tell(owner, number)
    page.goto("/desk/settings/")
    page.locator("#bell > summary").click()
    page.get_by_role("button", name="Mark all read").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("You have read everything")
    expect(page.locator("#bell > summary")).to_have_text("Notifications, none unread")


@pytest.mark.parametrize("keys", [True, False])
def test_single_keys_do_nothing_for_who_switched_them_off(page: Page, owner: User, keys: bool) -> None:
    owner.keys = keys
    owner.save()
    piece = make.piece(owner=owner)
    page.goto(piece.get_absolute_url())

    page.keyboard.press("e")
    page.wait_for_timeout(700)

    assert page.url.endswith("/edit/") is keys
