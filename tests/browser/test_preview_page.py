"""Pieces that are pasted elsewhere, in a real browser: the figures while one types, the preview, the copying."""

from __future__ import annotations

import json
import re

import desk
import make
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Route, expect
from strange_texts import texts

from content import platforms
from content.models import Piece, User
from content.services import editing
from content.views.measuring import Measured

pytestmark = pytest.mark.django_db(transaction=True)

PASTED = sorted(slug for slug, platform in platforms.ALL.items() if not platform.public)
TYPED = [
    "One short line.",
    "Family 👩‍👩‍👧‍👦, flag 🏳️‍🌈, thumb 👍🏽, keycap 1️⃣ and 🇩🇪.",
    "漢字とひらがな、한국어 and Latin",
    "Links: https://example.com/" + "path/" * 30 + " and example.org.",
    "e\u0301\u0302 combining, \u200b zero width, \u00ad soft",
    "First post\n\n---\n\nSecond post #one #two #three #four #five #six",
    "## Hook\n\nSay it.\n\nScene: one\n\n## Value\n\n" + "word " * 40 + "\n\nScene: two",
    "",
]


def edit_page(piece: Piece) -> str:
    return reverse("piece-edit", args=[piece.pk])


def figures(piece: Piece, body: str) -> list[str]:
    """What the checks' own code says of a text as it would be stored."""
    title, body = editing.tidied(piece, piece.title, body)
    values = [measure.value for measure in piece.on.measures(title, body, piece.asked)]
    return [f"{int(value):,}" if value == int(value) else f"{value:,.1f}" for value in values]


def standing(piece: Piece, body: str) -> str:
    """The figure that is never out of sight."""
    main = Measured(piece, *editing.tidied(piece, piece.title, body)).main
    assert main
    return main.value


@pytest.mark.parametrize("slug", PASTED)
def test_the_figures_follow_the_keys_and_are_those_of_the_checks(opened: desk.Opened, editor: User, slug: str) -> None:
    piece = make.social(slug)
    page = opened(edit_page(piece), by=editor)

    for body in TYPED:
        wanted = figures(piece, body)
        page.locator("#body").fill(body)

        expect(page.locator("#measured .figure b")).to_have_text(wanted)
        expect(page.locator("#standing b")).to_have_text(standing(piece, body))
        broken = len(piece.on.faults(*editing.tidied(piece, piece.title, body), piece.asked))
        assert page.locator("#measured .faults li").count() == broken
        expect(page.locator("#body")).to_be_focused()


def test_many_texts_sent_from_the_page_come_back_with_the_figures_of_the_checks(
    opened: desk.Opened, editor: User
) -> None:
    for slug in PASTED:
        piece = make.social(slug)
        page = opened(edit_page(piece), by=editor)
        bodies = [body.replace("\r\n", "\n") for body in texts(100, seed=5)]
        answers = page.evaluate(
            """async (bodies) => {
                const form = document.querySelector("#editor");
                const said = [];
                for (const body of bodies) {
                    form.elements.body.value = body;
                    const answer = await fetch(form.dataset.measure, {method: "POST", body: new FormData(form)});
                    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                    said.push([...page.querySelectorAll("#measured .figure b")].map((figure) => figure.textContent));
                }
                form.elements.body.value = form.elements.body.defaultValue;
                return said;
            }""",
            bodies,
        )
        for body, said in zip(bodies, answers, strict=True):
            assert said == figures(piece, body), json.dumps(body)


def test_the_preview_is_written_as_one_types(opened: desk.Opened, editor: User) -> None:
    piece = make.social("x")
    page = opened(edit_page(piece), by=editor)
    body = page.locator("#body")
    body.press("Control+End")

    page.keyboard.type("\n\n---\n\nOne more post, the last.")

    expect(page.locator("#look .thread > li")).to_have_count(4)
    expect(page.locator("#look .thread > li").last).to_contain_text("One more post, the last.")
    expect(page.locator("#look .thread > li").last).to_contain_text("4/4")
    expect(body).to_be_focused()
    expect(page.locator("#look button")).to_have_count(0)


def test_the_preview_stays_where_it_is_when_a_rule_is_broken(opened: desk.Opened, editor: User) -> None:
    piece = make.social("linkedin")
    page = opened(edit_page(piece), by=editor, width=1440)
    page.locator("#body").press("Control+Home")
    before = page.evaluate("[scrollY, document.querySelector('#look').getBoundingClientRect().top]")

    page.keyboard.insert_text("#one #two #three ")
    expect(page.locator("#measured .faults li")).to_have_count(1)

    assert page.evaluate("[scrollY, document.querySelector('#look').getBoundingClientRect().top]") == before


def test_a_verdict_is_read_out_when_it_changes_and_not_at_every_key(opened: desk.Opened, editor: User) -> None:
    piece = make.social("x", body="A post that is short enough.")
    page = opened(edit_page(piece), by=editor)
    page.evaluate(
        """() => {
            window.heard = [];
            new MutationObserver(() => heard.push(document.querySelector("#said").textContent))
                .observe(document.querySelector("#said"), {childList: true, characterData: true, subtree: true});
        }"""
    )
    page.locator("#body").press("Control+End")
    page.keyboard.type(" And so on." * 6)
    page.wait_for_timeout(1600)
    assert page.evaluate("heard") == []

    page.keyboard.insert_text(" And on it goes, far too long." * 12)
    expect(page.locator("#said")).to_contain_text("280")

    assert len(page.evaluate("heard")) == 1


