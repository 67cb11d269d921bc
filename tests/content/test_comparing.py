"""Two versions of a piece beside each other: on its page, through the API, and with who wrote which words kept."""

from __future__ import annotations

import html
import re

import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.errors import Stale
from content.models import AuditEntry, Authorship, Piece, Status, User, Version
from content.models.version import digest
from content.services import authorship, comparing, editing

pytestmark = pytest.mark.django_db

PARAGRAPHS = [
    "Kettles are thrown away early. The reason is the same small part.",
    "Nobody has ever looked at it, because it sits below the base.",
    "Take out three screws, and you will see where the metal bends.",
]
BODY = "\n\n".join(["# A kettle", *PARAGRAPHS])


@pytest.fixture
def editor(client: Client) -> User:
    """An editor who is signed in."""
    person = make.editor(name="Mara Lindqvist")
    client.force_login(person)
    return person


def saved(piece: Piece, body: str, *, by: User, title: str = "") -> Version:
    now = Piece.objects.get(pk=piece.pk)
    return editing.save_edit(now, by=by, based_on=now.current.hash, title=title or now.current.title, body=body)


def long_piece(owner: User, count: int) -> Piece:
    """A piece of so many versions, every second one by its owner, as a program would have written them."""
    piece = make.piece(owner=owner, body=BODY)
    bodies = [f"{BODY}\n\nAnd so it went on, line number {number}." for number in range(2, count + 1)]
    made = Version.objects.bulk_create(
        Version(
            piece=piece, number=number, stage="edit", title=piece.current.title, body=body, by=owner,
            hash=digest(piece.current.title, body), report=piece.current.report, score=piece.current.score,
        )
        for number, body in enumerate(bodies, 2)
    )  # fmt: skip
    Piece.objects.filter(pk=piece.pk).update(current=made[-1], status=Status.EDITED)
    return Piece.objects.get(pk=piece.pk)


def page(client: Client, piece: Piece, query: str = "") -> str:
    response = client.get(f"{piece.get_absolute_url()}{query}")
    assert response.status_code == 200
    return response.content.decode()


def copy(client: Client, piece: Piece) -> str:
    """Who wrote it, as the sheet shows it."""
    return page(client, piece, "?marks=who").split('class="copy"')[1].split('class="verdict"')[0]


def text(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


# --- The page ------------------------------------------------------------------------------------------------


def test_two_versions_stand_side_by_side_each_with_its_own_marks(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "far too soon"), by=editor)

    shown = page(client, piece, "?marks=side").split('class="copy sides"')[1]

    old, new = (
        shown.split("<del>early</del>")[0].rsplit('<div class="old">', 1)[1],
        shown.split("<ins>far too soon</ins>"),
    )
    assert "<ins>" not in old
    assert "<del>early</del>" in new[0]
    assert "<del>" not in new[0].rsplit('<div class="new">', 1)[1]
    assert "Version 1, smollm2:135m" in shown


def test_a_moved_paragraph_is_said_to_have_moved_and_counts_no_word(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, "\n\n".join(["# A kettle", *PARAGRAPHS[1:], PARAGRAPHS[0]]), by=editor)

    shown = page(client, piece, "?panel=changes")

    assert "Moved down, from paragraph 2 to 4" in text(shown)
    assert "+0 words" in text(shown)
    assert f"<del>{PARAGRAPHS[0]}" not in shown
    for end in ("left-1", "came-1"):
        assert f'id="{end}"' in shown
        assert f'href="#{end}"' in shown
    assert "It is now paragraph" in text(page(client, piece, "?marks=side"))


def test_three_comparisons_are_one_click_each_with_their_words_counted(client: Client, editor: User) -> None:
    piece = make.piece(status=Status.PUBLISHED, body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "soon"), by=editor)
    saved(piece, BODY.replace("early", "much too soon"), by=editor)

    shown = page(client, piece, "?panel=changes")

    said = text(shown.split('<ul class="shortcuts"')[1].split("</ul>")[0])
    assert re.search(r"The AI original, what is live \(version 1\) Words put in \+3 , words taken out −1", said)
    assert re.search(r"The one before \(version 2\) Words put in \+2", said)
    assert re.search(r'id="beside-2" href="[^"]*version=3&amp;against=2', shown)


