"""A text once more by the machine, as an editor sees it: sent back with a note, and its calls made again."""

from __future__ import annotations

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from content.models import Piece, User, Version
from pipeline import runner
from pipeline.models import Stage, Task
from pipeline.providers.scripted import Scripted
from pipeline.services import replaying, revising
from pipeline.stages.base import Lease

CALL = {
    "provider": "scripted",
    "model": "scripted",
    "digest": "0123456789abcdef",
    "prompt": "writer.section",
    "messages": [{"role": "user", "content": "Write."}],
    "options": {"seed": 1, "max_tokens": 80},
    "output": "The old kettle boils.",
}


def work() -> Task:
    stage = Stage.objects.claim(["io"])
    assert stage
    runner.execute(stage, Lease(stage))
    return Task.objects.get(pk=stage.task_id)


def newest(piece: Piece) -> Version:
    return Version.objects.get(pk=Piece.objects.get(pk=piece.pk).current_id)


def test_a_note_sends_a_piece_back_and_its_page_says_so(page: Page, owner: User) -> None:
    piece = make.piece()

    page.goto(piece.get_absolute_url())
    page.get_by_label("Feedback").fill("Begin with the plug.")
    page.get_by_role("button", name="Revise with this note").click()
    expect(page.get_by_text("goes back to the model")).to_be_visible()
    page.goto(piece.get_absolute_url())
    expect(page.get_by_text("A revision is being written")).to_be_visible()
    page.get_by_role("link", name="See the task").click()

    expect(page.get_by_role("heading", level=1)).to_have_text(f"Revise “{piece.title}”")
    work()
    assert newest(piece).stage == "revision"


def test_a_replay_appears_by_itself_and_keeps_the_focus(page: Page, owner: User, scripted: Scripted) -> None:
    version = make.version(piece=make.piece(), record={"calls": [CALL]})
    scripted.script = lambda request: "The new kettle boils."

    page.goto(f"{version.get_absolute_url()}&panel=provenance")
    page.get_by_role("button", name="Replay 1 call").click()
    waiting = page.locator("#replay")
    expect(waiting).to_contain_text("Waiting for its turn")
    page.get_by_role("link", name="See the task").focus()
    work()

    expect(waiting).to_contain_text("Different")
    expect(waiting.locator("ins")).to_have_text("new")
    expect(page.get_by_role("link", name="See the task")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_automatic_check_finds_no_barrier_on_these_pages(
    opened: desk.Opened, editor: User, scheme: str, scripted: Scripted
) -> None:
    version = make.version(piece=make.piece(), record={"calls": [CALL, CALL]})
    scripted.script = lambda request: "The new kettle boils."
    replaying.replay(version, by=editor)
    replayed = work()
    scripted.script = None
    done, going = make.piece(), make.piece()
    revising.revise(newest(done), by=editor, note="Begin with the plug.")
    revised = work()
    revising.revise(newest(going), by=editor, note="Begin with the plug.")

    for address, width in (
        (f"{version.get_absolute_url()}&panel=provenance", 320),
        (reverse("task", args=[replayed.pk]), 320),
        (reverse("task", args=[revised.pk]), 1280),
        (going.get_absolute_url(), 320),
    ):
        page = opened(address, by=editor, color_scheme=scheme, width=width)
        found = Axe().run(page).response["violations"]
        assert not [(address, fault["id"], fault["nodes"][0]["html"][:120]) for fault in found]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, address
