"""A daily run in a real browser: it fills by itself, cell by cell, moves nothing, and stays smooth."""

from __future__ import annotations

from typing import Any

import desk
import pytest
import runs
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from content.models import User
from pipeline import events
from pipeline.models import Stage, Task

pytestmark = pytest.mark.django_db(transaction=True)
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def window() -> dict[str, Any]:
    return {"viewport": {"width": 1440, "height": 900}}  # all three platforms stand side by side


def open_run(page: Page, run: Task) -> None:
    page.goto(run.get_absolute_url())
    expect(page.locator("#task-link")).to_have_text("Live")


def begins(stage: Stage, doing: str) -> None:
    """As the worker tells of it."""
    runs.at_work(stage, doing, seconds=0)
    told(stage, "progress", percent=20, message=doing, **{"as": "running"})


def told(stage: Stage, type: str, **data: Any) -> None:
    events.emit(stage.task, type, stage="transform", stage_id=stage.pk, piece_id=stage.piece_id, **data)


def cell(page: Page, stage: Stage) -> Any:
    return page.locator(f"#stage-{stage.pk}")


def test_run_now_is_pressed_twice_and_runs_once(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_role("button", name="Run now").dblclick()
    expect(page.locator("#task-parts")).to_contain_text("Idea 5, still to come")
    assert Task.objects.count() == 1
    page.reload()
    assert Task.objects.count() == 1


def test_ideas_appear_as_they_are_thought_of(page: Page, owner: User) -> None:
    run = runs.thinking(runs.asked(owner), 1)
    open_run(page, run)
    runs.thinking(run, 2)
    events.emit(run, "progress", stage="ideate", percent=6, message="2 ideas of 5", **{"as": "running"})
    expect(page.locator("#task-state")).to_have_text("2 ideas of 5")
    expect(page.locator("#row-2")).to_contain_text(runs.TITLES[1])
    expect(page.locator("#row-3")).to_contain_text("still to come")


def test_each_cell_fills_by_itself_and_the_others_are_left_alone(page: Page, owner: User) -> None:
    run = runs.asked(owner)
    first, second, third, *_ = runs.laid_out(run)
    runs.failed(first)
    open_run(page, run)
    button = cell(page, first).get_by_role("button")
    button.focus()

    begins(second, "Writing post 1 of 3")
    begins(third, "Writing the hook")
    expect(cell(page, second)).to_contain_text("Writing post 1 of 3")
    events.delta(run, block=f"{second.pk}-post-1", text="Close the flue.", final=True)
    events.delta(run, block=f"{second.pk}-post-2", text="Leave a hand’s width of air")
    events.delta(run, block=f"{third.pk}-hook", text="Your chimney is a hole.")
    expect(cell(page, second).locator(".taste")).to_have_text("Close the flue.\nLeave a hand’s width of air")
    expect(cell(page, third).locator(".taste")).to_have_text("Your chimney is a hole.")

    runs.written(second, "Close the flue, and leave some air.", says="Thread of 3")
    Task.objects.filter(pk=run.pk).update(doing="Writing, 2 of 15 pieces done")
    told(second, "stage_complete", percent=26, seconds=18.3, result="Thread of 3")
    expect(cell(page, second)).to_contain_text("Thread of 3")
    expect(cell(page, second).locator(".taste")).to_have_text("Close the flue, and leave some air.")
    expect(cell(page, third).locator(".taste")).to_have_text("Your chimney is a hole.")  # not wiped by the swap
    expect(page.locator("#task-said")).to_have_text("Writing, 2 of 15 pieces done")
    expect(button).to_be_focused()


def test_a_part_that_fails_can_be_tried_again_while_the_others_go_on(page: Page, owner: User) -> None:
    run = runs.asked(owner)
    first, second, *_ = runs.laid_out(run)
    runs.at_work(first)
    runs.at_work(second)
    open_run(page, run)
    runs.failed(first, "Each try had 31 words too many.")
    told(first, "error", error_message="Each try had 31 words too many.", recovery="The others go on.")
    expect(cell(page, first)).to_contain_text("31 words too many")
    expect(page.locator("#task-link")).to_have_text("Live")
    cell(page, first).get_by_role("button", name="Try again").click()
    expect(cell(page, first)).to_contain_text("in the queue")
    assert page.url.endswith(f"#stage-{first.pk}")
    expect(cell(page, second)).to_contain_text("Writing the hook")


def test_the_end_shows_without_a_reload(page: Page, owner: User) -> None:
    run = runs.asked(owner)
    for stage in runs.laid_out(run)[:-1]:
        runs.written(stage)
    last = run.stages.filter(name="transform").last()
    assert last is not None
    runs.failed(last)
    open_run(page, run)
    runs.ended(run)
    events.emit(run, "complete", status="completed", percent=100, summary=run.result)
    expect(page.get_by_role("heading", level=1)).to_have_text("14 pieces are waiting for you")
    expect(page.get_by_role("button", name="Try the failed piece again")).to_be_visible()
    expect(page.locator("#task-said")).to_have_text("The run has ended: 5 ideas, 14 of 15 pieces")


def test_today_follows_a_run_without_moving_what_one_holds(page: Page, owner: User) -> None:
    run = runs.asked(owner)
    first, second, *_ = runs.laid_out(run)
    runs.written(first)
    page.goto("/desk/")
    row = page.locator("#ideas tbody tr").first
    link = row.get_by_role("link", name="Generated")
    link.focus()
    page.wait_for_timeout(500)  # until the socket is open; what is told before is shown at the next round
    runs.at_work(second, "Writing post 1 of 3")
    told(second, "progress", percent=20, message="Writing post 1 of 3", **{"as": "running"})
    expect(row).to_contain_text("Writing post 1 of 3", timeout=10_000)
    expect(link).to_be_focused()
    runs.failed(second, "Each try had 31 words too many.")
    told(second, "error", error_message="Each try had 31 words too many.", recovery="")
    expect(row.get_by_role("button", name="Try again")).to_be_visible(timeout=10_000)


WATCH = """() => {
  window.seen = { shift: 0, asked: 0, spoken: 0 };
  // The lines of a growing text move up inside their cell, as in any text that is followed; nothing else may.
  const isText = ({ node }) => (node?.closest ? node : node?.parentElement)?.closest(".taste");
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.sources.every(isText)) seen.shift += entry.value;
  }).observe({ type: "layout-shift" });
  const fetched = window.fetch;
  window.fetch = (...asked) => { seen.asked += 1; return fetched(...asked); };
  new MutationObserver(() => { seen.spoken += 1; })
    .observe(document.getElementById("task-said"), { childList: true, characterData: true, subtree: true });
}"""


def test_thirty_pieces_at_once_keep_the_page_still_and_ask_the_server_little(page: Page, owner: User) -> None:
    run = runs.asked(owner, count=10)
    stages = runs.laid_out(run, 10)
    for stage in stages:
        runs.at_work(stage)
    open_run(page, run)
    page.wait_for_timeout(700)
    page.evaluate(WATCH)
    text = "An open flue takes more warm air out of a house in one night than a bathroom fan does in a week. "
    for round_ in range(8):
        run.stages.filter(name="transform").update(doing=f"Writing part {round_}")
        for number, stage in enumerate(stages):
            events.delta(run, block=f"{stage.pk}-body", text=text * (round_ + 1))
            told(stage, "progress", percent=20 + round_, message=f"Writing part {round_}", **{"as": "running"})
            if number % 5 == round_ % 5:
                events.emit(run, "log", source="model", level="info", message=f"{stage}: a line")
        Task.objects.filter(pk=run.pk).update(doing=f"Writing, {round_} of 30 pieces done")
        page.wait_for_timeout(400)
    expect(page.locator("#log li")).to_have_count(48)
    expect(cell(page, stages[-1])).to_contain_text("Writing part 7")
    seen = page.evaluate("seen")
    assert seen["asked"] <= 6, seen  # 240 events told of 30 stages, and the server was asked a few times
    assert seen["spoken"] <= 6, seen
    assert seen["shift"] < 0.01, seen


def test_a_run_works_without_script(chromium: Browser, address: str, owner: User) -> None:
    window = desk.signed_in(chromium, address, owner, java_script_enabled=False)
    page = window.new_page()
    page.goto("/desk/")
    page.get_by_role("button", name="Run now").click()
    run = Task.objects.get()
    stages = runs.laid_out(run)
    for stage in stages[:-1]:
        runs.written(stage)
    runs.failed(stages[-1])
    runs.ended(run)
    page.reload()
    cell(page, stages[-1]).get_by_role("button", name="Try again").click()
    expect(cell(page, stages[-1])).to_contain_text("Next in the queue")
    window.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1440, "light")])
def test_a_run_reads_well_for_everyone(chromium: Browser, address: str, owner: User, scheme: str, width: int) -> None:
    long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
    busy = runs.asked(owner)
    first, second, third, *_ = runs.laid_out(busy)
    runs.written(first, long, says=long[:60])
    runs.failed(second, long)
    runs.at_work(third, long)
    type(first.piece.idea).objects.filter(pk=first.piece.idea_id).update(title=long, description=long)  # type: ignore[union-attr]
    thinks, done = runs.thinking(runs.asked(owner)), runs.finished(owner, fails=2, count=2)
    window = desk.signed_in(chromium, address, owner, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = window.new_page()
    for path in ["/desk/", *(run.get_absolute_url() for run in (busy, thinks, done))]:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        found = Axe().run(page, options={"runOnly": WCAG})
        assert found.violations_count == 0, f"{path}\n{found.generate_report()}"
    window.close()
