"""`content/` and `content/{id}/`: pieces, as the desk works on them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content import platforms
from content.api.endpoint import Endpoint
from content.api.people import Person
from content.api.schema import promise
from content.api.versions import OfOnePiece, VersionHash, VersionMark
from content.models import Approval, Piece, Priority, Status
from content.services import editing, ideas, triage

GROUP = "content"


class CoreIdea(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    category = serializers.CharField()


class PieceLine(serializers.Serializer):
    """A piece in a list. `fields` in the query string leaves out all others."""

    id = serializers.IntegerField()
    core_idea = CoreIdea(source="idea")
    platform = serializers.CharField()
    status = serializers.ChoiceField(Status.choices)
    approval_status = serializers.ChoiceField(Approval.choices, source="approval")
    title = serializers.CharField()
    version = VersionMark(
        source="current", allow_null=True, help_text="The newest text; null while it is being written"
    )
    image = serializers.SerializerMethodField(help_text="{url, alt, width, height, credit} of the chosen picture")
    owner = Person()
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it has to be decided")
    priority = serializers.SerializerMethodField(help_text="low, normal or high; higher ones are read first")
    claimed_by = Person(source="reader", allow_null=True, help_text="Who reads it at the desk now")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    url = serializers.SerializerMethodField(help_text="Where it is public")

    def get_fields(self) -> dict[str, Any]:
        only = self.context.get("only")
        return {name: field for name, field in super().get_fields().items() if not only or name in only}

    def get_priority(self, piece: Piece) -> str:
        return Priority(piece.priority).name.lower()

    def get_image(self, piece: Piece) -> dict[str, Any] | None:
        return piece.cover or None

    def get_url(self, piece: Piece) -> str | None:
        post = getattr(piece, "post", None)
        return post.url if post and post.withdrawn_at is None else None


class PieceWhole(PieceLine):
    content_text = serializers.CharField(
        source="current.body", allow_null=True, help_text="The newest text, in Markdown"
    )
    metadata = serializers.DictField(source="current.facts", allow_null=True, help_text="What the platform counts")
    original_version = serializers.SerializerMethodField(help_text="The text as the model left it")
    edited_version = serializers.SerializerMethodField(help_text="The newest text, if a person wrote it")

    def get_original_version(self, piece: Piece) -> str | None:
        original = piece.original
        return original.body if original else None

    def get_edited_version(self, piece: Piece) -> str | None:
        return piece.current.body if piece.current and piece.current.by_id else None


class Only(serializers.Serializer):
    fields = serializers.CharField(  # type: ignore[assignment]  # the promised name; DRF takes it off the class
        max_length=400, required=False, allow_blank=True, help_text="Names with commas between: only these are sent"
    )


class Wanted(Only):
    """Which pieces, and what of them."""

    date = serializers.DateField(required=False, help_text="The day it was made, such as 2026-11-21")
    status = serializers.ChoiceField(Status.choices, required=False, allow_blank=True)
    platform = serializers.CharField(max_length=40, required=False, allow_blank=True)
    category = serializers.CharField(max_length=80, required=False, allow_blank=True)
    q = serializers.CharField(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Beginnings of words that all are in its text and title, or in its idea",
    )

    def validate_platform(self, slug: str) -> str:
        known = sorted(platforms.ALL)
        if slug and slug not in known:
            raise serializers.ValidationError(f"Choose one of: {', '.join(known)}.")
        return slug


class Writing(VersionHash):
    title = serializers.CharField(max_length=300, required=False, help_text="Unchanged unless said")
    content_text = serializers.CharField(max_length=editing.MAX_BODY, trim_whitespace=False)


class Planning(serializers.Serializer):
    due_at = serializers.DateTimeField(required=False, allow_null=True, help_text="null takes the date away")
    priority = serializers.ChoiceField([known.name.lower() for known in Priority], required=False)


def only(shape: type[serializers.Serializer], wanted: str) -> set[str]:
    """The names in `wanted`; a refusal names those that `shape` does not have."""
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    if unknown := names - set(shape().get_fields()):
        raise serializers.ValidationError({"fields": [f"There is no field {', '.join(sorted(unknown))}."]})
    return names


class Pieces(Endpoint):
    @promise(
        "The pieces that you may see, newest first", PieceLine(many=True), query=Wanted, refuses=(400,), group=GROUP
    )
    def get(self, request: Request) -> Response:
        asked = self.query(Wanted)
        found = Piece.objects.visible_to(self.user).written().with_current()
        found = found.select_related("post", "claimed_by").defer("post__body", "post__html")
        for name in ("status", "platform"):
            if wanted := asked.get(name):
                found = found.filter(**{name: wanted})
        if day := asked.get("date"):
            found = found.made(day, day)
        if category := asked.get("category"):
            found = found.about(category)
        if words := asked.get("q"):
            found = found.saying(words)
        return self.page(found, PieceLine, only=only(PieceLine, asked.get("fields", "")))


class OnePiece(OfOnePiece):
    @promise("One piece with its text", PieceWhole, query=Only, refuses=(400, 404), group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        names = only(PieceWhole, self.query(Only).get("fields", ""))
        return Response(PieceWhole(self.piece(), context={"only": names}).data)

    @promise(
        "Save a text of your own as the next version",
        PieceWhole,
        takes=Writing,
        refuses=(403, 404, 409),
        group=GROUP,
    )
    def put(self, request: Request, pk: int) -> Response:
        piece, written = self.piece(), self.body(Writing)
        editing.save_edit(
            piece,
            by=self.user,
            based_on=written["version_hash"],
            title=written.get("title", piece.title),
            body=written["content_text"],
        )
        return Response(PieceWhole(self.piece()).data)

    @promise(
        "Say when a piece has to be decided, and whether it presses",
        PieceWhole,
        takes=Planning,
        refuses=(403, 404, 409),
        sends={"due_at": "2026-11-23T09:00:00Z", "priority": "high"},
        group=GROUP,
    )
    def patch(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(Planning)
        priority = Priority[asked["priority"].upper()] if "priority" in asked else piece.priority
        triage.plan(piece, by=self.user, due_at=asked.get("due_at", piece.due_at), priority=priority)
        return Response(PieceWhole(self.piece()).data)

    @promise("Take a piece away; its trail stays", status=204, refuses=(403, 404, 409), group=GROUP)
    def delete(self, request: Request, pk: int) -> Response:
        ideas.delete_piece(self.piece(), by=self.user)
        return Response(status=204)
