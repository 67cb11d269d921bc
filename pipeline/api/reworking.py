"""`content/{id}/revise/` and `…/versions/{n}/replay/`: a text once more by the machine, as a task."""

from __future__ import annotations

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.decisions import HASH
from content.api.schema import promise
from content.api.versions import OfOnePiece, VersionHash, difference
from content.errors import Stale
from content.models import Verdict
from content.services import review
from pipeline.api.tasks import QUEUED, TaskWhole, require_room, seen_by
from pipeline.models import Task
from pipeline.services import replaying, revising

GROUP = "content"
ASKED = {
    **QUEUED,
    "task_type": "revision",
    "task_name": "Revise “Why kettles break”",
    "stage": "",
    "approval_status": "changes_requested",
    "stages": [{"id": 31, "name": "revise", "status": "queued", "piece": 12, "seconds": 0, "says": ""}],
    "params": {"piece": 12, "version_hash": HASH, "feedback": "Say what a new thermostat costs."},
}
AGAIN = {
    **QUEUED,
    "task_type": "replay",
    "task_name": "Replay version 3 of “Why kettles break”",
    "stage": "",
    "stages": [{"id": 32, "name": "replay", "status": "queued", "piece": 12, "seconds": 0, "says": ""}],
    "params": {"piece": 12, "version": 3},
}


class Revising(VersionHash):
    feedback = serializers.CharField(
        max_length=5000,
        required=False,
        allow_blank=True,
        help_text="What is to be otherwise; empty: what the request for changes says that stands",
    )


class OfTheMachine(OfOnePiece):
    def answer(self, task: Task) -> Response:
        return Response(TaskWhole(seen_by(self.user).get(pk=task.pk)).data, status=201)


class Revise(OfTheMachine):
    @promise(
        "Ask for changes to exactly the text that you read, and have the model make them: the next version",
        TaskWhole,
        status=201,
        takes=Revising,
        refuses=(403, 404, 409),
        sends={"version_hash": HASH, "feedback": "Say what a new thermostat costs."},
        answers=ASKED,
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, said = self.piece(), self.body(Revising)
        read = piece.versions.filter(hash=said["version_hash"]).select_related("by").order_by("-number").first()
        if read is None:
            newest = piece.current
            raise Stale(
                "No version of this piece has that hash. Read the newest, then decide.",
                newest=newest.number if newest else None,
                newest_hash=newest.hash if newest else None,
            )
        try:
            with review.recording_refusals(read, Verdict.CHANGES_REQUESTED, by=self.user):
                require_room(self.user)
                task = revising.revise(read, by=self.user, note=said.get("feedback", ""))
        except Stale as stale:
            newest = piece.versions.select_related("by").get(number=stale.extra["newest"])
            stale.extra["difference"] = difference(read, newest)
            raise
        return self.answer(task)


class Replay(OfTheMachine):
    @promise(
        "Make the calls that wrote a version again; the task’s result says same or different",
        TaskWhole,
        status=201,
        refuses=(400, 404),
        answers=AGAIN,
        group=GROUP,
    )
    def post(self, request: Request, pk: int, number: int) -> Response:
        version = self.version(number)
        with transaction.atomic():
            require_room(self.user)
            task = replaying.replay(version, by=self.user)
        return self.answer(task)
