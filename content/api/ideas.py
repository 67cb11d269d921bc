"""`ideas/`: what is worth writing about."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.people import Person
from content.api.schema import promise
from content.models import Idea
from content.services import ideas

GROUP = "ideas"


class IdeaShape(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    title = serializers.CharField(max_length=300)
    description = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    category = serializers.CharField(max_length=80, required=False, allow_blank=True)
    owner = Person(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)


class Ideas(Endpoint):
    @promise("Your ideas; everybody's for editors. Newest first", IdeaShape(many=True), group=GROUP)
    def get(self, request: Request) -> Response:
        return self.page(Idea.objects.visible_to(self.user).select_related("owner"), IdeaShape)

    @promise(
        "Propose an idea",
        IdeaShape,
        status=201,
        takes=IdeaShape,
        sends={"title": "Why kettles break", "description": "It is nearly always the same part.", "category": "Repair"},
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        idea = ideas.propose(**self.body(IdeaShape), owner=self.user)
        return Response(IdeaShape(idea).data, status=201)
