"""Publishing as people ask for it: at the desk, by the API, from the command line; now, at a date, and taken back."""

from __future__ import annotations

import html
import json
import threading
from datetime import timedelta
from io import StringIO
from typing import Any

import make
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from vendors import strapi_door

from content.errors import CopydeskError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import AuditEntry, Piece, Post, Role, Status, User
from content.services import editing, review
from pipeline import runner
from pipeline.models import Delivery, DeliveryState, Notification, Schedule, Stage, Task, TaskStatus
from pipeline.services import publishing
from pipeline.stages.base import Lease
from pipeline.templatetags.publishing import readership
from pipeline.worker import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client: Client) -> User:
    """An editor in Lisbon, signed in."""
    person = make.editor(name="Mara Voss")
    Schedule.objects.create(owner=person, zone="Europe/Lisbon")
    client.force_login(person)
    return person


def shown(client: Client, piece: Piece) -> str:
    return client.get(f"{piece.get_absolute_url()}?panel=publishing").content.decode()


def do(client: Client, name: str, piece: Piece, **sent: Any) -> str:
    """The page after it was asked for."""
    response = client.post(reverse(name, args=[piece.pk]), sent, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def api(client: Client, piece: Piece, path: str, method: str = "post", **sent: Any) -> Any:
    address = f"/api/v1/content/{piece.pk}/{path}/"
    return client.generic(method.upper(), address, json.dumps(sent), content_type="application/json")


def soon(**later: float) -> Any:
    return timezone.now() + timedelta(**(later or {"hours": 1}))


def come(task: Task) -> Task:
    """The date of a plan has come: a worker does it."""
    Task.objects.filter(pk=task.pk).update(run_after=timezone.now())
    task.stages.filter(name="publish").update(not_before=None)
    stage = Stage.objects.claim(["io"])
    assert stage
    assert stage.task_id == task.pk
    runner.execute(stage, Lease(stage))
    task.refresh_from_db()
    return task


# --- At a date ---------------------------------------------------------------------------------------------------


def test_what_is_set_for_a_date_goes_out_then_as_the_person_who_set_it() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor(name="Mara Voss")

    task = publishing.schedule(piece, at=soon(), by=mara, picture=None)

    assert Stage.objects.claim(["io"]) is None
    assert not Post.objects.exists()
    come(task)
    post = Post.objects.live().get()
    assert (post.piece_id, post.version_hash, post.cover) == (piece.pk, piece.current.hash, {})
    assert AuditEntry.objects.get(event="piece.published").actor == mara


def test_a_second_run_of_the_same_plan_publishes_nothing_anew() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    task = publishing.schedule(piece, at=soon(), by=mara)
    come(task)
    first = Post.objects.get().updated_at

    task.stages.filter(name="publish").enqueue()
    come(task)

    assert Post.objects.get().updated_at == first
    assert AuditEntry.objects.filter(event="piece.published").count() == 1


def edited(piece: Piece, by: User) -> None:
    editing.save_edit(
        piece, by=by, based_on=piece.current.hash, title=piece.title, body=piece.current.body + "\nMore.\n"
    )


def edited_and_approved(piece: Piece, by: User) -> None:
    edited(piece, by)
    piece.refresh_from_db()
    review.approve(piece.current, by=by)


def revoked(piece: Piece, by: User) -> None:
    review.revoke(piece.current, by=by)


def demoted(piece: Piece, by: User) -> None:
    User.objects.filter(pk=by.pk).update(role=Role.CREATOR)


def sent_away(piece: Piece, by: User) -> None:
    User.objects.filter(pk=by.pk).update(is_active=False)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (edited, "but version 2 is newer"),
        (edited_and_approved, "but version 2 is newer"),
        (revoked, "is not approved"),
        (demoted, "Only an editor"),
        (sent_away, "may not sign in here any more"),
    ],
)
def test_what_may_not_go_out_any_more_does_not_and_its_person_is_told_why(happens: Any, says: str) -> None:
    piece, mara = make.piece(status=Status.READY), make.editor(name="Mara Voss")
    task = publishing.schedule(piece, at=soon(), by=mara)

    happens(piece, mara)
    come(task)

    assert task.status == TaskStatus.FAILED
    assert says in task.error
    assert not Post.objects.exists()
    assert says in Notification.objects.get(owner=mara).text
    assert publishing.missed(piece) == task


