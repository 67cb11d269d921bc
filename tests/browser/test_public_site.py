"""The public site in a real browser: without a script, in both themes, on a small page and on paper."""

from __future__ import annotations

import re

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from content.models import Post, Status
from content.services import publishing, review

pytestmark = pytest.mark.django_db(transaction=True)

TITLE = "Kettles, “lime” & </script> time"
TABLE = "\n| October to April | kWh | Cost in pounds and pence |\n|---|---|---|\n| Gas | 14,600 | £1,022 |\n"
CODE = "\n```\n" + "one_long_line_of_code " * 10 + "\n```\n\n[Worked sum](https://example.org/sum)\n"


@pytest.fixture
def article() -> Post:
    """One of three articles, the oldest."""
    editor = make.editor(name="Mara Lindqvist")
    posts = []
    for title in (TITLE, "A second kettle", "A third kettle"):
        piece = make.piece(status=Status.GENERATED, title=title, category="Kitchen", body=make.BODY + TABLE + CODE)
        review.approve(piece.current, by=editor)
        posts.append(publishing.publish(piece, by=editor))
    return posts[0]


def grave(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in found if fault["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_the_pages_can_be_read_by_everybody(opened: desk.Opened, article: Post, scheme: str, width: int) -> None:
    page = opened("/", width=width, color_scheme=scheme)

    for address in (
        "/",
        article.get_absolute_url(),
        "/search/?q=kettle",
        "/category/kitchen/",
        "/archive/",
        "/no-such/",
    ):
        page.goto(address)
        assert grave(page) == [], address
        # A table or a line of code is moved sideways, never the page.
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_reader_gets_about_without_a_script(opened: desk.Opened, article: Post) -> None:
    page = opened("/", java_script_enabled=False)

    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    page.get_by_role("navigation", name="In this article").get_by_role("link", name="Put in a new one").click()
    expect(page).to_have_url(re.compile("#put-in-a-new-one$"))
    page.get_by_label("Search the articles").fill("boil")
    page.get_by_label("Search the articles").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("3 articles on “boil”")
    expect(page.locator("mark").first).to_have_text(re.compile("boil", re.IGNORECASE))
    page.get_by_role("navigation", name="Categories", exact=True).get_by_role("link", name="Kitchen").click()
    expect(page.get_by_role("article")).to_have_count(3)


def test_on_paper_there_is_the_article_and_nothing_to_press(opened: desk.Opened, article: Post) -> None:
    page = opened(article.get_absolute_url(), color_scheme="dark")

    page.emulate_media(media="print")

    for part in (".banner nav", ".banner form", ".related", ".foot", ".tagged"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.get_by_text("read and approved by Mara Lindqvist")).to_be_visible()
    colour, ground = page.evaluate(
        "[getComputedStyle(document.querySelector('.prose')).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert (colour, ground) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    # Paper has no links: where one leads stands beside it.
    after = page.get_by_role("link", name="Worked sum").evaluate("link => getComputedStyle(link, '::after').content")
    assert "https://example.org/sum" in after
