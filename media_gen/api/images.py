"""`media/images/`: the pictures of pieces, private until one is approved."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.people import Person
from content.api.schema import REFUSALS, Problem, promise
from content.errors import Invalid
from content.models import Piece
from media_gen.models import Image, ImageStatus
from media_gen.services import choosing, uploading
from media_gen.views import preview_bytes

GROUP = "media"
CANDIDATE: dict[str, Any] = {
    "id": 31,
    "piece": 12,
    "source": "card",
    "status": "candidate",
    "alt": "“Why kettles break” in large type.",
    "credit": "",
    "credit_url": "",
    "width": 1200,
    "height": 630,
    "seconds": 0.2,
    "made": {"title": "Why kettles break", "seed": 0},
    "preview_url": "https://desk.example/api/v1/media/images/31/preview/",
    "public": None,
    "error": None,
    "by": None,
    "chosen_by": None,
    "chosen_at": None,
    "created_at": "2026-11-21T09:00:00Z",
}


class ImageShape(serializers.Serializer):
    id = serializers.IntegerField()
    piece = serializers.IntegerField(source="piece_id", help_text="At content/{id}/")
    source = serializers.CharField(help_text="card, pexels, sdxl or upload")  # type: ignore[assignment]  # DRF takes it off the class
    status = serializers.ChoiceField(ImageStatus.choices, help_text="One that is expired has no preview any more")
    alt = serializers.CharField(help_text="Proposed; a person who approves it may say better")
    credit = serializers.CharField(help_text="The line that its licence asks for")
    credit_url = serializers.CharField()
    width = serializers.IntegerField(help_text="Pixels")
    height = serializers.IntegerField(help_text="Pixels")
    seconds = serializers.FloatField(help_text="It took so long")
    made = serializers.DictField(help_text="How: seed, prompt, negative, model, steps, as far as its source has them")
    preview_url = serializers.SerializerMethodField(help_text="For you alone; null once it was cleaned up")
    public = serializers.SerializerMethodField(
        help_text="{url, srcset, alt, width, height, credit, …} once it is chosen"
    )
    error = serializers.SerializerMethodField(help_text="Why it could not be made public; approve it again")
    by = Person(allow_null=True, help_text="Who uploaded it")
    chosen_by = Person(allow_null=True)
    chosen_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_preview_url(self, image: Image) -> str | None:
        if image.status == ImageStatus.EXPIRED:
            return None
        address = reverse("api-image-preview", args=[image.pk])
        return str(self.context["request"].build_absolute_uri(address))

    def get_public(self, image: Image) -> dict[str, Any] | None:
        return image.facts or None

    def get_error(self, image: Image) -> str | None:
        return image.error or None


class Wanted(serializers.Serializer):
    piece = serializers.IntegerField(min_value=1, required=False)
    status = serializers.ChoiceField(ImageStatus.choices, required=False, allow_blank=True)
    source = serializers.CharField(max_length=20, required=False, allow_blank=True)  # type: ignore[assignment]


class Uploading(serializers.Serializer):
    piece = serializers.IntegerField(min_value=1)
    file = serializers.FileField(help_text="JPEG, PNG, WebP and their like; never SVG", max_length=1000)
    alt = serializers.CharField(max_length=choosing.MAX_ALT, required=False, allow_blank=True)


class Approving(serializers.Serializer):
    alt = serializers.CharField(
        max_length=choosing.MAX_ALT,
        required=False,
        help_text="For readers who cannot see it; unless said, the proposal",
    )
    instead_of = serializers.IntegerField(
        min_value=0,
        required=False,
        allow_null=True,
        help_text="The picture that you saw as the chosen one, 0 for none: if it is another by now, 409 says who was first",
    )


class OfImages(Endpoint):
    def seen(self) -> QuerySet[Image]:
        return Image.objects.visible_to(self.user).select_related("piece__current", "by", "chosen_by")

    def image(self) -> Image:
        return get_object_or_404(self.seen(), pk=self.kwargs["pk"])

    def told(self, image: Image, status: int = 200) -> Response:
        return Response(ImageShape(image, context={"request": self.request}).data, status=status)


class Images(OfImages):
    parser_classes = [MultiPartParser]

    @promise(
        "The pictures that you may see, newest first", ImageShape(many=True), query=Wanted, refuses=(400,), group=GROUP
    )
    def get(self, request: Request) -> Response:
        asked = {name: value for name, value in self.query(Wanted).items() if value}
        return self.page(self.seen().filter(**asked), ImageShape, request=request)

    @promise(
        "Bring a picture of your own; it is private until it is approved",
        ImageShape,
        status=201,
        takes={"multipart/form-data": Uploading},
        refuses=(403,),
        answers={**CANDIDATE, "source": "upload", "made": {"name": "kettle.jpg"}},
        group=GROUP,
    )
    def post(self, request: Request) -> Response:
        asked = self.body(Uploading)
        piece = Piece.objects.visible_to(self.user).filter(pk=asked["piece"]).first()
        if piece is None:
            raise Invalid("Some fields need another look.", {"piece": ["There is no such piece."]})
        file = asked["file"]
        if file.size > settings.IMAGE_MB * 1_000_000:
            raise Invalid("Some fields need another look.", {"file": [f"At most {settings.IMAGE_MB} MB."]})
        image = uploading.upload(piece, file.read(), name=file.name, by=self.user, alt=asked.get("alt", ""))
        return self.told(image, status=201)


class OneImage(OfImages):
    @promise("One picture, and how it was made", ImageShape, refuses=(404,), answers=CANDIDATE, group=GROUP)
    def get(self, request: Request, pk: int) -> Response:
        return self.told(self.image())


class Approve(OfImages):
    @promise(
        "Make it public, in all sizes; the piece's others are then not chosen. Again, it changes nothing",
        ImageShape,
        takes=Approving,
        refuses=(403, 404, 409, 502),
        sends={"alt": "A kettle, cut open: the thermostat sits under the base.", "instead_of": 0},
        group=GROUP,
    )
    def post(self, request: Request, pk: int) -> Response:
        image, asked = self.image(), self.body(Approving)
        choosing.choose(image, by=self.user, alt=asked.get("alt", ""), instead_of=asked.get("instead_of"))
        return self.told(self.image())


class Preview(Endpoint):
    """Answers 404 to whoever is not signed in, too: whether there is a picture is nobody's business."""

    permission_classes = [AllowAny]

    @extend_schema(
        summary="Its preview, for those who may see its piece",
        description="Its preview, for those who may see its piece. Never cached.",
        responses={
            (200, "image/webp"): OpenApiTypes.BINARY,
            404: OpenApiResponse(Problem, description=REFUSALS[404]),
        },
        tags=[GROUP],
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        return preview_bytes(request.user, pk)
