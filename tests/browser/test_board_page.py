"""The board in a real browser: cards that load on, ticks and keys, small screens, and everything again without a script."""

from __future__ import annotations

from typing import Any

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from content.models import Decision, Piece, Status, User
from content.models.piece import ROAD

pytestmark = pytest.mark.django_db(transaction=True)

BOARD = "/desk/board/"


def pieces(count: int, status: str = Status.GENERATED) -> list[Piece]:
    """So many pieces with one text between them: versions cost time, and the board shows only their figures."""
    first = make.piece(status=status, title="Piece 1")
    rest = [
        Piece(
            idea=make.idea(owner=first.owner), platform="blog", owner=first.owner, title=f"Piece {at}",
            status=first.status, approval=first.approval, current=first.current,
        )
        for at in range(2, count + 1)
    ]  # fmt: skip
    return [first, *Piece.objects.bulk_create(rest)]


def cards(page: Page) -> Any:
    return page.locator(".card")


def test_cards_load_on_as_one_scrolls_and_can_be_ticked(opened: desk.Opened, editor: User) -> None:
    pieces(60)
    page = opened(f"{BOARD}?status=generated", by=editor)

    for _ in range(12):
        if cards(page).count() == 60:
            break
        page.mouse.wheel(0, 4000)
        page.wait_for_timeout(250)

    expect(cards(page)).to_have_count(60)
    expect(page.locator(".more")).to_have_count(0)
    page.get_by_label("Select all shown").check()
    expect(page.locator("#chosen")).to_have_text("60 selected.")


def test_with_the_keyboard_alone_pieces_are_ticked_and_approved(opened: desk.Opened, editor: User) -> None:
    first, second, third = (make.piece(title=f"Piece {at}") for at in range(3))
    page = opened(BOARD, by=editor)

    page.keyboard.press("a")  # nothing is ticked: nothing happens
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#chosen")).to_have_text("2 selected.")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Approve: two pieces")).to_be_visible()
    assert not Decision.objects.exists()
    page.get_by_role("button", name="Approve: two").press("Enter")

    expect(page.get_by_role("heading", name="Two are approved")).to_be_visible()
    assert {decision.piece_id for decision in Decision.objects.all()} == {second.pk, third.pk}
    assert Piece.objects.get(pk=first.pk).status == Status.GENERATED


def test_the_keys_are_listed_and_do_nothing_in_a_field(opened: desk.Opened, editor: User) -> None:
    make.piece()
    page = opened(BOARD, by=editor)

    page.get_by_label("Words in it").press("x")
    assert page.locator("[name=piece]:checked").count() == 0
    page.locator(".card h3 a").first.focus()
    page.keyboard.press("?")

    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


def test_without_a_script_pieces_are_ticked_confirmed_and_moved(opened: desk.Opened, editor: User) -> None:
    piece = make.piece(title="Kettles")
    make.piece(title="Kettles that were rejected", status=Status.REJECTED)
    page = opened(f"{BOARD}?q=kettl", by=editor, java_script_enabled=False)

    for box in page.locator("[name=piece]").all():
        box.check()
    page.get_by_role("button", name="Request changes").click()
    expect(page.get_by_role("heading", name="Request changes: one piece")).to_be_visible()
    expect(page.get_by_text("Already rejected by")).to_be_visible()
    page.get_by_label("Why").fill("Say more about the screws.")
    page.get_by_role("button", name="Request changes").click()

    expect(page.get_by_role("heading", name="One is sent back")).to_be_visible()
    assert piece.decisions.get().feedback == "Say more about the screws."
    page.get_by_role("link", name="Back to the board").click()
    assert page.url.endswith(f"{BOARD}?q=kettl")


def test_the_verbs_show_when_something_is_ticked(opened: desk.Opened, editor: User) -> None:
    make.piece()
    page = opened(BOARD, by=editor)
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_hidden()

    page.locator("[name=piece]").check()
    expect(approve).to_be_in_viewport()
    page.get_by_label("Select all shown").uncheck()

    expect(approve).to_be_hidden()


def test_coming_back_shows_no_tick_that_nobody_made(opened: desk.Opened, editor: User) -> None:
    make.piece(title="Below"), make.piece(title="Above")
    page = opened(BOARD, by=editor)
    page.get_by_label("Select “Above”").check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve: one").click()
    expect(page.get_by_role("heading", name="One is approved")).to_be_visible()

    page.go_back()
    page.go_back()
    page.wait_for_load_state("networkidle")

    expect(page.locator("[name=piece]:checked")).to_have_count(0)
    expect(page.get_by_role("button", name="Approve")).to_be_hidden()


def test_a_board_that_the_browser_kept_is_read_anew_once_pieces_were_moved(opened: desk.Opened, editor: User) -> None:
    make.piece()
    page = opened(BOARD, by=editor)
    kept = "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"

    page.locator("[name=piece]").check()
    page.evaluate(kept)
    expect(page.locator("[name=piece]:checked")).to_have_count(1)  # it is as it was left, and still true

    with page.expect_navigation():
        page.evaluate(f"sessionStorage.setItem('copydesk-board-moved', Date.now() + 1000), {kept}")
    expect(page.locator("[name=piece]:checked")).to_have_count(0)


def test_on_a_small_screen_what_a_lane_hides_is_not_ticked(opened: desk.Opened, editor: User) -> None:
    pieces(7)
    page = opened(BOARD, by=editor, width=320)

    page.get_by_label("Select all shown").check()

    expect(page.locator("#chosen")).to_have_text("3 selected.")
    page.get_by_role("link", name="All 7 generated").click()
    expect(cards(page)).to_have_count(7)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1600, "light")])
def test_every_page_of_the_board_is_accessible_and_fits(
    opened: desk.Opened, editor: User, width: int, scheme: str
) -> None:
    for status in ROAD:
        make.piece(status=status, title="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2)
    page = opened(BOARD, by=editor, width=width, color_scheme=scheme)

    def fits() -> None:
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    fits()
    page.get_by_label("Select all shown").check()
    fits()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_label("Why")).to_be_visible()
    fits()
    page.get_by_label("Why").fill("Off topic.")
    page.get_by_role("button", name="Reject:").click()
    expect(page.get_by_role("heading", name="are rejected")).to_be_visible()
    fits()
    for address in ("?status=rejected", "?from=nonsense&platform=pigeon", "?q=unheard"):
        page.goto(BOARD + address)
        fits()
