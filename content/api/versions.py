"""`content/{id}/versions/` and `…/diff/`: every text a piece ever had, and what changed between any two."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.paging import LatestNumberFirst
from content.api.people import Person
from content.api.schema import promise
from content.models import Piece, Version
from content.services import comparing, diffing, editing

GROUP = "content"


class VersionMark(serializers.Serializer):
    """Which text it is. Send its `hash` with every write, so that nothing is decided on a text nobody read."""

    number = serializers.IntegerField()
    hash = serializers.CharField()
    score = serializers.FloatField(allow_null=True, help_text="0 to 10")


class VersionLine(VersionMark):
    title = serializers.CharField()
    stage = serializers.CharField(help_text="The stage that wrote it, or `edit`")
    author = serializers.CharField(help_text="The person, or the model")
    by = Person(allow_null=True, help_text="Null when a model wrote it")
    model = serializers.CharField()
    note = serializers.CharField()
    created_at = serializers.DateTimeField()


class VersionWhole(VersionLine):
    content_text = serializers.CharField(source="body")
    metadata = serializers.DictField(source="facts")
    report = serializers.DictField(help_text="The score, check by check, each with a sentence")
    record = serializers.DictField(help_text="The generation record; empty for a person's words")


class VersionHash(serializers.Serializer):
    version_hash = serializers.CharField(max_length=64, help_text="The hash of the newest version that you read")


class Between(serializers.Serializer):
    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it cannot be declared as an attribute."""
        return {
            "from": _number("A version's number; the model's last text unless said"),
            "to": _number("A version's number; the newest unless said"),
        }


def _number(says: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=10**9, required=False, help_text=says)


class AuthorShape(serializers.Serializer):
    kind = serializers.ChoiceField(["model", "person"])
    name = serializers.CharField()


class ExactSpan(serializers.Serializer):
    op = serializers.ChoiceField(["keep", "ins", "del"])
    text = serializers.CharField()
    author = AuthorShape(help_text="Who wrote these words, also those that were taken out")


class SpanShape(ExactSpan):
    moved = serializers.BooleanField(help_text="The words only stand at another place: neither new nor gone")


class MoveShape(serializers.Serializer):
    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python's, so it cannot be declared as an attribute."""
        return {
            "number": serializers.IntegerField(help_text="The same at both ends, and in blocks that went together"),
            "from": serializers.IntegerField(help_text="Which block it was in the old text, counted from 1"),
            "to": serializers.IntegerField(help_text="Which block it is in the new text"),
        }


class BlockShape(serializers.Serializer):
    kind = serializers.CharField(help_text="p, h1, h2, h3, li, quote, code (also tables) or hr")
    level = serializers.IntegerField(help_text="Of a heading, or how deep a list item lies")
    marker = serializers.CharField(help_text="Of a list item: - or 3.")
    was = serializers.CharField(allow_null=True, help_text="The old kind, where the form of the block changed")
    changed = serializers.BooleanField()
    moved = MoveShape(allow_null=True, help_text="A block that moved is there twice: all taken out, and all put in")
    spans = SpanShape(many=True, help_text="The words as they are shown, without the marks that make it a block")


class Difference(serializers.Serializer):
    old = VersionMark()
    new = VersionMark()
    added = serializers.IntegerField(help_text="Words")
    removed = serializers.IntegerField(help_text="Words")
    places = serializers.IntegerField(help_text="Spots to look at")
    blocks = BlockShape(many=True, help_text="To be shown")
    exact = ExactSpan(
        many=True,
        help_text="Both texts character for character: keep and del in order are the old one, keep and ins the new one",
    )


class OfOnePiece(Endpoint):
    """What hangs from a piece that this user may see."""

    def piece(self) -> Piece:
        seen = Piece.objects.visible_to(self.user).select_related("current__by", "idea", "owner", "post")
        return get_object_or_404(seen, pk=self.kwargs["pk"])

    def version(self, number: int) -> Version:
        seen = Version.objects.visible_to(self.user).select_related("by", "piece")
        return get_object_or_404(seen, piece=self.kwargs["pk"], number=number)


class Versions(OfOnePiece):
    pagination_class = LatestNumberFirst

    @promise("Every text of a piece, newest first", VersionLine(many=True), refuses=(404,), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        return self.page(self.piece().versions.light(), VersionLine)


class OneVersion(OfOnePiece):
    @promise("One text, with its score and how it was made", VersionWhole, refuses=(404,), group=GROUP)
    def get(self, request: Request, pk: int, number: int) -> Response:
        return Response(VersionWhole(self.version(number)).data)


class Restore(OfOnePiece):
    @promise(
        "An older text becomes the newest version",
        VersionWhole,
        status=201,
        takes=VersionHash,
        refuses=(403, 404, 409),
        group=GROUP,
    )
    def post(self, request: Request, pk: int, number: int) -> Response:
        old = self.version(number)
        restored = editing.restore(old.piece, old.number, by=self.user, based_on=self.body(VersionHash)["version_hash"])
        return Response(VersionWhole(restored).data, status=201)


class Diff(OfOnePiece):
    @promise("What changed between two texts, by word", Difference, query=Between, refuses=(400, 404), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        asked, piece = self.query(Between), self.piece()
        old = self.version(asked["from"]) if "from" in asked else piece.original or self.version(1)
        new = self.version(asked["to"]) if "to" in asked else self.version(piece.current.number if piece.current else 1)
        found = comparing.compare(old, new)
        return Response(
            {
                "old": VersionMark(old).data,
                "new": VersionMark(new).data,
                "added": found.added,
                "removed": found.removed,
                "places": found.places,
                "blocks": diffing.as_json(found),
                "exact": [{"op": span.op, "text": span.text, "author": asdict(span.author)} for span in found.exact],
            }
        )


def difference(read: Version, newest: Version) -> list[dict[str, Any]]:
    """What changed since the text that somebody read, as a refusal brings it."""
    return diffing.as_json(comparing.compare(read, newest))
