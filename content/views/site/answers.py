"""Answers that anybody may keep: what each is made of is known, by its digests, before it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from content.models import Post
from content.views.site import sections

# A minute in caches: what was withdrawn is gone from them soon.
KEPT = "public, max-age=60, stale-while-revalidate=60"
HTML = "text/html; charset=utf-8"
PART = "\0"  # where a part goes; no text that is stored can hold it


def kept(
    request: HttpRequest,
    make: Callable[[], str | bytes],
    *,
    of: Iterable[object],
    changed: datetime | None = None,
    kind: str = HTML,
) -> HttpResponseBase:
    """What `make` gives, or 304 for who has it already, in which case it is not made.

    `of` names all that decides how the answer looks, beside this code and the settings. A date alone never says that
    an answer is the same: what was withdrawn from a list does not make the rest of it newer.
    """
    told = "\0".join([_setting(), request.path, *map(str, of)])
    etag = f'"{hashlib.sha256(told.encode(errors="surrogatepass")).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag) or HttpResponse(make(), content_type=kind)
    answer["ETag"], answer["Cache-Control"] = etag, KEPT
    if changed:
        answer["Last-Modified"] = http_date(changed.timestamp())
    return answer


def page(template: str, context: dict[str, Any], categories: list[sections.Category]) -> str:
    """A page of the site. It is rendered without the request, so nothing of who reads it can be in it."""
    around = {
        "site_name": settings.SITE_NAME,
        "site_tagline": settings.SITE_TAGLINE,
        "ai_note": settings.AI_NOTE,
        "site_url": settings.SITE_URL,
        "categories": sections.for_the_top(categories),
        "unlisted": len(categories) > sections.AT_THE_TOP,
    }
    with timezone.override(timezone.get_default_timezone()):
        return render_to_string(template, {**around, **context})


def framed(head: str, body: str, categories: list[sections.Category], current: str) -> str:
    """A page whose parts lie ready; what stands round them is rendered once for each list of categories."""
    before, between, after = _frame(_setting(), tuple(categories), current)
    return "".join((before, head, between, body, after))


@lru_cache(maxsize=256)
def _frame(setting: str, categories: tuple[sections.Category, ...], current: str) -> list[str]:
    """What comes before the head's own part, between that and the body, and after it."""
    context = {"current": current, "head": PART, "body": PART}
    return page("content/site/article.html", context, list(categories)).split(PART)


def whole(address: str) -> str:
    """An address of this site as it is given away."""
    return f"{settings.SITE_URL}{address}"


def newest(posts: Iterable[Post]) -> datetime | None:
    """When the last of these posts changed."""
    return max((max(post.updated_at, post.published_at) for post in posts), default=None)


def _setting() -> str:
    told = (settings.SITE_URL, settings.SITE_NAME, settings.SITE_TAGLINE, settings.AI_NOTE, settings.TIME_ZONE)
    return f"{_files()} {told} {settings.STATIC_URL} {settings.LANGUAGE_CODE}"


@cache
def _files() -> str:
    """The code and the templates that make pages of what was set before."""
    templates = Path(settings.BASE_DIR) / "templates"
    here = Path(__file__).parent
    files = [templates / "site.html", *sorted((templates / "content" / "site").glob("*.html"))]
    files += [*sorted(here.glob("*.py")), here.parent / "feeds.py"]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
