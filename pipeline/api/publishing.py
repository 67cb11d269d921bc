"""`content/{id}/publish/` and what goes with it: publishing is always a person's act, now or at a date that they set."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.people import Person
from content.api.schema import promise
from content.api.versions import OfOnePiece
from content.errors import Invalid
from content.models import Piece, Post
from content.services import preview_links
from content.services import publishing as by_hand
from pipeline.models import DeliveryState
from pipeline.services import deliveries, publishing
from pipeline.services.publishing import Out

GROUP = "content"
POST = {"slug": "why-kettles-break", "url": "https://example.org/posts/why-kettles-break/"}
WARNING = "The address “why-kettles-break” belongs to another article, so this one is at “why-kettles-break-2”."


class PostMark(serializers.Serializer):
    slug = serializers.CharField()
    url = serializers.URLField()


class Marked(serializers.Serializer):
    at = serializers.DateTimeField(source="marked_at")
    url = serializers.CharField(source="marked_url", help_text="Empty where nobody said it")


class Published(serializers.Serializer):
    post = PostMark(allow_null=True, help_text="Null for a piece that is published elsewhere, and before its date")
    marked = Marked(required=False, help_text="Of a piece that a person published elsewhere")
    warning = serializers.CharField(required=False, help_text="For the person: what is not as they wished")
    task_id = serializers.IntegerField(required=False, help_text="The task that does the rest; see tasks/{id}/")


class Publishing(serializers.Serializer):
    picture = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="One of its pictures, null for none; the chosen one or its card unless said",
    )
    slug = serializers.CharField(
        required=False, allow_blank=True, max_length=300, help_text="The address that you would like for it"
    )
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone; now unless said")
    version_hash = serializers.CharField(
        required=False, max_length=64, help_text="Of the text that you read; 409 where another is the newest by now"
    )
    replaces = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="The task of the date that this one replaces"
    )
    url = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Where a piece that you published elsewhere can be read",
    )


class Addressing(serializers.Serializer):
    slug = serializers.CharField(max_length=300)
    instead_of = serializers.CharField(
        required=False, max_length=120, help_text="The slug that you saw; 409 where it is another by now"
    )


class Linking(serializers.Serializer):
    days = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=preview_links.MOST_DAYS,
        help_text="Until it ends; 7 unless set otherwise",
    )
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=10**9, help_text="A version's number; the newest unless said"
    )


class PreviewLink(serializers.Serializer):
    url = serializers.URLField(help_text="Whoever has it reads this version, without an account")
    expires_at = serializers.DateTimeField(source="ends_at")
    version = serializers.IntegerField(source="version.number")


class Planned(serializers.Serializer):
    task_id = serializers.IntegerField(source="pk", help_text="Cancel it at tasks/{id}/cancel/")
    at = serializers.DateTimeField(source="run_after")
    version_hash = serializers.CharField(source="params.version_hash")
    by = Person(source="owner")


class Delivered(serializers.Serializer):
    target = serializers.CharField()
    state = serializers.ChoiceField(DeliveryState.choices)
    public_url = serializers.CharField()
    desk_url = serializers.CharField(help_text="Where an editor finds it there")
    error = serializers.CharField(help_text="In the target's own words")
    sent_at = serializers.DateTimeField(allow_null=True)


class PublishingState(serializers.Serializer):
    is_public = serializers.BooleanField(help_text="Readers can read a version of it on our own site")
    post = PostMark(allow_null=True, help_text="Null where it never was public; its address stays taken")
    version = serializers.IntegerField(allow_null=True, help_text="The one that readers see, or saw last")
    planned = Planned(allow_null=True, help_text="The date that is set for it")
    marked = Marked(allow_null=True)
    deliveries = Delivered(many=True, help_text="What other places have of it")


class Publish(OfOnePiece):
    @promise("What is public of it, where, and what is planned", PublishingState, refuses=(404,), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        piece = self.piece()
        post, planned = Post.objects.filter(piece=piece).first(), publishing.plan(piece)
        return Response(
            {
                "is_public": post is not None and post.withdrawn_at is None,
                "post": PostMark(post).data if post else None,
                "version": post.version_number if post else None,
                "planned": Planned(planned).data if planned else None,
                "marked": Marked(piece).data if piece.marked_at else None,
                "deliveries": Delivered(deliveries.of(piece), many=True).data,
            }
        )

    @promise(
        "Make the approved text public, now or at a date; or mark that it was published elsewhere. "
        "202 where a task does the rest: at the date, or at other places",
        Published,
        also=(202,),
        takes=Publishing,
        refuses=(403, 404, 409),
        sends={"picture": 5, "slug": "why-kettles-break"},
        answers={
            "post": {"slug": "why-kettles-break-2", "url": "https://example.org/posts/why-kettles-break-2/"},
            "warning": WARNING,
        },
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(Publishing)
        if not piece.on.public:
            return self._marked(piece, asked)
        if asked.pop("url", ""):
            raise Invalid("This piece goes out on your own site.", {"url": ["Its address is ours to give."]})
        at, replaces = asked.pop("at", None), asked.pop("replaces", 0)
        if at is None:
            return _answer(publishing.publish(piece, by=self.user, **asked))
        task = publishing.schedule(piece, at=at, by=self.user, instead_of=replaces, **asked)
        return Response({"post": None, "task_id": task.pk}, status=202)

    def _marked(self, piece: Piece, asked: dict[str, Any]) -> Response:
        says = f"{piece.on.name} pieces are published there by hand."
        if beside := {name: [says] for name in ("at", "picture", "slug", "replaces") if asked.get(name)}:
            raise Invalid(says, beside)
        by_hand.mark_published(
            piece, by=self.user, url=asked.get("url", ""), version_hash=asked.get("version_hash", "")
        )
        return Response({"post": None, "marked": Marked(piece).data})


class Unpublish(OfOnePiece):
    @promise(
        "Take it off the public site, or say that it is not published elsewhere; the text stays approved. "
        "202 where it is taken off other places too",
        Published,
        also=(202,),
        refuses=(403, 404, 409),
        answers={"post": POST},
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece = self.piece()
        if piece.on.public:
            return _answer(publishing.unpublish(piece, by=self.user))
        by_hand.unmark(piece, by=self.user)
        return Response({"post": None})


class Address(OfOnePiece):
    @promise(
        "Give its article another address. The old one leads there for good; a wish that is taken gets a suffix, "
        "and a warning",
        Published,
        also=(202,),
        takes=Addressing,
        refuses=(403, 404, 409),
        sends={"slug": "why-kettles-break", "instead_of": "kettles"},
        answers={"post": POST},
        group=GROUP,
    )
    def patch(self, request: Request, pk: int) -> Response:
        return _answer(publishing.move(self.piece(), by=self.user, **self.body(Addressing)))


class PreviewLinks(OfOnePiece):
    @promise(
        "A link to exactly one version for somebody without an account; it is not stored, and ends by itself",
        PreviewLink,
        takes=Linking,
        refuses=(403, 404, 409),
        sends={"days": 3},
        answers={
            "url": "https://example.org/preview/WzEyLCI5Zjg2ZDA4MTg4NGMiLDE3OTUyNTU4MDAsM10:Jx0Zc9mvXq0/",
            "expires_at": "2026-11-24T09:30:00Z",
            "version": 3,
        },
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(Linking)
        number = asked.get("version") or (piece.current.number if piece.current else 1)
        link = preview_links.make(self.version(number), by=self.user, days=asked.get("days"))
        return Response(PreviewLink(link).data)


def _answer(out: Out) -> Response:
    body: dict[str, Any] = {"post": PostMark(out.post).data}
    if out.warning:
        body["warning"] = out.warning
    if out.task is None:
        return Response(body)
    return Response({**body, "task_id": out.task.pk}, status=202)
