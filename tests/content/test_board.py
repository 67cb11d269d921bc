"""The board: what it shows under which filters, and many pieces moved at once by the rules that hold for one."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from content import platforms
from content.errors import Invalid, InvalidMove
from content.models import AuditEntry, Decision, Piece, Status, User
from content.models.piece import ROAD
from content.services import bulk, editing, ideas, review
from content.views.board import A_LANE, A_PAGE

pytestmark = pytest.mark.django_db

BOARD = "/desk/board/"
MOVE = "/desk/board/move/"


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara Lindqvist")


@pytest.fixture
def desk(client: Client, mara: User) -> Client:
    """The desk as Mara sees it."""
    client.force_login(mara)
    return client


def titles(page: Any) -> list[str]:
    """The titles of the cards, in their order."""
    return re.findall(r'<h3><a [^>]*id="card-\d+">([^<]*)</a>', page.content.decode())


def copies(piece: Piece, count: int, *, minutes: int = 1) -> list[Piece]:
    """So many more like it, each moved `minutes` before the one before."""
    made = []
    for at in range(1, count + 1):
        idea = make.idea(owner=piece.owner, title=f"Copy {at}")
        made.append(
            Piece.objects.create(
                idea=idea, platform=piece.platform, owner=piece.owner, title=f"Copy {at}",
                status=piece.status, approval=piece.approval, current=piece.current,
            )
        )  # fmt: skip
        moved = piece.updated_at - timedelta(minutes=minutes * at)
        Piece.objects.filter(pk=made[-1].pk).update(updated_at=moved)
    return made


def newest(piece: Piece) -> Any:
    return piece.versions.latest("number")


# --- What is shown ---------------------------------------------------------------------------------------------------


def test_every_status_of_the_road_has_a_tab_with_its_count_and_a_lane(desk: Client) -> None:
    for status in ROAD:
        make.piece(status=status, title=f"One that is {status}")
    make.piece(status=Status.WRITING)

    page = desk.get(BOARD)

    assert [(tab.title, tab.count) for tab in page.context["tabs"]] == [("All", 6), *((s.label, 1) for s in ROAD)]
    assert titles(page) == [f"One that is {status}" for status in ROAD]


def test_the_board_asks_the_database_as_often_for_fifty_cards_as_for_six(desk: Client) -> None:
    first = [make.piece(status=status) for status in ROAD]

    def asked(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            desk.get(address)
        return len(queries)

    few = asked(BOARD), asked(f"{BOARD}?status=rejected")
    for piece in first:
        copies(piece, 10)

    assert (asked(BOARD), asked(f"{BOARD}?status=rejected")) == few
    assert few[0] <= 20
    assert few[1] <= 15


def test_creators_see_their_own_pieces_and_editors_everybodys(client: Client) -> None:
    ada, ben = make.creator(), make.creator()
    make.piece(owner=ada, title="By Ada")
    make.piece(owner=ben, title="By Ben", category="Secret")

    client.force_login(ada)
    page = client.get(BOARD)

    assert titles(page) == ["By Ada"]
    assert "Secret" not in page.content.decode()
    assert [verb.name for verb in page.context["verbs"]] == ["delete"]
    client.force_login(make.editor())
    assert set(titles(client.get(BOARD))) == {"By Ada", "By Ben"}


def test_whoever_is_not_signed_in_is_asked_to(client: Client) -> None:
    for address in (BOARD, "/desk/board/cards/", MOVE):
        assert client.get(address).status_code == 302
        assert "signin" in client.get(address)["Location"]


def test_cards_load_on_without_a_gap_or_a_double(desk: Client) -> None:
    piece = make.piece(title="The first")
    copies(piece, A_PAGE * 2 + 3)
    Piece.objects.update(updated_at=piece.updated_at)  # a whole page of the same moment is still in one order

    seen = titles(page := desk.get(f"{BOARD}?status=generated"))
    while lane := page.context["lane"] if "lane" in page.context else page.context["lanes"][0]:
        if not lane.more:
            break
        seen += titles(page := desk.get(lane.more))

    assert len(seen) == len(set(seen)) == A_PAGE * 2 + 4


def test_without_a_script_older_cards_are_a_link_away(desk: Client) -> None:
    copies(make.piece(title="The first"), A_PAGE + 1)

    page = desk.get(f"{BOARD}?status=generated")
    [address] = re.findall(r'<a href="([^"]*)">Older ones</a>', page.content.decode())
    older = desk.get(address.replace("&amp;", "&"))

    assert titles(older) == [f"Copy {A_PAGE}", f"Copy {A_PAGE + 1}"]
    assert "From the newest again" in older.content.decode()


def test_a_lane_begins_with_few_cards_and_loads_on_by_as_many(desk: Client) -> None:
    copies(make.piece(), A_LANE * 3)

    lane = desk.get(BOARD).context["lanes"][0]
    assert len(lane.cards) == A_LANE
    assert len(desk.get(lane.more).context["lane"].cards) == A_LANE


@pytest.mark.parametrize("said", ["x", "12", "12-x", "9" * 40 + "-1", "-", "٣-٤", "99999999999999999999999-99999"])
def test_a_made_up_place_is_the_beginning(desk: Client, said: str) -> None:
    make.piece(title="Here")

    assert titles(desk.get(BOARD, {"status": "generated", "before": said})) == ["Here"]


def test_a_card_says_what_its_piece_waits_for(desk: Client, mara: User) -> None:
    due = make.piece(title="Due", due_at=timezone.now() + timedelta(days=1))
    seen, turned, edited = make.piece(title="Seen"), make.piece(title="Turned"), make.piece(title="Edited")
    bare = make.piece(title="Bare")
    review.mark_reviewed(newest(seen), by=mara)
    review.reject(newest(turned), by=mara, feedback="We do not joke about damp. " * 9)
    editing.save_edit(edited, by=mara, based_on=edited.current.hash, title="Edited", body=make.BODY + "\nMore.")

    facts = {card.piece.pk: card.fact for lane in desk.get(BOARD).context["lanes"] for card in lane.cards}

    assert facts[due.pk].startswith("Due tomorrow")
    assert facts[seen.pk].startswith("Seen by Mara, ")
    assert facts[turned.pk].startswith("Mara: “We do not joke")
    assert len(facts[turned.pk]) < 110
    assert facts[edited.pk] == "Mara, version 2"
    assert facts[bare.pk] == "Picture not chosen"


# --- Filters ---------------------------------------------------------------------------------------------------------


def test_filters_narrow_the_lanes_and_the_counts_alike(desk: Client) -> None:
    old = make.piece(title="Kettles", category="Repair", body=make.BODY + "\nThe thermostat of a Zwiebelfisch.")
    new = make.piece(title="Bread", category="Food", body="# Bread\n\nFlour and water, 2.1 kW, a heat-pump.")
    Piece.objects.filter(pk=old.pk).update(created_at=timezone.make_aware(datetime(2026, 3, 1, 23, 30)))
    today = timezone.localdate().isoformat()

    def found(**asked: str) -> list[str]:
        page = desk.get(BOARD, asked)
        assert page.context["tabs"][0].count == len(titles(page))
        return sorted(titles(page))

    assert found(**{"from": "2026-03-01", "to": "2026-03-01"}) == ["Kettles"]
    assert found(**{"from": today}) == found(category="food") == ["Bread"]
    assert found(to="2026-03-01") == found(q="zwiebel THERMO") == ["Kettles"]
    assert found(q="2.1") == found(q="heat-pump") == found(q="pump flour") == [new.title]
    assert found(platform="blog") == ["Bread", "Kettles"]
    for nothing in ("thermostat bread", "umpernickel", "'", "\\", "& | !", "<->", "—", ":*", "') OR 1=1"):
        assert found(q=nothing) == []


def test_words_are_found_in_the_newest_text_only_whatever_their_case(desk: Client, mara: User) -> None:
    piece = make.piece(title="Doors", body=make.BODY + "\nÜber den Türen.")
    assert titles(desk.get(BOARD, {"q": "über TÜR"})) == ["Doors"]

    editing.save_edit(piece, by=mara, based_on=piece.current.hash, title="Doors", body="Nothing of it.")

    assert titles(desk.get(BOARD, {"q": "über"})) == []


def test_a_very_long_text_of_rare_letters_can_be_stored_and_found(desk: Client) -> None:
    rare = "".join(f"{chr(0x20000 + at % 40000)}-{chr(0x20001 + at % 40000)} " for at in range(49_000))
    make.piece(title="Long", body=f"Opening {rare}")

    assert titles(desk.get(BOARD, {"q": "opening"})) == ["Long"]


def test_the_filters_live_in_the_address_and_survive_a_change_of_tab(desk: Client) -> None:
    make.piece(title="Kettles & more", category="Repair")

    page = desk.get(f"{BOARD}?q=kettles+%26&category=Repair&from=2026-01-01")
    ready = next(tab.url for tab in page.context["tabs"] if tab.name == "ready")

    said = parse_qs(urlsplit(ready).query)
    assert said == {"status": ["ready"], "q": ["kettles &"], "category": ["Repair"], "from": ["2026-01-01"]}
    assert "No ready piece fits, but others do." in desk.get(ready).content.decode()


def test_empty_fields_of_the_form_leave_the_address(desk: Client) -> None:
    answer = desk.get(f"{BOARD}?status=&from=&to=&platform=&category=Food&q=")

    assert answer["Location"] == f"{BOARD}?category=Food"
    assert desk.get(f"{BOARD}?q=")["Location"] == BOARD


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"from": "32.13.2026"}, "“32.13.2026” is not a day."),
        ({"to": "x" * 5000}, "is not a day."),
        ({"from": "2026-02-30"}, "is not a day."),
        ({"from": "\x00"}, "is not a day."),
        ({"platform": "pigeon"}, "There is no platform “pigeon”."),
        ({"from": "2026-05-02", "to": "2026-05-01"}, "It ends before it begins."),
        ({"q": "x" * 201}, "at most 200 characters"),
        ({"q": "a\x00b"}, "Null characters are not allowed."),
    ],
)
def test_a_filter_that_makes_no_sense_is_left_out_with_a_sentence(
    desk: Client, asked: dict[str, str], sentence: str
) -> None:
    make.piece(title="Here")

    page = desk.get(BOARD, asked)

    assert page.status_code == 200
    assert sentence in page.content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_days_like_others(desk: Client, day: str) -> None:
    make.piece(title="Here")

    assert desk.get(BOARD, {"from": "0001-01-01", "to": "9999-12-31"}).context["total"] == 1
    assert desk.get(BOARD, {"from": day, "to": day}).context["total"] == 0


def test_the_platforms_to_choose_from_are_those_that_there_are(desk: Client) -> None:
    make.piece()
    choices = desk.get(BOARD).context["filters"].fields["platform"].choices

    assert [slug for slug, _ in choices] == ["", *platforms.ALL]


def test_an_empty_board_says_why_and_what_to_do(desk: Client) -> None:
    assert "Ask for a first piece" in desk.get(BOARD).content.decode()
    make.piece(title="Here")

    assert "No piece is ready now" in desk.get(f"{BOARD}?status=ready").content.decode()
    assert "Nothing fits the filters" in desk.get(f"{BOARD}?q=unheard").content.decode()


def test_a_status_that_there_is_not_shows_all(desk: Client) -> None:
    make.piece(title="Here")

    assert titles(desk.get(f"{BOARD}?status=lost")) == ["Here"]


# --- Many at once ----------------------------------------------------------------------------------------------------


def ask(desk: Client, verb: str, *pieces: Piece, **more: Any) -> Any:
    return desk.post(MOVE, {"verb": verb, "piece": [piece.pk for piece in pieces], **more})


def confirm(desk: Client, asked: Any, **more: Any) -> Any:
    """Press the button of the page that asks."""
    pinned = re.findall(r'name="pinned"[^>]*value="([^"]*)"', asked.content.decode())
    return desk.post(MOVE, {"verb": asked.context["verb"].name, "sure": "1", "pinned": pinned, **more})


def test_pressing_a_verb_asks_first_and_does_nothing(desk: Client) -> None:
    ready, waiting = make.piece(status=Status.READY, title="Ready"), make.piece(title="Waiting")
    trail = AuditEntry.objects.count()

    page = ask(desk, "approve", ready, waiting)

    said = page.content.decode()
    assert "Approve: one piece" in said
    assert "One cannot be approved" in said
    assert "Already approved by" in said
    assert (Decision.objects.count(), AuditEntry.objects.count()) == (1, trail)
    assert Piece.objects.get(pk=waiting.pk).status == Status.GENERATED


def test_what_was_confirmed_is_moved_by_the_services_that_move_one(desk: Client, mara: User) -> None:
    pieces = [make.piece(title=f"Piece {at}") for at in range(3)]

    page = confirm(desk, ask(desk, "approve", *pieces))

    assert "Three are approved" in page.content.decode()
    for piece in pieces:
        piece.refresh_from_db()
        assert (piece.status, piece.approval) == ("ready", "approved")
        assert piece.decisions.get().version_hash == piece.current.hash
        assert AuditEntry.objects.get(event="piece.approved", object_id=piece.pk).actor == mara


@pytest.mark.parametrize(
    ("verb", "status", "event"),
    [
        ("reviewed", "reviewed", "piece.reviewed"),
        ("changes", "reviewed", "piece.changes_requested"),
        ("reject", "rejected", "piece.rejected"),
        ("delete", "generated", "piece.deleted"),
    ],
)
def test_each_verb_does_what_it_says(desk: Client, verb: str, status: str, event: str) -> None:
    piece = make.piece()

    page = confirm(desk, ask(desk, verb, piece), feedback="Say more about the screws.")

    piece.refresh_from_db()
    assert f"One is {bulk.VERBS[verb].done}" in page.content.decode()
    assert piece.status == status
    assert (piece.deleted_at is not None) == (verb == "delete")
    assert AuditEntry.objects.filter(event=event, object_id=piece.pk).count() == 1


def test_a_piece_that_changed_since_it_was_shown_is_skipped_and_said_so(desk: Client) -> None:
    changed, same, gone = make.piece(title="Changed"), make.piece(title="Same"), make.piece(title="Gone")
    page = ask(desk, "delete", changed, same, gone)
    ines = make.editor(name="Ines Rowe")
    editing.save_edit(changed, by=ines, based_on=changed.current.hash, title="Changed", body="Another text.")
    ideas.delete_piece(gone, by=ines)

    said = confirm(desk, page).content.decode()

    assert "One is deleted" in said
    assert "Two were left as they are" in said
    assert "Version 2 by Ines Rowe is newer" in said
    assert "It is not there any more." in said
    assert Piece.objects.get(pk=changed.pk).deleted_at is None


@pytest.mark.parametrize("verb", ["changes", "reject"])
def test_a_verb_that_turns_down_needs_a_reason(desk: Client, verb: str) -> None:
    piece = make.piece()
    asked = ask(desk, verb, piece)

    page = confirm(desk, asked, feedback=" \n ")

    assert page.status_code == 400
    assert "Say why" in page.content.decode()
    assert not Decision.objects.exists()
    assert confirm(desk, page, feedback="Off topic.").context["moved"][0].piece == piece


def test_an_empty_selection_is_refused_with_a_sentence(desk: Client) -> None:
    make.piece()
    for sent in ({"verb": "approve"}, {"verb": "approve", "sure": "1"}, {"verb": "approve", "piece": "x"}):
        page = desk.post(f"{MOVE}?q=kettle", sent, follow=True)

        assert page.redirect_chain == [(f"{BOARD}?q=kettle", 302)]
        assert "Nothing is selected. Tick the pieces first" in page.content.decode()


def test_too_many_or_an_unknown_verb_are_refused_with_a_sentence(desk: Client) -> None:
    make.piece()
    many = {"verb": "approve", "piece": list(range(1, bulk.MOST + 2))}

    assert (
        "At most 100 pieces can be moved at once; these are 101" in desk.post(MOVE, many, follow=True).content.decode()
    )
    assert "Say what is to be done" in desk.post(MOVE, {"verb": "burn", "piece": 1}, follow=True).content.decode()


def test_a_creator_deletes_their_own_and_neither_sees_nor_moves_others(client: Client) -> None:
    ada = make.creator()
    own, others = make.piece(owner=ada, title="Own"), make.piece(title="Foreign")
    client.force_login(ada)

    page = ask(client, "delete", own, others)
    assert "Foreign" not in page.content.decode()
    confirm(client, page)
    client.post(MOVE, {"verb": "delete", "sure": "1", "pinned": [f"{others.pk}-{others.current.hash}"]})
    refused = ask(client, "approve", make.piece(owner=ada))

    assert "Only an editor can decide" in refused.content.decode()
    assert Piece.objects.get(pk=own.pk).deleted_at
    assert not Piece.objects.get(pk=others.pk).deleted_at


def test_a_public_piece_cannot_be_deleted_with_the_others(desk: Client) -> None:
    page = ask(desk, "delete", make.piece(status=Status.PUBLISHED))

    assert "None of these can be deleted" in page.content.decode()
    assert "Unpublish it first." in page.content.decode()


def test_confirming_twice_moves_once(desk: Client, mara: User) -> None:
    asked = ask(desk, "approve", make.piece())
    confirm(desk, asked)

    page = confirm(desk, asked)

    assert "Nothing was moved" in page.content.decode()
    assert "Already approved by Mara Lindqvist" in page.content.decode()
    assert Decision.objects.count() == 1


def test_a_made_up_pin_moves_nothing(desk: Client) -> None:
    piece = make.piece()
    for pin in (f"{piece.pk}-", f"{piece.pk}-{'0' * 64}", str(piece.pk)):
        assert "Nothing was moved" in desk.post(
            MOVE, {"verb": "approve", "sure": "1", "pinned": [pin]}
        ).content.decode()  # fmt: skip
    assert "Nothing is selected" in desk.post(
        MOVE, {"verb": "approve", "sure": "1", "pinned": ["x-y", "", "-"]}, follow=True
    ).content.decode()  # fmt: skip


def test_opening_the_address_of_a_move_leads_back_to_the_board(desk: Client) -> None:
    assert desk.get(f"{MOVE}?status=ready&q=a&evil=1")["Location"] == f"{BOARD}?status=ready&q=a"


# --- Services ------------------------------------------------------------------------------------------------------


def test_a_reviewed_piece_still_waits_for_its_decision(mara: User) -> None:
    piece = make.piece()

    review.mark_reviewed(newest(piece), by=mara)

    piece.refresh_from_db()
    assert piece.status == Status.REVIEWED
    assert piece.waits
    with pytest.raises(InvalidMove, match="already reviewed"):
        review.mark_reviewed(newest(piece), by=mara)
    review.approve(newest(piece), by=mara)
    with pytest.raises(InvalidMove, match="Already approved by Mara"):
        review.mark_reviewed(newest(piece), by=mara)


def test_a_deleted_piece_is_neither_decided_nor_edited(mara: User) -> None:
    piece = make.piece(title="Kettles")
    ideas.delete_piece(piece, by=mara)

    for act in (review.approve, review.mark_reviewed):
        with pytest.raises(InvalidMove, match="“Kettles” was deleted"):
            act(newest(piece), by=mara)
    with pytest.raises(InvalidMove, match="“Kettles” was deleted"):
        editing.save_edit(piece, by=mara, based_on=piece.current.hash, title="Kettles", body="More.")


def test_a_rehearsal_leaves_no_trace(mara: User) -> None:
    piece = make.piece()
    trail = AuditEntry.objects.count()

    for verb in bulk.VERBS.values():
        assert [outcome.refusal for outcome in bulk.rehearse(verb, [piece.pk], by=mara)] == [""]

    again = Piece.objects.get(pk=piece.pk)
    assert (again.status, again.approval, again.deleted_at) == (piece.status, piece.approval, None)
    assert AuditEntry.objects.count() == trail


def test_moving_nothing_is_refused(mara: User) -> None:
    with pytest.raises(Invalid, match="Nothing is selected"):
        bulk.move(bulk.VERBS["approve"], {}, by=mara)
