"""`models/`: what can be asked to write."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from pipeline import providers
from pipeline.providers.catalogue import profile


class ModelLine(serializers.Serializer):
    name = serializers.CharField()
    provider = serializers.CharField()
    digest = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes; 0 when unknown")
    context = serializers.IntegerField(help_text="Tokens")  # type: ignore[assignment]  # DRF takes it off the class
    starter = serializers.BooleanField(help_text="It comes with Copydesk and proves the road; it does not write well")
    note = serializers.CharField()
    chosen = serializers.BooleanField(help_text="New tasks go to it unless they name another")


class ModelPage(serializers.Serializer):
    results = ModelLine(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField()


class Models(Endpoint):
    @promise("The models that answer now", ModelPage, refuses=(502,), group="models")
    def get(self, request: Request) -> Response:
        lines = [
            {
                "name": card.name,
                "provider": card.provider,
                "digest": card.digest,
                "size": card.size,
                "context": card.context,
                "starter": card.starter,
                "note": profile(card.name).note,
                "chosen": card.name == settings.MODEL,
            }
            for card in providers.get(settings.PROVIDER).models()
        ]
        return Response({"results": lines, "next": None, "previous": None, "count": len(lines)})
