"""The daily road by keyboard alone: ask for a run, watch it, open a piece, approve it, and never lose the focus."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from content.models import Approval, Piece, User
from pipeline.models import Task, TaskStatus
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)
MOST = 80  # presses of Tab from the top of a page to anything on it


@pytest.fixture
def window() -> dict[str, Any]:
    return {"viewport": {"width": 1280, "height": 800}}


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called `name` has the focus; everything on the way is seen and has a ring."""
    went: list[str] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            """() => {
                const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
                const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
                const inside = at.closest("label")?.matches(":focus-within");
                return { said: (at.innerText || at.ariaLabel || at.value || "").trim(), tag: at.tagName,
                         seen: box.width > 0 && box.height > 0, ring: ring || inside || style.boxShadow !== "none" };
            }"""
        )
        went.append(focused["said"])
        assert focused["tag"] != "BODY", f"the focus fell out of the page on the way to {name}: {went}"
        assert focused["seen"], focused
        assert focused["ring"], focused
        if focused["said"].startswith(name):
            return
    pytest.fail(f"no way to {name} by Tab")


def test_from_run_now_to_approved_by_keyboard_alone(page: Page, owner: User) -> None:
    page.goto("/desk/")
    tab_to(page, "Run now")
    page.keyboard.press("Enter")
    expect(page.locator("#task-link")).to_have_text("Live")
    drain()
    expect(page.get_by_role("heading", level=1)).to_contain_text("waiting for you")
    assert Task.objects.get().status == TaskStatus.COMPLETED

    piece = Piece.objects.earliest("pk")
    tab_to(page, "Generated")  # the first cell of the run
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/pieces/{piece.pk}/")
    tab_to(page, "Approve")
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text("is approved. It is ready to publish.")
    piece.refresh_from_db()
    assert piece.approval == Approval.APPROVED