def test_a_comparison_has_an_address_that_stays_the_same_when_more_is_written(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "soon"), by=editor)
    address = client.get(reverse("piece-compare", args=[piece.pk]), {"from": 1, "to": 2})["Location"]
    before = client.get(address).content.decode().split('class="copy"')[1].split('class="verdict"')[0]
    saved(piece, BODY.replace("early", "never"), by=editor)

    after = client.get(address).content.decode().split('class="copy"')[1].split('class="verdict"')[0]

    assert before == after


def test_an_older_version_can_be_marked_against_a_newer_one(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "soon"), by=editor, title="Another title")

    shown = page(client, piece, "?version=1&against=2")

    assert "<del>soon</del><ins" in shown
    assert "<del>Another title</del>" in shown


def test_each_place_of_change_can_take_the_focus(client: Client, editor: User) -> None:
    piece = make.piece(body=f"{BODY}\n\n- one\n- two of them", owner=editor)
    saved(piece, f"{BODY.replace('early', 'soon')}\n\n- one\n- three of them", by=editor, title="Kettles")

    for marks in ("changes", "side"):
        places = re.findall(r"<\w+[^>]* data-place[^>]*>", page(client, piece, f"?marks={marks}"))
        assert len(places) == 3
        assert all('tabindex="-1"' in place and " id=" in place for place in places)


def test_what_is_typed_in_another_way_only_is_said_to_be(client: Client, editor: User) -> None:
    piece = make.piece(body=f"{BODY}\n\n* one\n* two", owner=editor)
    saved(piece, f"{BODY}\n\n- one\n- two", by=editor)

    assert "The words are the same, and how they look." in text(page(client, piece, "?panel=changes"))


def test_text_only_is_remembered_until_it_is_taken_back(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    assert "The idea:" in page(client, piece)

    page(client, piece, "?compact=1")
    assert "The idea:" not in page(client, piece)

    page(client, piece, "?compact=0")
    assert "The idea:" in page(client, piece)


def test_a_revision_by_the_model_is_marked_against_what_it_revised(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    editing.add_version(
        piece, title="A kettle", body=BODY.replace("early", "soon"), stage="revision", model="smollm2:135m"
    )

    shown = page(client, Piece.objects.get(pk=piece.pk))

    assert "<del>early</del>" in shown
    assert "The AI original, the one before (version 1)" in text(page(client, piece, "?panel=changes"))


def test_a_piece_of_200_versions_asks_no_more_queries_than_one_of_three(client: Client, editor: User) -> None:
    few, many = long_piece(editor, 3), long_piece(editor, 200)

    def asked(piece: Piece, query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, piece, query)
        return len(queries)

    for piece in (few, many):
        page(client, piece)  # works out what no program kept
    for query in ("", "?panel=changes", "?panel=history", "?panel=provenance", "?marks=side", "?marks=who"):
        assert asked(many, query) == asked(few, query), query


def test_a_long_history_comes_in_pages_and_opens_where_one_reads(client: Client, editor: User) -> None:
    piece = long_piece(editor, 50)

    first = page(client, piece, "?panel=history")
    far = page(client, piece, "?panel=history&version=30")

    assert re.findall(r'aria-label="Version (\d+)"', first) == [str(number) for number in range(50, 30, -1)]
    assert "Page 2 of 3" in text(far)
    assert 'aria-label="Version 30"' in far
    assert re.search(r'id="history-older" href="[^"]*history=3', far)


# --- Who wrote what ------------------------------------------------------------------------------------------


def test_who_wrote_which_words_is_kept_with_each_version_and_read_from_there(
    client: Client, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "far too soon"), by=editor)
    assert Authorship.objects.filter(version__piece=piece).count() == 2

    monkeypatch.setattr(authorship, "_made_up", None)  # nothing is worked out again
    shown = page(client, piece, "?marks=who")

    assert '<span class="p">far too soon</span>' in shown


@pytest.mark.parametrize("lost", ["all", "the first", "other rules", "another text"])
def test_what_was_kept_can_be_lost_and_is_made_again(client: Client, editor: User, lost: str) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "far too soon"), by=make.editor(name="Tomás"))
    saved(piece, BODY.replace("early", "far too soon").replace("small", "tiny"), by=editor)
    whole = copy(client, piece)
    rows = Authorship.objects.filter(version__piece=piece).order_by("version__number")
    kept = [row.lines for row in rows]

    if lost == "all":
        rows.delete()
    elif lost == "the first":
        rows[0].delete()
    elif lost == "other rules":
        rows.update(revision=authorship.REVISION + 1)
    else:
        rows.update(lines=[["0", [1, 1]]])
    again = copy(client, piece)
    saved(piece, f"{BODY}\n\nMore.", by=editor)
    page(client, piece, "?marks=who")

    assert again == whole
    assert [row.lines for row in rows.all()][:3] == kept


