"""The piece page and its editor in a real browser: keys, drafts, small screens, and everything again without a script."""

from __future__ import annotations

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Dialog, Page, expect

from content.models import Decision, Piece, Status, User
from content.services import editing, review

pytestmark = pytest.mark.django_db(transaction=True)

BY_MODEL = "# A kettle\n\nKettles are thrown away early.\n\n## The part\n\nIt sits below the base.\n"


def edit_page(piece: Piece) -> str:
    return reverse("piece-edit", args=[piece.pk])


def settled(page: Page) -> None:
    """Modules are loaded, so that keys and drafts work."""
    page.wait_for_load_state("networkidle")


def test_a_key_approves_and_the_piece_can_be_published_from_what_is_said(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor)

    page.keyboard.press("a")

    expect(page.get_by_text("is approved. It is ready to publish.")).to_be_visible()
    page.get_by_role("link", name="Open it").click()
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    assert Decision.objects.get().verdict == "approved"


def test_a_key_that_needs_a_reason_leads_to_the_field(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor)

    page.keyboard.press("r")
    expect(page.locator("#feedback")).to_be_focused()
    page.keyboard.type("a reason, with c and r in it")
    page.get_by_role("button", name="Reject").click()

    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".verdict")).to_contain_text("Rejected by Mara Lindqvist")
    assert Decision.objects.get().feedback == "a reason, with c and r in it"


def test_a_refused_verdict_leaves_the_reader_where_they_were(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL + "\nAnd then it is mended, by whoever has an hour to spare.\n" * 60)
    page = opened(piece.get_absolute_url(), by=editor)
    page.mouse.move(640, 300)
    page.mouse.wheel(0, 700)  # as a person does: only then does the browser hold on to what it shows
    page.wait_for_function("() => scrollY === 700")

    where = page.get_by_role("button", name="Request changes").bounding_box()
    assert where is not None
    page.mouse.click(where["x"] + 20, where["y"] + 10)  # by hand: Playwright's own click scrolls to a sticky button

    expect(page.get_by_role("alert")).to_contain_text("Say why")
    expect(page.locator("#feedback")).to_be_focused()
    assert page.evaluate("scrollY") == 700


def test_keys_can_be_switched_off(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor)

    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    settled(page)
    page.keyboard.press("a")
    page.keyboard.press("d")

    expect(page.locator("#marks-changes")).to_have_attribute("aria-current", "true")
    assert not Decision.objects.exists()


def test_marks_and_panels_change_without_losing_what_was_typed(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor)
    page.locator("#feedback").fill("Half a thought")

    page.get_by_role("link", name="History").click()
    expect(page.locator(".history")).to_be_visible()
    page.get_by_role("link", name="Who wrote it").click()
    expect(page.locator('.copy[data-marks="who"]')).to_be_visible()

    expect(page.locator(".history")).to_be_visible()
    expect(page.locator("#feedback")).to_have_value("Half a thought")
    assert "marks=who" in page.url
    assert "panel=history" in page.url


def test_two_people_decide_and_the_second_is_told_by_whom(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor)
    review.approve(piece.current, by=make.editor(name="Ines Duarte"))

    page.locator("#feedback").fill("Off topic.")
    page.get_by_role("button", name="Reject").click()

    expect(page.get_by_role("alert")).to_contain_text("Already approved by Ines Duarte.")
    expect(page.locator("#unsent")).to_have_value("Off topic.")


def test_the_count_under_the_editor_is_the_check_s_own(opened: desk.Opened, editor: User) -> None:
    body = make.BODY + (
        "\n1. Step one – with a dash\n2. Two\n\n> A quote\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n"
        "See [the sum](https://example.org/a/b), `code()` and 北京 **strong words**.\n"
    )
    piece = make.piece(body=body)

    page = opened(edit_page(piece), by=editor)

    expect(page.locator("#standing b")).to_have_text(f"{piece.current.words:,}")
    page.locator("#body").press("Control+End")
    page.keyboard.type(" Three more words")
    expect(page.locator("#standing b")).to_have_text(f"{piece.current.words + 3:,}")


