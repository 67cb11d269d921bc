"""What follows a verdict: a moment to undo it, a guest's one word, and a line for every refusal."""

from __future__ import annotations

from datetime import timedelta

import make
import pytest
from django.utils import timezone

from content.errors import Invalid, InvalidMove, NotAllowed, Stale
from content.models import Approval, AuditEntry, Decision, GuestLink, Status, User, Verdict, Version
from content.services import editing, publishing, review

pytestmark = pytest.mark.django_db


def link_to(version: Version, *, by: User | None = None, **fields: object) -> GuestLink:
    fields = {"name": "Odd Nansen", "ends_at": timezone.now() + timedelta(days=3), **fields}
    return GuestLink.objects.create(version=version, asked_by=by or make.editor(), **fields)


def later(decision: Decision, monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    monkeypatch.setattr("content.services.review.timezone.now", lambda: decision.created_at + by)


@pytest.mark.parametrize("before", [Status.GENERATED, Status.EDITED])
@pytest.mark.parametrize("verdict", [Verdict.APPROVED, Verdict.CHANGES_REQUESTED, Verdict.REJECTED])
def test_an_undone_verdict_leaves_its_piece_where_it_waited_before(before: Status, verdict: Verdict) -> None:
    piece, mara = make.piece(status=before), make.editor()
    decision = review.decide(piece.current, verdict, by=mara, feedback="Too long.")

    undone = review.undo(decision, by=mara)

    piece.refresh_from_db()
    assert (piece.status, piece.approval, piece.waits) == (before, Approval.PENDING, True)
    assert (undone.verdict, undone.feedback, undone.by) == (Verdict.REVOKED, "Undone", mara)
    assert review.standing(piece.current) is None
    assert AuditEntry.objects.filter(event="piece.revoked", object_id=piece.pk, actor=mara).count() == 1


def test_a_verdict_is_undone_within_ten_seconds_by_who_made_it_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    mara = make.editor(name="Mara Lindqvist")
    decision = review.approve(make.version(), by=mara)

    with pytest.raises(NotAllowed, match="Mara Lindqvist decided that"):
        review.undo(decision, by=make.editor())
    with monkeypatch.context() as clock:
        later(decision, clock, timedelta(seconds=10, milliseconds=1))
        with pytest.raises(InvalidMove, match="too late"):
            review.undo(decision, by=mara)
    later(decision, monkeypatch, timedelta(seconds=10))
    review.undo(decision, by=mara)
    with pytest.raises(InvalidMove, match="moved on"):
        review.undo(decision, by=mara)


def test_what_has_moved_on_is_not_undone() -> None:
    mara = make.editor()
    published, edited = make.version(), make.version()
    approved = review.approve(published, by=mara)
    publishing.publish(published.piece, by=mara)
    sent_back = review.request_changes(edited, by=mara, feedback="Shorter.")
    editing.save_edit(edited.piece, by=mara, based_on=edited.hash, title=edited.title, body="Short.")

    for decision in (approved, sent_back):
        with pytest.raises(InvalidMove, match="moved on"):
            review.undo(decision, by=mara)


def test_a_guest_decides_once_and_is_named() -> None:
    version = make.version()
    link = link_to(version)

    decision = review.decide_as_guest(link, Verdict.CHANGES_REQUESTED, "Name the mill.")

    version.piece.refresh_from_db()
    assert (version.piece.status, version.piece.approval) == (Status.REVIEWED, Approval.CHANGES_REQUESTED)
    assert (decision.by, decision.guest, decision.who) == (None, link, str(link))
    line = AuditEntry.objects.get(event="piece.changes_requested")
    assert (line.actor, line.personal["guest"], line.data["link"]) == (None, "Odd Nansen", link.pk)
    with pytest.raises(InvalidMove, match="decided already: changes requested"):
        review.decide_as_guest(link, Verdict.APPROVED)


def test_a_guest_may_do_no_more_than_who_asked_them(settings: object) -> None:
    owner = make.editor()
    settings.NEEDS_SECOND_PERSON = True  # type: ignore[attr-defined]
    own = link_to(make.version(owner=owner), by=owner)
    left = link_to(make.version(), by=make.editor(is_active=False))
    over = link_to(make.version(), ends_at=timezone.now())
    taken = link_to(make.version(), taken_back_at=timezone.now())
    fine = link_to(make.version())

    for link, refusal in ((own, NotAllowed), (left, NotAllowed), (over, InvalidMove), (taken, InvalidMove)):
        with pytest.raises(refusal):
            review.decide_as_guest(link, Verdict.APPROVED)
    with pytest.raises(InvalidMove, match="decides once"):
        review.decide_as_guest(fine, Verdict.REVOKED)
    with pytest.raises(Invalid, match="Say why"):
        review.decide_as_guest(fine, Verdict.REJECTED, " ")
    assert not Decision.objects.exists()


def test_a_refused_verdict_is_in_the_trail_and_a_missing_reason_is_not() -> None:
    mara, ines, read = make.editor(), make.editor(), make.version()
    with pytest.raises(Invalid):
        review.reject(read, by=ines, feedback="")
    assert not AuditEntry.objects.filter(event="decision.refused").exists()

    newer = make.version(piece=read.piece, by=mara)
    with pytest.raises(Stale):
        review.approve(read, by=ines)
    review.approve(newer, by=mara)
    with pytest.raises(InvalidMove):
        review.reject(newer, by=ines, feedback="No.")
    with pytest.raises(NotAllowed):
        review.approve(newer, by=read.piece.owner)
    with pytest.raises(InvalidMove):
        review.decide_as_guest(link_to(newer), Verdict.APPROVED)

    lines = list(AuditEntry.objects.filter(event="decision.refused", object_id=read.piece_id).order_by("pk"))
    assert [line.data["code"] for line in lines] == ["stale", "invalid_move", "not_allowed", "invalid_move"]
    assert [line.actor for line in lines] == [ines, ines, read.piece.owner, None]
    assert lines[1].personal["why"] == f"Already approved by {mara}."
    assert lines[3].personal["guest"] == "Odd Nansen"