def test_a_date_that_was_called_off_publishes_nothing(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)
    task = publishing.schedule(piece, at=soon(), by=mara)

    page = do(client, "piece-call-off", piece, task=task.pk)

    assert "The date is off" in page
    assert Stage.objects.claim(["io"]) is None
    assert publishing.plan(piece) is None
    assert "That date is off already. Cancelled by Mara Voss." in do(client, "piece-call-off", piece, task=task.pk)


def test_publishing_now_calls_the_date_off() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    task = publishing.schedule(piece, at=soon(), by=mara)

    publishing.publish(piece, by=mara)

    task.refresh_from_db()
    assert task.status == TaskStatus.CANCELLED


def test_a_refused_publication_leaves_the_date_as_it_was() -> None:
    piece, mara = make.piece(status=Status.READY), make.editor()
    task = publishing.schedule(piece, at=soon(), by=mara)

    with pytest.raises(NotAllowed):
        publishing.publish(piece, by=piece.owner)

    assert publishing.plan(piece) == task


def test_a_date_is_changed_by_whoever_saw_it_and_the_second_is_told_of_the_first() -> None:
    piece, mara, ines = make.piece(status=Status.READY), make.editor(name="Mara"), make.editor(name="Ines")
    first = publishing.schedule(piece, at=soon(), by=mara)

    with pytest.raises(Stale, match="Mara was first"):
        publishing.schedule(piece, at=soon(hours=5), by=ines)
    second = publishing.schedule(piece, at=soon(hours=5), by=ines, instead_of=first.pk)

    assert list(publishing.plans(piece)) == [second]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_set_a_date_at_once_one_does() -> None:
    piece, people = make.piece(status=Status.READY), [make.editor(), make.editor()]
    refused: list[CopydeskError] = []
    at_once = threading.Barrier(2)

    def ask(person: User) -> None:
        at_once.wait()
        try:
            publishing.schedule(Piece.objects.get(pk=piece.pk), at=soon(), by=person)
        except CopydeskError as error:
            refused.append(error)
        connections.close_all()

    threads = [threading.Thread(target=ask, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [error.status for error in refused] == [409]
    assert publishing.plans(piece).count() == 1


def test_the_page_says_what_did_not_go_out_until_it_is_published(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)
    task = publishing.schedule(piece, at=soon(), by=mara)
    edited_and_approved(piece, mara)
    come(task)

    page = shown(client, piece)
    publishing.publish(piece, by=mara)

    assert "It did not go out" in page
    assert "but version 2 is newer" in page
    assert "It did not go out" not in shown(client, piece)


@pytest.mark.parametrize("at", [soon(minutes=-1), soon(days=400)])
def test_a_date_lies_ahead_and_within_a_year(at: Any) -> None:
    with pytest.raises(Invalid):
        publishing.schedule(make.piece(status=Status.READY), at=at, by=make.editor())

    assert not Task.objects.exists()


@pytest.mark.parametrize("status", [Status.GENERATED, Status.EDITED, Status.REJECTED, Status.PUBLISHED])
def test_only_an_approved_text_gets_a_date(status: str) -> None:
    with pytest.raises(InvalidMove):
        publishing.schedule(make.piece(status=status), at=soon(), by=make.editor())


def test_the_page_says_when_it_goes_out_by_the_clock_of_whoever_looks(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)
    day = (timezone.now() + timedelta(days=40)).date()

    said = do(client, "piece-publish", piece, when="date", on=day.isoformat(), at="09:00", picture="none")

    task = publishing.plan(piece)
    assert task
    assert task.run_after
    local = Schedule.objects.of(mara).local(task.run_after)
    assert (local.date(), local.hour) == (day, 9)
    assert f"Goes out on {day.day} {day:%B}" in said
    assert "at 09:00 (Lisbon time)" in said
    assert 'value="09:00"' in said
    edited(piece, mara)
    assert "Nothing goes out on" in shown(client, piece)
    assert readership(piece, mara).is_void


def test_a_time_that_is_none_is_refused_in_words(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)

    assert "A day and a time, please." in do(client, "piece-publish", piece, when="date", on="soon", at="9")
    assert "That is past." in do(client, "piece-publish", piece, when="date", on="2020-01-01", at="09:00")


# --- Now, and taken back -----------------------------------------------------------------------------------------


def test_the_page_says_what_readers_see_and_what_one_looks_at(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)
    assert "Nobody can read it yet" in shown(client, piece)

    assert "is public." in do(client, "piece-publish", piece, version_hash=piece.current.hash)
    assert "That is the one you are looking at." in shown(client, piece)

    piece.refresh_from_db()
    edited_and_approved(piece, mara)
    page = shown(client, piece)
    assert "Readers see version 1" in page
    assert "you are looking at version 2, which is not public" in page
    assert "Publish version 2" in page

    publishing.publish(piece, by=mara)
    assert "Readers see version 2" in shown(client, piece)


def test_unpublishing_asks_once_and_says_what_readers_will_see(client: Client, mara: User) -> None:
    piece = make.post().piece

    assert "410 Gone" in shown(client, piece)
    page = do(client, "piece-unpublish", piece)

    assert "is off the public site" in page
    assert "It was withdrawn" in page
    assert "was first." in do(client, "piece-unpublish", piece)
    assert client.get(Post.objects.get().get_absolute_url()).status_code == 410


def test_the_second_who_publishes_is_told_of_the_first(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)
    publishing.publish(piece, by=make.editor(name="Ines Brandt"))

    answer = api(client, piece, "publish")

    assert (answer.status_code, answer.json()["first"]) == (409, "Ines Brandt")
    assert "already public. Ines Brandt was first." in answer.json()["detail"]


def test_a_taken_address_gets_a_suffix_and_the_person_is_told(client: Client, mara: User) -> None:
    make.post(title="Why Lisbon")
    piece = make.piece(status=Status.READY, title="Why Lisbon")

    page = do(client, "piece-publish", piece)

    assert "belongs to another article, so this one is at “why-lisbon-2”" in page


def test_an_address_is_changed_and_the_old_one_leads_there(client: Client, mara: User) -> None:
    post = make.post(title="Old name")

    page = do(client, "piece-address", post.piece, slug="New Näme!", instead_of="old-name")

    assert "The article is at /posts/new-näme/ now" in page
    assert "Also leads here: /posts/old-name/" in page
    old = client.get("/posts/old-name/")
    assert (old.status_code, old["Location"]) == (301, Post.objects.get().get_absolute_url())
    assert "Mara Voss was first" in do(client, "piece-address", post.piece, slug="third", instead_of="old-name")
    assert "at least one letter" in do(client, "piece-address", post.piece, slug="!!!", instead_of="new-näme")


def test_a_creator_sees_how_it_stands_and_changes_nothing(client: Client) -> None:
    owner = make.creator()
    post = make.post(owner=owner)
    client.force_login(owner)

    page = shown(client, post.piece)

    assert "Readers see version 1" in page
    assert reverse("piece-address", args=[post.piece_id]) not in page
    assert "Only an editor" in do(client, "piece-unpublish", post.piece)
    assert "Only an editor" in do(client, "piece-address", post.piece, slug="mine")
    assert Post.objects.live().exists()


@pytest.mark.parametrize(
    "name", ["publish", "unpublish", "call-off", "deliver", "address", "preview-link", "mark", "unmark"]
)
def test_each_address_takes_only_forms_of_ours_and_for_ones_own_eyes(name: str, client: Client) -> None:
    piece = make.piece()
    address = reverse(f"piece-{name}", args=[piece.pk])
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make.editor())

    assert strict.post(address).status_code == 403
    assert strict.get(address)["Location"].startswith(piece.get_absolute_url())
    client.force_login(make.creator())
    assert client.post(address).status_code == 404


# --- Elsewhere -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_other_places_follow_and_say_for_themselves_what_went_wrong(client: Client, mara: User, settings: Any) -> None:
    piece = make.piece(status=Status.READY, title="A kettle")
    with strapi_door.opened() as strapi:
        settings.STRAPI = {"main": strapi.settings()}

        answer = api(client, piece, "publish", picture=None)
        assert (answer.status_code, answer.json()["post"]["slug"]) == (202, "a-kettle")
        drain()
        card = client.get(reverse("task", args=[answer.json()["task_id"]])).content.decode()
        page = shown(client, piece)
        assert "View in CMS" in card
        assert "View in CMS" in page
        assert "Try again" not in page

        settings.STRAPI = {"main": {**strapi.settings(), "token": "wrong"}}
        assert api(client, piece, "address", "patch", slug="kettles").status_code == 202
        drain()
        failed = api(client, piece, "publish", "get").json()["deliveries"][0]
        page = html.unescape(shown(client, piece))
        assert failed["state"] == "failed"
        assert failed["error"] in page

        settings.STRAPI = {"main": strapi.settings()}
        assert "It is sent again." in do(client, "piece-deliver", piece)
        drain()
        assert "Try again" not in shown(client, piece)
        assert api(client, piece, "unpublish").status_code == 202
        drain()
        assert Delivery.objects.get().state == DeliveryState.WITHDRAWN


# --- By hand -----------------------------------------------------------------------------------------------------


def test_a_text_that_was_pasted_elsewhere_is_marked_with_its_link(client: Client, mara: User) -> None:
    piece = make.social("linkedin")
    assert "is not approved" in do(client, "piece-mark", piece)
    review.approve(piece.current, by=mara)

    refused = do(client, "piece-mark", piece, url="javascript:alert(1)")
    page = do(client, "piece-mark", piece, url="https://www.linkedin.com/posts/1", version_hash=piece.current.hash)

    assert "A web address begins with http:// or https://." in refused
    assert 'href="https://www.linkedin.com/posts/1"' in page
    piece.refresh_from_db()
    assert (piece.status, piece.marked_url) == (Status.PUBLISHED, "https://www.linkedin.com/posts/1")
    assert piece.marked_at
    assert not Post.objects.exists()
    do(client, "piece-unmark", piece)
    piece.refresh_from_db()
    assert (piece.status, piece.marked_at, piece.marked_url) == (Status.READY, None, "")
    events = AuditEntry.objects.filter(event__startswith="piece.").order_by("pk").values_list("event", flat=True)
    assert list(events) == ["piece.approved", "piece.marked", "piece.unmarked"]


def test_the_api_marks_with_the_same_address(client: Client, mara: User) -> None:
    piece = make.social("x")
    review.approve(piece.current, by=mara)

    assert api(client, piece, "publish", at=soon().isoformat()).json()["fields"].keys() == {"at"}
    answer = api(client, piece, "publish", url="https://x.com/mara/status/1")

    assert answer.status_code == 200
    assert answer.json()["post"] is None
    assert answer.json()["marked"]["url"] == "https://x.com/mara/status/1"
    assert api(client, piece, "publish").status_code == 409
    assert api(client, piece, "unpublish").json() == {"post": None}


# --- The API -----------------------------------------------------------------------------------------------------


def test_publishing_answers_with_the_post_and_what_is_not_as_wished(client: Client, mara: User) -> None:
    make.post(title="Why Lisbon")
    piece = make.piece(status=Status.READY)

    answer = api(client, piece, "publish", slug="why lisbon", picture=None)

    slug = "why-lisbon-2"
    url = Post.objects.get(slug=slug).url
    assert answer.status_code == 200
    assert answer.json()["post"] == {"slug": slug, "url": url}
    assert "belongs to another article" in answer.json()["warning"]
    moved = api(client, piece, "address", "patch", slug="why-porto", instead_of=slug)
    assert moved.json()["post"]["slug"] == "why-porto"
    assert api(client, piece, "address", "patch", slug="x", instead_of=slug).status_code == 409
    stands = api(client, piece, "publish", "get").json()
    assert (stands["is_public"], stands["version"], stands["planned"]) == (True, 1, None)
    assert api(client, piece, "unpublish").status_code == 200


def test_publishing_at_a_date_answers_with_the_task(client: Client, mara: User) -> None:
    piece = make.piece(status=Status.READY)

    answer = api(client, piece, "publish", at=soon().isoformat())

    task = publishing.plan(piece)
    assert task
    assert (answer.status_code, answer.json()) == (202, {"post": None, "task_id": task.pk})
    assert api(client, piece, "publish", "get").json()["planned"]["task_id"] == task.pk
    refused = api(client, piece, "publish", at=soon().isoformat())
    assert (refused.status_code, refused.json()["task_id"]) == (409, task.pk)
    assert api(client, piece, "publish", at=soon(days=2).isoformat(), replaces=task.pk).status_code == 202
    assert api(client, piece, "publish", at="2020-01-01T00:00:00Z", replaces=1).json()["fields"].keys() == {"at"}


def test_a_preview_link_by_the_api_ends_when_it_says(client: Client, mara: User) -> None:
    piece = make.piece()

    answer = api(client, piece, "preview-link", days=2)

    assert answer.status_code == 200
    assert answer.json().keys() == {"url", "expires_at", "version"}
    assert "/preview/" in answer.json()["url"]
    assert api(client, piece, "preview-link", days=0).status_code == 400
    assert api(client, piece, "preview-link", version=9).status_code == 404
    assert answer.json()["url"] in shown(client, piece)


# --- The command -------------------------------------------------------------------------------------------------


def command(*said: Any) -> str:
    out = StringIO()
    call_command("publish", *map(str, said), stdout=out)
    return out.getvalue()


def test_the_command_publishes_plans_and_takes_back() -> None:
    mara, piece = make.admin(email="mara@example.org"), make.piece(status=Status.READY, title="A kettle")

    assert "goes out" in command(piece.pk, "--at", (timezone.now() + timedelta(days=2)).isoformat())
    told = json.loads(command(piece.pk, "--as", mara.email, "--picture", "none", "--slug", "kettles", "--json"))

    assert told["post"]["slug"] == "kettles"
    assert "off the public site" in command(piece.pk, "--unpublish")
    assert not Post.objects.live().exists()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["--unpublish"], "is not public"),
        (["--picture", "cover"], "--picture takes"),
        (["--at", "tomorrow"], "--at takes a day"),
        (["--as", "nobody@example.org"], "There is no user"),
        ([], "is not approved"),
    ],
)
def test_the_command_says_why_not(said: list[str], why: str) -> None:
    make.admin()

    with pytest.raises(CommandError, match=why):
        command(make.piece().pk, *said)


# --- The completion card -----------------------------------------------------------------------------------------


def test_the_card_of_a_finished_task_says_where_it_can_be_read(client: Client, mara: User) -> None:
    task = make.task()
    piece = task.pieces[0]
    version = make.version(piece=piece, title="A kettle", body=make.BODY)
    piece.move_to(Status.GENERATED)
    Task.objects.filter(pk=task.pk).update(status=TaskStatus.COMPLETED, finished_at=timezone.now())
    assert "Public once it is approved and published." in client.get(task.get_absolute_url()).content.decode()
    review.approve(version, by=mara)
    post = publishing.publish(piece, by=mara, picture=None).post
    there = "https://cms.example/admin/7"
    Delivery.objects.create(post=post, target="main", external_id="1", state="sent", desk_url=there)
    Delivery.objects.create(post=post, target="blog", external_id="2", state="failed", error="Strapi says no.")

    page = client.get(task.get_absolute_url()).content.decode()

    assert f'href="{post.get_absolute_url()}">View public</a>' in page
    assert f'href="{there}"' in page
    assert "see what it says there" in page
