"""Decisions: pinned to what was read, one wins, the other is told by whom."""

from __future__ import annotations

import threading
from collections.abc import Callable

import make
import pytest
from django.db import DatabaseError, connections, transaction

from content.errors import CopydeskError, Invalid, InvalidMove, NotAllowed, Stale
from content.models import Approval, AuditEntry, Decision, Piece, Status, Verdict, Version
from content.services import editing, publishing, review

pytestmark = pytest.mark.django_db


def test_an_approved_piece_is_ready_and_the_decision_names_the_text() -> None:
    version, mara = make.version(), make.editor(name="Mara Lindqvist")

    decision = review.approve(version, by=mara)

    version.piece.refresh_from_db()
    assert (version.piece.status, version.piece.approval) == (Status.READY, Approval.APPROVED)
    assert (decision.version_hash, decision.by) == (version.hash, mara)
    assert AuditEntry.objects.filter(event="piece.approved", actor=mara, object_id=version.piece_id).exists()


def test_a_text_that_its_platform_would_not_take_is_not_approved() -> None:
    who, piece = make.editor(), make.social("x")
    long = editing.save_edit(
        piece, by=who, based_on=piece.current.hash, title="Kettles", body="A kettle that boils. " * 20
    )

    with pytest.raises(InvalidMove, match=r"breaks a rule of X: .*280.* Edit it, then approve\."):
        review.approve(long, by=who)

    piece.refresh_from_db()
    assert piece.status == Status.EDITED
    mended = editing.save_edit(piece, by=who, based_on=long.hash, title="Kettles", body="A kettle boils in the dark.")
    assert review.approve(mended, by=who).verdict == Verdict.APPROVED


def test_the_second_of_two_approvals_is_refused_and_told_by_whom() -> None:
    version = make.version()
    review.approve(version, by=make.editor(name="Mara Lindqvist"))

    with pytest.raises(InvalidMove, match="Already approved by Mara Lindqvist"):
        review.approve(version, by=make.editor())


@pytest.mark.parametrize("verdict", [Verdict.CHANGES_REQUESTED, Verdict.REJECTED])
def test_a_verdict_against_needs_a_reason(verdict: Verdict) -> None:
    version = make.version()

    with pytest.raises(Invalid) as refusal:
        review.decide(version, verdict, by=make.editor(), feedback="  ")

    assert refusal.value.fields == {"feedback": ["Say why."]}
    assert not Decision.objects.exists()


def test_feedback_is_kept_without_what_no_browser_can_show() -> None:
    decision = review.reject(make.version(), by=make.editor(), feedback="Too\x00 loud.\x07\n\nAnd too long.\ud800")

    assert decision.feedback == "Too loud.\n\nAnd too long."


def test_a_decision_on_an_older_version_is_refused() -> None:
    read = make.version()
    newer = make.version(piece=read.piece, by=make.editor(name="Tomás Okafor"))

    with pytest.raises(Stale, match="version 2 by Tomás Okafor is newer") as refusal:
        review.approve(read, by=make.editor())

    assert refusal.value.extra["newest_hash"] == newer.hash


def test_an_edit_after_approval_voids_it() -> None:
    version, mara = make.version(), make.editor()
    review.approve(version, by=mara)
    piece = version.piece

    editing.save_edit(piece, by=mara, based_on=version.hash, title=version.title, body=version.body + "\nMore.\n")

    piece.refresh_from_db()
    assert (piece.status, piece.approval) == (Status.EDITED, Approval.PENDING)
    with pytest.raises(InvalidMove, match="not approved"):
        publishing.publish(piece, by=mara)


def test_an_approval_can_be_taken_back() -> None:
    version, mara = make.version(), make.editor()
    review.approve(version, by=mara)

    review.revoke(version, by=mara)

    version.piece.refresh_from_db()
    assert version.piece.waits
    assert [d.verdict for d in version.decisions.order_by("pk")] == [Verdict.APPROVED, Verdict.REVOKED]
    review.reject(version, by=mara, feedback="On second thoughts.")
    with pytest.raises(InvalidMove, match="already public|not approved"):
        publishing.publish(version.piece, by=mara)


