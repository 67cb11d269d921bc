"""The piece page and the review list, through the client: what is shown, to whom, and what a form does."""

from __future__ import annotations

import html
import re

import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.models import Approval, Decision, Piece, Status, User, Verdict, Version
from content.services import editing, review
from content.templatetags import marks

pytestmark = pytest.mark.django_db

OPENING = "# A kettle that lasts twenty years\n\n"
BY_MODEL = (
    f"{OPENING}Kettles are thrown away early. The reason is the same small part.\n\n## The part\n\nIt sits below.\n"
)


@pytest.fixture
def editor(client: Client) -> User:
    """An editor who is signed in."""
    person = make.editor(name="Mara Lindqvist")
    client.force_login(person)
    return person


def page(client: Client, piece: Piece, query: str = "") -> str:
    response = client.get(f"{piece.get_absolute_url()}{query}")
    assert response.status_code == 200
    return response.content.decode()


def text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


def decide(client: Client, version: Version, verdict: str, feedback: str = ""):
    address = reverse("piece-decide", args=[version.piece_id])
    return client.post(address, {"version_hash": version.hash, "verdict": verdict, "feedback": feedback})


def save(client: Client, piece: Piece, body: str, *, based_on: str, title: str = "A kettle", titled: str = ""):
    fields = {"version_hash": based_on, "title": title, "body": body, "titled": titled}
    return client.post(reverse("piece-edit", args=[piece.pk]), fields)


def edited(by: User, *swaps: tuple[str, str]) -> Piece:
    """A piece whose model's text a person changed."""
    piece = make.piece(body=BY_MODEL, owner=by)
    body = BY_MODEL
    for old, new in swaps:
        body = body.replace(old, new)
    editing.save_edit(piece, by=by, based_on=piece.current.hash, title=piece.current.title, body=body)
    return Piece.objects.get(pk=piece.pk)


# --- Reading -------------------------------------------------------------------------------------------------


def test_what_a_person_changed_is_struck_and_put_in_beside_their_name(client: Client, editor: User) -> None:
    piece = edited(make.creator(name="Tomás Okafor"), ("thrown away early", "mended too rarely"))

    shown = page(client, piece)

    assert "<del>thrown away early</del>" in shown
    assert "<ins>mended too rarely</ins>" in shown
    assert '<span class="who" data-by="person" title="Tomás Okafor">Tomás</span>' in shown
    assert "Version 2 by Tomás Okafor" in text(shown)


def test_who_wrote_it_marks_every_word_and_strikes_none(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "far too soon"))

    shown = page(client, piece, "?marks=who")

    copy = shown[shown.index('class="copy"') :]
    assert '<span class="p">far too soon</span>' in copy
    assert '<span class="m">Kettles are thrown away ' in copy
    assert "<del>" not in copy


def test_a_clean_text_has_no_marks_at_all(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "far too soon"))

    copy = page(client, piece, "?marks=clean").split('class="copy"')[1].split('class="verdict"')[0]

    assert "far too soon" in copy
    assert not re.search(r"<(ins|del|mark)\b", copy)


def test_any_two_versions_can_be_compared_and_the_words_are_counted(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "soon"))
    editing.save_edit(
        piece, by=editor, based_on=piece.current.hash, title=piece.title, body=f"{piece.current.body}\n\nTwo words.\n"
    )

    response = client.get(reverse("piece-compare", args=[piece.pk]), {"from": 2, "to": 3}, follow=True)

    assert "+2 , words taken out −0 words" in text(response.content.decode())


def test_the_list_of_changes_names_each_place(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "soon"), ("It sits below.", "It sits below. Take out the screws."))

    said = text(page(client, piece, "?panel=changes"))

    assert "“early” became “soon”" in said
    assert "Put in “Take out the screws.”" in said
    assert "2 places" in said


