"""A refusal in a page view becomes something a person can read and act on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views.defaults import server_error as error_page

from content.api.errors import problem
from content.errors import CopydeskError


class RefusalMiddleware:
    """Turns a `CopydeskError` into a page, or, for htmx, into the notice that goes to the top of the page it is on.

    Both are given {message, status, code}. Anything else is a bug and rises.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, CopydeskError):
            return None
        context = {"message": error.message, "status": error.status, "code": error.code, **error.extra}
        if not request.htmx:  # type: ignore[attr-defined]
            return render(request, "content/refusal.html", context, status=error.status)
        response = render(request, "content/_refusal.html", context, status=error.status)
        response["HX-Retarget"], response["HX-Reswap"] = "#notices", "innerHTML"
        return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; the log says what. In the API's own shape under /api/."""
    if request.path.startswith("/api/"):
        says = "Something in Copydesk broke. It was logged; try again, and tell whoever runs this installation."
        return JsonResponse(problem(500, says, code="broken"), status=500)
    return error_page(request)
