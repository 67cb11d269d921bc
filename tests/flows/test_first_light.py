"""The main road, end to end, on a whole installation with the starter model: Generate, read, approve, public."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from installation import EMAIL, PASSWORD, Installation
from playwright.sync_api import Browser, expect, sync_playwright

from config.embedded import throwaway

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def copydesk() -> Iterator[Installation]:
    with throwaway() as data, Installation(data.path) as installation:
        yield installation


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_the_road_over_http(copydesk: Installation) -> None:
    made = copydesk.post("tasks/", task_type="blog_post", topic="home coffee brewing", word_count=300)
    assert made["status"] == "queued"
    assert made["id"] == made["task_id"]

    task = copydesk.until(made["id"], "completed", "failed", seconds=400)
    assert task["status"] == "completed", task["error"]
    assert (task["percent"], task["approval_status"]) == (100, "pending")
    (content,) = task["content"]
    piece = copydesk.get(f"content/{content['id']}/")
    text = piece["content_text"]
    assert 270 <= piece["metadata"]["word_count"] <= 330
    assert len(re.findall(r"^# ", text, re.M)) == 1
    assert len(re.findall(r"^## ", text, re.M)) >= 3
    paragraphs = [p for p in text.split("\n\n") if not p.startswith("#")]
    assert len(paragraphs) == len(set(paragraphs))
    assert copydesk.get("posts/")["results"] == []

    decision = f"content/{content['id']}/decisions/"
    stale = copydesk.client.post(f"/api/v1/{decision}", json={"verdict": "approved", "version_hash": "0" * 64})
    assert stale.status_code == 409
    refused = copydesk.client.post(f"/api/v1/content/{content['id']}/publish/", json={})
    assert refused.status_code == 409
    copydesk.post(decision, verdict="approved", version_hash=piece["version"]["hash"], feedback="")
    post = copydesk.post(f"content/{content['id']}/publish/")["post"]

    anyone = httpx.Client(base_url=copydesk.url)
    shown = anyone.get(f"/api/v1/posts/{post['slug']}/").json()
    assert shown["title"] == piece["title"]
    page = anyone.get(httpx.URL(post["url"]).path)
    assert page.status_code == 200
    assert piece["title"].split(":")[0] in page.text


def test_the_road_in_a_browser(copydesk: Installation, browser: Browser) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)

    page.goto(f"{copydesk.url}/desk/")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="New task").first.click()
    page.get_by_label("Topic").fill("urban gardening on a balcony")
    page.locator("[name=word_count]").first.evaluate("e => { e.value = '300'; e.dispatchEvent(new Event('input')) }")
    page.get_by_role("button", name="Queue the task").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("urban gardening", ignore_case=True)
    expect(page.locator(".log")).to_contain_text("Claimed stage research", timeout=20_000)
    page.reload()
    expect(page.locator(".log")).to_contain_text("Claimed stage research")
    expect(page.get_by_role("link", name="Open the piece")).to_be_visible(timeout=400_000)
    lines = page.locator(".log li").all_inner_texts()
    assert len([line for line in lines if "Claimed stage research" in line]) == 1
    page.wait_for_load_state("networkidle")  # what is told at the end may change the page once more under a click
    page.get_by_role("link", name="Open the piece").click()
    page.wait_for_url("**/pieces/*/")

    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Open it", exact=True).click()
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="View public").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/posts/" in page.url
    assert errors == []