def test_a_new_title_is_marked_above_the_text(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    editing.save_edit(piece, by=editor, based_on=piece.current.hash, title="A kettle for life", body=BY_MODEL)

    heading = re.search(r'<h1 id="t"[^>]*>(.*?)</h1>', page(client, piece))

    assert heading
    assert "<ins>for life</ins>" in heading[1]
    assert "<del>" in heading[1]


def test_claims_without_a_source_are_marked_and_lead_to_the_checks(client: Client, editor: User) -> None:
    piece = make.piece(body=f"{BY_MODEL}\nIn 2019 a study found that 84 % of kettles still boil.\n")

    shown = page(client, piece, "?panel=history")

    assert "<mark>84 %</mark>" in shown
    assert re.search(r'<a href="[^"]*panel=checks#check-claims">No source: 84 %</a>', shown)


@pytest.mark.parametrize("status", [s for s in Status if s != Status.WRITING])
def test_every_panel_opens_in_every_status(client: Client, editor: User, status: str) -> None:
    piece = make.piece(status=status)

    for panel in ("preview", "changes", "checks", "history", "provenance", "nonsense"):
        assert piece.current.title in text(page(client, piece, f"?panel={panel}"))


def test_the_checks_show_points_and_sentences(client: Client, editor: User) -> None:
    piece = make.piece(body=f"{BY_MODEL}\nIt saves £410 a year.\n")

    said = text(page(client, piece))

    report = piece.current.checks
    assert f"{report.score:.1f} of 10, passes at 7.0" in said
    for finding in report.findings:
        assert finding.message in said


def test_the_history_lists_versions_decisions_and_why(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    review.request_changes(piece.current, by=make.editor(name="Ines Duarte"), feedback="Lose the brochure voice.")

    said = text(page(client, piece, "?panel=history"))

    assert f"{piece.current.hash[:4]} {piece.current.hash[4:8]}" in said
    assert "Changes requested on version 1 by Ines Duarte" in said
    assert "“Lose the brochure voice.”" in said


def test_provenance_shows_how_the_text_was_generated(client: Client, editor: User) -> None:
    call = {
        "provider": "ollama",
        "digest": "sha256:46e0",
        "options": {"seed": 418204},
        "tokens_in": 4118,
        "tokens_out": 2206,
    }
    piece = make.piece()
    make.version(piece=piece, body=BY_MODEL, record={"calls": [{**call, "seconds": 52.6}, {**call, "seconds": 10}]})

    said = text(page(client, Piece.objects.get(pk=piece.pk), "?panel=provenance"))

    assert "smollm2:135m 100 %" in said
    assert "418204" in said
    assert "8,236 in, 4,412 out" in said
    assert "62.6" in said


def test_an_older_version_can_be_read_but_not_decided_on(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "soon"))

    shown = page(client, piece, "?version=1")

    assert "Decisions are made on version 2" in text(shown)
    assert 'name="verdict"' not in shown


def test_a_version_that_is_not_there_is_not_found(client: Client, editor: User) -> None:
    piece = make.piece()

    for query in ("?version=9", "?version=x", "?against=9"):
        assert client.get(f"{piece.get_absolute_url()}{query}").status_code == 404


def test_a_piece_that_is_being_written_says_so_and_leads_to_its_task(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.WRITING)

    shown = page(client, piece)

    assert "There is no text yet" in shown
    assert f"{reverse('tasks')}?piece={piece.pk}" in shown


def test_a_stage_on_the_way_can_be_read_but_not_decided_on(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.WRITING)
    make.version(piece=piece, body=BY_MODEL)

    shown = page(client, piece)

    assert "It is being written." in shown
    assert 'name="verdict"' not in shown


def test_what_people_typed_is_shown_as_text(client: Client, editor: User) -> None:
    script = "<script>alert(1)</script>"
    piece = make.piece(title=script, body=f"# {script}\n\nRead {script} and [this](javascript:alert(2)) <img src=x>.\n")
    review.reject(piece.current, by=editor, feedback=script)

    for panel in ("preview", "changes", "checks", "history", "provenance"):
        shown = page(client, piece, f"?panel={panel}")
        assert script not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert 'href="javascript' not in shown
        assert "<img src=x" not in shown


# --- Marks ---------------------------------------------------------------------------------------------------


def drawn(old: str, new: str, **options) -> str:
    from content.services import diffing

    return "".join(graf.html for graf in marks.grafs(diffing.compare(old, new), **options))


def test_markdown_inside_a_change_is_drawn_and_stays_well_nested() -> None:
    shown = drawn("Measure on the **coldest week** of all.", "Measure on the **dampest week** of all.")

    assert "<strong><del>coldest</del><ins>dampest</ins> week</strong>" in shown


def test_a_change_that_markdown_would_hide_shows_its_source() -> None:
    assert "<ins>**</ins>" in drawn("Wait for the cold week in February.", "Wait for **the cold week in** February.")
    assert "[it](https://<del>a</del><ins>b</ins>.example/x)" in drawn(
        "See [it](https://a.example/x).", "See [it](https://b.example/x)."
    )


def test_one_insertion_has_one_caret_however_many_tags_run_through_it() -> None:
    shown = drawn("The end is near here.", "The end is, **as they say**, near here.")

    assert shown.count("<ins>") == 1
    assert 'class="on"' in shown


def test_a_changed_table_is_still_a_table() -> None:
    table = "| What | Cost |\n| --- | --- |\n| Gas | £{} |\n| Pump | £951 |"

    shown = drawn(table.format("1,022"), table.format("1,040"))

    assert re.search(r"<td>£1,(<del>022</del><ins>040</ins>|.*<ins>040</ins>)</td>", shown)
    assert shown.count("<tr>") == 3


def test_a_quotation_that_runs_over_markdown_is_marked_on_both_sides() -> None:
    body = "It was **£410 the** pair, fitted."

    shown = drawn(body, body, quotes=["£410 the** pair"])

    assert "<strong><mark>£410 the</mark></strong><mark> pair</mark>" in shown


# --- Deciding ------------------------------------------------------------------------------------------------


def test_a_plain_form_approves_exactly_what_was_read(client: Client, editor: User) -> None:
    piece = make.piece()

    response = decide(client, piece.current, Verdict.APPROVED)

    assert response.status_code == 302
    decision = Decision.objects.get(piece=piece)
    assert (decision.version_hash, decision.by) == (piece.current.hash, editor)
    assert "is approved. It is ready to publish." in page(client, piece)


def test_rejecting_without_a_reason_is_refused_where_it_stands(client: Client, editor: User) -> None:
    piece = make.piece()

    response = decide(client, piece.current, Verdict.REJECTED, "  ")

    assert response.status_code == 400
    assert "Say why: feedback is needed unless you approve." in response.content.decode()
    assert not Decision.objects.exists()


def test_a_verdict_on_an_older_version_is_refused_and_keeps_the_words(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    read = piece.current
    editing.save_edit(piece, by=make.editor(), based_on=read.hash, title=read.title, body=f"{BY_MODEL}\nMore.\n")

    response = decide(client, read, Verdict.CHANGES_REQUESTED, "Where is the price from?")

    shown = response.content.decode()
    assert response.status_code == 409
    assert "You read version 1, but version 2" in shown
    assert "Where is the price from?</textarea>" in shown
    assert "?against=1" in shown


def test_the_second_of_two_is_told_who_was_first_and_keeps_the_words(client: Client, editor: User) -> None:
    piece = make.piece()
    review.approve(piece.current, by=make.editor(name="Ines Duarte"))

    response = decide(client, piece.current, Verdict.REJECTED, "Off topic.")

    assert response.status_code == 409
    assert "Already approved by Ines Duarte." in response.content.decode()
    assert "Off topic.</textarea>" in response.content.decode()


def test_a_hash_of_another_piece_decides_nothing(client: Client, editor: User) -> None:
    mine, other = make.piece(), make.piece(body=BY_MODEL)
    fields = {"version_hash": other.current.hash, "verdict": "approved"}

    response = client.post(reverse("piece-decide", args=[mine.pk]), fields)

    assert response.status_code == 409
    assert not Decision.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"verdict": "burn"}, {"verdict": "approved"}, {"version_hash": "\x00"}])
