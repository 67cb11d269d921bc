"""The admin shows everything, changes little, and decides only through the same verbs as the desk."""

from __future__ import annotations

import html
import re
from typing import Any

import make
import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from content.admin import Listed
from content.admin.base import COUNTED, SHOWN
from content.models import (
    AuditEntry,
    Decision,
    FormerAddress,
    GuestLink,
    HouseRules,
    Piece,
    Priority,
    Role,
    SignedOut,
    Status,
    TrailCheck,
    User,
    Verdict,
    Version,
)
from content.services import editing, guest_links, review
from media_gen.models import Image
from media_gen.services import candidates
from pipeline import events
from pipeline.models import Delivery, Heartbeat, Kind, Notification, Preferences, Schedule, Task

pytestmark = pytest.mark.django_db

OURS = [model for model in admin.site._registry if model._meta.app_label in {"content", "media_gen", "pipeline"}]


def client(user: User) -> Client:
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


@pytest.fixture
def boss() -> User:
    return make.admin()


@pytest.fixture
def rows() -> None:
    """At least one row of every model."""
    post = make.post()
    candidates.draw_card(post.piece, "A title", key="one")
    Delivery.objects.all().to(post, "strapi/main")
    FormerAddress.objects.create(slug="an-older-address", post=post)
    task = make.task()
    events.emit(task, "log", source="worker", level="info", message="Claimed")
    Heartbeat.beat("worker", "here", 4711)
    HouseRules.objects.create(pk=1, pass_mark=7)
    Schedule.objects.create(owner=task.owner, last_task=task)
    Preferences.objects.create(owner=task.owner)
    Notification.objects.create(owner=task.owner, kind=Kind.FAILED, key="a", title="A task has failed.", task=task)
    guest_links.make(make.piece().current, by=make.editor(), name="Nora Feld")
    TrailCheck.objects.create(full=True, rows=1)
    SignedOut.objects.create(session="6a4c1f52-9b33-4d2b-8a3e-3f6f0d0f1c11", expires_at=task.created_at)


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


# --- Looking ---


def test_every_model_of_ours_is_in_the_admin() -> None:
    from django.apps import apps

    ours = {
        model for label in ("content", "media_gen", "pipeline") for model in apps.get_app_config(label).get_models()
    }

    made_from_others = {"Authorship", "PostTag", "Words"}  # nothing to look at
    assert {model for model in ours if model.__name__ not in made_from_others} == set(OURS)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_every_page_of_the_admin_renders(model: type[Model], boss: User) -> None:
    browser, kept = client(boss), admin.site._registry[model]
    row = model._default_manager.first()

    listed = browser.get(address(model, "changelist"), {"q": "a"} if kept.search_fields else {})
    unfiltered = browser.get(address(model, "changelist"))
    pages = [listed, unfiltered]
    if row is not None:
        pages.append(browser.get(address(model, "change", row.pk)))
    if kept.has_add_permission(unfiltered.wsgi_request):
        pages.append(browser.get(address(model, "add")))

    assert [page.status_code for page in pages] == [200] * len(pages)
    if model in OURS:
        assert row is not None, "this test has to know a row of every model of ours"
    assert all(b"<script>" not in page.content and b" style=" not in page.content for page in pages)


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("name", ["version", "decision", "auditentry", "post"])
def test_what_is_on_the_record_can_only_be_read(name: str, boss: User) -> None:
    model = next(model for model in OURS if model._meta.model_name == name)
    row = model._default_manager.first()
    assert row

    assert client(boss).post(address(model, "change", row.pk), {"title": "x"}).status_code == 403
    assert client(boss).post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert client(boss).get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_list_costs_as_many_queries_for_many_rows_as_for_few(
    model: type[Model], boss: User, rows: None, django_assert_max_num_queries: Any
) -> None:
    browser = client(boss)
    browser.get(address(model, "changelist"))
    for _ in range(3):
        post = make.post()
        candidates.draw_card(post.piece, "A title", key="one")
        events.emit(make.task(), "log", source="worker", level="info", message="Claimed")
        guest_links.make(make.piece().current, by=make.editor(), name="Nora Feld")

    with django_assert_max_num_queries(11):
        browser.get(address(model, "changelist"))


