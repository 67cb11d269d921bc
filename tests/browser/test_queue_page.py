"""The queue in a real browser: twenty pieces cleared by keys alone, and again by forms alone without a script."""

from __future__ import annotations

from typing import Any

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from content.models import Decision, Piece, Priority, Status, User, Verdict
from content.services import claims

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/desk/review/"
BODY = "# A kettle\n\nKettles are thrown away early.\n\n## The part\n\nIt sits below the base.\n"


def pieces(count: int) -> list[Piece]:
    """So many that wait, in the order in which they are read; all that differs is their title."""
    return [make.piece(title=f"Piece number {at:02}", body=f"{BODY}\nNumber {at}.\n") for at in range(1, count + 1)]


def reading(page: Page, piece: Piece) -> None:
    """The page of the piece is there, its keys work, and its title has the focus if a verdict led here."""
    page.wait_for_url(f"**{piece.get_absolute_url()}*")
    expect(page.locator("#claim")).to_contain_text("You are reading")  # said by the script, which the keys are in too


def send(page: Page, key: str, why: str) -> None:
    """Request changes or reject, by the key, the words, and Ctrl+Enter."""
    page.keyboard.press(key)
    expect(page.locator("#feedback")).to_be_focused()
    page.keyboard.type(why)
    page.keyboard.press("Control+Enter")


def test_twenty_pieces_are_cleared_by_the_keyboard_alone(opened: desk.Opened, editor: User) -> None:
    waiting = pieces(20)
    page = opened(QUEUE, by=editor)
    expect(page.get_by_role("heading", level=1)).to_have_text("20 to read")

    # Three from the list at once: what would be done is shown first.
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    expect(page.locator("#chosen")).to_have_text("3 pieces selected.")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Approve: three pieces")).to_be_visible()
    assert not Decision.objects.exists()
    page.get_by_role("button", name="Approve: three").press("Enter")
    page.get_by_role("link", name="Back to the queue").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("17 to read")

    # The others one by one, each verdict leading to the next.
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    reading(page, waiting[3])
    page.keyboard.press("a")
    reading(page, waiting[4])
    expect(page.locator("h1")).to_be_focused()
    page.keyboard.press("z")  # that was a slip
    reading(page, waiting[3])
    expect(page.locator(".verdict")).to_contain_text("Undone.")
    page.keyboard.press("r")
    page.keyboard.press("Escape")  # and so was this
    send(page, "r", "Off topic.")
    reading(page, waiting[4])
    for at, piece in enumerate(waiting[4:], 4):
        reading(page, piece)
        if at % 5 == 0:
            send(page, "c", "Say more about the screws, with a and r in it.")
        else:
            page.keyboard.press("a")

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is waiting")
    expect(page.locator("h1")).to_be_focused()
    verdicts = [piece.decisions.order_by("pk").values_list("verdict", flat=True) for piece in waiting]
    said = [list(listed) for listed in verdicts]
    assert said[3] == [Verdict.APPROVED, Verdict.REVOKED, Verdict.REJECTED]
    assert [listed for at, listed in enumerate(said) if at != 3] == [
        [Verdict.CHANGES_REQUESTED if at >= 4 and at % 5 == 0 else Verdict.APPROVED] for at in range(20) if at != 3
    ]
    assert not Piece.objects.waiting().exists()


def test_twenty_pieces_are_cleared_by_forms_alone_without_a_script(opened: desk.Opened, editor: User) -> None:
    waiting = pieces(20)
    page = opened(QUEUE, by=editor, java_script_enabled=False)

    for piece in waiting[:3]:
        page.get_by_label(f"Select “{piece}”").check()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Approve: three").click()
    page.get_by_role("link", name="Back to the queue").click()
    page.get_by_role("link", name="Read the first").click()
    page.get_by_role("button", name="I read this").click()
    expect(page.locator("#claim")).to_contain_text("You are reading")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("h1")).to_have_text(str(waiting[4].current.title))
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".verdict")).to_contain_text("waits for a decision, as before")
    for at in range(3, 20):
        page.wait_for_url(f"**/pieces/{waiting[at].pk}/*")
        if at % 5 == 0:
            page.locator("#feedback").fill("Say more.")
            page.get_by_role("button", name="Request changes").click()
        else:
            page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is waiting")
    assert not Piece.objects.waiting().exists()
    assert Decision.objects.filter(verdict=Verdict.CHANGES_REQUESTED).count() == 3


def test_two_see_who_reads_what_and_one_takes_over(opened: desk.Opened, editor: User) -> None:
    ines, piece = make.editor(name="Ines Duarte"), make.piece()
    queue = opened(QUEUE, by=editor)
    theirs = opened(piece.get_absolute_url(), by=ines)
    expect(theirs.locator("#claim")).to_contain_text("You are reading")

    queue.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # not to wait for the next round
    expect(queue.locator(".triage")).to_contain_text("Ines is reading")

    queue.get_by_role("link", name=piece.title).click()
    expect(queue.locator("#claim")).to_contain_text("Ines is reading")
    queue.get_by_role("button", name="Take over").click()
    expect(queue.locator("#claim")).to_contain_text("You are reading")
    theirs.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(theirs.locator("#claim")).to_contain_text("Mara is reading")


def test_undo_is_offered_until_it_is_too_late(opened: desk.Opened, editor: User, monkeypatch: Any) -> None:
    piece, _ = make.piece(title="The first"), make.piece(title="The second")
    page = opened(piece.get_absolute_url(), by=editor)
    page.clock.install()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()

    page.clock.fast_forward(10_001)

    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    page.keyboard.press("z")
    page.wait_for_url(f"**{piece.get_absolute_url()}")
    assert Decision.objects.get().verdict == Verdict.APPROVED


def test_keys_lead_through_the_desk_and_never_act_in_a_field(opened: desk.Opened, editor: User) -> None:
    first, second = make.piece(title="The first"), make.piece(title="The second", priority=Priority.LOW)
    page = opened(QUEUE, by=editor)

    page.get_by_role("link", name="Ready").press("Enter")  # Enter is whatever has the focus
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is ready")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Two to read")
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("jxa")
    expect(page.locator("#find")).to_have_value("jxa")
    page.locator("h1").click()
    page.keyboard.press("Control+a")  # a whole page is selected, and nothing approved
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    reading(page, second)
    page.keyboard.press("k")
    reading(page, first)
    page.keyboard.press("3")
    expect(page.locator("#side nav a").nth(2)).to_have_attribute("aria-current", "true")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("a")  # the list is open
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url(f"**{QUEUE}")
    assert not Decision.objects.exists()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1440, "light")])
def test_the_queue_and_its_pieces_have_no_barrier(opened: desk.Opened, editor: User, width: int, scheme: str) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2
    piece, ines = make.piece(title=long, priority=Priority.HIGH), make.editor(name=long)
    claims.claim(piece, by=ines)
    make.piece(status=Status.READY)
    page = opened(QUEUE, by=editor, width=width, color_scheme=scheme)

    def fits() -> None:
        found = Axe().run(page)
        assert not found.violations_count, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.locator("[name=piece]").check()
    fits()
    page.goto(f"{QUEUE}?view=mine")
    fits()
    page.goto(piece.get_absolute_url())
    fits()
    second = make.piece(title=long)
    page.goto(second.get_absolute_url())
    page.get_by_role("button", name="Approve").click()  # what was said stands above the next one
    expect(page.get_by_text("is approved.")).to_be_visible()
    fits()
