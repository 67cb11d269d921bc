"""Feeds: each reads as its standard says, has the newest articles whole, and knows each by one name for ever."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
import make
import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from test_site import COVER, EVERYTHING, post_of

from content.models import Post, Status
from content.services import publishing, review

pytestmark = pytest.mark.django_db

RSS, ATOM, JSON = "/feed/rss.xml", "/feed/atom.xml", "/feed/feed.json"
A = "{http://www.w3.org/2005/Atom}"


def bytes_of(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200
    return response.content


def odd_post() -> Post:
    """An article with what is hard to put into a feed."""
    piece = make.piece(title="Tea & <b>“cake”</b>", body=EVERYTHING + "\n[home](/)\n", category="Kitchen & bath")
    editor = make.editor()
    review.approve(piece.current, by=editor)
    post = publishing.publish(piece, by=editor, cover=COVER)
    # Characters that no XML can hold, as an import may have brought them.
    Post.objects.filter(pk=post.pk).update(title=f"{post.title}\x0b", html=f"{post.html}\x08")
    return post


@pytest.mark.parametrize("address", [RSS, ATOM])
def test_a_feed_is_read_without_a_fault(client: Client, settings: Any, address: str) -> None:
    post = odd_post()
    post_of(n=2)

    feed = feedparser.parse(bytes_of(client, address))

    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.feed.title == settings.SITE_NAME
    assert feed.feed.link == f"{settings.SITE_URL}/"
    itself = [link.href for link in feed.feed.links if link.rel == "self"]
    assert itself == [settings.SITE_URL + address]
    first = feed.entries[0]
    assert first.link == post.url
    assert datetime(*first.published_parsed[:6], tzinfo=UTC) == post.published_at.replace(microsecond=0)
    assert first.author == post.author
    assert [tag.term for tag in first.tags] == ["Kitchen & bath"]
    [content] = first.content
    assert content.type == "text/html"
    assert "<strong>strong</strong>" in content.value
    assert f'href="{post.url}#in"' in content.value
    assert f'<a href="{settings.SITE_URL}/"' in content.value
    assert f'<img alt="A kettle" src="{settings.SITE_URL}/media/cover-1200.jpeg"' in content.value
    pictures = first.get("media_content") or first.enclosures
    assert [(one["url"] if "url" in one else one["href"], one["type"]) for one in pictures] == [
        (f"{settings.SITE_URL}/media/cover-1200.jpeg", "image/jpeg")
    ]


def test_rss_has_what_its_specification_wants(client: Client, settings: Any) -> None:
    odd_post()

    channel = etree.fromstring(bytes_of(client, RSS))[0]

    assert [channel.findtext(name) for name in ("title", "link", "description")] == [
        settings.SITE_NAME,
        f"{settings.SITE_URL}/",
        settings.SITE_TAGLINE,
    ]
    item = channel.find("item")
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    assert item.findtext("title") == "Tea & <b>“cake”</b>"
    # Of each at most one, and none that RSS does not know.
    known = {"title", "link", "description", "pubDate", "guid", "category", "enclosure", "comments", "source", "author"}
    plain = [child.tag for child in item if not child.tag.startswith("{")]
    assert set(plain) <= known
    assert all(plain.count(name) == 1 for name in set(plain) - {"category"})


def test_atom_has_what_its_specification_wants(client: Client, settings: Any) -> None:
    """RFC 4287, 4.1.1 and 4.1.2."""
    post = odd_post()

    feed = etree.fromstring(bytes_of(client, ATOM))

    assert feed.tag == f"{A}feed"
    for element in (feed, *feed.findall(f"{A}entry")):
        assert all(len(element.findall(A + name)) == 1 for name in ("id", "title", "updated"))
        assert datetime.fromisoformat(element.findtext(f"{A}updated")).tzinfo
        relations = [link.get("rel", "alternate") for link in element.findall(f"{A}link")]
        assert relations.count("alternate") == 1
    [entry] = feed.findall(f"{A}entry")
    assert len(entry.findall(f"{A}author/{A}name")) == 1
    assert [found.get("type") for found in entry.findall(f"{A}content")] == ["html"]
    assert datetime.fromisoformat(entry.findtext(f"{A}published")) == post.published_at
    assert feed.findtext(f"{A}id") == f"{settings.SITE_URL}/"


def test_the_json_feed_has_what_its_specification_wants(client: Client, settings: Any) -> None:
    """https://www.jsonfeed.org/version/1.1/"""
    post = odd_post()
    plain = post_of(n=2)
    response = client.get(JSON)
    assert response["Content-Type"] == "application/feed+json; charset=utf-8"

    feed = json.loads(response.content)

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == settings.SITE_URL + JSON
    assert feed["home_page_url"] == f"{settings.SITE_URL}/"
    assert set(feed) == {"version", "title", "description", "home_page_url", "feed_url", "language", "items"}
    first, second = feed["items"]
    assert first["url"] == post.url
    assert first["title"] == f"{post.title}\x0b"
    assert "<strong>strong</strong>" in first["content_html"]
    assert first["image"] == f"{settings.SITE_URL}/media/cover-1200.jpeg"
    assert first["authors"] == [{"name": post.author}]
    assert first["tags"] == ["Kitchen & bath"]
    assert datetime.fromisoformat(first["date_published"]) == post.published_at.replace(microsecond=0)
    allowed = {"id", "url", "title", "content_html", "summary", "image", "date_published", "date_modified"}
    for item in (first, second):
        assert set(item) <= allowed | {"authors", "tags"}
        assert isinstance(item["id"], str)
        assert all(item.values())
    assert second["url"] == plain.url


def test_an_entry_keeps_its_name_when_its_title_and_its_address_change(client: Client) -> None:
    post = post_of()

    def names() -> set[str]:
        parsed = [feedparser.parse(bytes_of(client, address)).entries[0].id for address in (RSS, ATOM)]
        return {*parsed, json.loads(bytes_of(client, JSON))["items"][0]["id"]}

    before = names()
    Post.objects.filter(pk=post.pk).update(slug="another", title="Another", digest="another")

    assert len(before) == 1
    assert names() == before
    assert before.pop().startswith("tag:127.0.0.1,2026:posts/")


@pytest.mark.parametrize("address", [RSS, ATOM, JSON])
def test_a_feed_has_the_newest_that_are_public_and_no_other(client: Client, settings: Any, address: str) -> None:
    settings.ARTICLES_A_FEED = 3
    make.piece(status=Status.READY, title="Secret")
    for n in range(5):
        post_of(n=2 * n, slug=f"number-{n}")
    Post.objects.filter(slug="number-1").update(withdrawn_at=timezone.now())
    Post.objects.filter(slug="number-4").update(published_at=timezone.now() + timedelta(hours=1))

    said = bytes_of(client, address).decode()

    assert [f"/posts/number-{n}/" in said for n in range(5)] == [True, False, True, True, False]
    assert "Secret" not in said


@pytest.mark.parametrize("address", [RSS, ATOM, JSON])
def test_who_has_a_feed_is_told_so_and_gets_the_new_one_when_there_is_one(client: Client, address: str) -> None:
    assert client.get(address).status_code == 200  # nothing was published yet
    post = post_of()
    etag = client.get(address)["ETag"]

    assert client.get(address, headers={"if-none-match": etag}).status_code == 304

    Post.objects.filter(pk=post.pk).update(withdrawn_at=timezone.now())
    post_of(title="The next one")
    again = client.get(address, headers={"if-none-match": etag})
    assert (again.status_code, "The next one" in again.content.decode()) == (200, True)
