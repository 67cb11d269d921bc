"""A guest in a real browser: no account, no script, a narrow window; and the desk that asks them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from content.models import Decision, GuestLink, Piece, Status, User
from content.services import guest_links

pytestmark = pytest.mark.django_db(transaction=True)

PHONE: dict[str, Any] = {"width": 320, "java_script_enabled": False}


def path_of(url: str) -> str:
    return urlsplit(url).path


def asked(piece: Piece, editor: User) -> str:
    return path_of(guest_links.url_of(guest_links.make(piece.current, by=editor, name="Nora Feld")))


def faults(page: Page) -> list[str]:
    return [str(fault["id"]) for fault in Axe().run(page).response["violations"]]


def test_a_guest_is_asked_at_the_desk_and_decides_without_an_account_or_a_script(
    opened: desk.Opened, editor: User
) -> None:
    piece = make.piece(title="A kettle that lasts")
    side = opened(f"{piece.get_absolute_url()}?panel=publishing", by=editor).locator("#guests")
    side.get_by_label("Their name").fill("Nora Feld")
    side.get_by_role("button", name="Make a link to decide with").click()
    address = side.get_by_label("Address to send to Nora Feld")
    expect(address).to_have_value(re.compile("/guest/"))

    page = opened(path_of(address.input_value()), **PHONE)

    expect(page.locator("header.shown-bar")).to_contain_text("Mara Lindqvist asks you, Nora Feld")
    expect(page.locator("main")).to_contain_text("Unplug the kettle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.get_by_label("Your words").fill("It burns.\nTwice.")
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you, Nora Feld")

    page.goto(path_of(address.input_value()))
    expect(page.get_by_role("heading", level=1)).to_have_text("You have decided")
    expect(page.locator("main")).not_to_contain_text("kettle")
    decision = Decision.objects.get()
    piece.refresh_from_db()
    assert (decision.who, decision.feedback) == ("Nora Feld, a guest of Mara Lindqvist", "It burns.\nTwice.")
    assert piece.status == Status.REVIEWED


def test_of_two_windows_of_one_guest_the_second_is_refused(opened: desk.Opened, editor: User) -> None:
    link = asked(make.social("linkedin"), editor)
    first, second = opened(link, **PHONE), opened(link)

    first.get_by_role("button", name="Approve").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("Thank you, Nora Feld")
    second.get_by_label("Your words").fill("No.")
    second.get_by_role("button", name="Reject").click()

    expect(second.get_by_role("heading", level=1)).to_have_text("You have decided")
    assert Decision.objects.get().verdict == "approved"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_what_a_guest_sees(opened: desk.Opened, editor: User, scheme: str) -> None:
    blog = opened(asked(make.piece(), editor), width=320, color_scheme=scheme)
    social = opened(asked(make.social("x"), editor), color_scheme=scheme)

    found = [*faults(blog), *faults(social)]
    blog.get_by_role("button", name="Reject").click()
    expect(blog.get_by_role("alert")).to_be_visible()
    found += faults(blog)
    blog.get_by_role("button", name="Approve").click()
    expect(blog.get_by_role("heading", level=1)).to_have_text("Thank you, Nora Feld")
    found += faults(blog)
    blog.reload()  # sends the form again, and is told so
    expect(blog.get_by_role("heading", level=1)).to_have_text("You have decided")
    found += faults(blog)

    assert found == []


def test_axe_finds_nothing_where_a_guest_is_asked(opened: desk.Opened, editor: User) -> None:
    piece = make.piece()
    asked(piece, editor)
    page = opened(f"{piece.get_absolute_url()}?panel=publishing", by=editor, width=320)

    assert faults(page) == []
    page.get_by_role("button", name="Take it back").click()

    expect(page.locator(".verdict")).to_contain_text("Nora Feld cannot decide any more.")
    assert GuestLink.objects.get().taken_back_at
