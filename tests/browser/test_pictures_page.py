"""The images page in a real browser: pictures come by themselves, and nothing moves of what one holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from drawn import candidate
from painter import Painter, install
from playwright.sync_api import Browser, Page, expect

from content.models import Piece, User
from media_gen.models import ImageStatus
from pipeline import runner
from pipeline.models import Stage, Task, TaskStatus
from pipeline.stages import picturing
from pipeline.stages.base import Lease
from pipeline.worker import Crew, Drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    """Paints as a worker would, and waits after each step until the test lets it go on."""
    monkeypatch.setattr(picturing, "TELL_EVERY_SECONDS", 0)
    return install(monkeypatch)


@pytest.fixture
def piece(owner: User) -> Piece:
    return make.piece(owner=owner)


def sheet(piece: Piece) -> str:
    return reverse("piece-pictures", args=[piece.pk])


def working(work: Callable[[], Any]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def run_one() -> None:
    stage = Stage.objects.claim(["io", "gpu"])
    assert stage
    runner.execute(stage, Lease(stage))


def gate(painter: Painter) -> Callable[[], None]:
    """Calling what this gives lets the painter make one more step."""
    steps = threading.Semaphore(0)
    painter.after_step = lambda first, step: steps.acquire(timeout=60)
    return steps.release


def test_pictures_come_and_what_one_holds_stays(page: Page, piece: Piece, painter: Painter) -> None:
    go_on = gate(painter)
    first, second = candidate(piece, seed=1), candidate(piece, seed=2)
    page.goto(sheet(piece))
    page.locator(f"#image-{second.pk}").check()
    expect(page.locator("#alt")).to_have_value(second.alt)
    page.locator("#alt").fill("What I see in it.")
    expect(page.locator("#alt-count")).to_have_text("17")

    page.get_by_label("Painter").check()
    page.locator("#prompt").fill("a red kettle")
    page.locator("#count").fill("2")
    page.get_by_role("button", name="Make 2 more").click()

    expect(page.locator(".making")).to_have_count(2)
    at = page.locator(f"#pick-{second.pk}").bounding_box()
    worker = working(run_one)
    state = page.locator("[data-task] .state")
    expect(state).to_have_text("Picture 1 of 2, step 0 of 3")
    for step in (1, 2, 3):
        go_on()
        expect(state).to_have_text(f"Picture 1 of 2, step {step} of 3")
    expect(page.locator("[data-left]")).to_contain_text("left")
    go_on()
    expect(state).to_have_text("Picture 2 of 2, step 0 of 3")
    expect(page.locator(".pick img")).to_have_count(3)
    expect(page.locator(".making")).to_have_count(1)
    assert page.locator(f"#pick-{second.pk}").bounding_box() == at
    for _ in range(4):
        go_on()
    worker.join(60)

    expect(page.locator(".pick img")).to_have_count(4)
    expect(page.locator(".making")).to_have_count(0)
    expect(page.locator("#sheet-said")).to_have_text("2 pictures, to choose from")
    expect(page.locator(f"#image-{second.pk}")).to_be_checked()
    expect(page.locator("#alt")).to_have_value("What I see in it.")
    page.get_by_role("button", name="Approve this picture").click()
    expect(page.locator("#notices")).to_contain_text("This picture goes out with the text.")
    second.refresh_from_db()
    first.refresh_from_db()
    assert (second.status, second.alt) == (ImageStatus.CHOSEN, "What I see in it.")
    assert first.status == ImageStatus.NOT_CHOSEN


def test_stop_in_the_middle_keeps_what_arrived(page: Page, piece: Piece, painter: Painter) -> None:
    go_on = gate(painter)
    page.goto(sheet(piece))
    page.get_by_label("Painter").check()
    page.get_by_role("button", name="Make 4 more").click()
    expect(page.locator(".making")).to_have_count(4)
    worker = working(Drain(Crew()).run)
    for _ in range(5):
        go_on()
    expect(page.locator(".pick img")).to_have_count(1)

    page.get_by_role("button", name="Stop").click()

    expect(page.locator(".making")).to_have_count(0)
    expect(page.locator(".pick img")).to_have_count(1)
    for _ in range(20):
        go_on()
    worker.join(60)
    assert Task.objects.get().status == TaskStatus.CANCELLED
    assert piece.images.count() == 1


def test_without_a_script_every_verdict_works(chromium: Browser, address: str, owner: User, piece: Piece) -> None:
    second = [candidate(piece, seed=seed) for seed in (1, 2)][1]
    window = desk.signed_in(chromium, address, owner, java_script_enabled=False, viewport={"width": 320, "height": 700})
    page = window.new_page()
    page.goto(sheet(piece))
    page.locator(f"#image-{second.pk}").check()

    page.get_by_role("button", name="Approve this picture").click()

    expect(page.locator("#notices")).to_contain_text("This picture goes out with the text.")
    second.refresh_from_db()
    assert (second.status, second.alt) == (ImageStatus.CHOSEN, "Picture number 2.")
    page.get_by_role("button", name="Make").click()
    expect(page.locator(".making")).to_have_count(4)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".making")).to_have_count(0)
    window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_phone(page: Page, piece: Piece, scheme: Any) -> None:
    for seed in range(3):
        candidate(piece, seed=seed)
    page.emulate_media(color_scheme=scheme)
    for address in (sheet(piece), reverse("images")):
        page.set_viewport_size({"width": 320, "height": 800})
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.set_viewport_size({"width": 1440, "height": 900})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
