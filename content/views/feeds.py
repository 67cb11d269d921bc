"""The newest articles for feed readers, whole: RSS, Atom and JSON Feed.

An entry is known by the number of its post, so a reader sees it once, whatever becomes of its title and its address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import feedgenerator, timezone
from django.utils.html import escape
from django.views.decorators.http import require_safe

from content.models import Post
from content.services.typesetting import shared_picture
from content.views.site import answers

FACTS = ("digest", "published_at", "updated_at")
WHOLE = (*FACTS, "slug", "title", "excerpt", "html", "category", "tags", "author", "cover")
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def known_as(post: Post) -> str:
    """The name of an entry for ever (RFC 4151)."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},2026:posts/{post.pk}"


def content_of(post: Post) -> str:
    """The article as it stands alone: links into itself and into the site lead there from anywhere."""
    picture = shared_picture(post.cover)
    image = f'<p><img src="{escape(picture["url"])}" alt="{escape(picture["alt"])}"></p>\n' if picture else ""
    html = re.sub(r'(<a [^>]*?href=")(#[^"]*)"', rf'\1{escape(post.url)}\2"', post.html)
    html = re.sub(r'(<a [^>]*?href=")(/(?!/)[^"]*)"', rf'\1{escape(settings.SITE_URL)}\2"', html)
    return _sayable(image + html)


def newest(request: HttpRequest) -> list[Post]:
    """The articles of a feed; without their texts while it is not known whether those are wanted."""
    columns = FACTS if "If-None-Match" in request.headers else WHOLE
    return list(Post.objects.live().only(*columns)[: settings.ARTICLES_A_FEED])


class WithContent(feedgenerator.Rss201rev2Feed):
    """RSS with the whole text, and with the picture, whose length in bytes an enclosure would have to say."""

    def rss_attributes(self) -> dict[str, str]:
        spaces = {
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:media": "http://search.yahoo.com/mrss/",
        }
        return super().rss_attributes() | spaces

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["content"])
        if picture := item["picture"]:
            said = {"url": picture["url"], "medium": "image", "type": picture["type"] or ""}
            said |= {side: str(picture[side] or "") for side in ("width", "height")}
            handler.startElement("media:content", {name: value for name, value in said.items() if value})
            handler.addQuickElement("media:description", _sayable(picture["alt"]), {"type": "plain"})
            handler.endElement("media:content")


class AtomWithContent(feedgenerator.Atom1Feed):
    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})
        if picture := item["picture"]:
            said = {"rel": "enclosure", "href": picture["url"], "type": picture["type"] or "image/jpeg"}
            handler.addQuickElement("link", "", said)


class Rss(Feed):
    feed_type: type[feedgenerator.SyndicationFeed] = WithContent
    description_template = title_template = None
    address = "feed-rss"

    def __init__(self, posts: list[Post]) -> None:
        self.posts = posts

    def title(self) -> str:
        return str(settings.SITE_NAME)

    def description(self) -> str:
        return str(settings.SITE_TAGLINE)

    def link(self) -> str:
        return answers.whole(reverse("home"))

    def feed_url(self) -> str:
        return answers.whole(reverse(self.address))

    def feed_guid(self) -> str:
        return self.link()

    def items(self) -> list[Post]:
        return self.posts

    def item_title(self, item: Post) -> str:
        return _sayable(item.title)

    def item_description(self, item: Post) -> str:
        return _sayable(escape(item.excerpt))  # readers take a description for HTML

    def item_link(self, item: Post) -> str:
        return item.url

    def item_guid(self, item: Post) -> str:
        return known_as(item)

    item_guid_is_permalink = False

    def item_pubdate(self, item: Post) -> datetime:
        return item.published_at

    def item_updateddate(self, item: Post) -> datetime:
        return max(item.updated_at, item.published_at)

    def item_author_name(self, item: Post) -> str:
        return _sayable(item.author)

    def item_categories(self, item: Post) -> list[str]:
        return _subjects(item)

    def item_extra_kwargs(self, item: Post) -> dict[str, Any]:
        return {"content": content_of(item), "picture": shared_picture(item.cover)}


class Atom(Rss):
    feed_type = AtomWithContent
    address = "feed-atom"

    def subtitle(self) -> str:
        return str(settings.SITE_TAGLINE)


@require_safe
def rss(request: HttpRequest) -> HttpResponseBase:
    return _fed(request, lambda posts: Rss(posts)(request).content, "application/rss+xml; charset=utf-8")


@require_safe
def atom(request: HttpRequest) -> HttpResponseBase:
    return _fed(request, lambda posts: Atom(posts)(request).content, "application/atom+xml; charset=utf-8")


@require_safe
def json_feed(request: HttpRequest) -> HttpResponseBase:
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""
    return _fed(request, _json, "application/feed+json; charset=utf-8")


def _fed(request: HttpRequest, make: Callable[[list[Post]], str | bytes], kind: str) -> HttpResponseBase:
    posts = newest(request)

    def made() -> str | bytes:
        # Read without their texts, they are read again with them: each at once would be a query for every column.
        return make(posts if "html" in posts[0].__dict__ else newest_whole()) if posts else make(posts)

    return answers.kept(
        request, made, of=[known_as(post) + post.digest for post in posts], changed=answers.newest(posts), kind=kind
    )


def newest_whole() -> list[Post]:
    return list(Post.objects.live().only(*WHOLE)[: settings.ARTICLES_A_FEED])


def _json(posts: list[Post]) -> str:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": settings.SITE_NAME,
        "description": settings.SITE_TAGLINE,
        "home_page_url": answers.whole(reverse("home")),
        "feed_url": answers.whole(reverse("feed-json")),
        "language": settings.LANGUAGE_CODE,
        "items": [_item(post) for post in posts],
    }
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":"))


def _item(post: Post) -> dict[str, Any]:
    zone = timezone.get_default_timezone()
    picture = shared_picture(post.cover)
    said = {
        "id": known_as(post),
        "url": post.url,
        "title": post.title,
        "content_html": content_of(post),
        "summary": post.excerpt,
        "image": picture["url"] if picture else "",
        "date_published": post.published_at.astimezone(zone).isoformat(timespec="seconds"),
        "date_modified": max(post.updated_at, post.published_at).astimezone(zone).isoformat(timespec="seconds"),
        "authors": [{"name": post.author}],
        "tags": _subjects(post),
    }
    return {name: value for name, value in said.items() if value}


def _subjects(post: Post) -> list[str]:
    return [_sayable(name) for name in dict.fromkeys([post.category, *post.tags]) if name]


def _sayable(text: str) -> str:
    """The text without the characters that no XML can hold."""
    return NOT_XML.sub("", text)
