"""What every endpoint of the API shares: how it reads, answers and pages."""

from __future__ import annotations

import json
from typing import IO, Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import APIView

from content.api.paging import NewestFirst
from content.models import User


class PlainJSON(JSONParser):
    """JSON that can be answered: Python also reads endless brackets halfway, and halves of characters whole.

    A lone surrogate would otherwise break the refusal that quotes it.
    """

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except UnicodeEncodeError as error:
            raise ParseError("There is half a character in the JSON (a lone surrogate).") from error
        return data


class Endpoint(APIView):
    """One address. Subclasses load what this user may see, call a service, and translate."""

    parser_classes = [PlainJSON]
    pagination_class: type = NewestFirst

    @property
    def user(self) -> User:
        """Who is signed in. The permission asks for it; this is for addresses that forgot to."""
        user = self.request.user
        if not isinstance(user, User):
            raise NotAuthenticated
        return user

    def body(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        """The request's body in this shape; a refusal names each field that does not fit."""
        return self._read(shape, self.request.data)

    def query(self, shape: type[serializers.Serializer]) -> dict[str, Any]:
        """The query string in this shape."""
        return self._read(shape, self.request.query_params)

    def page(self, queryset: QuerySet, shape: type[serializers.BaseSerializer], **context: Any) -> Response:
        """One page of `queryset`."""
        pager = self.pagination_class()
        rows = pager.paginate_queryset(queryset, self.request, view=self)
        answer: Response = pager.get_paginated_response(shape(rows, many=True, context=context).data)
        return answer

    @staticmethod
    def _read(shape: type[serializers.Serializer], data: Any) -> dict[str, Any]:
        read = shape(data=data)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)
