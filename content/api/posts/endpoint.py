"""How `posts/` answers: quickly, the same to everybody, and not at all to who has it already."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from rest_framework.permissions import AllowAny

from content.api.endpoint import Endpoint
from content.api.errors import as_response

# A minute in caches, so that an unpublished post is gone from them soon; for five more while they ask again.
CACHED = "public, max-age=60, stale-while-revalidate=300"
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE")


class Public(Endpoint):
    """For anybody: no session is looked at, so one answer serves all and may be kept.

    Reading bypasses what DRF does with a request (who asks, how often, in which format), which costs more than the
    query; every other method, and every refusal, is DRF's.
    """

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in ("GET", "HEAD"):
            return super().dispatch(request, *args, **kwargs)
        try:
            answer: HttpResponseBase = self.get(request, *args, **kwargs)  # type: ignore[attr-defined]
        except Exception as error:
            refusal = as_response(error, {})
            if refusal is None:
                raise
            headers = {name: value for name, value in refusal.items() if name != "Content-Type"}
            return JsonResponse(refusal.data, status=refusal.status_code, headers=headers)
        return answer


def asks_for_change(request: HttpRequest) -> bool:
    """Whether who asks has something already: then it is looked first whether that is still right."""
    return any(name in request.META for name in CONDITIONS)


def etag_of(parts: Iterable[str]) -> str:
    """Of all that decides what the answer is."""
    whole = "\0".join(parts)
    return f'"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def not_modified(request: HttpRequest, etag: str, changed: int | None, *, by_date: bool) -> HttpResponseBase | None:
    """304 (or 412) for who has it already.

    `by_date` also lets the date alone decide; not for lists: what was withdrawn from one does not make the rest
    newer, so its date would call an old list fresh.
    """
    response = get_conditional_response(request, etag=etag, last_modified=changed if by_date else None)
    return kept(response, etag, changed) if response is not None and response.status_code == 304 else response


def as_json(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="application/json")


def kept(response: HttpResponseBase, etag: str, changed: int | None) -> HttpResponseBase:
    """The answer with all that lets others keep it; `changed` in seconds since 1970."""
    response.headers["ETag"], response.headers["Cache-Control"] = etag, CACHED
    if changed:
        response.headers["Last-Modified"] = http_date(changed)
    return response
