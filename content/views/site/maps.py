"""What search engines read: the sitemap, with the day on which each article last changed, and robots.txt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Max
from django.db.models.functions import Greatest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from content.models import Post
from content.views.site import answers, sections

AT_MOST = 50_000  # addresses in one file, as sitemaps.org has it
A_PART = 20_000  # numbers of posts that one part of a large sitemap covers
XML = "application/xml; charset=utf-8"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# What is not for readers, or has an address for every question.
CLOSED = ("/desk/", "/admin/", "/api/", "/preview/", "/guest/", "/search/")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponseBase:
    """Every public address, or, where there may be too many for one file, the list of its parts."""
    last = Post.objects.aggregate(last=Max("pk"))["last"] or 0
    sections_ = _sections()
    if last + len(sections_) <= AT_MOST:
        return _urls(request, [*sections_, *_posts(0, last)])
    parts: list[tuple[str, datetime | None]] = [(reverse("sitemap-sections"), None)]
    for n in range(last // A_PART + 1):
        newest = _of_part(n).aggregate(newest=Max(Greatest("updated_at", "published_at")))["newest"]
        if newest:
            parts.append((reverse("sitemap-part", args=[n]), newest))
    return _file(request, "sitemapindex", "sitemap", parts)


@require_safe
def sitemap_sections(request: HttpRequest) -> HttpResponseBase:
    return _urls(request, _sections())


@require_safe
def sitemap_part(request: HttpRequest, number: int) -> HttpResponseBase:
    """The posts whose numbers lie in this part; it stays the same however many follow."""
    if number > 2**40:
        raise Http404("There is no such part of the sitemap.")
    found = list(_posts(number * A_PART, (number + 1) * A_PART - 1))
    if not found:
        raise Http404("There is no such part of the sitemap.")
    return _urls(request, found)


@require_safe
def robots(request: HttpRequest) -> HttpResponseBase:
    """What is for readers may be read by machines too; the desk and what is not public yet is nobody's."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED),
        "",
        f"Sitemap: {answers.whole('/sitemap.xml')}",
    ]
    return answers.kept(request, lambda: "\n".join([*lines, ""]), of=lines, kind="text/plain; charset=utf-8")


def _sections() -> list[tuple[str, datetime | None]]:
    known = sections.categories()
    newest = Post.objects.live().values_list("published_at", flat=True).first()
    return [
        (reverse("home"), newest),
        (reverse("archive"), newest),
        *((one.url, one.newest) for one in known),
    ]


def _of_part(number: int):
    return Post.objects.live().filter(pk__range=(number * A_PART, (number + 1) * A_PART - 1))


def _posts(first: int, last: int) -> Iterator[tuple[str, datetime]]:
    prefix = reverse("post", args=["-"]).removesuffix("-/")
    rows = Post.objects.live().filter(pk__range=(first, last)).order_by("pk")
    for slug, updated, published in rows.values_list("slug", "updated_at", "published_at").iterator(chunk_size=5000):
        # Nearly every slug is plain, and asking Django for the address of each would take most of the time.
        path = f"{prefix}{slug}/" if slug.isascii() else reverse("post", args=[slug])
        yield path, max(updated, published)


def _urls(request: HttpRequest, entries: Iterable[tuple[str, datetime | None]]) -> HttpResponseBase:
    return _file(request, "urlset", "url", list(entries))


def _file(request: HttpRequest, outer: str, inner: str, entries: list[tuple[str, datetime | None]]) -> HttpResponseBase:
    lines = [
        f"<{inner}><loc>{escape(settings.SITE_URL + path)}</loc>"
        + (f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else "")
        + f"</{inner}>"
        for path, changed in entries
    ]
    text = "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', f'<{outer} xmlns="{NAMESPACE}">', *lines, f"</{outer}>\n"]
    )
    newest = max((changed for _, changed in entries if changed), default=None)
    return answers.kept(request, lambda: text, of=[text], changed=newest, kind=XML)
