"""A post as HTML, set once when it is published: its article, the head of that page, and its line in lists.

Dates stand in full (“18 November 2026”), so that nothing set here ever goes stale.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from content.models import Post
from content.models.post import slug_of

TEMPLATES = {
    "line_html": "content/site/_line.html",
    "head_html": "content/site/_head.html",
    "article_html": "content/site/_article.html",
}
# What the templates say pictures and links with decides with them how a page looks.
CODE = [Path(__file__), Path(__file__).parent.parent / "templatetags" / "newsstand.py"]
SHARED_WIDTH = 1200  # pixels that a card in a messenger or on a network is wide
# In a data block too, "</script>" would end it.
UNSAFE = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def html_of(post: Post) -> dict[str, str]:
    """The columns of HTML. `post` need not be stored; it must have its slug."""
    context = {
        "post": post,
        "body": _within_reach(post.html),
        "category_slug": slug_of(post.category),
        "author_slug": slug_of(post.author),
        "tags": [(tag, slug_of(tag)) for tag in post.tags],
        "cover": post.cover if post.cover.get("url") else None,
        "shared": shared_picture(post.cover),
        "structured": _structured(post),
        "site_name": settings.SITE_NAME,
        "ai_note": settings.AI_NOTE,
    }
    # The desk's reader may have a time zone of their own; the site has one.
    with timezone.override(timezone.get_default_timezone()):
        return {column: render_to_string(template, context).strip() for column, template in TEMPLATES.items()}


def _within_reach(html: str) -> SafeString:
    """The body, in which what is wider than a small page can be moved sideways by keyboard too."""
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="wide" role="group" aria-label="Table" tabindex="0"><table>')
    return mark_safe(html.replace("</table>", "</table></div>"))


def fingerprint() -> str:
    """What decides, beside the post, how it is set: templates, code and settings."""
    told = (settings.SITE_URL, settings.SITE_NAME, settings.AI_NOTE, settings.TIME_ZONE, settings.LANGUAGE_CODE)
    return hashlib.sha256(f"{_files()} {told}".encode()).hexdigest()


@cache
def _files() -> str:
    folder = Path(settings.BASE_DIR) / "templates"
    files = [*CODE, *(folder / name for name in TEMPLATES.values())]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def absolute(url: str) -> str:
    """An address with its host; one that has a host already stays as it is."""
    return url if "//" in url else settings.SITE_URL + url


def shared_picture(cover: Mapping[str, Any]) -> dict[str, Any] | None:
    """The form of the chosen picture that every network takes: a JPEG of about 1,200 pixels, with its whole address."""
    if not cover.get("url"):
        return None
    plain = [one for one in cover.get("variants", ()) if one["type"] == "image/jpeg"]
    chosen = min(plain, key=lambda one: abs(one["width"] - SHARED_WIDTH), default=cover)
    return {name: chosen.get(name) for name in ("width", "height", "type")} | {
        "url": absolute(chosen["url"]),
        "alt": cover.get("alt", ""),
    }


def _structured(post: Post) -> SafeString:
    """JSON-LD of an article and of where it stands, to be put into a data block as it is."""
    graph = [_article(post), _trail(post)]
    text = json.dumps({"@context": "https://schema.org", "@graph": graph}, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(UNSAFE))


def _article(post: Post) -> dict[str, Any]:
    zone = timezone.get_default_timezone()
    picture = shared_picture(post.cover)
    said = {
        "@type": "BlogPosting",
        "@id": f"{post.url}#article",
        "mainEntityOfPage": post.url,
        "url": post.url,
        "headline": post.title,
        "description": post.excerpt,
        "image": [picture["url"]] if picture else None,
        "datePublished": post.published_at.astimezone(zone).isoformat(timespec="seconds"),
        "dateModified": max(post.updated_at, post.published_at).astimezone(zone).isoformat(timespec="seconds"),
        "author": _person(post.author),
        "editor": _person(post.reviewer) if post.reviewer else None,
        "publisher": {"@type": "Organization", "name": settings.SITE_NAME, "url": f"{settings.SITE_URL}/"},
        "articleSection": post.category,
        "keywords": list(post.tags),
        "wordCount": post.word_count,
        "timeRequired": f"PT{post.read_minutes}M",
        "inLanguage": settings.LANGUAGE_CODE,
        "isAccessibleForFree": True,
    }
    return {name: value for name, value in said.items() if value not in (None, "", [])}


def _person(name: str) -> dict[str, str]:
    slug = slug_of(name)
    return {"@type": "Person", "name": name} | (
        {"url": settings.SITE_URL + reverse("author", args=[slug])} if slug else {}
    )


def _trail(post: Post) -> dict[str, Any]:
    """From the front page over the category to the article."""
    steps = [(settings.SITE_NAME, f"{settings.SITE_URL}/")]
    if slug := slug_of(post.category):
        steps.append((post.category, settings.SITE_URL + reverse("category", args=[slug])))
    steps.append((post.title, post.url))
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": n, "name": name, "item": url} for n, (name, url) in enumerate(steps, 1)
        ],
    }
