"""`content/{id}/guest-links/`: asking somebody without an account to decide on one version."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.people import Person
from content.api.schema import promise
from content.api.versions import OfOnePiece, VersionHash
from content.errors import NotAllowed, Stale
from content.models import GuestLink, User
from content.services import guest_links

GROUP = "content"


class GuestLinkShape(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="The guest’s, as their decision names them")
    version = serializers.IntegerField(source="version.number")
    asked_by = Person()
    url = serializers.SerializerMethodField(help_text="Whoever has it decides; null unless you asked")
    created_at = serializers.DateTimeField()
    opened_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(source="ends_at")

    def get_url(self, link: GuestLink) -> str | None:
        user: User = self.context["user"]
        return guest_links.url_of(link) if link.asked_by_id == user.pk else None


class AskingAGuest(VersionHash):
    name = serializers.CharField(max_length=120, help_text="The guest’s name, as the record will say it")
    days = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=guest_links.MOST_DAYS,
        help_text=f"Until it ends; {guest_links.USUAL_DAYS} unless said",
    )


class GuestLinks(OfOnePiece):
    @promise(
        "The guests who are asked about a piece and have not decided, newest first",
        GuestLinkShape(many=True),
        refuses=(403, 404),
        group=GROUP,
    )
    def get(self, request: Request, pk: int) -> Response:
        piece = self.piece()
        _require_reviewer(self.user)
        return self.page(guest_links.of(piece), GuestLinkShape, user=self.user)

    @promise(
        "Ask somebody without an account to decide, once, on exactly the text that you read",
        GuestLinkShape,
        status=201,
        takes=AskingAGuest,
        refuses=(403, 404, 409),
        sends={"name": "Nora Feld", "days": 3, "version_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c"},
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        piece, asked = self.piece(), self.body(AskingAGuest)
        read = piece.versions.filter(hash=asked["version_hash"]).select_related("piece").order_by("-number").first()
        if read is None:
            raise Stale("No version of this piece has that hash. Read the newest, then ask.")
        days = asked.get("days", guest_links.USUAL_DAYS)
        link = guest_links.make(read, by=self.user, name=asked["name"], days=days)
        return Response(self._shaped(link), status=201)

    def _shaped(self, link: GuestLink) -> dict[str, Any]:
        return dict(GuestLinkShape(link, context={"user": self.user}).data)


class OneGuestLink(OfOnePiece):
    @promise(
        "Take a guest’s link back; nobody decides with it any more", status=204, refuses=(403, 404, 409), group=GROUP
    )
    def delete(self, request: Request, pk: int, link: int) -> Response:
        piece = self.piece()
        _require_reviewer(self.user)
        found = get_object_or_404(GuestLink.objects.select_related("version__piece"), pk=link, version__piece=piece)
        guest_links.take_back(found, by=self.user)
        return Response(status=204)


def _require_reviewer(user: User) -> None:
    """Its owner may not: with a guest's address they would decide on their own work."""
    if not user.reviews:
        raise NotAllowed("Only an editor can ask guests, and see whom others asked.")