def test_what_is_public_cannot_be_revoked_before_it_is_unpublished() -> None:
    piece = make.piece(status=Status.PUBLISHED)
    assert piece.current

    with pytest.raises(InvalidMove, match="Unpublish it first"):
        review.revoke(piece.current, by=make.editor())


def test_a_creator_does_not_decide() -> None:
    version = make.version()

    with pytest.raises(NotAllowed):
        review.approve(version, by=version.piece.owner)


def test_with_the_second_person_rule_nobody_approves_their_own_work(settings: object) -> None:
    settings.NEEDS_SECOND_PERSON = True  # type: ignore[attr-defined]
    mara = make.editor()
    version = make.version(owner=mara)

    with pytest.raises(NotAllowed, match="second person"):
        review.approve(version, by=mara)
    review.approve(version, by=make.editor())


def test_a_piece_that_is_being_written_waits_for_nobody() -> None:
    piece = make.piece(status=Status.WRITING)
    version = make.version(piece=piece)

    assert not Piece.objects.waiting().filter(pk=piece.pk).exists()
    with pytest.raises(InvalidMove, match="still being written"):
        review.approve(version, by=make.editor())


@pytest.mark.parametrize("model", [Version, Decision, AuditEntry])
def test_the_database_refuses_to_change_or_remove_the_trail(model: type) -> None:
    review.approve(make.version(), by=make.editor())
    rows = model.objects.all()
    field = {Version: "body", Decision: "feedback", AuditEntry: "event"}[model]

    for act in (lambda: rows.update(**{field: "forged"}), lambda: rows._raw_delete(rows.db)):
        with pytest.raises(DatabaseError, match="Cannot (update|delete)"), transaction.atomic():
            act()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(20))
def test_of_twelve_who_approve_at_once_one_wins(round_: int) -> None:
    version = make.version()
    people = [make.editor(name=f"Editor {n}") for n in range(12)]

    said = at_once([lambda who=who: review.approve(version, by=who) for who in people])

    decision = Decision.objects.get(version=version)
    assert said.count("ok") == 1
    assert sorted(set(said) - {"ok"}) == [f"Already approved by {decision.by}."]
    version.piece.refresh_from_db()
    assert version.piece.status == Status.READY


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(10))
def test_different_verdicts_at_once_leave_one(round_: int) -> None:
    version = make.version()
    verdicts = [Verdict.APPROVED, Verdict.CHANGES_REQUESTED, Verdict.REJECTED] * 4
    people = [make.editor() for _ in verdicts]

    said = at_once(
        [
            lambda v=verdict, who=who: review.decide(version, v, by=who, feedback="Because.")
            for verdict, who in zip(verdicts, people, strict=True)
        ]
    )

    assert said.count("ok") == 1
    decision = Decision.objects.get(version=version)
    version.piece.refresh_from_db()
    assert version.piece.approval == review.OUTCOMES[Verdict(decision.verdict)][1]


@pytest.mark.django_db(transaction=True)
def test_an_edit_and_an_approval_at_once_never_publish_an_unread_text() -> None:
    for _ in range(10):
        version, tomas, mara = make.version(), make.editor(), make.editor()

        at_once(
            [
                lambda v=version, who=mara: review.approve(v, by=who),
                lambda v=version, who=tomas: editing.save_edit(
                    v.piece, by=who, based_on=v.hash, title=v.title, body=v.body + "\nUnread.\n"
                ),
            ]
        )

        piece = Piece.objects.select_related("current").get(pk=version.piece_id)
        assert piece.current
        assert (piece.status, piece.current.number) == (Status.EDITED, 2)
        with pytest.raises(InvalidMove):
            publishing.publish(piece, by=mara)


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Run all in threads that start together; "ok" or the refusal's message for each."""
    gate = threading.Barrier(len(acts))
    said: list[str] = []

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
            said.append("ok")
        except CopydeskError as refusal:
            said.append(refusal.message)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said
