"""`content/{id}/publish/` and `…/unpublish/`: publishing is always a person's act."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.schema import promise
from content.api.versions import OfOnePiece
from content.models import Post
from pipeline.services import publishing

GROUP = "content"


class PostMark(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField()


class Published(serializers.Serializer):
    post = PostMark()


class Publishing(serializers.Serializer):
    picture = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="One of its pictures, null for none; the chosen one or its card unless said",
    )


class Publish(OfOnePiece):
    @promise(
        "Make the approved text public",
        Published,
        takes=Publishing,
        refuses=(403, 404, 409),
        answers={"post": {"slug": "why-kettles-break", "url": "https://example.org/why-kettles-break/"}},
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(Publishing)
        return _published(publishing.publish(piece, by=self.user, **asked))


class Unpublish(OfOnePiece):
    @promise("Take it off the public site; the text stays approved", Published, refuses=(403, 404, 409), group=GROUP)
    def post(self, request: Request, pk: int) -> Response:
        return _published(publishing.unpublish(self.piece(), by=self.user))


def _published(post: Post) -> Response:
    return Response({"post": PostMark(post).data})
