"""`media/variations/`: more pictures for a piece, made as a task."""

from __future__ import annotations

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from content.errors import Invalid
from pipeline.api.asked import AskingImages
from pipeline.api.tasks import QUEUED, TaskWhole, require_room, seen_by
from pipeline.models import TaskType
from pipeline.services import asking, tasks

GROUP = "media"


class AskingVariations(AskingImages):
    """For a piece, or more like a picture that it has."""

    piece = serializers.IntegerField(min_value=1, required=False, help_text="One of content/")
    image = serializers.IntegerField(min_value=1, required=False, help_text="One of media/images/: more like this")


class Variations(Endpoint):
    @promise(
        "Ask for pictures to choose from; they appear in media/images/ as they are made",
        TaskWhole,
        status=201,
        takes=AskingVariations,
        refuses=(403, 409, 429),
        sends={"piece": 12, "source": "card", "count": 3},
        answers={
            **QUEUED,
            "task_type": "image_generation",
            "task_name": "Pictures for “Why kettles break”",
            "stage": "",
            "model": "card",
            "stages": [{"id": 31, "name": "pictures", "status": "queued", "piece": 12, "seconds": 0, "says": ""}],
            "params": {"piece": 12, "source": "card", "count": 3},
        },
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        self.body(serializers.Serializer)  # an object, whatever is in it: the service says what does not fit
        params = {("like" if name == "image" else name): value for name, value in dict(request.data).items()}
        try:
            asking.check(TaskType.IMAGE_GENERATION, params)
            with transaction.atomic():
                require_room(self.user)
                task = tasks.create(TaskType.IMAGE_GENERATION, params, owner=self.user)
        except Invalid as refusal:
            fields = {("image" if name == "like" else name): says for name, says in refusal.fields.items()}
            raise Invalid(refusal.message, fields) from refusal
        return Response(TaskWhole(seen_by(self.user).get(pk=task.pk)).data, status=201)
