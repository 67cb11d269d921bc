"""Retention and erasure: what points at a person goes, and the trail stays whole."""

from __future__ import annotations

from io import StringIO

import make
import pytest
import structlog
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from test_trail import guards_lifted, sql

from content.errors import InvalidMove, NotAllowed
from content.models import AuditEntry, Post, Role, User
from content.services import accounts, audit, chain, erasure, retention, review
from pipeline.models import Notification, Preferences, Schedule

pytestmark = pytest.mark.django_db


@pytest.fixture
def from_a_browser():
    with structlog.contextvars.bound_contextvars(ip="192.0.2.7", user_agent="Firefox", request_id="r1"):
        yield


def make_older(entry: AuditEntry, days: int) -> None:
    """As time does: with its place in the chain, which nothing but time can change."""
    with guards_lifted():
        sql(
            "UPDATE content_auditentry SET created_at = created_at - %s * interval '1 day' WHERE id = %s",
            days,
            entry.pk,
        )
        sql(
            "UPDATE content_auditentry old SET (hash, origin_salt, origin_seal) = "
            "(SELECT s.hash, s.origin_salt, s.origin_seal FROM trail_seal(old) s) WHERE id = %s",
            entry.pk,
        )
        sql("UPDATE content_auditlane SET hash = (SELECT hash FROM content_auditentry WHERE id = %s)", entry.pk)


def test_an_old_address_is_blanked_and_the_chain_stays_whole(from_a_browser: None) -> None:
    entry = audit.record("auth.signed_in", by=make.editor())
    make_older(entry, 91)
    young = audit.record("auth.signed_in", by=make.editor())

    assert retention.blank_old() == 1
    entry.refresh_from_db()
    result = chain.verify()

    assert (entry.ip, entry.agent, entry.is_blanked) == (None, "", True)
    assert (young.ip, young.agent, young.is_blanked) == ("192.0.2.7", "Firefox", False)
    assert (result.whole, result.blanked) == (True, 1)
    assert retention.blank_old() == 0


def test_a_young_address_is_blanked_by_nobody(from_a_browser: None) -> None:
    entry = audit.record("auth.signed_in", by=make.editor())

    assert retention.blank_old() == 0
    for change in (
        "ip = NULL, agent = '', origin_salt = NULL",
        "ip = NULL",
        "agent = 'Chrome'",
        "personal = '{\"a\": 1}'",
    ):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            sql(f"UPDATE content_auditentry SET {change}")
    with guards_lifted():
        sql("UPDATE content_auditentry SET ip = NULL, agent = '', origin_salt = NULL")
    first = chain.verify().first

    assert first
    assert (first.id, first.what) == (entry.pk, "blanked")
    assert "too early" in str(first)


def test_an_address_that_was_changed_is_found(from_a_browser: None) -> None:
    audit.record("auth.signed_in", by=make.editor())
    with guards_lifted():
        sql("UPDATE content_auditentry SET ip = '192.0.2.8'")

    assert "its address or browser was changed" in str(chain.verify().first)


def test_an_erased_person_is_nobody_and_their_work_stays(from_a_browser: None) -> None:
    make.admin()
    mara = make.admin(name="Mara Lindqvist", email="mara@example.org")
    post = make.post(owner=mara)
    Post.objects.filter(pk=post.pk).update(author="Mara Lindqvist")
    decided = make.piece()
    decision = review.approve(decided.current, by=mara)
    Preferences.objects.create(owner=mara)
    Notification.objects.create(owner=make.editor(), key="k", kind="waiting", title="3 pieces by Mara Lindqvist wait.")
    request = Client().request().wsgi_request
    with pytest.raises(Exception, match="wrong"):
        accounts.identify(request, "MARA@example.org", "a guess")
    token = accounts.tokens_for(mara)["access"]
    audit.record("user.changed", mara, by=make.admin(), fields=["role"])

    erased = erasure.erase(mara, by=make.admin())
    mara.refresh_from_db()
    decision.refresh_from_db()
    result = chain.verify()

    assert erased.pseudonym == f"Former admin {mara.pk}"
    assert (str(mara), mara.is_active, mara.is_superuser) == (erased.pseudonym, False, False)
    assert not mara.has_usable_password()
    assert accounts.owner_of(token) is None
    assert decision.who == erased.pseudonym
    assert Post.objects.get(pk=post.pk).author == erased.pseudonym
    assert not Preferences.objects.filter(owner=mara).exists()
    assert not Notification.objects.filter(title__contains="Mara").exists()
    assert result.whole
    assert result.blanked >= 2
    assert not AuditEntry.objects.filter(actor=mara, ip__isnull=False).exists()
    assert AuditEntry.objects.get(event="person.erased").object_id == mara.pk
    assert not traces("Mara Lindqvist")
    assert not traces("mara@example.org")


def traces(words: str) -> list[str]:
    """Tables with a row that holds these words anywhere."""
    found = []
    for table in connection.introspection.table_names():
        if sql(
            f"SELECT 1 FROM {connection.ops.quote_name(table)} kept WHERE kept::text ILIKE %s LIMIT 1", f"%{words}%"
        ):
            found.append(table)
    return found


def test_names_that_were_blanked_without_an_erasure_are_found() -> None:
    entry = audit.record("user.added", make.editor())
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        sql("SELECT trail_forget(%s)", entry.object_id)
    with guards_lifted():
        sql("UPDATE content_auditentry SET personal = '{}', personal_salt = NULL")

    assert "nobody was erased" in str(chain.verify().first)


def test_only_an_admin_erases_and_never_the_last_one() -> None:
    mara, editor = make.admin(), make.editor()
    with pytest.raises(NotAllowed):
        erasure.erase(mara, by=editor)
    with pytest.raises(InvalidMove, match="only admin"):
        erasure.erase(mara, by=mara)
    erasure.erase(editor, by=mara)
    with pytest.raises(InvalidMove, match="already"):
        erasure.erase(editor, by=mara)


def test_their_schedule_does_not_fire_again() -> None:
    make.admin()
    mara = make.editor()
    Schedule.objects.create(owner=mara, is_on=True)
    erasure.erase(mara, by=None)

    assert not Schedule.objects.get(owner=mara).is_on


def test_the_command_asks_for_yes() -> None:
    make.admin()
    mara = make.user(Role.EDITOR, email="mara@example.org")
    for arguments in (["mara@example.org"], ["nobody@example.org", "--yes"]):
        with pytest.raises(CommandError):
            call_command("erase_person", *arguments, stdout=StringIO())
    assert User.objects.get(pk=mara.pk).is_active

    out = StringIO()
    call_command("erase_person", "mara@example.org", "--yes", stdout=out)

    assert f"Former editor {mara.pk}" in out.getvalue()
    assert not User.objects.get(pk=mara.pk).is_active
