"""Pages of a list: `{results, next, previous, count}`, 20 a page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

LINK = {"type": ["string", "null"], "format": "uri"}


def envelope(results: dict[str, Any]) -> dict[str, Any]:
    """The schema of a page of `results`."""
    properties = {"results": results, "next": LINK, "previous": LINK, "count": {"type": "integer"}}
    return {"type": "object", "required": list(properties), "properties": properties}


class NewestFirst(CursorPagination):
    """By cursor, so that a page costs the same however deep it lies, and nothing shifts when something is added."""

    ordering: tuple[str, ...] = ("-created_at", "-pk")
    page_size_query_param = "limit"
    page_size_query_description = "How many a page, 20 unless said, at most 100."
    max_page_size = 100
    count: int
    field: Field

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.count = queryset.order_by().count()
        self.field = queryset.model._meta.get_field(self.ordering[0].lstrip("-"))
        return super().paginate_queryset(queryset, request, view) or []

    def decode_cursor(self, request: Request) -> Cursor | None:
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:  # a made-up position would reach the database as it is
                self.field.to_python(cursor.position)
            except (ValidationError, OverflowError) as error:
                raise NotFound(self.invalid_cursor_message) from error
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({"results": data, **links, "count": self.count})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return envelope(schema)


class LatestNumberFirst(NewestFirst):
    """For versions, which are numbered."""

    ordering = ("-number",)
