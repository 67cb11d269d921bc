"""`content/{id}/decisions/` and `…/state/`: what reviewers said, pinned to the text that they read."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api import versions
from content.api.people import Person
from content.api.pieces import PieceWhole
from content.api.schema import promise
from content.errors import InvalidMove, Stale
from content.models import Decision, Piece, Status, User, Verdict
from content.services import review

GROUP = "content"
HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
# The verdict that brings a piece into each status; into the others it comes another way.
VERDICTS = {
    Status.READY: Verdict.APPROVED,
    Status.REVIEWED: Verdict.CHANGES_REQUESTED,
    Status.REJECTED: Verdict.REJECTED,
}
OTHER_WAYS = {
    Status.PUBLISHED: "Publishing has an address of its own: content/{id}/publish/.",
    Status.EDITED: "A piece is edited by saving a new text: PUT content/{id}/.",
}


class DecisionShape(serializers.Serializer):
    id = serializers.IntegerField()
    verdict = serializers.ChoiceField(Verdict.choices)
    version = versions.VersionMark()
    feedback = serializers.CharField()
    by = Person(allow_null=True, help_text="Nobody of this desk where a guest decided")
    guest = serializers.CharField(source="guest.name", default=None, help_text="The guest’s name, where one decided")
    created_at = serializers.DateTimeField()


class Deciding(versions.VersionHash):
    verdict = serializers.ChoiceField(Verdict.choices)
    feedback = serializers.CharField(
        max_length=5000, required=False, allow_blank=True, help_text="Needed unless you approve or take back"
    )


class Moving(versions.VersionHash):
    status = serializers.ChoiceField(Status.choices, help_text="ready, reviewed or rejected")
    feedback = serializers.CharField(max_length=5000, required=False, allow_blank=True)


class Decisions(versions.OfOnePiece):
    @promise("Every decision on a piece, newest first", DecisionShape(many=True), refuses=(404,), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        return self.page(self.piece().decisions.select_related("by", "guest__asked_by", "version"), DecisionShape)

    @promise(
        "Decide on exactly the text that you read",
        DecisionShape,
        status=201,
        takes=Deciding,
        refuses=(403, 404, 409),
        sends={"verdict": "approved", "version_hash": HASH, "feedback": ""},
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, said = self.piece(), self.body(Deciding)
        decision = _decide(piece, said["verdict"], said["version_hash"], said.get("feedback", ""), by=self.user)
        return Response(DecisionShape(decision).data, status=201)


class State(versions.OfOnePiece):
    @promise(
        "Decide by naming the status that the piece shall have",
        PieceWhole,
        takes=Moving,
        refuses=(403, 404, 409),
        group=GROUP,
    )
    def patch(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(Moving)
        target = Status(asked["status"])
        if target not in VERDICTS:
            raise InvalidMove(OTHER_WAYS.get(target, piece.refusal(target)), status_now=piece.status)
        _decide(piece, VERDICTS[target], asked["version_hash"], asked.get("feedback", ""), by=self.user)
        return Response(PieceWhole(self.piece()).data)


def _decide(piece: Piece, verdict: str, version_hash: str, feedback: str, *, by: User) -> Decision:
    """`review.decide` by hash; a refusal as stale brings what changed since the text that was read."""
    read = piece.versions.filter(hash=version_hash).select_related("by").order_by("-number").first()
    if read is None:
        newest = piece.current
        raise Stale(
            "No version of this piece has that hash. Read the newest, then decide.",
            newest=newest.number if newest else None,
            newest_hash=newest.hash if newest else None,
        )
    try:
        return review.decide(read, verdict, by=by, feedback=feedback)
    except Stale as stale:
        newest = piece.versions.select_related("by").get(number=stale.extra["newest"])
        stale.extra["difference"] = versions.difference(read, newest)
        raise
