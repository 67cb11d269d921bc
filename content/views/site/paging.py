"""Pages of posts by key: a page is as quick to find at any depth, and its address stays good when others are added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest

from content.models import Post
from content.models.post import PostQuerySet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINE = ("slug", "published_at", "updated_at", "digest", "line_html")


@dataclass(frozen=True)
class Key:
    """Where a post stands among the others, written as “1795046400000000-12”; it need not be there any more."""

    published_at: datetime
    pk: int

    @classmethod
    def of(cls, post: Post) -> Key:
        return cls(post.published_at, post.pk)

    @classmethod
    def asked(cls, request: HttpRequest) -> Key | None:
        """The key after which the page that is asked for begins."""
        typed = request.GET.get("before")
        if typed is None:
            return None
        if not re.fullmatch(r"[0-9]{1,18}-[0-9]{1,18}", typed, re.ASCII):
            raise Http404("There is no such page.")
        microseconds, pk = map(int, typed.split("-"))
        try:
            return cls(EPOCH + timedelta(microseconds=microseconds), pk)
        except OverflowError:
            raise Http404("There is no such page.") from None

    def __str__(self) -> str:
        return f"{(self.published_at - EPOCH) // timedelta(microseconds=1)}-{self.pk}"


@dataclass(frozen=True)
class Page:
    """Some posts, newest first. `older` and `newer` are the addresses of its neighbours, empty where there is none."""

    posts: list[Post]
    key: Key | None
    older: str
    newer: str


def page_of(posts: PostQuerySet, request: HttpRequest, *more: str) -> Page:
    """The page of these posts that is asked for by `?before=`; one look-up, and another for its newer neighbour."""
    key, size = Key.asked(request), settings.ARTICLES_A_PAGE
    rows = posts.only(*LINE, *more)
    if key:
        rows = rows.filter(_before(key))
    found = list(rows.order_by("-published_at", "-pk")[: size + 1])
    older = f"{request.path}?before={Key.of(found[size - 1])}" if len(found) > size else ""
    return Page(found[:size], key, older, _newer(posts, key, request.path) if key else "")


def _before(key: Key) -> Q:
    # The first half is what PostgreSQL begins at in its index; the second takes out those of the very same moment.
    return Q(published_at__lte=key.published_at) & (Q(published_at__lt=key.published_at) | Q(pk__lt=key.pk))


def _newer(posts: PostQuerySet, key: Key, path: str) -> str:
    """The page of which the one after `key` is the next: it begins after the post that stands a page's length above."""
    above = posts.exclude(_before(key)).filter(published_at__gte=key.published_at).order_by("published_at", "pk")
    size = settings.ARTICLES_A_PAGE
    first = above.only("published_at")[size : size + 1]
    return next((f"{path}?before={Key.of(post)}" for post in first), path)
