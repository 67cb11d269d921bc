"""The reports in a real browser: by keyboard, on a phone, and a file that comes down."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from desk import Opened
from django.utils import timezone
from playwright.sync_api import expect

from content.models import Decision, User, Version
from content.services import audit, review

REPORTS, AUDIT = "/desk/reports/", "/desk/reports/audit/"


@pytest.fixture
def decided(transactional_db: None, editor: User) -> None:
    """Eighty decisions that mostly agree with the score, and one by the road."""
    version, rows = make.version(title="The £60 repair"), []
    random.seed(7)
    for number in range(80):
        score = round(random.uniform(5, 9.5), 1)
        rows.append((score, "approved" if random.uniform(5, 9) < score else "rejected", number + 10))
    texts = Version.objects.bulk_create(
        Version(piece=version.piece, number=number, stage="draft", title="T", body="B", hash="h", score=score,
                report={"findings": [finding(verdict == "approved")]})
        for score, verdict, number in rows
    )  # fmt: skip
    Decision.objects.bulk_create(
        Decision(piece=version.piece, version=text, version_hash="h", verdict=verdict, by=editor)
        for text, (_, verdict, _) in zip(texts, rows, strict=True)
    )
    review.reject(make.version(title="A heat pump"), by=editor, feedback="Where do the two prices come from?")
    audit.record("schedule.skipped", None, why="=cmd")


def finding(is_good: bool) -> dict[str, Any]:
    points = 2.0 if is_good else 0.5
    return {
        "name": "claims",
        "label": "Claims",
        "points": points,
        "out_of": 2.0,
        "level": "pass" if is_good else "fail",
    }


def faults(page: Any) -> list[Any]:
    return [fault for fault in Axe().run(page).response["violations"] if fault["impact"] in ("serious", "critical")]


@pytest.mark.parametrize("window", [{"width": 1440}, {"width": 320, "color_scheme": "dark"}])
def test_the_reports_have_no_serious_fault_and_fit_the_window(
    decided: None, opened: Opened, editor: User, window: dict[str, Any]
) -> None:
    for address, headline in ((REPORTS, "that pass are approved"), (AUDIT, "What happened to the work")):
        page = opened(address, by=editor, **window)
        expect(page.get_by_role("heading", level=1)).to_contain_text(headline)
        assert faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= window["width"]


def test_the_curve_says_its_numbers_and_filters_work_by_keyboard(decided: None, opened: Opened, editor: User) -> None:
    page = opened(REPORTS, by=editor)

    expect(page.get_by_role("img", name="Score against approval")).to_be_visible()
    page.get_by_text("The same in numbers").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="Share approved by band of scores")).to_be_visible()
    expect(page.get_by_role("row", name="Claims Yes")).to_be_visible()

    page.get_by_label("Platform").focus()
    page.keyboard.type("X")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.get_by_text("No decision fits the filters.")).to_be_visible()


def test_the_trail_is_narrowed_and_comes_down_as_a_file(
    decided: None, opened: Opened, editor: User, tmp_path: Path
) -> None:
    page = opened(AUDIT, by=make.admin())
    expect(page.get_by_role("row", name="piece.rejected")).to_contain_text("“Where do the two prices come from?”")

    page.get_by_label("Event").select_option("schedule.")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("row", name="schedule.skipped")).to_be_visible()
    expect(page.get_by_role("row", name="piece.rejected")).to_have_count(0)

    with page.expect_download() as coming:
        page.get_by_role("link", name="Export CSV").click()
    assert coming.value.suggested_filename.startswith(f"audit-{timezone.localdate():%Y}")
    coming.value.save_as(tmp_path / "audit.csv")
    with (tmp_path / "audit.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["event"], row["says"]) == ("schedule.skipped", "'=cmd")