def test_a_broken_form_is_refused_and_not_an_error(client: Client, editor: User, fields: dict[str, str]) -> None:
    response = client.post(reverse("piece-decide", args=[make.piece().pk]), fields)

    assert response.status_code in {400, 409}


def test_an_approval_can_be_taken_back(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.READY)
    assert 'value="revoked"' in page(client, piece)

    decide(client, piece.current, Verdict.REVOKED)

    piece.refresh_from_db()
    assert piece.approval == Approval.PENDING
    assert 'value="approved"' in page(client, piece)


def test_an_approved_piece_offers_publishing_and_a_public_one_unpublishing(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.READY)
    assert reverse("piece-publish", args=[piece.pk]) in page(client, piece)

    client.post(reverse("piece-publish", args=[piece.pk]), {"version_hash": piece.current.hash, "picture": "none"})

    shown = page(client, piece)
    assert "/posts/" in shown
    assert reverse("piece-unpublish", args=[piece.pk]) in shown

    client.post(reverse("piece-unpublish", args=[piece.pk]))
    assert "is off the public site" in page(client, piece)


def test_publishing_another_text_than_the_one_read_is_refused(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.READY)

    client.post(reverse("piece-publish", args=[piece.pk]), {"version_hash": "0" * 64, "picture": "none"})

    piece.refresh_from_db()
    assert piece.status == Status.READY
    assert "Not published. There is a newer text" in page(client, piece)


