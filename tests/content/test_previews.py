"""What the desk says of a text while it is typed, how it will look where it goes, and what is copied from there."""

from __future__ import annotations

import html
import re
import time

import make
import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from strange_texts import texts

from content import platforms
from content.models import AuditEntry, Piece, User, Version
from content.platforms import Measure
from content.services import editing
from content.views.measuring import WIDTH, Measured, Scale

pytestmark = pytest.mark.django_db

PLATFORMS = sorted(platforms.ALL)
PASTED = [slug for slug in PLATFORMS if not platforms.get(slug).public]


@pytest.fixture
def editor(client: Client) -> User:
    editor = make.editor(name="Mara Lindqvist")
    client.force_login(editor)
    return editor


def written(slug: str, **fields) -> Piece:
    """A generated piece of that platform."""
    return make.piece(**fields) if platforms.get(slug).public else make.social(slug, **fields)


def typed(client: Client, piece: Piece, body: str, title: str = "A name"):
    return client.post(reverse("piece-measure", args=[piece.pk]), {"title": title, "body": body})


def page(client: Client, piece: Piece, query: str = "") -> str:
    return client.get(piece.get_absolute_url() + query).content.decode()


def shown(fragment: str) -> tuple[dict[str, str], list[str]]:
    """The figures by their measures' names, and the broken rules, as a reader sees them."""
    figures = re.findall(r'<li data-measure="([^"]*)".*?<b>(.*?)</b>', fragment)
    faults = re.search(r'<ul class="faults".*?</ul>', fragment, re.S)
    found = re.findall(r'<span class="wraps">(.*?)</span>', faults[0], re.S) if faults else []
    return {name: html.unescape(value) for name, value in figures}, [html.unescape(fault) for fault in found]


def figure(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,.1f}"


def expected(piece: Piece, title: str, body: str) -> tuple[dict[str, str], list[str]]:
    """The same from the checks' own code, on the text as it would be stored."""
    title, body = editing.tidied(piece, title, body)
    measures = piece.on.measures(title, body, piece.asked)
    return {m.name: figure(m.value) for m in measures}, piece.on.faults(title, body, piece.asked)


# --- While one types -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", PLATFORMS)
def test_the_figures_while_one_types_are_those_of_the_checks(client: Client, editor: User, slug: str) -> None:
    piece = written(slug)

    for body in [piece.current.body, *texts(70, seed=len(slug))]:
        response = typed(client, piece, body)

        assert response.status_code == 200
        figures, faults = shown(response.content.decode())
        wanted, broken = expected(piece, "A name", body)
        assert (figures, faults) == (wanted, broken), body


def test_they_agree_on_ten_thousand_generated_texts(editor: User) -> None:
    pieces = [Piece.objects.select_related("owner").get(pk=written(slug).pk) for slug in PLATFORMS]

    for at, body in enumerate(texts(10_000)):
        piece = pieces[at % len(pieces)]
        title, tidy = editing.tidied(piece, "A name", body)
        fragment = render_to_string("content/_answer.html", {"measured": Measured(piece, title, tidy)})
        assert shown(fragment) == expected(piece, "A name", body), body


@pytest.mark.parametrize("slug", PASTED)
def test_what_is_said_while_one_types_is_what_the_check_says_once_it_is_saved(
    client: Client, editor: User, slug: str
) -> None:
    piece = make.social(slug)

    for body in texts(12, seed=11):
        if not editing.tidied(piece, "", body)[1]:
            continue
        _, faults = shown(typed(client, piece, body).content.decode())
        version = editing.save_edit(piece, by=editor, based_on=piece.current.hash, title="A name", body=body)
        (rules,) = [finding for finding in version.checks.findings if finding.name == "rules"]
        assert (rules.level == "fail") == bool(faults)
        assert not faults or rules.message == " ".join(faults)


def test_a_measurement_keeps_nothing_and_leaves_no_trail(client: Client, editor: User) -> None:
    piece = make.social("x")
    before = (Version.objects.count(), AuditEntry.objects.count(), piece.updated_at)

    typed(client, piece, "Something else entirely.")

    piece.refresh_from_db()
    assert (Version.objects.count(), AuditEntry.objects.count(), piece.updated_at) == before


