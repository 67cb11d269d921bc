"""The three addresses of `posts/`."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from rest_framework.exceptions import NotFound

from content.api.errors import problem
from content.api.posts import asking, shapes
from content.api.posts.described import describe
from content.api.posts.endpoint import Public, as_json, asks_for_change, etag_of, kept, not_modified
from content.errors import Invalid
from content.models import FormerAddress
from content.services import reading, search

LIGHT = ("digest", reading.CHANGED)


class Posts(Public):
    @describe(
        "posts_list",
        "What is public, newest first",
        shapes.PostsPage,
        answers=shapes.EXAMPLE_PAGE,
        asks=asking.LIST,
        refuses=(400,),
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = asking.read(request.GET, asking.LIST)
        names = _names(asked, shapes.LINE)
        column = "whole_json" if names and set(names) - set(shapes.LINE) else "line_json"
        count = reading.count(asked.filters)

        def look(columns: tuple[str, ...]) -> tuple[reading.Page, dict[str, Any], str, int | None]:
            page, around = _page(request, asked, columns, count)
            changed = max((row[3] for row in page.rows), default=None)
            etag = etag_of([json.dumps(around), ",".join(names), *(row[2] for row in page.rows)])
            return page, around, etag, changed

        if asks_for_change(request):
            _, _, etag, changed = look(LIGHT)
            if has_it := not_modified(request, etag, changed, by_date=False):
                return has_it
        page, around, etag, changed = look((*LIGHT, column))
        rows = ",".join(_only(row[4], names) for row in page.rows)
        return kept(as_json(f'{{"results":[{rows}],{json.dumps(around)[1:]}'), etag, changed)


class OnePost(Public):
    @describe(
        "posts_show",
        "One public article",
        shapes.OnePostAnswer,
        answers=shapes.EXAMPLE_WHOLE,
        asks=asking.ONE,
        refuses=(400, 404, 410),
        moves=True,
    )
    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        names = _names(asking.read(request.GET, asking.ONE), ())
        if asks_for_change(request):
            found = reading.one(LIGHT, slug)
            if found and not found[0]:
                has_it = not_modified(request, f'"{found[1][:32]}"', found[2], by_date=True)
                if has_it:
                    return has_it
        found = reading.one((*LIGHT, "whole_json"), slug)
        if found is None:
            return _elsewhere(request, slug)
        is_withdrawn, digest, changed, whole = found
        if is_withdrawn:
            return JsonResponse(problem(410, "This post was withdrawn.", code="gone"), status=410)
        return kept(as_json(_only(whole, names)), f'"{digest[:32]}"', changed)


class Search(Public):
    @describe(
        "posts_search",
        "Search what is public, the best first",
        shapes.SearchPage,
        answers=shapes.EXAMPLE_SEARCH,
        asks=asking.SEARCH,
        refuses=(400,),
    )
    def get(self, request: HttpRequest) -> HttpResponseBase:
        asked = asking.read(request.GET, asking.SEARCH)
        offset = min(asked["offset"] or 0, search.MOST)
        found = search.find(asked["q"], filters=asked.filters, limit=asked.limit, offset=offset)
        facets = {name: [vars(facet) for facet in facets] for name, facets in found.facets.items()}
        around = {
            **_by_offset(request, found.count, offset, asked.limit, "offset"),
            "count_is_capped": found.is_capped,
            "facets": facets,
            "by_beginnings": found.by_beginnings,
        }
        rows = ",".join(map(_found, found.hits))
        body = f'{{"results":[{rows}],{json.dumps(around, ensure_ascii=False)[1:]}'
        etag, changed = etag_of([body]), max((hit.changed for hit in found.hits), default=None)
        if asks_for_change(request) and (has_it := not_modified(request, etag, changed, by_date=False)):
            return has_it
        return kept(as_json(body), etag, changed)


# --- Pages ---


def _page(
    request: HttpRequest, asked: asking.Asked, columns: tuple[str, ...], count: int
) -> tuple[reading.Page, dict[str, Any]]:
    """The rows, and what stands around them: {next, previous, count}."""
    name = next((name for name in ("offset", "skip") if name in asked), "")
    place, ordering = asked["cursor"], asked["ordering"] or reading.ORDERINGS[0]
    if place and (name or place.ordering != (asked["ordering"] or place.ordering)):
        says = "A cursor knows its place and its order; leave out `offset`, `skip` and another `ordering`."
        raise Invalid("Some parameters need another look.", {"cursor": [says]})
    if name:
        offset = asked[name]
        around = _by_offset(request, count, offset, asked.limit, name)
        if offset >= count:  # nobody counts a million rows to say that there are no more
            return reading.Page([], has_next=False, has_previous=True), around
        page = reading.page(columns, asked.filters, ordering=ordering, offset=offset, limit=asked.limit)
        return page, around
    ordering = place.ordering if place else ordering
    page = reading.page(columns, asked.filters, ordering=ordering, place=place, limit=asked.limit)

    def link(row: tuple[Any, ...], *, backwards: bool) -> str:
        beside = reading.Place(ordering, row[1], row[0], backwards)
        return _link(request, cursor=asking.cursor_of(beside))

    around = {
        "next": link(page.rows[-1], backwards=False) if page.rows and page.has_next else None,
        "previous": link(page.rows[0], backwards=True) if page.rows and page.has_previous else None,
        "count": count,
    }
    return page, around


def _by_offset(request: HttpRequest, count: int, offset: int, limit: int, name: str) -> dict[str, Any]:
    there = offset + limit < count
    before = min(max(0, offset - limit), max(0, count - 1))
    return {
        "next": _link(request, **{name: offset + limit}) if there else None,
        "previous": _link(request, **{name: before}) if offset > 0 else None,
        "count": count,
    }


def _link(request: HttpRequest, **changed: Any) -> str:
    """The address that was asked for, with these parameters instead."""
    query = urlencode({**request.GET.dict(), **changed})
    return f"{request.scheme}://{request.get_host()}{request.path}?{query}"


# --- Rows ---


def _names(asked: asking.Asked, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    """The names to send; () for all that there are."""
    names, more = asked["fields"] or (), asked["include"] or ()
    if not more:
        return tuple(names)
    return tuple(dict.fromkeys([*(names or otherwise), *more]))


def _only(made: str, names: tuple[str, ...]) -> str:
    """The JSON as it was made, or only these names of it."""
    if not names:
        return made
    known = json.loads(made)
    return json.dumps({name: known[name] for name in names}, ensure_ascii=False, separators=(",", ":"))


def _found(hit: search.Hit) -> str:
    more = {"rank": round(hit.rank, 6), "title_html": hit.title_html, "snippet_html": hit.snippet_html}
    return f"{hit.line_json[:-1]},{json.dumps(more, ensure_ascii=False)[1:]}"


def _elsewhere(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The way to the post that had this address before."""
    known = FormerAddress.objects.filter(slug=slug, post__published_at__lte=Now())
    former = known.values_list("post__slug", flat=True).first()
    if former is None:
        raise NotFound("There is no such post.")
    query = request.META.get("QUERY_STRING", "")
    address = reverse("api-post", args=[former]) + (f"?{query}" if query else "")
    said = {"code": "moved", "detail": "This post has another address now.", "url": request.build_absolute_uri(address)}
    return JsonResponse(said, status=301, headers={"Location": address})