def test_a_person_who_is_renamed_is_named_so_in_every_version(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, BODY.replace("early", "soon"), by=editor)

    User.objects.filter(pk=editor.pk).update(name="Mara Berg")

    assert 'title="Mara Berg"' in page(client, piece, "?marks=who")


def test_an_authors_share_is_of_the_words_that_stand(editor: User) -> None:
    piece = make.piece(body="one two three", owner=editor)
    version = saved(piece, "one two three four", by=editor)

    assert [(author.name, share) for author, share in comparing.shares(version, comparing.authors(piece.versions.all()))] == [
        ("smollm2:135m", 75.0),
        ("Mara Lindqvist", 25.0),
    ]  # fmt: skip


# --- The API -------------------------------------------------------------------------------------------------


def test_the_api_tells_blocks_spans_authors_and_moves(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    tomas = make.editor(name="Tomás")
    second = saved(piece, BODY.replace("early", "soon"), by=tomas)
    moved = ["# A kettle", *PARAGRAPHS[1:], PARAGRAPHS[0].replace("early", "soon").replace("small", "tiny")]
    third = saved(piece, "\n\n".join(moved), by=editor)

    found = client.get(f"/api/v1/content/{piece.pk}/diff/", {"from": 2, "to": 3}).json()

    left, came = (block for block in found["blocks"] if block["moved"])
    assert left["moved"] == came["moved"] == {"number": 1, "from": 2, "to": 4}
    assert {span["op"] for span in left["spans"]} == {"del"}
    assert {
        "op": "ins",
        "text": "tiny",
        "author": {"kind": "person", "name": "Mara Lindqvist"},
        "moved": False,
    } in came["spans"]
    assert {"op": "ins", "text": "soon", "author": {"kind": "person", "name": "Tomás"}, "moved": True} in came["spans"]
    assert (found["added"], found["removed"]) == (1, 1)
    sides = {op: "".join(s["text"] for s in found["exact"] if s["op"] != op) for op in ("ins", "del")}
    assert sides == {"ins": second.body, "del": third.body}


def test_an_older_text_can_be_restored_and_then_differs_in_nothing(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    saved(piece, f"{BODY}\n\nMore.", by=editor)
    newest = saved(piece, f"{BODY}\n\nMuch more.", by=editor)

    answer = client.post(
        f"/api/v1/content/{piece.pk}/versions/1/restore/",
        {"version_hash": newest.hash},
        content_type="application/json",
    )
    found = client.get(f"/api/v1/content/{piece.pk}/diff/", {"from": 1, "to": 4}).json()

    assert answer.status_code == 201
    assert (found["added"], found["removed"], found["places"]) == (0, 0, 0)
    assert {span["op"] for span in found["exact"]} == {"keep"}


def test_a_stale_save_answers_409_with_the_difference_and_the_trail_is_told(client: Client, editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)
    old = piece.current.hash
    saved(piece, BODY.replace("early", "soon"), by=make.editor(name="Tomás"))

    answer = client.put(
        f"/api/v1/content/{piece.pk}/",
        {"version_hash": old, "content_text": BODY.replace("early", "late")},
        content_type="application/json",
    )

    assert answer.status_code == 409
    said = answer.json()
    spans = [span for block in said["difference"] for span in block["spans"] if span["op"] != "keep"]
    assert [(span["op"], span["text"], span["author"]["name"]) for span in spans] == [
        ("del", "soon", "Tomás"),
        ("ins", "late", "Mara Lindqvist"),
    ]
    entry = AuditEntry.objects.get(event="edit.refused")
    assert (entry.actor, entry.object_id) == (editor, piece.pk)
    assert entry.data == {"code": "stale", "based_on": old, "newest": 2}


def test_a_refused_save_leaves_its_line_and_nothing_else(editor: User) -> None:
    piece = make.piece(body=BODY, owner=editor)

    with pytest.raises(Stale):
        editing.save_edit(piece, by=editor, based_on="0" * 64, title="Mine", body="Mine.")

    assert piece.versions.count() == 1
    assert AuditEntry.objects.filter(event="edit.refused", data__based_on="0" * 64).count() == 1
