"""Search for readers: a plain form, the words marked in what was found, and the categories to narrow it by."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from content.errors import Invalid
from content.services import search
from content.services.reading import Filters
from content.views.site import answers, sections

DIGITS = 6


@require_safe
@cache_control(public=True, max_age=60)
def results(request: HttpRequest) -> HttpResponse:
    """What was found for `?q=`, in one `category` if that is asked for, from the `from`-th on."""
    typed = request.GET.get("q", "").replace("\x00", " ")
    category = request.GET.get("category", "").replace("\x00", " ")
    categories = sections.categories()
    context: dict[str, Any] = {"typed": typed.strip(), "category": category, "canonical": answers.whole(request.path)}
    status = 200
    if context["typed"]:
        try:
            context |= _found(typed, category, _offset(request), request.path)
        except Invalid as refusal:
            context["refusal"], status = refusal.message, refusal.status
    return HttpResponse(answers.page("content/site/search.html", context, categories), status=status)


def _offset(request: HttpRequest) -> int:
    asked = request.GET.get("from", "")
    return min(int(asked), search.MOST) if asked.isascii() and asked.isdigit() and len(asked) <= DIGITS else 0


def _found(typed: str, category: str, offset: int, path: str) -> dict[str, Any]:
    size = settings.ARTICLES_A_PAGE
    filters = Filters(category=category) if category else None
    found = search.find(typed, filters=filters, limit=size, offset=offset)
    asked = {"q": typed} | ({"category": category} if category else {})

    def at(start: int) -> str:
        return f"{path}?{urlencode(asked | ({'from': start} if start else {}))}"

    narrower = [
        (facet, f"{path}?{urlencode({'q': typed, 'category': facet.slug})}") for facet in found.facets["category"]
    ]
    return {
        "found": found,
        "first": offset + 1,
        "narrower": narrower,
        "everything": f"{path}?{urlencode({'q': typed})}" if category else "",
        "newer": at(max(0, offset - size)) if offset else "",
        "older": at(offset + size) if offset + size < found.count else "",
    }
