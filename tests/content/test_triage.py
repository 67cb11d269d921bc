"""The queue: its views and counts, its order, who reads what, when it is due, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import make
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from content.errors import InvalidMove, NotAllowed
from content.models import AuditEntry, Decision, Piece, Priority, Status, User, Verdict
from content.models.piece import CLAIM_HOLDS
from content.services import bulk, claims, editing, review, triage
from content.services.triage import Queue

pytestmark = pytest.mark.django_db

GOOD = make.SOCIAL["linkedin"]


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara Lindqvist")


@pytest.fixture
def client(mara: User) -> Client:
    browser = Client()
    browser.force_login(mara)
    return browser


def shown(client: Client, **asked: str) -> str:
    response = client.get(reverse("review"), asked)
    assert response.status_code == 200
    return response.content.decode()


def decide(client: Client, piece: Piece, verdict: str = "approved", *, query: str = "", **more: str) -> Any:
    fields = {"verdict": verdict, "version_hash": piece.current.hash if piece.current else "", **more}
    return client.post(reverse("piece-decide", args=[piece.pk]) + query, fields)


# --- Which pieces, in which order ----------------------------------------------------------------------------


def test_what_presses_comes_first_then_what_is_late_then_what_is_due_then_the_oldest(mara: User) -> None:
    now = timezone.now()
    old, new = make.piece(), make.piece()
    soon, late = make.piece(due_at=now + timedelta(hours=1)), make.piece(due_at=now - timedelta(days=1))
    high, low = make.piece(priority=Priority.HIGH), make.piece(priority=Priority.LOW, due_at=now - timedelta(days=9))
    make.piece(status=Status.READY, priority=Priority.HIGH)

    assert list(Queue().of(mara)) == [high, late, soon, old, new, low]


def test_the_lowest_score_can_come_first(mara: User) -> None:
    good, poor = make.social(body=GOOD), make.piece(body="# Kettles\n\nShort.\n")

    assert list(Queue(order="score").of(mara)) == [poor, good]
    assert (poor.score, poor.below, good.below) == (poor.current.score, True, not good.current.checks.passed)


def test_the_database_keeps_the_marks_of_the_newest_text(mara: User) -> None:
    piece = make.piece(body="# Kettles\n\nShort.\n")
    before = piece.score

    version = editing.save_edit(piece, by=mara, based_on=piece.current.hash, title="Kettles", body=make.BODY)

    piece.refresh_from_db()
    assert before != piece.score
    assert (float(piece.score), piece.below) == (version.score, not version.checks.passed)


def test_each_view_has_what_its_name_says(mara: User) -> None:
    fine, poor = make.social(body=GOOD), make.piece(body="# Kettles\n\nShort.\n")
    sent, ready = make.piece(status=Status.REVIEWED), make.piece(status=Status.READY)
    claims.claim(fine, by=mara)
    Piece.objects.filter(pk=fine.pk).update(below=False)
    by_name = {view: set(Queue.asked({"view": view}).of(mara)) for view in triage.VIEWS}

    assert by_name == {"": {fine, poor}, "mine": {fine}, "changes": {sent}, "failed": {poor}, "ready": {ready}}


def test_the_queue_is_narrowed_by_words_platform_and_reader(client: Client, mara: User) -> None:
    blog, post = make.piece(title="Kettles at home"), make.social("x", title="Walls")
    claims.claim(post, by=make.editor(name="Ines Duarte"))

    assert blog.get_absolute_url() in shown(client, q="kettl")
    assert post.get_absolute_url() not in shown(client, q="kettl")
    reads = Piece.objects.get(pk=post.pk).claimed_by_id
    assert set(Queue(platform="x").of(mara)) == set(Queue(reader=str(reads)).of(mara)) == {post}
    assert set(Queue(reader="nobody").of(mara)) == {blog}
    assert "Ines Duarte</option>" in shown(client)
    assert "Nothing fits the filters" in shown(client, q="unheard")


@pytest.mark.parametrize("nonsense", [{"view": "x"}, {"status": "burnt"}, {"order": "'"}, {"platform": "pigeon"}, {"reader": "9" * 40}, {"after": "1_2"}, {"after": "x_x_x_x"}, {"after": "0__99999999999999999999_1"}, {"q": "\x00'"}])  # fmt: skip
def test_what_makes_no_sense_shows_the_usual_queue(client: Client, nonsense: dict[str, str]) -> None:
    make.piece()

    shown(client, **nonsense)


def test_pages_follow_each_other_without_a_gap_though_pieces_leave(client: Client, mara: User) -> None:
    first, now = make.piece(), timezone.now()
    made = [
        Piece(
            idea=make.idea(owner=first.owner), platform="blog", owner=first.owner, title=f"Piece {at}",
            status=Status.GENERATED, current=first.current, priority=at % 3 - 1,
            due_at=None if at % 4 else now + timedelta(hours=at % 5),
        )
        for at in range(120)
    ]  # fmt: skip
    Piece.objects.bulk_create(made)
    for order in triage.ORDERS:
        address, seen = f"?order={order}", []
        whole = list(Queue(order=order).of(mara))
        while address:
            page = client.get(reverse("review") + address).context["page"]
            seen += [row.piece for row in page.rows]
            address = page.more
        assert seen == whole
        queue, middle = Queue(order=order), queue_place(Queue(order=order), whole[60])
        assert list(queue.after(queue.of(mara), middle)) == whole[61:]
        assert list(queue.before(queue.of(mara), middle)) == whole[:60][::-1]
    last = client.get(reverse("review")).context["page"]
    Piece.objects.filter(pk__in=[row.piece.pk for row in last.rows]).update(status=Status.REJECTED)
    following = client.get(reverse("review") + last.more).context["page"]
    assert [row.piece.pk for row in following.rows] == [piece.pk for piece in Queue().of(mara)[:50]]


def queue_place(queue: Queue, piece: Piece) -> triage.Place:
    return triage.place_from(triage.place_as_text(queue.place(piece)), queue.columns) or ()


def test_more_than_a_thousand_are_not_counted_out(client: Client, mara: User, monkeypatch: Any) -> None:
    monkeypatch.setattr(triage, "COUNTED", 2)
    for _ in range(3):
        make.piece()

    assert 'Needs review <span class="n">2+</span>' in shown(client)
    assert str(triage.count(Queue().of(mara))) == "2+"


def test_the_queue_costs_the_same_however_long_it_is(client: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            shown(client)
        return len(queries)

    claims.claim(make.piece(), by=make.editor())
    few = asked()
    for _ in range(4):
        claims.claim(make.piece(), by=make.editor())

    assert asked() == few


def test_a_creator_sees_their_own_and_claims_nothing(client: Client) -> None:
    mine, other = make.piece(), make.piece()
    client.force_login(mine.owner)

    page = shown(client)

    assert mine.get_absolute_url() in page
    assert other.get_absolute_url() not in page
    assert "Mine" not in page
    assert client.post(reverse("piece-claim", args=[other.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        claims.claim(mine, by=mine.owner)


# --- Who reads it --------------------------------------------------------------------------------------------


def test_opening_a_page_claims_nothing_and_saying_so_does(client: Client, mara: User) -> None:
    piece = make.piece()
    client.get(piece.get_absolute_url())
    client.head(piece.get_absolute_url())
    assert not AuditEntry.objects.filter(event="piece.claimed").exists()

    client.post(reverse("piece-claim", args=[piece.pk]))
    client.post(reverse("piece-claim", args=[piece.pk]))

    piece.refresh_from_db()
    assert piece.reader == mara
    assert AuditEntry.objects.filter(event="piece.claimed", actor=mara).count() == 1
    assert "You are reading" in shown(client)


def test_a_claim_ends_when_nobody_was_at_it_for_a_while(mara: User, monkeypatch: Any) -> None:
    piece, ines = make.piece(), make.editor(name="Ines Duarte")
    claims.claim(piece, by=ines)
    claims.claim(piece, by=mara)
    assert piece.reader == ines

    Piece.objects.filter(pk=piece.pk).update(claimed_at=timezone.now() - CLAIM_HOLDS)
    claims.claim(piece, by=mara)

    assert piece.reader == mara


def test_a_claim_is_taken_over_from_whom_one_saw(mara: User) -> None:
    piece, ines, tomas = make.piece(), make.editor(name="Ines Duarte"), make.editor(name="Tomás Okafor")
    claims.claim(piece, by=ines)

    claims.take_over(piece, by=tomas, from_whom=ines.pk)

    with pytest.raises(InvalidMove, match="Tomás is reading it by now"):
        claims.take_over(piece, by=mara, from_whom=ines.pk)
    line = AuditEntry.objects.get(event="piece.taken_over")
    assert (line.actor, line.data) == (tomas, {"taken_from": ines.pk})
    claims.let_go(piece, by=tomas)
    assert piece.reader is None


def test_a_claim_blocks_no_verdict_and_ends_with_it(mara: User) -> None:
    piece = make.piece()
    claims.claim(piece, by=make.editor())

    review.approve(piece.current, by=mara)

    piece.refresh_from_db()
    assert (piece.claimed_by, piece.claimed_at) == (None, None)
    with pytest.raises(InvalidMove, match="decided meanwhile"):
        claims.take_over(piece, by=mara, from_whom=mara.pk)


def test_the_queue_is_told_what_others_do_and_moves_nothing(client: Client) -> None:
    read, decided = make.piece(), make.piece()
    claims.claim(read, by=make.editor(name="Ines Duarte"))
    review.approve(decided.current, by=make.editor())

    told = client.get(reverse("review-claims"), {"piece": [read.pk, decided.pk], "count": "2"}).content.decode()

    assert f'id="claimed-{read.pk}"' in told
    assert "Ines is reading" in told
    assert 'data-s="ready"' in told
    assert "The queue has changed: 1 now." in told


# --- Due and priority ----------------------------------------------------------------------------------------


def test_an_editor_plans_a_piece_and_the_trail_says_so(client: Client, mara: User) -> None:
    piece = make.piece()
    moved = piece.updated_at

    client.post(reverse("piece-plan", args=[piece.pk]), {"due_at": "2020-01-02T16:00", "priority": "1"})

    piece.refresh_from_db()
    assert (piece.priority, timezone.localtime(piece.due_at).hour, piece.updated_at) == (Priority.HIGH, 16, moved)
    assert "<b>High</b>, Late, 2 January 2020" in shown(client)
    line = AuditEntry.objects.get(event="piece.planned")
    assert (line.actor, line.data["priority"]) == (mara, "high")
    triage.plan(piece, by=mara, due_at=piece.due_at, priority=1)
    assert AuditEntry.objects.filter(event="piece.planned").count() == 1
    refused = client.post(reverse("piece-plan", args=[piece.pk]), {"due_at": "soon", "priority": "1"}, follow=True)
    assert "Write the day and the hour" in refused.content.decode()


def test_a_creator_plans_nothing() -> None:
    piece = make.piece()

    with pytest.raises(NotAllowed, match="Only an editor"):
        triage.plan(piece, by=piece.owner, due_at=None, priority=1)


def test_a_program_plans_a_piece(client: Client) -> None:
    piece, address = make.piece(), "/api/v1/content/{}/"

    def patch(**fields: Any) -> Any:
        return client.patch(address.format(piece.pk), fields, content_type="application/json")

    said = patch(due_at="2030-01-02T16:00:00Z", priority="high").json()
    assert (said["due_at"][:16], said["priority"], said["claimed_by"]) == ("2030-01-02T16:00", "high", None)
    assert patch(priority="low").json()["due_at"] == said["due_at"]
    assert patch(due_at=None).json() | {"due_at": None, "priority": "low"} == patch().json()
    assert patch(priority="burning").status_code == 400


# --- After a verdict -----------------------------------------------------------------------------------------


def test_after_a_verdict_the_next_of_the_same_queue_opens(client: Client, mara: User) -> None:
    first, other, second = make.social(body=GOOD), make.piece(), make.social("x")
    query = "?queue=order%3Dscore%26reader%3Dnobody"
    order = list(Queue(order="score").of(mara))

    assert decide(client, first).url == other.get_absolute_url()
    following = decide(client, order[0] if order[0] != first else order[1], query=query)
    left = next(piece for piece in (other, second) if piece.waits and not Decision.objects.filter(piece=piece).exists())
    assert following.url == f"{left.get_absolute_url()}{query}"
    end = decide(client, left)
    assert end.url == reverse("review")
    assert "Nothing is waiting" in client.get(end.url).content.decode()


def test_what_somebody_else_reads_is_not_opened_next(client: Client) -> None:
    first, theirs, third = make.piece(), make.piece(), make.piece()
    claims.claim(theirs, by=make.editor())

    assert decide(client, first).url == third.get_absolute_url()
    assert decide(client, third).url == reverse("review")


def test_an_htmx_verdict_leads_on_as_a_whole_page(client: Client) -> None:
    first, second = make.piece(), make.piece()
    fields = {"verdict": "approved", "version_hash": first.current.hash}

    response = client.post(reverse("piece-decide", args=[first.pk]), fields, headers={"HX-Request": "true"})

    assert (response.status_code, response["HX-Redirect"]) == (204, second.get_absolute_url())


def test_the_message_offers_to_undo_and_undoing_opens_the_piece_again(client: Client) -> None:
    first, _ = make.piece(), make.piece()
    there = client.get(decide(client, first).url).content.decode()
    decision = Decision.objects.get()
    undo = reverse("decision-undo", args=[decision.pk])
    assert f'action="{undo}"' in there

    back = client.post(undo)

    assert back.url == first.get_absolute_url()
    assert "waits for a decision, as before." in client.get(back.url).content.decode()
    first.refresh_from_db()
    assert (first.status, first.waits) == (Status.GENERATED, True)


def test_too_late_is_said_where_it_can_be_taken_back(client: Client, monkeypatch: Any) -> None:
    piece = make.piece()
    decide(client, piece, "rejected", feedback="Off topic.")
    decision = Decision.objects.get()
    monkeypatch.setattr(review, "UNDO_WITHIN", timedelta(0))

    told = client.post(reverse("decision-undo", args=[decision.pk]), follow=True).content.decode()

    assert "It is too late to undo that." in told
    assert 'value="revoked"' in told
    assert Decision.objects.get() == decision


def test_another_one_s_decision_is_not_undone_and_a_stranger_s_is_not_there(client: Client) -> None:
    piece = make.piece()
    decision = review.approve(piece.current, by=make.editor(name="Ines Duarte"))

    told = client.post(reverse("decision-undo", args=[decision.pk]), follow=True).content.decode()
    client.force_login(make.creator())

    assert "Ines Duarte decided that." in told
    assert client.post(reverse("decision-undo", args=[decision.pk])).status_code == 404


def test_the_rail_shows_what_stands_around_the_piece(client: Client) -> None:
    first, second, third = make.piece(title="One"), make.piece(title="Two"), make.piece(title="Three")

    page = client.get(second.get_absolute_url()).content.decode()

    assert "Queue, 2 of 3" in page
    assert f'data-key="k" href="{first.get_absolute_url()}"' in page
    assert f'data-key="j" href="{third.get_absolute_url()}"' in page


# --- Many at once --------------------------------------------------------------------------------------------


def test_ticked_pieces_are_asked_for_and_moved_from_the_queue(client: Client) -> None:
    one, two, decided = make.piece(), make.piece(), make.piece(status=Status.READY)
    address = reverse("review-move") + "?view=failed"

    asked = client.post(address, {"verb": "approve", "piece": [one.pk, two.pk, decided.pk]}).content.decode()
    assert "Approve: two pieces" in asked
    assert "Already approved by" in asked
    assert "Back to the queue" in asked
    assert not AuditEntry.objects.filter(event="decision.refused").exists()
    pins = [f"{piece.pk}-{piece.current.hash}" for piece in (one, two)]
    done = client.post(address, {"verb": "approve", "sure": "1", "pinned": pins}).content.decode()

    assert "Two are approved" in done
    assert f'href="{reverse("review")}?view=failed"' in done


def test_what_is_refused_in_bulk_is_in_the_trail(mara: User) -> None:
    piece = make.piece()
    review.approve(piece.current, by=make.editor())

    bulk.move(bulk.verb("reject"), {piece.pk: piece.current.hash}, by=mara, feedback="No.")

    assert AuditEntry.objects.get(event="decision.refused").data["verdict"] == Verdict.REJECTED
