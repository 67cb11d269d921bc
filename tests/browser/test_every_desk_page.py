"""Every page of the desk that a link leads to: axe finds nothing, and nothing is wider than a phone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve
from playwright.sync_api import Page
from secrets_kept import newsroom

from content.models import User

pytestmark = pytest.mark.django_db(transaction=True)
# What a link may lead to that is no page of its own: a file, or a way to a page that is looked at anyway.
NO_PAGES = {"reports-audit-export", "task-log", "piece-compare", "notification", "signout"}
# These are there, whatever else is: a page that no link leads to any more fails the test.
EXPECTED = {
    "dashboard", "review", "board", "tasks", "task", "task-new", "images", "piece", "piece-edit", "piece-pictures",
    "reports", "reports-audit", "settings", "settings-house", "settings-keyboard", "settings-model",
    "settings-notifications", "settings-topics", "notifications",
}  # fmt: skip
TELLING = ("panel",)  # of an address: another value is another page


@pytest.fixture
def owner(transactional_db: None) -> User:
    """Who sees everything."""
    return make.admin(name="Mara Lindqvist")


def key_of(address: str) -> tuple[str, ...]:
    """What kind of page it is: of two pieces one is looked at, of one piece each panel."""
    parts = urlsplit(address)
    asked = parse_qs(parts.query)
    return str(resolve(parts.path).url_name), *(asked.get(name, [""])[0] for name in TELLING)


def links_on(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('a[href]:not([download])')]"
        ".filter(link => link.origin === location.origin && link.pathname.startsWith('/desk/'))"
        ".map(link => link.pathname + link.search)"
    )
    return found


def look_at(page: Page, address: str, scheme: Any) -> list[Any]:
    """What is wrong with the page: axe's findings, and what sticks out at 320 pixels."""
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    found: list[Any] = [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
    page.set_viewport_size({"width": 320, "height": 700})
    wide = page.evaluate("document.documentElement.scrollWidth")
    return found + ([("wider than a phone", wide)] if wide > 320 else [])


def test_every_page_that_a_link_leads_to_can_be_used_by_everybody(page: Page, owner: User) -> None:
    newsroom()
    waiting, faults, seen = ["/desk/"], {}, {("dashboard", "")}
    while waiting:
        address = waiting.pop(0)
        if wrong := look_at(page, address, ("light", "dark")[len(seen) % 2]):
            faults[address] = wrong
        for link in links_on(page):
            if (key := key_of(link)) not in seen and key[0] not in NO_PAGES:
                seen.add(key)
                waiting.append(link)

    assert faults == {}, len(seen)
    assert {key[0] for key in seen} >= EXPECTED
