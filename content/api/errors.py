"""One shape for every refusal: `{code, detail, fields?}`, and what else the refusal knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response

from content.errors import CopydeskError, ExternalError

log = structlog.get_logger(__name__)

# What programs are told where the refusal brings no code of its own.
CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many",
    503: "unavailable",
}
NOT_FOUND = "There is nothing here, or it is not yours to see."
AWAY_SECONDS = 5  # a database that is restarted is back about then


def as_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. None for what is not a refusal: a bug rises with its traceback."""
    if isinstance(error, CopydeskError):
        wait = error.retry_after if isinstance(error, ExternalError) else error.extra.get("retry_after")
        return _response(error.status, error.message, code=error.code, wait=wait, **error.extra)
    if isinstance(error, exceptions.ValidationError):
        return _invalid(error.detail)
    if isinstance(error, exceptions.Throttled):
        wait = math.ceil(getattr(error, "wait", None) or 1)
        return _response(429, f"Too many requests. Try again in {wait} s.", wait=wait)
    if isinstance(error, exceptions.NotFound):
        return _response(404, NOT_FOUND if error.detail == error.default_detail else str(error.detail))
    if isinstance(error, exceptions.APIException):
        return _api_exception(error)
    if isinstance(error, Http404):
        return _response(404, NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return _response(403, str(error) or "You may not do that.")
    if isinstance(error, RequestDataTooBig):
        return _response(413, "That is too large.")
    if isinstance(error, SuspiciousOperation):
        return _response(400, "That request cannot be read.")
    if isinstance(error, (OperationalError, InterfaceError)):
        log.exception("the database does not answer")
        return _response(503, "The database does not answer. Try again in a moment.", wait=AWAY_SECONDS)
    return None


def problem(status: int, detail: str, *, code: str = "", **extra: Any) -> dict[str, Any]:
    """The body of a refusal."""
    return {"code": code or CODES[status], "detail": detail, **extra}


@csrf_exempt
def nothing_here(request: HttpRequest) -> JsonResponse:
    """What an unknown address of the API answers, for every method."""
    hint = "" if request.path.endswith("/") else " Addresses of the API end with a slash."
    return JsonResponse(problem(404, f"There is no such address.{hint}"), status=404)


def _response(status: int, detail: str, *, code: str = "", wait: float | None = None, **extra: Any) -> Response:
    headers = {"Retry-After": str(math.ceil(wait))} if wait else {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return Response(problem(status, detail, code=code, **extra), status=status, headers=headers)


def _api_exception(error: exceptions.APIException) -> Response:
    detail, code = str(error.detail), str(error.get_codes())
    if detail.startswith("CSRF Failed"):
        return _response(403, f"{detail} Send the csrftoken cookie as X-CSRFToken, or use a token.", code="csrf")
    own = code if code == "token_refused" else ""
    return _response(error.status_code, detail, code=own or CODES.get(error.status_code, code))


def _invalid(detail: Any) -> Response:
    fields: dict[str, list[str]] = {}
    for name, says in _sentences(detail):
        fields.setdefault(name, []).append(says)
    general = fields.pop("non_field_errors", [])
    says = " ".join(general) or "Some fields need another look."
    extra: dict[str, Any] = {"fields": fields} if fields else {}
    return _response(400, says, code="invalid", **extra)


def _sentences(detail: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(field, sentence) for each fault; a field inside another is named `outer.inner`."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            yield from _sentences(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _sentences(inner, name)
    else:
        yield name or "non_field_errors", str(detail)