def test_no_list_counts_all_its_rows_or_asks_for_all_values_of_a_column(boss: User, rows: None) -> None:
    browser = client(boss)
    growing = [model for model in OURS if isinstance(admin.site._registry[model], Listed)]
    assert len(growing) > 12

    for model in growing:
        with CaptureQueriesContext(connection) as asked:
            browser.get(address(model, "changelist"))
        said = [query["sql"] for query in asked if f'FROM "{model._meta.db_table}"' in query["sql"]]
        assert said, model
        assert not [sql for sql in said if "COUNT(" in sql and f"LIMIT {COUNTED}" not in sql]
        assert not [sql for sql in said if "DISTINCT" in sql]


def test_a_list_that_is_not_counted_to_its_end_says_so(boss: User, monkeypatch: pytest.MonkeyPatch) -> None:
    make.piece(), make.piece()
    page = client(boss).get(address(Piece, "changelist")).content.decode()
    assert "2 pieces" in page

    monkeypatch.setattr("content.admin.base.COUNTED", 1)

    assert "More than 1 pieces" in client(boss).get(address(Piece, "changelist")).content.decode()
    assert "More than 1 result " in client(boss).get(address(Piece, "changelist"), {"q": "kettle"}).content.decode()


def test_rows_are_found_by_words_by_a_number_and_by_a_persons_address(boss: User) -> None:
    owner = make.creator(email="ines@example.org")
    wanted, other = make.piece(title="Zeugma and copper", owner=owner), make.piece(title="Something else")
    review.approve(wanted.current, by=boss)
    review.approve(other.current, by=boss)

    def found(model: type[Model], typed: str) -> list[Any]:
        page = client(boss).get(address(model, "changelist"), {"q": typed})
        return list(page.context["cl"].result_list)

    for typed in ("zeug", str(wanted.pk), "INES@example.org", "copper zeugma"):
        assert found(Piece, typed) == [wanted], typed
    for typed in ("nothing at all", "9" * 30, "' OR 1=1 --", "nobody@example.org"):
        assert found(Piece, typed) == [], typed
    assert found(Version, "zeugma") == [wanted.current]
    assert found(Decision, "zeugma") == [wanted.decisions.get()]
    assert len(found(Decision, boss.email)) == 2
    assert {entry.event for entry in found(AuditEntry, "piece.app")} == {"piece.approved"}
    assert [entry.object_id for entry in found(AuditEntry, "zeugma")] == [wanted.pk]


def test_a_piece_with_many_versions_shows_the_newest_and_costs_what_one_with_few_does(
    boss: User, django_assert_num_queries: Any
) -> None:
    few, many = make.piece(), make.piece()
    for _ in range(SHOWN + 5):
        make.version(piece=many)
        many.refresh_from_db()
    browser = client(boss)
    browser.get(address(Piece, "change", few.pk))
    with CaptureQueriesContext(connection) as asked:
        browser.get(address(Piece, "change", few.pk))

    with django_assert_num_queries(len(asked)):
        page = browser.get(address(Piece, "change", many.pk)).content.decode()

    rows = page.split('id="versions-group"')[1].split('id="decisions-group"')[0]
    assert rows.count("has_original") == SHOWN
    assert f"<p>{SHOWN + 6}</p>" in rows
    assert "<p>1</p>" not in rows
    assert f"piece__id__exact={many.pk}" in page


def test_the_record_of_a_task_is_on_its_page(boss: User) -> None:
    task = make.task()
    for number in range(3):
        events.emit(task, "log", source="worker", level="info", message=f"Line {number}")

    page = client(boss).get(address(Task, "change", task.pk)).content.decode()

    assert "Line 0" in page
    assert "Line 2" in page
    assert task.stages.first().name in page
    assert f"task__id__exact={task.pk}" in page


def test_the_address_of_a_guest_is_nowhere_in_the_admin(boss: User) -> None:
    link = guest_links.make(make.piece().current, by=boss, name="Nora Feld")
    secret = guest_links.url_of(link).rstrip("/").rsplit(":", 1)[-1]

    for page in (address(GuestLink, "changelist"), address(GuestLink, "change", link.pk)):
        answer = client(boss).get(page).content.decode()
        assert "Nora Feld" in answer
        assert secret not in answer