def test_the_figure_and_the_rules_it_breaks_stand_apart(opened: desk.Opened, editor: User) -> None:
    page = opened(edit_page(make.social("x")), by=editor)

    page.locator("#body").fill("word " * 80)

    expect(page.locator("#standing a")).to_have_text("1 rule broken")
    figure, broken = (page.locator(f"#standing {part}").bounding_box() for part in (".figure", "a"))
    assert figure
    assert broken
    assert broken["x"] >= figure["x"] + figure["width"] + 4 or broken["y"] >= figure["y"] + figure["height"]


def test_a_desk_that_does_not_answer_shows_no_figures_at_all(opened: desk.Opened, editor: User) -> None:
    piece = make.social("linkedin")
    page = opened(edit_page(piece), by=editor)
    page.route("**/measure/", lambda route: route.abort())

    page.locator("#body").fill("Four words are here.")

    expect(page.locator(".verdict .behind")).to_have_text("Not counted yet")
    expect(page.locator("#standing")).to_be_hidden()
    expect(page.locator("#measured .figure").first).not_to_be_visible()

    page.unroute("**/measure/")
    page.keyboard.type(" And five more words there.")
    expect(page.locator("#standing b")).to_have_text(
        figures(piece, "Four words are here. And five more words there.")[0]
    )
    expect(page.locator(".verdict .behind")).to_be_hidden()


def test_of_two_answers_the_later_question_s_stands(opened: desk.Opened, editor: User) -> None:
    piece = make.social("linkedin")
    page = opened(edit_page(piece), by=editor)
    held: list[Route] = []
    page.route("**/measure/", lambda route: held.append(route) if not held else route.continue_())

    page.locator("#body").fill("One two three.")
    page.wait_for_timeout(400)
    page.locator("#body").fill("One two three four five.")
    expect(page.locator("#standing b")).to_have_text(standing(piece, "One two three four five."))
    assert held

    page.wait_for_timeout(300)
    expect(page.locator("#standing b")).to_have_text(standing(piece, "One two three four five."))


@pytest.mark.parametrize("slug", PASTED)
def test_a_button_copies_exactly_what_is_pasted(opened: desk.Opened, editor: User, slug: str) -> None:
    piece = make.social(slug)
    page = opened(piece.get_absolute_url(), by=editor, permissions=["clipboard-read", "clipboard-write"])

    for copy in piece.on.copies(piece.current.title, piece.current.body):
        page.get_by_role("button", name=copy.label, exact=True).first.click()
        expect(page.get_by_role("status").filter(has_text=f"{copy.label}: done")).to_have_count(1)
        assert page.evaluate("navigator.clipboard.readText()") == copy.text
        expect(page.get_by_role("button", name=copy.label, exact=True).first).to_be_visible()


def test_where_no_page_may_copy_the_text_is_selected_instead(opened: desk.Opened, editor: User) -> None:
    piece = make.social("linkedin")
    page = opened(piece.get_absolute_url(), by=editor)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")

    page.get_by_role("button", name="Copy the post").first.click()

    assert page.evaluate("getSelection().toString()") == piece.current.body
    expect(page.get_by_text("The text is selected: press Control and C.")).to_have_count(1)


def test_without_a_script_everything_is_there_to_read_and_to_copy(opened: desk.Opened, editor: User) -> None:
    piece = make.social("x")
    page = opened(piece.get_absolute_url(), by=editor, java_script_enabled=False)

    expect(page.locator(".thread > li")).to_have_count(3)
    expect(page.locator(".copying > button:visible")).to_have_count(0)
    page.locator(".copying summary").first.click()
    expect(page.locator(".copying textarea").first).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".verdict")).to_contain_text("Copy it and post it on X")

    page.goto(edit_page(piece))
    expect(page.locator("#measured .figure").first).to_be_visible()
    page.locator("#body").fill("One post only.")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_is_found_and_nothing_scrolls_sideways(opened: desk.Opened, editor: User, scheme: str) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitän" * 8

    addresses = [make.social("x").get_absolute_url()]
    for slug in PASTED:
        body = f"{long}\n\n---\n\n{long} #{long}\n\n## Hook\n\nScene: {long}"
        broken = make.social(slug, title=long[:290], body=body)
        addresses += [f"{broken.get_absolute_url()}?marks=clean", edit_page(broken)]
    addresses.append(f"{broken.get_absolute_url()}?marks=changes&panel=preview")

    for width in (320, 1600) if scheme == "light" else (1600,):  # a colour makes nothing wider
        page = opened(addresses[0], by=editor, width=width, color_scheme=scheme)
        for address in addresses:
            page.goto(address)
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, (address, width)
            found = Axe().run(page).response["violations"] if width == 1600 else []
            assert not [(address, fault["id"], fault["nodes"][0]["html"][:120]) for fault in found]


def test_the_whole_of_a_preview_is_reached_by_keyboard(opened: desk.Opened, editor: User) -> None:
    piece = make.social("x")
    page = opened(piece.get_absolute_url(), by=editor, permissions=["clipboard-read", "clipboard-write"])
    labels = {copy.label for copy in piece.on.copies(piece.current.title, piece.current.body)}

    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert labels <= reached
    page.get_by_role("button", name=re.compile("^Copy")).first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(": done, it can be pasted"))).to_have_count(1)
