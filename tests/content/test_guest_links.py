"""A guest link: somebody without an account reads one version, decides on it once, and sees nothing else."""

from __future__ import annotations

import html
import threading
from datetime import timedelta
from typing import Any

import make
import pytest
from caller import api
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from content.errors import CopydeskError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import AuditEntry, Decision, GuestLink, HouseRules, Piece, Status, User, Verdict
from content.services import editing, guest_links, ideas, preview_links, review

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara() -> User:
    return make.editor(name="Mara Voss", email="mara.private@example.org")


@pytest.fixture
def piece() -> Piece:
    return make.piece(title="A kettle", owner=make.creator(name="Ines Owner", email="ines.private@example.org"))


@pytest.fixture
def link(piece: Piece, mara: User) -> GuestLink:
    return guest_links.make(piece.current, by=mara, name="Nora Feld")


def token(link: GuestLink) -> str:
    return guest_links.url_of(link).rstrip("/").rsplit("/", 1)[-1]


def address(link: GuestLink) -> str:
    return reverse("guest", args=[token(link)])


def opened(link: GuestLink) -> Any:
    return Client().get(address(link))


def decided(link: GuestLink, verdict: str = "approved", feedback: str = "", client: Client | None = None) -> Any:
    return (client or Client()).post(address(link), {"verdict": verdict, "feedback": feedback})


def said(response: Any) -> str:
    return html.unescape(response.content.decode())


def trail() -> list[str]:
    return list(AuditEntry.objects.filter(event__startswith="guest.").order_by("pk").values_list("event", flat=True))


def edited(piece: Piece, by: User) -> None:
    editing.save_edit(piece, by=by, based_on=piece.current.hash, title="Newer", body="# Newer\n\nText.")


# --- Asking ---


def test_who_may_decide_may_ask_somebody_without_an_account(piece: Piece, mara: User) -> None:
    link = guest_links.make(piece.current, by=mara, name="  Nora \n Feld ", days=3)

    assert (link.name, link.version, link.asked_by) == ("Nora Feld", piece.current, mara)
    assert timedelta(days=2, hours=23) < link.ends_at - timezone.now() <= timedelta(days=3)
    entry = AuditEntry.objects.get(event="guest.asked")
    assert (entry.actor, entry.object_type, entry.object_id) == (mara, "piece", piece.pk)
    assert (entry.personal["guest"], entry.data["link"]) == ("Nora Feld", link.pk)
    assert token(link) not in str(entry.data)


def test_who_may_not_decide_asks_nobody(piece: Piece, mara: User) -> None:
    with pytest.raises(NotAllowed):
        guest_links.make(piece.current, by=piece.owner, name="Nora")
    HouseRules.objects.create(pk=1, needs_second_person=True)
    own = make.piece(owner=mara)
    with pytest.raises(NotAllowed, match="second person"):
        guest_links.make(own.current, by=mara, name="Nora")
    assert guest_links.make(own.current, by=make.editor(), name="Nora")


