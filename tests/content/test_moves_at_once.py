"""Any moves, by twelve at once: one wins each conflict, and what is stored tells one story."""

from __future__ import annotations

import random
import threading
from collections import Counter

import make
import pytest
from django.db import connections

from content.errors import CopydeskError
from content.models import Approval, AuditEntry, Decision, Piece, Status, User, Verdict, Version
from content.models.state import MOVES, UNDOING
from content.services import editing, publishing, review

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, MOVES_EACH, PIECES = 12, 6, 2
TABLE = {(start, end) for table in (MOVES, UNDOING) for start, ends in table.items() for end in ends}


class Person(threading.Thread):
    """Somebody who does what chance says to whatever is newest, and minds no refusal."""

    def __init__(self, user: User, pieces: list[int], seed: str, gate: threading.Barrier) -> None:
        super().__init__()
        self.user, self.pieces, self.chance, self.gate = user, pieces, random.Random(seed), gate
        self.won: list[Decision] = []
        self.did: Counter[str] = Counter()
        self.broken: BaseException | None = None

    def run(self) -> None:
        self.gate.wait()
        try:
            for _ in range(MOVES_EACH):
                self._move()
        except BaseException as bug:
            self.broken = bug
        finally:
            connections.close_all()

    def _move(self) -> None:
        piece = Piece.objects.select_related("current").get(pk=self.chance.choice(self.pieces))
        what = self.chance.choice([*Verdict.values, *Verdict.values, "undo", "edit", "restore", "publish", "unpublish"])
        try:
            self._do(what, piece)
        except CopydeskError:
            self.did["refused"] += 1
        else:
            self.did[what] += 1

    def _do(self, what: str, piece: Piece) -> None:
        read = piece.current
        assert read
        if what in Verdict.values:
            self.won.append(review.decide(read, what, by=self.user, feedback="Because."))
        elif what == "undo" and self.won:
            self.won.append(review.undo(self.won[-1], by=self.user))
        elif what == "edit":
            body = f"{read.body}\nBy {self.name}, {self.chance.random()}.\n"
            editing.save_edit(piece, by=self.user, based_on=read.hash, title=read.title, body=body)
        elif what == "restore":
            editing.restore(piece, 1, by=self.user, based_on=read.hash)
        elif what == "publish":
            publishing.publish(piece, by=self.user)
        elif what == "unpublish":
            publishing.unpublish(piece, by=self.user)


@pytest.mark.parametrize("seed", range(3))
def test_any_moves_by_twelve_end_in_what_the_table_allows(seed: int) -> None:
    pieces = [make.piece().pk for _ in range(PIECES)]
    gate = threading.Barrier(PEOPLE)
    people = [Person(make.editor(), pieces, f"{seed}.{at}", gate) for at in range(PEOPLE)]

    for person in people:
        person.start()
    for person in people:
        person.join(60)

    assert [person.broken for person in people if person.broken] == []
    assert sum((person.did for person in people), Counter())["refused"] > 0
    for piece in Piece.objects.filter(pk__in=pieces).select_related("current"):
        tells_one_story(piece)
    assert Decision.objects.filter(piece__in=pieces).count() == sum(len(person.won) for person in people)


def tells_one_story(piece: Piece) -> None:
    decisions = list(piece.decisions.order_by("pk"))
    newest = piece.current
    assert newest
    # Decisions: each led along the table, and of each version every other one takes back the one before it.
    for decision in decisions:
        if decision.verdict != Verdict.REVOKED:
            assert (decision.status_before, str(review.OUTCOMES[Verdict(decision.verdict)][0])) in TABLE
    for version in piece.versions.all():
        of_it = [d.verdict == Verdict.REVOKED for d in decisions if d.version_id == version.pk]
        assert of_it == [bool(at % 2) for at in range(len(of_it))], "one verdict stands at a time"
    # The versions are one chain, and the piece is at its end.
    numbers = list(Version.objects.filter(piece=piece).order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, newest.number + 1))
    # Status and approval say what the decision that stands says.
    stands = review.standing(newest)
    if stands is None:
        assert (piece.status in {Status.GENERATED, Status.REVIEWED, Status.EDITED}, piece.approval) == (
            True, Approval.PENDING,
        )  # fmt: skip
    else:
        status, approval, _ = review.OUTCOMES[Verdict(stands.verdict)]
        assert piece.approval == approval
        assert piece.status in ({status, Status.PUBLISHED} if status == Status.READY else {status})
    # What is public was approved, text for text.
    post = getattr(piece, "post", None)
    if post is not None:
        approved = [d for d in decisions if d.verdict == Verdict.APPROVED]
        assert post.version_hash in {d.version_hash for d in approved}
        assert (piece.status == Status.PUBLISHED) <= (post.withdrawn_at is None)
    # The trail has a line for every decision, and none besides.
    lines = AuditEntry.objects.filter(object_type="piece", object_id=piece.pk)
    for verdict in Verdict.values:
        told = lines.filter(event=f"piece.{verdict}").count()
        assert told == sum(d.verdict == verdict for d in decisions)
    assert lines.filter(event="piece.edited").count() == newest.number - 1
