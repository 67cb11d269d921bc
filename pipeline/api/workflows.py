"""`workflows/`: daily runs, the ideas that came out of them and where each of their pieces is."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from content.models import User
from pipeline.api.tasks import require_room
from pipeline.models import Creativity, Stage, StageStatus, Task, TaskStatus, TaskType
from pipeline.models.schedule import MOST_IDEAS
from pipeline.services import asking, preferences, tasks

GROUP = "workflows"


class WorkflowLine(serializers.Serializer):
    workflow_id = serializers.IntegerField(source="id")
    task_id = serializers.IntegerField(
        source="id", help_text="The same; it has events and can be cancelled and retried"
    )
    name = serializers.CharField()
    status = serializers.ChoiceField(TaskStatus.choices)
    percent = serializers.IntegerField()
    doing = serializers.CharField(help_text="What it does or waits for right now, in words")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    ideas = serializers.SerializerMethodField(help_text="How many")
    pieces = serializers.SerializerMethodField(help_text="How many were made")
    failed = serializers.SerializerMethodField(help_text="How many were not")
    error = serializers.SerializerMethodField(help_text="What went wrong with all of it")

    def get_ideas(self, task: Task) -> int:
        return int(task.result.get("ideas", 0))

    def get_pieces(self, task: Task) -> int:
        return int(task.result.get("pieces", 0))

    def get_failed(self, task: Task) -> int:
        return int(task.result.get("failed", 0))

    def get_error(self, task: Task) -> str | None:
        return task.error or None


class PartShape(serializers.Serializer):
    """One idea on one platform, and the stage that writes it."""

    id = serializers.IntegerField(source="piece_id", help_text="The piece, at content/{id}/")
    platform = serializers.CharField(source="piece.platform")
    status = serializers.CharField(source="piece.status", help_text="The piece's: writing until there is a text")
    approval_status = serializers.CharField(source="piece.approval")
    stage = serializers.IntegerField(source="id", help_text="For retrying this one alone: tasks/{id}/retry/ {stage}")
    stage_status = serializers.ChoiceField(StageStatus.choices, source="status")
    doing = serializers.CharField(help_text="What its stage does or waits for")
    error = serializers.SerializerMethodField(help_text="Why it was not made")
    score = serializers.SerializerMethodField()

    def get_error(self, stage: Stage) -> str | None:
        return stage.error if stage.status == StageStatus.FAILED else None

    def get_score(self, stage: Stage) -> float | None:
        current = stage.piece.current if stage.piece else None
        return float(current.score) if current and current.score is not None else None


class IdeaParts(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    category = serializers.CharField()
    pieces = PartShape(many=True)


class WorkflowWhole(WorkflowLine):
    results = serializers.SerializerMethodField(help_text="The ideas, with a piece for each platform")
    params = serializers.DictField(help_text="What was asked")

    @extend_schema_field(IdeaParts(many=True))
    def get_results(self, task: Task) -> Any:
        stages = task.stages.filter(name="transform").select_related("piece__idea", "piece__current").order_by("pk")
        found: dict[int, dict[str, Any]] = {}
        for stage in stages.defer("kept", "output", "piece__current__body", "piece__current__record"):
            assert stage.piece is not None, "every transform has a piece"
            idea = stage.piece.idea
            about = {name: getattr(idea, name) for name in ("id", "title", "description", "category")}
            found.setdefault(idea.pk, {**about, "pieces": []})["pieces"].append(stage)
        return IdeaParts(found.values(), many=True).data


class Executing(serializers.Serializer):
    """What is not said is as in the person's settings."""

    count = serializers.IntegerField(min_value=1, max_value=MOST_IDEAS, required=False)
    platforms = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)
    topics = serializers.ListField(child=serializers.CharField(max_length=120), max_length=20, required=False)
    keywords = serializers.ListField(child=serializers.CharField(max_length=120), max_length=20, required=False)
    audience = serializers.CharField(max_length=200, required=False, allow_blank=True)
    tone = serializers.CharField(max_length=60, required=False, allow_blank=True)
    creativity = serializers.ChoiceField(Creativity.choices, required=False)
    model = serializers.CharField(max_length=120, required=False, allow_blank=True)


class Started(serializers.Serializer):
    workflow_id = serializers.IntegerField()
    task_id = serializers.IntegerField()
    status = serializers.ChoiceField(TaskStatus.choices)
    started_at = serializers.DateTimeField()


def seen_by(user: User) -> QuerySet[Task]:
    return Task.objects.visible_to(user).filter(type=TaskType.DAILY_WORKFLOW)


class Workflows(Endpoint):
    @promise("The daily runs that you may see, newest first", WorkflowLine(many=True), group=GROUP)
    def get(self, request: Request) -> Response:
        return self.page(seen_by(self.user), WorkflowLine)


class Execute(Endpoint):
    @promise(
        "Run the daily run now: ideas, and each of them for each platform",
        Started,
        status=201,
        takes=Executing,
        refuses=(429,),
        sends={"count": 3, "platforms": ["linkedin", "x"]},
        answers={"workflow_id": 7, "task_id": 7, "status": "queued", "started_at": "2026-11-21T09:00:00Z"},
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        params = preferences.daily_params(self.user, **self.body(Executing))
        asking.check(TaskType.DAILY_WORKFLOW, params)
        with transaction.atomic():
            require_room(self.user)
            task = tasks.create(TaskType.DAILY_WORKFLOW, params, owner=self.user)
        answer = {"workflow_id": task.pk, "task_id": task.pk, "status": task.status, "started_at": task.created_at}
        return Response(Started(answer).data, status=201)


class OneWorkflow(Endpoint):
    @promise("One daily run, with its ideas and where each piece is", WorkflowWhole, refuses=(404,), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        return Response(WorkflowWhole(get_object_or_404(seen_by(self.user), pk=pk)).data)