def test_ctrl_s_saves_a_new_version(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(edit_page(piece), by=editor)

    page.locator("#body").press("Control+End")
    page.keyboard.type("\n\nOne more line.")
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    piece.refresh_from_db()
    assert piece.current.body.endswith("One more line.")
    page.wait_for_function("() => !Object.keys(localStorage).some((key) => key.includes('draft'))")


def test_a_draft_survives_leaving_and_is_offered_again(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(edit_page(piece), by=editor)
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.locator("#body").press("Control+End")
    page.keyboard.type("\n\nNot saved yet.")
    page.get_by_role("link", name="Leave").click()
    page.wait_for_url(f"**{piece.get_absolute_url()}")
    page.goto(page.url + "edit/")
    settled(page)

    assert asked == ["beforeunload"]
    expect(page.get_by_text("A draft of yours is kept on this machine")).to_be_visible()
    assert "Not saved yet." not in page.locator("#body").input_value()
    page.get_by_role("button", name="Use it").click()
    assert page.locator("#body").input_value().endswith("Not saved yet.")


def test_after_a_stale_save_both_texts_are_there(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(edit_page(piece), by=editor)
    theirs = BY_MODEL.replace("early", "far too soon")
    editing.save_edit(piece, by=make.editor(name="Tomás"), based_on=piece.current.hash, title="A kettle", body=theirs)

    page.locator("#body").fill("Kettles are thrown away by lunchtime.")
    page.get_by_role("button", name="Save as a new version").click()

    expect(page.get_by_role("alert")).to_contain_text("Tomás saved version 2 while you were writing.")
    expect(page.locator("#body")).to_have_value("Kettles are thrown away by lunchtime.")
    expect(page.locator(".conflict ins").first).to_be_visible()
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Saved as version 3.")).to_be_visible()


def test_every_verdict_works_without_a_script(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    page = opened(piece.get_absolute_url(), by=editor, java_script_enabled=False)

    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_role("alert")).to_contain_text("Say why")
    page.locator("#feedback").fill("Say more.")
    page.get_by_role("button", name="Request changes").click()
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".verdict")).to_contain_text("Changes requested by Mara Lindqvist")
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("link", name="Changes", exact=True).first.click()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Open it").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("link", name="View public")).to_be_visible()
    page.get_by_text("Unpublish…").click()
    page.get_by_role("button", name="Unpublish").click()

    piece.refresh_from_db()
    assert piece.status == Status.READY
    assert Decision.objects.count() == 3


def test_nothing_scrolls_sideways_on_a_small_screen(opened: desk.Opened, editor: User) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitän" * 5
    piece = make.piece(title=long[:290], body=f"# {long[:290]}\n\n{long}\n\n| {long} | b |\n| --- | --- |\n| 1 | 2 |\n")
    post = make.post(title=long[:200], category=long[:80])

    for address in (
        *(f"{piece.get_absolute_url()}?panel={panel}" for panel in ("checks", "history", "preview", "provenance")),
        edit_page(piece),
        reverse("review"),
        reverse("home"),
        post.get_absolute_url(),
        "/posts/not-there/",
    ):
        page = opened(address, by=editor, width=320)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_automatic_check_finds_no_barrier(opened: desk.Opened, editor: User, scheme: str) -> None:
    piece = make.piece(body=make.BODY, owner=editor)
    changed = make.BODY.replace("one screwdriver", "two screwdrivers and £410")
    editing.save_edit(piece, by=editor, based_on=piece.current.hash, title="A kettle for life", body=changed)
    ready, post = make.piece(status=Status.READY), make.post(category="Kitchen")

    for address in (
        *(f"{piece.get_absolute_url()}?panel={panel}" for panel in ("checks", "changes", "history", "provenance")),
        f"{piece.get_absolute_url()}?marks=who&panel=preview",
        ready.get_absolute_url(),
        edit_page(piece),
        reverse("review"),
        reverse("home"),
        post.get_absolute_url(),
        "/posts/not-there/",
    ):
        page = opened(address, by=editor, color_scheme=scheme)
        settled(page)
        found = Axe().run(page).response["violations"]
        assert not [(address, fault["id"], fault["nodes"][0]["html"][:120]) for fault in found]
