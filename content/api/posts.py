"""`posts/`: what is public, for anybody. Reads `Post` alone, so nothing at the desk can shine through."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db.models.functions import Now
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from content.api import paging
from content.api.endpoint import Endpoint
from content.api.errors import problem
from content.api.schema import promise
from content.models import Post

GROUP = "posts"
# A minute in caches: an unpublished post is gone from them soon.
CACHED = "public, max-age=60"


class PostLine(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField()
    title = serializers.CharField()
    excerpt = serializers.CharField()
    category = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    author = serializers.CharField()
    cover = serializers.DictField(
        help_text="{url, alt, width, height, credit, credit_url, hint, variants: [{url, width, height, type}]}; empty without"
    )
    word_count = serializers.IntegerField()
    read_minutes = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PostWhole(PostLine):
    body = serializers.CharField(help_text="Markdown, without the title")
    html = serializers.CharField(help_text="Clean HTML of the body")
    headings = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), help_text="[{id, text}]"
    )
    reviewer = serializers.CharField(help_text="Who approved it")
    made_with = serializers.CharField(help_text="The model that wrote the first text; empty when people wrote it all")


class Wanted(serializers.Serializer):
    category = serializers.CharField(max_length=80, required=False, allow_blank=True)
    tag = serializers.CharField(max_length=60, required=False, allow_blank=True)


class Public(Endpoint):
    """For anybody: no session is looked at, so one answer serves all and may be kept."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    pagination_class = paging.Posts


class Posts(Public):
    @promise(
        "What is public, newest first", PostLine(many=True), query=Wanted, refuses=(400,), public=True, group=GROUP
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = self.query(Wanted)
        found = Post.objects.live().defer("body", "html", "headings")
        if asked.get("category"):
            found = found.filter(category__iexact=asked["category"])
        if asked.get("tag"):
            found = found.filter(tags__contains=[asked["tag"]])
        response = self.page(found, PostLine)
        changed = max((datetime.fromisoformat(row["updated_at"]) for row in response.data["results"]), default=None)
        return _kept(request, response, changed=changed, by_date=False)


class OnePost(Public):
    @promise("One public article", PostWhole, refuses=(404, 410), public=True, group=GROUP)
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        post = get_object_or_404(Post.objects.filter(published_at__lte=Now()), slug=slug)
        if post.withdrawn_at:
            return Response(problem(410, "This post was withdrawn.", code="gone"), status=410)
        return _kept(request, Response(PostWhole(post).data), changed=post.updated_at)


def _kept(request: Request, response: Response, *, changed: datetime | None, by_date: bool = True) -> HttpResponseBase:
    """The answer with its ETag and date, or 304 for who has it already.

    The ETag is made of the answer itself, so it is strong. `by_date` also lets the date alone decide; not for lists:
    what was withdrawn from one does not make the rest newer, so its date would call an old list fresh.
    """
    etag = f'"{hashlib.sha256(repr(response.data).encode()).hexdigest()[:32]}"'
    response["ETag"], response["Cache-Control"] = etag, CACHED
    if changed:
        response["Last-Modified"] = http_date(changed.timestamp())
    date = int(changed.timestamp()) if changed and by_date else None
    return get_conditional_response(request, etag=etag, last_modified=date, response=response) or response
