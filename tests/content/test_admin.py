"""The admin shows everything, changes little, and decides only through the same verbs as the desk."""

from __future__ import annotations

from typing import Any

import make
import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from content.models import (
    AuditEntry,
    Decision,
    FormerAddress,
    HouseRules,
    Piece,
    PostTag,
    Role,
    SignedOut,
    Status,
    User,
    Verdict,
    Words,
)
from content.services import editing, review
from media_gen.models import Image
from media_gen.services import candidates
from pipeline import events
from pipeline.models import Delivery, Heartbeat, Kind, Notification, Preferences, Schedule

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
    SignedOut.objects.create(session="6a4c1f52-9b33-4d2b-8a3e-3f6f0d0f1c11", expires_at=task.created_at)


def address(model: type[Model], page: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


# --- Looking ---


def test_every_model_of_ours_is_in_the_admin() -> None:
    from django.apps import apps

    ours = {
        model for label in ("content", "media_gen", "pipeline") for model in apps.get_app_config(label).get_models()
    }

    assert ours - {Words, PostTag} == set(OURS)  # indexes that PostgreSQL made, nothing to look at


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

    with django_assert_max_num_queries(14):
        browser.get(address(model, "changelist"))


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
    piece = make.piece()

    page = client(clerk).get(address(Piece, "changelist"))
    confirm(clerk, "approve", [piece])

    assert 'name="action"' not in page.content.decode()
    assert not Decision.objects.exists()