@pytest.mark.parametrize(
    ("name", "days", "field"), [("", 7, "name"), ("x" * 121, 7, "name"), ("N", 0, "days"), ("N", 31, "days")]
)
def test_a_name_and_a_number_of_days_are_needed(piece: Piece, mara: User, name: str, days: int, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        guest_links.make(piece.current, by=mara, name=name, days=days)

    assert set(refusal.value.fields) == {field}


def test_only_the_newest_text_that_waits_can_be_asked_about(mara: User) -> None:
    decided, deleted, gone_on = make.piece(status=Status.READY), make.piece(), make.piece()
    old = gone_on.current
    edited(gone_on, mara)
    ideas.delete_piece(deleted, by=mara)

    for version, refusal, why in (
        (decided.current, InvalidMove, "approved by"),
        (deleted.current, InvalidMove, "deleted"),
        (old, Stale, "Version 2"),
    ):
        with pytest.raises(refusal, match=why):
            guest_links.make(version, by=mara, name="Nora")
    writing = make.version()
    Piece.objects.filter(pk=writing.piece_id).update(status=Status.WRITING)
    with pytest.raises(InvalidMove, match="being written"):
        guest_links.make(writing, by=mara, name="Nora")


def test_of_one_piece_only_so_many_are_asked_at_once(piece: Piece, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_links, "MOST_OPEN", 2)
    first = guest_links.make(piece.current, by=mara, name="One")
    guest_links.make(piece.current, by=mara, name="Two")
    with pytest.raises(InvalidMove, match="asked already"):
        guest_links.make(piece.current, by=mara, name="Three")

    guest_links.take_back(first, by=mara)

    assert guest_links.make(piece.current, by=mara, name="Three")


# --- What the guest sees ---


def test_the_guest_sees_the_text_who_asks_and_until_when_and_no_desk(link: GuestLink, piece: Piece) -> None:
    edited_elsewhere = make.piece(title="Another secret piece")
    response = opened(link)
    page = said(response)

    assert response.status_code == 200
    assert "Unplug the kettle" in page
    assert "Mara Voss asks you, Nora Feld" in page
    assert link.ends_at.strftime("%B %Y") in page
    assert all(f'value="{verdict}"' in page for verdict in guest_links.VERDICTS)
    for private in ("private@", "/desk/", edited_elsewhere.title, piece.current.hash):
        assert private not in page
    assert response["Cache-Control"] == "private, no-store"
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("slug", ["linkedin", "x", "instagram"])
def test_a_text_for_another_place_is_shown_as_it_looks_there(slug: str, mara: User) -> None:
    social = make.social(slug)

    page = said(opened(guest_links.make(social.current, by=mara, name="Nora")))

    assert f"{social.on.name}: {social.current.title}" in page
    assert 'class="native' in page or 'class="timeline' in page
    assert "data-copies" not in page


def test_that_it_was_opened_is_kept_once_and_not_for_a_look_ahead(link: GuestLink) -> None:
    assert Client().head(address(link)).status_code == 200
    link.refresh_from_db()
    assert link.opened_at is None

    opened(link)
    opened(link)

    link.refresh_from_db()
    assert link.opened_at
    assert trail() == ["guest.asked", "guest.opened"]
    assert AuditEntry.objects.get(event="guest.opened").actor is None


def test_a_name_of_the_desk_is_never_an_e_mail_address(piece: Piece) -> None:
    nameless = make.editor(name="", email="mara.private@example.org")

    page = said(opened(guest_links.make(piece.current, by=nameless, name="Nora")))

    assert "mara.private asks you" in page
    assert "@example.org" not in page


# --- Deciding ---


@pytest.mark.parametrize(
    ("verdict", "feedback", "status"),
    [
        ("approved", "", Status.READY),
        ("changes_requested", "Say more.", Status.REVIEWED),
        ("rejected", "Off topic.", Status.REJECTED),
    ],
)
def test_the_guests_verdict_moves_the_piece_in_their_name(
    link: GuestLink, piece: Piece, verdict: str, feedback: str, status: str
) -> None:
    response = decided(link, verdict, feedback)

    piece.refresh_from_db()
    decision = Decision.objects.get()
    assert response.status_code == 200
    assert "Thank you, Nora Feld" in said(response)
    assert (piece.status, decision.verdict, decision.feedback, decision.by) == (status, verdict, feedback, None)
    assert decision.who == "Nora Feld, a guest of Mara Voss"
    assert (decision.guest, decision.version_hash) == (link, piece.current.hash)
    entry = AuditEntry.objects.get(event=f"piece.{verdict}")
    assert (entry.actor, entry.personal["guest"]) == (None, "Nora Feld")


def test_a_verdict_that_needs_a_reason_asks_for_it_and_keeps_the_link(link: GuestLink) -> None:
    for verdict in ("rejected", "changes_requested", "revoked", "nonsense", ""):
        response = decided(link, verdict, "  ")
        assert response.status_code == 400
        assert 'role="alert"' in said(response)
    assert not Decision.objects.exists()
    assert "Say why" in said(decided(link, "rejected"))
    assert decided(link).status_code == 200


def test_a_form_of_another_site_is_refused(link: GuestLink) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get(address(link))
    sent = {"verdict": "approved", "csrfmiddlewaretoken": strict.cookies["csrftoken"].value}

    assert strict.post(address(link), {"verdict": "approved"}).status_code == 403
    assert strict.post(address(link), sent, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert strict.post(address(link), sent, headers={"origin": "http://testserver"}).status_code == 200


def test_a_link_is_good_for_one_decision(link: GuestLink) -> None:
    decided(link, "rejected", "Off topic.")

    again, looked = decided(link), opened(link)

    assert (again.status_code, looked.status_code) == (410, 410)
    assert "You rejected it" in said(again)
    assert "kettle" not in said(looked).lower()
    assert Decision.objects.count() == 1
    assert trail()[-1] == "guest.refused"


def test_a_decision_that_the_desk_took_back_does_not_open_the_link_again(link: GuestLink, piece: Piece) -> None:
    decided(link)
    review.revoke(piece.current, by=make.editor())

    assert opened(link).status_code == 410
    assert decided(link).status_code == 410


def test_a_decision_by_the_desk_closes_the_link_until_it_is_taken_back(link: GuestLink, piece: Piece) -> None:
    other = make.editor(name="Secret Colleague")
    review.approve(piece.current, by=other)

    response = decided(link)

    assert response.status_code == 409
    assert "Somebody at the desk decided before you." in said(response)
    assert other.name not in said(response)
    review.revoke(piece.current, by=other)
    assert opened(link).status_code == 200


# --- When it leads nowhere ---


def _over(link: GuestLink) -> None:
    GuestLink.objects.filter(pk=link.pk).update(ends_at=timezone.now() - timedelta(seconds=1))


def _taken_back(link: GuestLink) -> None:
    guest_links.take_back(link, by=make.editor())


def _deleted(link: GuestLink) -> None:
    ideas.delete_piece(link.version.piece, by=make.editor())


def _left(link: GuestLink) -> None:
    User.objects.filter(pk=link.asked_by_id).update(is_active=False)


def _demoted(link: GuestLink) -> None:
    User.objects.filter(pk=link.asked_by_id).update(role="creator")


def _owns_it_now(link: GuestLink) -> None:
    Piece.objects.filter(pk=link.version.piece_id).update(owner=link.asked_by)
    HouseRules.objects.create(pk=1, needs_second_person=True)


def _newer(link: GuestLink) -> None:
    edited(link.version.piece, make.editor())


@pytest.mark.parametrize(
    ("happens", "status", "why"),
    [
        (_over, 410, "time is over"),
        (_taken_back, 410, "taken back"),
        (_deleted, 410, "taken back"),
        (_left, 410, "taken back"),
        (_demoted, 410, "taken back"),
        (_owns_it_now, 410, "taken back"),
        (_newer, 409, "text was changed"),
    ],
)
def test_a_link_that_leads_nowhere_says_so_and_shows_nothing(
    link: GuestLink, happens: Any, status: int, why: str
) -> None:
    happens(link)

    for response in (opened(link), decided(link)):
        assert response.status_code == status
        assert why in said(response)
        assert not any(word in said(response) for word in ("kettle", "Mara", "Nora", "private@", "/desk/"))
        assert response["Cache-Control"] == "private, no-store"
    assert not Decision.objects.exists()
    assert trail()[-1] == "guest.refused"


def test_a_forged_link_is_no_link(link: GuestLink, mara: User) -> None:
    sound = token(link)
    number, signed = sound.split(":")
    preview = preview_links.make(link.version, by=mara).url.rstrip("/").rsplit("/", 1)[-1]
    before = AuditEntry.objects.count()

    for forged in (number, f"{int(number) + 1}:{signed}", sound[:-1], f"{sound}x", preview, "x", ":", "9" * 400):
        for response in (
            Client().get(f"/guest/{forged}/"),
            Client().post(f"/guest/{forged}/", {"verdict": "approved"}),
        ):
            assert response.status_code == 404, forged
    assert Client().get(f"/preview/{sound}/").status_code == 404
    assert AuditEntry.objects.count() == before


def test_too_many_refusals_end_in_a_pause(link: GuestLink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest_links, "MOST_REFUSED", 2)
    guest_links.take_back(link, by=link.asked_by)

    assert [decided(link).status_code for _ in range(4)] == [410, 410, 429, 429]
    assert trail().count("guest.refused") == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_clicks_at_once_one_decides() -> None:
    link = guest_links.make(make.piece().current, by=make.editor(), name="Nora")
    secret, results, together = token(link), [], threading.Barrier(6)

    def click() -> None:
        together.wait()
        try:
            guest_links.decide(secret, "approved", "")
            results.append("decided")
        except CopydeskError as refusal:
            results.append(refusal.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert results.count("decided") == 1
    assert len(results) == 6
    assert Decision.objects.count() == 1


# --- At the desk ---


def desk(client: Client, piece: Piece) -> str:
    return html.unescape(client.get(f"{piece.get_absolute_url()}?panel=publishing").content.decode())


def test_a_guest_is_asked_and_taken_back_on_the_page_of_the_piece(client: Client, mara: User, piece: Piece) -> None:
    client.force_login(mara)
    sent = {"version_hash": piece.current.hash, "name": "Nora Feld", "days": "3"}

    answer = client.post(reverse("piece-guests", args=[piece.pk]), sent, follow=True)

    link = GuestLink.objects.get()
    page = html.unescape(answer.content.decode())
    assert guest_links.url_of(link) in page
    assert "Send Nora Feld the address below." in page
    assert "Not opened yet" in page
    client.post(reverse("piece-guest-take-back", args=[piece.pk, link.pk]))
    assert guest_links.url_of(link) not in desk(client, piece)
    assert opened(link).status_code == 410
    assert trail() == ["guest.asked", "guest.taken_back"]


def test_what_does_not_fit_is_said_on_the_page_of_the_piece(client: Client, mara: User, piece: Piece) -> None:
    client.force_login(mara)
    for sent, why in (
        ({"version_hash": piece.current.hash, "name": " ", "days": "3"}, "Nobody was asked. Their name"),
        ({"version_hash": piece.current.hash, "name": "Nora", "days": "9" * 30}, "From 1 to 30 days."),
        ({"version_hash": "nothing", "name": "Nora"}, "is not one of this piece"),
    ):
        answer = client.post(reverse("piece-guests", args=[piece.pk]), sent, follow=True)
        assert why in html.unescape(answer.content.decode())
    assert not GuestLink.objects.exists()


def test_only_who_asked_sees_the_address_since_whoever_has_it_decides(
    client: Client, link: GuestLink, piece: Piece, mara: User
) -> None:
    for person, sees_link, sees_address in (
        (mara, True, True),
        (make.editor(), True, False),
        (piece.owner, False, False),
    ):
        client.force_login(person)
        page = desk(client, piece)
        assert ("Nora Feld" in page) == sees_link
        assert (token(link) in page) == sees_address


def test_a_guests_decision_stands_in_the_history_under_their_name(
    client: Client, link: GuestLink, piece: Piece, mara: User
) -> None:
    decided(link, "changes_requested", "Say more.")
    client.force_login(mara)

    page = html.unescape(client.get(f"{piece.get_absolute_url()}?panel=history").content.decode())

    assert "Nora Feld, a guest of Mara Voss" in page


def test_links_are_taken_back_only_by_reviewers_and_only_before_the_decision(
    client: Client, link: GuestLink, piece: Piece
) -> None:
    client.force_login(piece.owner)
    client.post(reverse("piece-guest-take-back", args=[piece.pk, link.pk]))
    link.refresh_from_db()
    assert link.taken_back_at is None
    client.force_login(make.creator())
    assert client.post(reverse("piece-guest-take-back", args=[piece.pk, link.pk])).status_code == 404
    client.force_login(make.editor())
    assert client.post(reverse("piece-guest-take-back", args=[make.piece().pk, link.pk])).status_code == 404

    decided(link)

    with pytest.raises(InvalidMove, match="too late"):
        guest_links.take_back(link, by=make.editor())


def test_the_api_asks_lists_and_takes_back(piece: Piece, mara: User) -> None:
    address = f"/api/v1/content/{piece.pk}/guest-links/"
    sent = {"name": "Nora Feld", "days": 2, "version_hash": piece.current.hash}

    made = api(mara).post(address, sent)

    assert made.status_code == 201
    link = GuestLink.objects.get()
    assert made.json()["url"] == guest_links.url_of(link)
    assert api(mara).get(address).json()["results"] == [made.json()]
    assert api(make.editor()).get(address).json()["results"][0]["url"] is None
    assert api(piece.owner).get(address).status_code == 403
    assert api(make.creator()).get(address).status_code == 404
    assert api(piece.owner).post(address, sent).status_code == 403
    assert api(mara).post(address, {**sent, "version_hash": "0" * 64}).status_code == 409
    assert api(mara).post(address, {**sent, "days": 31}).json()["fields"].keys() == {"days"}
    assert api(mara).delete(f"{address}{link.pk}/").status_code == 204
    assert api(mara).delete(f"{address}{link.pk}/").status_code == 409
    assert api(mara).get(address).json()["count"] == 0


def test_the_api_says_which_decision_was_a_guests(link: GuestLink, piece: Piece, mara: User) -> None:
    decided(link)

    (decision,) = api(mara).get(f"/api/v1/content/{piece.pk}/decisions/").json()["results"]

    assert (decision["verdict"], decision["by"], decision["guest"]) == (Verdict.APPROVED, None, "Nora Feld")
