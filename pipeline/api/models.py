"""`models/`: what can be asked to write, what it costs, and how fast it is here."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from content.errors import ExternalError
from pipeline import providers
from pipeline.providers import catalogue
from pipeline.services import speed


class ModelLine(serializers.Serializer):
    name = serializers.CharField(
        help_text="As a task names it: a model of another provider than the default one has that provider's name before it"
    )
    provider = serializers.CharField()
    digest = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes; 0 when unknown")
    context = serializers.IntegerField(help_text="Tokens")  # type: ignore[assignment]  # DRF takes it off the class
    price_in = serializers.FloatField(
        allow_null=True,
        help_text="US dollars per million tokens read; null when it is not known, 0 on your own machine",
    )
    price_out = serializers.FloatField(allow_null=True, help_text="US dollars per million tokens written")
    tokens_per_second = serializers.FloatField(
        allow_null=True, help_text="Written here, as seen; null while it has written nothing"
    )
    starter = serializers.BooleanField(help_text="It comes with Copydesk and proves the road; it does not write well")
    note = serializers.CharField()
    chosen = serializers.BooleanField(help_text="New tasks go to it unless they name another")


class Unavailable(serializers.Serializer):
    provider = serializers.CharField()
    detail = serializers.CharField(help_text="Why it says nothing, and what to do")


class ModelPage(serializers.Serializer):
    results = ModelLine(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField()
    unavailable = Unavailable(many=True, help_text="Providers that are set up here and do not answer now")


class Models(Endpoint):
    @promise("The models that answer now", ModelPage, refuses=(502,), group="models")
    def get(self, request: Request) -> Response:
        found = providers.models()
        if not found.cards and found.refusals:
            raise ExternalError(" ".join(found.refusals.values()), retryable=True)
        speeds, chosen = speed.seen(), providers.resolve(settings.MODEL)
        lines = []
        for card in found.cards:
            provider, model = providers.resolve(card.name)
            price, rate = catalogue.price(model, provider), speeds.get((provider, model))
            lines.append(
                {
                    "name": card.name,
                    "provider": provider,
                    "digest": card.digest,
                    "size": card.size,
                    "context": card.context,
                    "price_in": float(price.input) if price else None,
                    "price_out": float(price.output) if price else None,
                    "tokens_per_second": round(rate, 1) if rate else None,
                    "starter": card.starter,
                    "note": catalogue.profile(model, provider).note,
                    "chosen": (provider, model) == chosen,
                }
            )
        away = [{"provider": name, "detail": says} for name, says in found.refusals.items()]
        return Response({"results": lines, "next": None, "previous": None, "count": len(lines), "unavailable": away})
