"""Comparing versions in a real browser: focus after every change of view, two columns on a phone, two who save at once."""

from __future__ import annotations

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import expect

from content.models import AuditEntry, Piece, User
from content.services import editing

pytestmark = pytest.mark.django_db(transaction=True)

PARAGRAPHS = [
    "Kettles are thrown away early. The reason is the same small part.",
    "Nobody has ever looked at it, because it sits below the base.",
    "Take out three screws, and you will see where the metal bends.",
]
LIST = "- one thing\n- another thing"
TABLE = "| What | Cost |\n| --- | --- |\n| A part | £2 |"
CODE = "```\nturn(left)\nlift(base)\n```"


@pytest.fixture
def piece(editor: User) -> Piece:
    """Edited twice: words, a paragraph that moved, a list, a table and code."""
    before = "\n\n".join(["# A kettle", *PARAGRAPHS, LIST, TABLE, CODE])
    moved = [*PARAGRAPHS[1:], PARAGRAPHS[0].replace("early", "far too soon")]
    after = ["# A kettle", *moved, f"{LIST}\n- a third", f"{TABLE}\n| Another | £3 |", CODE.replace("left", "right")]
    made = make.piece(title="A kettle", body=before, owner=editor)
    for title, body in (("A kettle for life", before), ("A kettle for life", "\n\n".join(after))):
        now = Piece.objects.get(pk=made.pk)
        editing.save_edit(now, by=editor, based_on=now.current.hash, title=title, body=body)
    return Piece.objects.get(pk=made.pk)


def test_the_focus_stays_where_one_was_after_every_change_of_view(
    opened: desk.Opened, editor: User, piece: Piece
) -> None:
    page = opened(piece.get_absolute_url(), by=editor)

    for one, shows in (
        ("#marks-side", ".sides"),
        ("#marks-who", '.copy[data-marks="who"]'),
        ("#marks-changes", '.copy[data-marks="changes"]'),
        ("#panel-changes", ".places"),
        ("#against-2", "#against-2[aria-current]"),
        ("#panel-history", "ol.history:not(.places)"),
        ("#compact", "main.compact"),
    ):
        page.locator(one).focus()
        page.keyboard.press("Enter")
        expect(page.locator(shows)).to_be_visible()
        expect(page.locator(one)).to_be_focused()

    page.locator("#cmp-against").focus()
    page.locator("#cmp-against").select_option("1")
    expect(page.locator("#beside-1[aria-current]")).to_have_count(1)
    expect(page.locator("#cmp-against")).to_be_focused()


def test_a_link_of_the_changes_leads_to_its_place(opened: desk.Opened, editor: User, piece: Piece) -> None:
    page = opened(f"{piece.get_absolute_url()}?panel=changes&against=1", by=editor)

    page.get_by_role("link", name="Moved down").last.click()

    place = page.url.split("#")[1]
    expect(page.locator(f"#{place}")).to_be_in_viewport()
    page.keyboard.press("Tab")
    assert page.evaluate(f"document.activeElement.closest('#{place}') !== null")  # reading goes on from there


def test_both_texts_can_be_read_side_by_side_on_a_phone_without_a_script(
    opened: desk.Opened, editor: User, piece: Piece
) -> None:
    page = opened(piece.get_absolute_url(), by=editor, width=320, java_script_enabled=False)

    page.get_by_role("link", name="Side by side").click()

    expect(page.locator(".sides del", has_text="early")).to_be_visible()
    expect(page.locator(".sides ins", has_text="far too soon")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_of_two_who_save_at_once_the_second_sees_the_difference(
    opened: desk.Opened, editor: User, piece: Piece
) -> None:
    address = reverse("piece-edit", args=[piece.pk])
    first = opened(address, by=make.editor(name="Ines Duarte"))
    second = opened(address, by=editor)
    first.locator("#body").fill(piece.current.body.replace("three screws", "four screws"))
    first.get_by_role("button", name="Save as a new version").click()
    expect(first.get_by_text("Saved as version 4.")).to_be_visible()

    mine = piece.current.body.replace("three screws", "two screws")
    second.locator("#body").fill(mine)
    second.get_by_role("button", name="Save as a new version").click()

    expect(second.get_by_role("alert")).to_contain_text("Ines Duarte saved version 4 while you were writing.")
    expect(second.locator(".conflict del", has_text="four")).to_be_visible()
    expect(second.locator(".conflict ins", has_text="two")).to_be_visible()
    expect(second.locator("#body")).to_have_value(mine)
    assert AuditEntry.objects.get(event="edit.refused").actor == editor


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_automatic_check_finds_no_barrier_in_any_marks(
    opened: desk.Opened, editor: User, piece: Piece, scheme: str
) -> None:
    page = opened(piece.get_absolute_url(), by=editor, color_scheme=scheme)

    for query in (
        "?marks=side&panel=changes",
        "?marks=changes&against=1&compact=1",
        "?marks=who&compact=0",
        "?marks=clean",
    ):
        page.goto(f"{piece.get_absolute_url()}{query}")
        found = Axe().run(page).response["violations"]
        assert not [(query, fault["id"], fault["nodes"][0]["html"][:160]) for fault in found]
