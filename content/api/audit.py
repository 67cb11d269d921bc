"""`audit/` and `audit/export/`: what happened here, as much of it as this person may see."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content import permissions
from content.api.endpoint import Endpoint
from content.api.schema import REFUSALS, Problem, promise
from content.services import trail_export, trail_reading, trail_rows
from content.services.trail_reading import Asked
from content.views import trail_file

GROUP = "audit"
NOBODY = "nobody"
MOST = 2**63 - 1  # of a number in the database


class AuditFilters(serializers.Serializer):
    event = serializers.CharField(
        max_length=60,
        required=False,
        help_text="A name such as `piece.approved`, or its beginning with the dot: `piece.`",
    )
    actor = serializers.CharField(max_length=19, required=False, help_text="A person’s id, or `nobody`")
    object_type = serializers.CharField(max_length=40, required=False, help_text="`piece`, `task`, `post`…")
    object_id = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    q = serializers.CharField(max_length=200, required=False, help_text="Beginnings of words of the object’s name")
    request_id = serializers.CharField(max_length=64, required=False)

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it cannot be declared as an attribute."""
        return {
            **super().get_fields(),
            "from": serializers.DateField(required=False, help_text="The first day, such as 2026-11-21"),
            "to": serializers.DateField(required=False, help_text="The last day"),
        }

    def validate_actor(self, said: str) -> str:
        if said != NOBODY and not (said.isascii() and said.isdecimal() and int(said) <= MOST):
            raise serializers.ValidationError(f"A person’s id, or {NOBODY}.")
        return said


class ExportFilters(AuditFilters):
    format = serializers.ChoiceField(sorted(trail_export.KINDS), default="csv")


class AuditLine(serializers.Serializer):
    """One entry of the trail. Addresses and browsers are shown to admins, and to others of what they did themselves."""

    id = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    event = serializers.CharField()
    who = serializers.CharField(help_text="A person, a guest, or the e-mail that was typed; empty: Copydesk itself")
    actor = serializers.IntegerField(allow_null=True, help_text="The person’s id")
    object_type = serializers.CharField()
    object_id = serializers.IntegerField(allow_null=True)
    object = serializers.CharField(help_text="Its name at that time")
    says = serializers.CharField(help_text="What and why, in words")
    data = serializers.DictField()  # type: ignore[assignment]  # the promised name; DRF has another use for it
    request_id = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    agent = serializers.CharField()
    is_blanked = serializers.BooleanField(help_text="Address and browser were kept, and have been blanked since")
    lane = serializers.IntegerField(help_text="The chain that it is in")
    number = serializers.IntegerField(help_text="Its place there, from 1 without gaps")
    previous = serializers.CharField(help_text="The hash of the one before it")
    hash = serializers.CharField()


class OfTheTrail(Endpoint):
    def asked(self, shape: type[AuditFilters]) -> tuple[Asked, dict[str, Any]]:
        """What was asked for, and as it was said."""
        permissions.require_reader_of_reports(self.user)
        said = self.query(shape)
        actor = said.get("actor", "")
        return Asked(
            event=said.get("event", ""),
            actor=int(actor) if actor.isdecimal() else None,
            by_nobody=actor == NOBODY,
            object_type=said.get("object_type", ""),
            object_id=said.get("object_id"),
            first=said.get("from"),
            last=said.get("to"),
            words=said.get("q", ""),
            request_id=said.get("request_id", ""),
        ), said


class Audit(OfTheTrail):
    @promise(
        "What happened here, newest first; for editors and admins",
        AuditLine(many=True),
        query=AuditFilters,
        refuses=(400, 403),
        group=GROUP,
    )
    def get(self, request: Request) -> Response:
        asked, _ = self.asked(AuditFilters)
        pager = self.pagination_class()
        entries = trail_reading.narrow(trail_reading.visible_to(self.user), asked)
        found = pager.paginate_queryset(entries, request, view=self)
        lines = [trail_export.line(row) for row in trail_rows.rows(found, by=self.user)]
        answer: Response = pager.get_paginated_response(AuditLine(lines, many=True).data)
        return answer


class AuditExport(OfTheTrail):
    # `format` says which file, and not how DRF is to render its answer.
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        summary="The same as a file, sent while it is made",
        description="The same as a file, sent while it is made. That it was taken is recorded.",
        parameters=[ExportFilters],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/x-ndjson"): OpenApiTypes.STR,
            **{code: OpenApiResponse(Problem, description=REFUSALS[code]) for code in (400, 401, 403, 429)},
        },
        tags=[GROUP],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        asked, said = self.asked(ExportFilters)
        return trail_file.download(said["format"], asked, by=self.user)