def test_an_edit_in_the_admin_writes_only_what_was_changed_there(boss: User) -> None:
    piece, owner = make.piece(), make.creator()
    page = address(Piece, "change", piece.pk)
    form = client(boss).get(page).context["adminform"].form
    sent = {"owner": owner.pk, "priority": Priority.HIGH, "due_at_0": "", "due_at_1": ""}
    assert form.initial["priority"] == Priority.NORMAL
    for kind in ("versions", "decisions"):
        sent |= {f"{kind}-TOTAL_FORMS": 0, f"{kind}-INITIAL_FORMS": 0}
    review.approve(piece.current, by=make.editor())

    assert client(boss).post(page, sent).status_code == 302

    giver = piece.owner_id
    piece.refresh_from_db()
    assert (piece.owner, piece.priority, piece.status) == (owner, Priority.HIGH, Status.READY)
    given = AuditEntry.objects.get(event="piece.given")
    assert (given.actor, given.data) == (boss, {"given_by": giver, "given_to": owner.pk})
    assert AuditEntry.objects.get(event="piece.planned").actor == boss


def test_pictures_are_shown_through_the_permission_check(boss: User) -> None:
    image = candidates.draw_card(make.piece(), "A title", key="one")

    page = client(boss).get(address(Image, "changelist"))

    assert f'<img src="{image.get_preview_url()}"' in page.content.decode()


def test_a_person_without_staff_rights_is_sent_away() -> None:
    assert client(make.editor()).get(reverse("admin:index")).status_code == 302


# --- People ---


def test_a_person_is_added_by_email_and_that_is_on_the_record(boss: User) -> None:
    sent = {"email": "new@example.org", "role": Role.EDITOR, "usable_password": "true"}

    client(boss).post(address(User, "add"), {**sent, "password1": "a long phrase 7", "password2": "a long phrase 7"})

    new = User.objects.get(email="new@example.org")
    assert new.reviews
    assert new.check_password("a long phrase 7")
    assert AuditEntry.objects.get(event="user.added").object_id == new.pk


def test_two_people_cannot_have_one_address_in_two_spellings(boss: User) -> None:
    make.user(email="mara@example.org")
    sent = {"email": "Mara@Example.org", "role": Role.EDITOR, "usable_password": "false"}

    page = client(boss).post(address(User, "add"), sent)

    assert page.status_code == 200
    assert User.objects.filter(email__iexact="mara@example.org").count() == 1


def test_who_changed_a_role_is_on_the_record(boss: User) -> None:
    person = make.creator()

    client(boss).post(
        address(User, "change", person.pk), {"email": person.email, "role": Role.EDITOR, "is_active": "on"}
    )

    person.refresh_from_db()
    assert person.role == Role.EDITOR
    entry = AuditEntry.objects.get(event="user.changed")
    assert (entry.actor, "role" in entry.data["fields"]) == (boss, True)


# --- Deciding ---


def act(user: User, action: str, pieces: list[Piece], **sent: Any) -> Any:
    data = {"action": action, ACTION_CHECKBOX_NAME: [piece.pk for piece in pieces], **sent}
    return client(user).post(address(Piece, "changelist"), data, follow=True)


def confirm(user: User, action: str, pieces: list[Piece], feedback: str = "") -> Any:
    versions = [piece.current_id for piece in pieces if piece.current_id]
    return act(user, action, pieces, confirmed="yes", feedback=feedback, version=versions)


def test_an_action_first_says_what_it_touches_and_decides_nothing(boss: User) -> None:
    pieces = [make.piece(title="First of two"), make.piece(title="Second of two")]

    page = act(boss, "reject", pieces)

    assert 'value="Reject"' in page.content.decode()

    assert "This touches 2 pieces." in page.content.decode()
    assert all(piece.title in page.content.decode() for piece in pieces)
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("action", "verdict", "status"),
    [
        ("approve", Verdict.APPROVED, Status.READY),
        ("request_changes", Verdict.CHANGES_REQUESTED, Status.REVIEWED),
        ("reject", Verdict.REJECTED, Status.REJECTED),
    ],
)
def test_an_action_decides_on_each_piece(action: str, verdict: str, status: str, boss: User) -> None:
    pieces = [make.piece(), make.piece()]

    page = confirm(boss, action, pieces, feedback="Because.")

    for piece in pieces:
        piece.refresh_from_db()
        decision = piece.decisions.get()
        assert (piece.status, decision.verdict, decision.by, decision.feedback) == (status, verdict, boss, "Because.")
    assert f"{Verdict(verdict).label}: 2 of 2." in page.content.decode()