def test_only_who_may_write_is_answered(client: Client) -> None:
    piece = make.social("linkedin")
    assert typed(client, piece, "x").status_code == 302

    client.force_login(make.creator())
    assert typed(client, piece, "x").status_code == 404

    client.force_login(piece.owner)
    assert typed(client, piece, "x").status_code == 200
    assert client.get(reverse("piece-measure", args=[piece.pk])).status_code == 405


def test_a_measurement_needs_the_token_of_its_form() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make.editor())

    assert typed(strict, make.social("x"), "x").status_code == 403


def test_a_text_too_long_to_be_saved_is_not_counted_and_one_too_large_is_not_read(client: Client, editor: User) -> None:
    piece = make.social("x")

    assert "Too long to be saved" in typed(client, piece, "x" * (editing.MAX_BODY + 1)).content.decode()
    assert typed(client, piece, "x" * 1_100_000).status_code == 413


@pytest.mark.parametrize("slug", PLATFORMS)
def test_an_answer_comes_while_the_next_key_is_pressed(client: Client, editor: User, slug: str) -> None:
    piece = written(slug)
    taken = []
    for n in range(15):
        body = f"{piece.current.body}\n\nOne more line, number {n}."
        start = time.perf_counter()
        typed(client, piece, body)
        taken.append(time.perf_counter() - start)

    assert sorted(taken)[len(taken) // 2] < 0.15  # some 10 ms on a quiet machine; this one may be shared


def test_where_no_length_was_asked_for_none_is_shown(client: Client, editor: User) -> None:
    for nothing in ({}, {"word_count": None}, {"word_count": 0}):
        piece = make.piece(ask=nothing)
        edit = client.get(reverse("piece-edit", args=[piece.pk])).content.decode()

        standing = re.search(r'id="standing".*?</p>', edit, re.S)
        assert standing
        assert re.sub(r"<[^>]*>", "", standing[0].split(">", 1)[1]).strip() == f"{piece.current.words} words"


def test_what_was_asked_is_beside_the_figure_and_how_much_is_missing(client: Client, editor: User) -> None:
    piece = make.piece(ask={"word_count": 200, "tolerance": 10})

    fragment = typed(client, piece, "# One\n\nThree words only.").content.decode()

    assert "<b>4</b> of 180 to 220 words, <strong>176 too few</strong>" in fragment


# --- Scales --------------------------------------------------------------------------------------------------


def test_a_scale_says_its_limits_and_by_how_much_it_is_out_of_them() -> None:
    def says(value: float, low: float | None = None, high: float | None = None) -> str:
        scale = Scale(Measure("m", "M", value, low, high, "seconds"))
        return f"{scale.value} {scale.rest} {scale.off}".strip()

    assert says(214, 150, 300) == "214 of 150 to 300 seconds"
    assert says(283, None, 280) == "283 of 280 seconds 3 too many"
    assert says(2, 3) == "2 seconds, at least 3 1 too few"
    assert says(1512) == "1,512 seconds"
    assert says(60.04, 15, 60) == "60.04 of 15 to 60 seconds 0.04 too many"
    assert says(41.66, 15, 60) == "41.7 of 15 to 60 seconds"


def test_a_scale_never_leaves_its_line() -> None:
    for value in (0, 1, 150, 299, 300, 100_000, -5):
        for low, high in ((None, None), (150, 300), (None, 280), (3, None), (0, 5), (0, 0)):
            scale = Scale(Measure("m", "M", value, low, high))
            assert 0 <= scale.bar <= WIDTH
            assert all(0 <= notch <= WIDTH for notch in scale.notches)


# --- How it will look ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", PASTED)
def test_a_piece_to_paste_is_read_as_it_will_stand_there(client: Client, editor: User, slug: str) -> None:
    piece = make.social(slug)

    read = page(client, piece)

    assert 'aria-current="true">As posted</a>' in read
    assert 'class="native' in read
    assert piece.owner.byline in read


def test_a_platform_without_a_preview_of_its_own_is_shown_plainly(
    client: Client, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = make.social("linkedin")
    monkeypatch.setattr(type(piece.on), "preview", "")

    read = page(client, piece)

    assert 'class="native plain"' in read
    assert '<span class="tag">#insulation</span>' in read
    assert "<span>Copy the post</span>" in read


@pytest.mark.parametrize("slug", PASTED)
def test_once_a_person_changed_it_the_change_is_what_is_read_first(client: Client, editor: User, slug: str) -> None:
    piece = make.social(slug)
    body = re.sub(r"\binstaller\b|\bpays\b|\bchecklist\b", "plumber", piece.current.body)
    editing.save_edit(piece, by=editor, based_on=piece.current.hash, title="A name", body=body)

    read = page(client, piece)

    assert 'aria-current="true">Changes</a>' in read
    assert "<ins>plumber</ins>" in read
    assert 'class="native' in page(client, piece, "?panel=preview")
    assert 'class="native' in page(client, piece, "?marks=clean")


def test_the_marks_of_a_pasted_text_show_its_signs_and_lines(client: Client, editor: User) -> None:
    body = "A line with *stars* and under_scores_\n---\n#one [two](three)"
    piece = make.social("linkedin", body=body)

    read = page(client, piece, "?marks=changes")

    stored = html.escape(piece.current.body, quote=True)
    assert stored.split("\n")[0] in read
    assert "#one [two](three)" in read
    assert "<h2>" not in re.search(r'<div class="copy".*?</article>', read, re.S)[0].split("verdict")[0]


@pytest.mark.parametrize("slug", PLATFORMS)
def test_every_text_to_copy_stands_in_the_page_exactly(client: Client, editor: User, slug: str) -> None:
    piece = written(slug)

    read = page(client, piece, "?panel=preview")

    texts = [html.unescape(text) for text in re.findall(r"<textarea readonly[^>]*>\n(.*?)</textarea>", read, re.S)]
    wanted = piece.on.copies(piece.current.title, piece.current.body)
    assert wanted
    for copy in wanted:
        assert copy.text in texts
        assert f"<span>{copy.label}</span>" in read


@pytest.mark.parametrize("slug", PASTED)
def test_strange_texts_neither_break_a_preview_nor_run_in_it(client: Client, editor: User, slug: str) -> None:
    piece = make.social(slug)

    for body in ["<script>alert(1)</script>", "", "\n\n---\n\n---\n\n", *texts(40, seed=23)]:
        fragment = typed(client, piece, body, title="<script>alert(1)</script>").content.decode()
        assert "<script" not in fragment
        assert "<b>&amp;" not in fragment
        assert " style=" not in fragment


def test_tabs_lead_to_all_pieces_of_the_idea_each_with_its_figure(client: Client, editor: User) -> None:
    first = make.social("linkedin")
    others = [make.social(slug, idea=first.idea, owner=first.owner) for slug in PASTED if slug != "linkedin"]
    Piece.objects.create(idea=first.idea, platform="blog", owner=first.owner, title=first.title)

    tabs = re.search(r'aria-label="Platforms of this idea">(.*?)</nav>', page(client, first), re.S)[1]

    for piece in (first, *others):
        assert piece.get_absolute_url() in tabs
        assert f'<span class="n">{piece.current.facts["says"]}</span>' in tabs
    assert "not written yet" in tabs


def test_the_name_of_a_pasted_piece_is_said_to_stay_at_the_desk(client: Client, editor: User) -> None:
    for slug in PLATFORMS:
        edit = client.get(reverse("piece-edit", args=[written(slug).pk])).content.decode()
        assert ("It does not go out with the text." in edit) == (not platforms.get(slug).titled)
        assert platforms.get(slug).hint in html.unescape(edit)


def test_an_approved_piece_to_paste_offers_its_text_and_no_publishing(client: Client, editor: User) -> None:
    piece = make.social("linkedin")
    client.post(reverse("piece-decide", args=[piece.pk]), {"version_hash": piece.current.hash, "verdict": "approved"})

    bar = page(client, piece).split('id="verdict"')[1]

    assert "Copy it and post it on LinkedIn" in bar
    assert "data-copies" in bar
    assert reverse("piece-publish", args=[piece.pk]) not in bar