def test_a_creator_reads_their_own_piece_and_decides_on_none(client: Client) -> None:
    owner = make.creator()
    client.force_login(owner)
    mine, others = make.piece(owner=owner), make.piece()

    assert 'name="verdict"' not in page(client, mine)
    assert decide(client, mine.current, Verdict.APPROVED).status_code == 403
    for name in ("piece", "piece-edit", "piece-decide", "piece-restore", "piece-compare"):
        assert client.get(reverse(name, args=[others.pk])).status_code == 404
    assert not Decision.objects.exists()


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    piece = make.piece()

    for address in (reverse("review"), piece.get_absolute_url(), reverse("piece-edit", args=[piece.pk])):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("signin"))


def test_every_form_that_changes_something_needs_its_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make.editor())
    piece = make.piece()

    for name in ("piece-decide", "piece-restore", "piece-edit", "piece-publish", "piece-unpublish"):
        assert strict.post(reverse(name, args=[piece.pk]), {"verdict": "approved"}).status_code == 403


# --- Editing -------------------------------------------------------------------------------------------------


def test_the_editor_holds_the_text_without_its_title_and_puts_it_back(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    shown = client.get(reverse("piece-edit", args=[piece.pk])).content.decode()
    assert 'name="titled" value="1"' in shown

    save(client, piece, "A new text.", based_on=piece.current.hash, title="Kettles, mended", titled="1")

    piece.refresh_from_db()
    assert piece.current.title == "Kettles, mended"
    assert piece.current.body == "# Kettles, mended\n\nA new text."
    assert piece.current.by == editor


def test_saving_the_form_as_it_came_makes_no_version(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)

    save(
        client,
        piece,
        BY_MODEL.removeprefix(OPENING),
        based_on=piece.current.hash,
        title=piece.current.title,
        titled="1",
    )

    assert piece.versions.count() == 1


def test_a_stale_save_shows_the_difference_and_loses_neither_text(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)
    started_from = piece.current.hash
    theirs = BY_MODEL.replace("early", "every single year")
    editing.save_edit(piece, by=make.editor(name="Tomás"), based_on=started_from, title="T", body=theirs)

    response = save(client, piece, BY_MODEL.replace("early", "by lunchtime"), based_on=started_from)

    shown = response.content.decode()
    piece.refresh_from_db()
    assert response.status_code == 409
    assert "Tomás saved version 2 while you were writing." in shown
    assert "<del>every single year</del><ins>by lunchtime</ins>" in shown
    assert "thrown away by lunchtime." in shown.split('id="body"')[1]
    assert "every single year" in shown.split('id="theirs"')[1]
    assert piece.versions.count() == 2

    again = save(client, piece, BY_MODEL.replace("early", "by lunchtime"), based_on=piece.current.hash)
    assert again.status_code == 302
    assert piece.versions.count() == 3


def test_what_cannot_be_saved_stays_in_the_form(client: Client, editor: User) -> None:
    piece = make.piece(body=BY_MODEL)

    response = save(client, piece, "Words I would not lose.", based_on=piece.current.hash, title=" ")

    assert response.status_code == 400
    assert "Words I would not lose." in response.content.decode()
    assert "A piece needs a title." in response.content.decode()


def test_an_edit_voids_the_approval_and_what_is_public_stays(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.PUBLISHED)

    save(client, piece, "Another text.", based_on=piece.current.hash, title="Another title")

    piece.refresh_from_db()
    assert (piece.status, piece.approval) == (Status.EDITED, Approval.PENDING)
    assert "Version 1 stays public until a newer one is approved and published." in page(client, piece)
    assert piece.post.title != "Another title"


def test_restoring_makes_a_new_version_of_the_old_text(client: Client, editor: User) -> None:
    piece = edited(editor, ("early", "soon"))
    fields = {"number": 1, "version_hash": piece.current.hash}

    client.post(reverse("piece-restore", args=[piece.pk]), fields)

    piece.refresh_from_db()
    assert piece.current.number == 3
    assert piece.current.body.strip() == BY_MODEL.strip()
    assert client.post(reverse("piece-restore", args=[piece.pk]), {"number": "x"}).status_code == 404


# --- The list ------------------------------------------------------------------------------------------------


def test_the_review_list_has_what_waits_longest_first(client: Client, editor: User) -> None:
    first, second = make.piece(title="The older one"), make.piece(title="The newer one")
    make.piece(status=Status.READY, title="Decided already")

    shown = client.get(reverse("review")).content.decode()

    assert "<h1>Two to read</h1>" in shown
    assert shown.index(first.get_absolute_url()) < shown.index(second.get_absolute_url())
    assert "Decided already" not in shown


def test_the_review_list_can_show_each_status_with_its_count(client: Client, editor: User) -> None:
    make.piece(status=Status.READY)
    make.piece(status=Status.READY)

    shown = client.get(reverse("review"), {"status": "ready"}).content.decode()

    assert "<h1>Two ready</h1>" in shown
    assert re.search(r'aria-current="page">Ready <span class="n">2</span>', shown)


def test_an_empty_list_says_why_and_what_to_do(client: Client, editor: User) -> None:
    assert "Nothing has been written yet." in client.get(reverse("review")).content.decode()

    make.piece(status=Status.REJECTED)

    assert "Every piece has its decision." in client.get(reverse("review")).content.decode()


def test_the_list_names_what_the_checks_found(client: Client, editor: User) -> None:
    make.piece(body=f"{make.BODY}\nIt saves £410 a year, and 84 % of kettles still boil.\n")

    assert "2 unsourced" in client.get(reverse("review")).content.decode()


def test_the_list_asks_no_more_queries_the_longer_it_is(client: Client, editor: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("review"))
        return len(queries)

    make.piece(body=BY_MODEL)
    short = asked()
    for _ in range(6):
        make.piece(body=BY_MODEL)

    assert asked() == short