@pytest.mark.parametrize("action", ["reject", "request_changes"])
def test_without_a_reason_nothing_is_refused_to_a_writer(action: str, boss: User) -> None:
    page = confirm(boss, action, [make.piece()], feedback="   ")

    assert "Say why: feedback is needed unless you approve." in page.content.decode()
    assert not Decision.objects.exists()


def test_what_is_refused_is_told_and_the_rest_is_decided(boss: User) -> None:
    good, decided = make.piece(title="The good one"), make.piece(title="The decided one")
    review.approve(decided.current, by=make.editor(name="Ines"))

    page = confirm(boss, "approve", [good, decided]).content.decode()

    assert "“The decided one” refused: Already approved by Ines." in page
    assert "Approved: 1 of 2." in page
    good.refresh_from_db()
    assert good.status == Status.READY


def test_an_action_decides_on_the_version_that_was_shown_or_not_at_all(boss: User) -> None:
    piece = make.piece()
    shown = piece.current_id
    editing.save_edit(piece, by=make.editor(), based_on=piece.current.hash, title="Newer", body="# Newer\n\nText.")

    page = act(boss, "approve", [piece], confirmed="yes", version=[shown])

    assert "is newer" in page.content.decode()
    assert not Decision.objects.exists()


def test_only_reviewers_are_offered_the_actions() -> None:
    clerk = make.user(Role.CREATOR, is_staff=True, is_superuser=True)
    piece, decided = make.piece(), make.piece(status=Status.READY)
    old = make.version(piece=make.piece())

    page = client(clerk).get(address(Piece, "changelist"))
    confirm(clerk, "approve", [piece])

    assert 'name="action"' not in page.content.decode()
    for shown in (piece, decided):
        page = client(clerk).get(address(Piece, "change", shown.pk)).content.decode()
        assert "/decide/" not in page
        assert 'name="_save"' not in page
    assert "/restore/" not in client(clerk).get(address(Version, "change", old.pk)).content.decode()
    for refused in (
        reverse("admin:decide", args=[piece.pk, "approved"]),
        reverse("admin:restore", args=[old.piece.versions.first().pk]),
    ):
        assert client(clerk).get(refused).status_code == 403
        assert client(clerk).post(refused, {"confirmed": "yes", "version": piece.current_id}).status_code == 403
    assert not piece.decisions.exists()


# --- Deciding, from the page of a piece ---


def on_page(user: User, piece: Piece, verdict: str, *, version: int = 0, feedback: str = "") -> str:
    """Say yes on the confirmation page that is reached from the piece's own."""
    sent = {"confirmed": "yes", "feedback": feedback, "version": version or piece.current_id}
    answer = client(user).post(reverse("admin:decide", args=[piece.pk, verdict]), sent, follow=True)
    return str(html.unescape(answer.content.decode()))


def tools(user: User, piece: Piece) -> set[str]:
    page = client(user).get(address(Piece, "change", piece.pk)).content.decode()
    return set(re.findall(rf"/piece/{piece.pk}/decide/(\w+)/", page))


def test_the_page_of_a_piece_offers_what_can_be_decided(boss: User) -> None:
    verdicts = {"approved", "changes_requested", "rejected"}

    assert tools(boss, make.piece()) == verdicts
    assert tools(boss, make.piece(status=Status.REJECTED)) == {"revoked"}
    assert tools(boss, make.piece(status=Status.READY)) == {"revoked"}
    assert tools(boss, make.piece(status=Status.WRITING)) == set()


@pytest.mark.parametrize(
    ("verdict", "status"),
    [("approved", Status.READY), ("changes_requested", Status.REVIEWED), ("rejected", Status.REJECTED)],
)
def test_a_piece_is_decided_on_and_taken_back_from_its_own_page(verdict: str, status: str, boss: User) -> None:
    piece = make.piece()
    asked = client(boss).get(reverse("admin:decide", args=[piece.pk, verdict])).content.decode()
    assert "This touches 1 piece." in asked
    assert not Decision.objects.exists()

    page = on_page(boss, piece, verdict, feedback="Because.")

    piece.refresh_from_db()
    assert (piece.status, piece.decisions.get().by) == (status, boss)
    assert f"{Verdict(verdict).label}: 1 of 1." in page
    on_page(boss, piece, "revoked")
    piece.refresh_from_db()
    assert piece.waits


