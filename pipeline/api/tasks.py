"""`tasks/`: what was asked of the machine, how it goes, and its events."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.db.models.fields.json import KeyTextTransform
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response

from content.api import throttling
from content.api.endpoint import Endpoint
from content.api.schema import promise
from content.models import Approval, User
from pipeline.api.asked import Asking
from pipeline.models import Event, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.services import amending, asking, tasks
from pipeline.services.eta import eta

GROUP = "tasks"
QUEUED = {
    "id": 7,
    "task_id": 7,
    "task_type": "blog_post",
    "task_name": "Why kettles break",
    "status": "queued",
    "stage": "research",
    "percent": 0,
    "doing": "Waiting for its turn",
    "doing_as": "queued",
    "priority": 0,
    "approval_status": "pending",
    "content": [{"id": 12, "platform": "blog"}],
    "error": None,
    "model": "smollm2:135m",
    "created_at": "2026-11-21T09:00:00Z",
    "started_at": None,
    "finished_at": None,
    "queue_position": 1,
    "result": None,
    "recovery": None,
    "stages": [{"id": 31, "name": "research", "status": "queued", "piece": 12, "seconds": 0, "says": ""}],
    "params": {"topic": "Why kettles break", "word_count": 900},
    "eta_seconds": None,
}


class PieceMark(serializers.Serializer):
    id = serializers.IntegerField()
    platform = serializers.CharField()


class StageLine(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    status = serializers.ChoiceField(StageStatus.choices)
    piece = serializers.IntegerField(source="piece_id", allow_null=True, help_text="What it works on")
    seconds = serializers.FloatField(help_text="Spent on it so far, all tries together")
    says = serializers.SerializerMethodField(help_text="What came out, or what went wrong")

    def get_says(self, stage: Any) -> str:
        return str(stage.said or stage.error)


class TaskLine(serializers.Serializer):
    id = serializers.IntegerField()
    task_id = serializers.IntegerField(source="id", help_text="The same as id")
    task_type = serializers.ChoiceField(TaskType.choices, source="type")
    task_name = serializers.CharField(source="name")
    status = serializers.ChoiceField(TaskStatus.choices)
    stage = serializers.CharField(help_text="Where it is")
    percent = serializers.IntegerField(help_text="Only rises; 100 at the end")
    doing = serializers.CharField(help_text="What it does or waits for right now, in words")
    doing_as = serializers.CharField(help_text="running, loading, queued, retry, done, failed or rejected")
    priority = serializers.IntegerField(help_text="Higher first, then the oldest")
    approval_status = serializers.SerializerMethodField()
    content = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField(help_text="What went wrong")
    model = serializers.CharField()
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def pieces(self, task: Task) -> list[Any]:
        return list({stage.piece_id: stage.piece for stage in task.stages.all() if stage.piece}.values())

    def get_approval_status(self, task: Task) -> Approval:
        """What people said; pending as long as they do not say the same of all its pieces."""
        said = {piece.approval for piece in self.pieces(task)}
        return Approval(said.pop()) if len(said) == 1 else Approval.PENDING

    @extend_schema_field(PieceMark(many=True))
    def get_content(self, task: Task) -> list[dict[str, Any]]:
        return list(PieceMark([piece for piece in self.pieces(task) if not piece.deleted_at], many=True).data)

    def get_error(self, task: Task) -> str | None:
        return task.error or None


class TaskWhole(TaskLine):
    queue_position = serializers.IntegerField(allow_null=True, help_text="1 is next; null when it does not wait")
    result = serializers.SerializerMethodField(help_text="What came out in the end")
    recovery = serializers.SerializerMethodField(help_text="What a person can do about the error")
    stages = StageLine(many=True)
    params = serializers.DictField(help_text="What was asked")
    eta_seconds = serializers.SerializerMethodField(help_text="Null while there is no history to judge from")

    def get_result(self, task: Task) -> dict[str, Any] | None:
        return task.result or None

    def get_recovery(self, task: Task) -> str | None:
        return task.recovery or None

    def get_eta_seconds(self, task: Task) -> int | None:
        left = eta(task)
        return left[0] if left else None


class Wanted(serializers.Serializer):
    status = serializers.ChoiceField(TaskStatus.choices, required=False, allow_blank=True)
    task_type = serializers.ChoiceField(TaskType.choices, required=False, allow_blank=True)


class TypeOf(serializers.Serializer):
    """The one field that all types share; the others are validated where tasks are made."""

    task_type = serializers.CharField(max_length=30)


class Amending(serializers.Serializer):
    priority = serializers.IntegerField(min_value=-100, max_value=100, required=False)
    task_name = serializers.CharField(max_length=200, required=False)


class After(serializers.Serializer):
    after = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, default=0, help_text="The number of the last event that you have"
    )
    limit = serializers.IntegerField(min_value=1, max_value=500, default=500)


class EventShape(serializers.Serializer):
    """An event, as the socket sends it; beside these it has the fields of its type."""

    type = serializers.CharField(help_text="started, progress, quality, stage_complete, log, complete, error…")
    task_id = serializers.IntegerField()
    seq = serializers.IntegerField(help_text="Counts from 1 without gaps")
    timestamp = serializers.DateTimeField()


class EventPage(serializers.Serializer):
    results = EventShape(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(help_text="How many there are after `after`")


class OfOneTask(Endpoint):
    """What hangs from a task that this user may see."""

    def task(self) -> Task:
        task: Task = get_object_or_404(seen_by(self.user), pk=self.kwargs["pk"])
        return task

    def answer(self, status: int = 200) -> Response:
        """The task as it is now."""
        return Response(TaskWhole(self.task()).data, status=status)


class Tasks(Endpoint):
    @promise("The tasks that you may see, newest first", TaskLine(many=True), query=Wanted, refuses=(400,), group=GROUP)
    def get(self, request: Request) -> Response:
        asked = self.query(Wanted)
        found = seen_by(self.user)
        if asked.get("status"):
            found = found.filter(status=asked["status"])
        if asked.get("task_type"):
            found = found.filter(type=asked["task_type"])
        return self.page(found, TaskLine)

    @promise(
        "Ask for something; it is queued at once",
        TaskWhole,
        status=201,
        takes=Asking,
        refuses=(409, 429),
        sends={"task_type": "blog_post", "topic": "Why kettles break", "word_count": 900},
        answers=QUEUED,
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        task_type = self.body(TypeOf)["task_type"]
        params = {name: value for name, value in dict(request.data).items() if name != "task_type"}
        asking.check(task_type, params)
        with transaction.atomic():
            require_room(self.user)
            task = tasks.create(task_type, params, owner=self.user)
        return Response(TaskWhole(seen_by(self.user).get(pk=task.pk)).data, status=201)


class OneTask(OfOneTask):
    @promise("How a task goes", TaskWhole, refuses=(404,), answers=QUEUED, group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        return self.answer()

    @promise("Rename it, or move it in the queue", TaskWhole, takes=Amending, refuses=(403, 404, 409), group=GROUP)
    def patch(self, request: Request, pk: int) -> Response:
        task, asked = self.task(), self.body(Amending)
        amending.amend(task, by=self.user, name=asked.get("task_name"), priority=asked.get("priority"))
        return self.answer()

    @promise("Hide it; its trail stays", status=204, refuses=(403, 404, 409), group=GROUP)
    def delete(self, request: Request, pk: int) -> Response:
        tasks.delete(self.task(), by=self.user)
        return Response(status=204)


class Cancel(OfOneTask):
    @promise("Stop it, even in the middle of a sentence", TaskWhole, refuses=(403, 404, 409), group=GROUP)
    def post(self, request: Request, pk: int) -> Response:
        tasks.cancel(self.task(), by=self.user)
        return self.answer()


class Retrying(serializers.Serializer):
    stage = serializers.IntegerField(
        required=False, help_text="One failed part of a daily run, to be tried again by itself; all of them unless said"
    )


class Retry(OfOneTask):
    @promise(
        "Try again from the first stage that is not done",
        TaskWhole,
        takes=Retrying,
        refuses=(403, 404, 409),
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        task, asked = self.task(), self.body(Retrying)
        if "stage" in asked:
            tasks.retry_stage(get_object_or_404(task.stages.all(), pk=asked["stage"]), by=self.user)
        else:
            tasks.retry(task, by=self.user)
        return self.answer()


class Events(OfOneTask):
    @promise("What happened since, oldest first", EventPage, query=After, refuses=(400, 404), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        asked, task = self.query(After), self.task()
        since = Event.objects.filter(task=task, seq__gt=asked["after"]).order_by("seq")
        count, events = since.count(), list(since[: asked["limit"]])
        following = None
        if count > len(events):
            address = reverse("api-task-events", args=[task.pk])
            following = request.build_absolute_uri(f"{address}?after={events[-1].seq}&limit={asked['limit']}")
        return Response(
            {
                "results": [event.as_message() for event in events],
                "next": following,
                "previous": None,
                "count": count,
            }
        )


def seen_by(user: User) -> Any:
    # What stages keep and put out holds every prompt and answer: megabytes of which one line is told.
    light = Stage.objects.annotate(said=KeyTextTransform("says", "output")).defer("kept", "output")
    stages = Prefetch("stages", light.select_related("piece").order_by("position", "pk"))
    return Task.objects.visible_to(user).prefetch_related(stages)


def require_room(user: User) -> None:
    """At most so many created tasks in so long, counted from the tasks themselves, so in whatever way they were made.

    The person's row is locked: of many calls at once each sees what the ones before it made.
    """
    if not (allowed := throttling.rate("tasks")):
        return
    most, seconds = allowed
    User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    since = timezone.now() - timedelta(seconds=seconds)
    made = Task.objects.filter(owner=user, created_at__gt=since).order_by("-created_at").values_list("created_at")
    if len(made := made[:most]) == most:
        raise Throttled(math.ceil((made[most - 1][0] - since).total_seconds()))