def test_the_confirmation_is_about_the_version_that_it_showed(boss: User) -> None:
    piece = make.piece()
    shown = piece.current_id
    editing.save_edit(piece, by=make.editor(), based_on=piece.current.hash, title="Newer", body="# Newer\n\nText.")

    assert "is newer" in on_page(boss, piece, "approved", version=shown)
    assert "Approved: 0 of 1." in on_page(boss, piece, "approved", version=make.piece().current_id)
    assert not Decision.objects.exists()


def test_a_reason_is_asked_for_on_the_page_too(boss: User) -> None:
    assert "Say why: feedback is needed unless you approve." in on_page(boss, make.piece(), "rejected", feedback=" ")
    assert not Decision.objects.exists()


def test_the_second_person_rule_holds_in_the_admin(boss: User) -> None:
    HouseRules.objects.create(pk=1, needs_second_person=True)
    own = make.piece(owner=boss)

    assert "asks for a second person" in on_page(boss, own, "approved")
    assert "asks for a second person" in html.unescape(confirm(boss, "approve", [own]).content.decode())
    assert not Decision.objects.exists()
    on_page(make.admin(), own, "approved")
    assert Decision.objects.count() == 1


def test_what_is_not_there_cannot_be_decided_on(boss: User) -> None:
    gone = make.piece()
    Piece.objects.filter(pk=gone.pk).update(deleted_at=gone.updated_at)

    for pk, verdict in ((gone.pk, "approved"), (10**9, "approved"), (make.piece().pk, "publish"), ("x", "approved")):
        assert client(boss).get(f"/admin/content/piece/{pk}/decide/{verdict}/").status_code == 404


# --- Restoring ---


def restored(user: User, version: Version, **sent: str) -> str:
    answer = client(user).post(reverse("admin:restore", args=[version.pk]), sent, follow=True)
    return str(html.unescape(answer.content.decode()))


def test_an_older_text_is_restored_as_the_newest_version(boss: User) -> None:
    piece = make.piece(status=Status.EDITED)
    first = piece.versions.get(number=1)
    asked = client(boss).get(reverse("admin:restore", args=[first.pk])).content.decode()
    assert piece.current.hash in asked
    assert piece.versions.count() == 2

    page = restored(boss, first, version_hash=piece.current.hash)

    assert "Version 1 is the newest text, as version 3." in page
    piece.refresh_from_db()
    assert (piece.current.number, piece.current.body, piece.current.by) == (3, first.body, boss)
    assert AuditEntry.objects.filter(event="piece.edited", actor=boss).count() == 1


def test_a_restore_is_refused_when_somebody_saved_meanwhile(boss: User) -> None:
    piece = make.piece(status=Status.EDITED)
    first, read = piece.versions.get(number=1), piece.current.hash
    editing.save_edit(piece, by=make.editor(), based_on=read, title="Newer", body="# Newer\n\nText.")

    assert "Not restored:" in restored(boss, first, version_hash=read)
    assert "Not restored:" in restored(boss, first)
    assert piece.versions.count() == 3


def test_the_list_of_versions_restores_one(boss: User) -> None:
    piece = make.piece(status=Status.EDITED)
    versions = list(piece.versions.all())

    def act_on(chosen: list[Version]) -> Any:
        data = {"action": "restore", ACTION_CHECKBOX_NAME: [version.pk for version in chosen]}
        return client(boss).post(address(Version, "changelist"), data)

    assert act_on(versions[:1])["Location"] == reverse("admin:restore", args=[versions[0].pk])
    assert act_on(versions)["Location"].startswith(address(Version, "changelist"))
    assert (
        f"/version/{versions[0].pk}/restore/"
        in client(boss).get(address(Version, "change", versions[0].pk)).content.decode()
    )
    assert "/restore/" not in client(boss).get(address(Version, "change", versions[1].pk)).content.decode()
