"""What each type of task can be asked, as the OpenAPI document promises it; `services/fields.py` is what validates."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from media_gen import sources as picture_sources
from pipeline.models import Creativity, TaskType
from pipeline.models.schedule import MOST_IDEAS
from pipeline.services import fields


def this(task_type: str) -> serializers.CharField:
    """The one word that tells this type from the others. A class, since DRF makes fields anew from theirs."""
    only = extend_schema_field({"type": "string", "const": task_type})
    field: type[serializers.CharField] = only(type("TypeField", (serializers.CharField,), {}))
    return field()


def words(help_text: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=120), max_length=20, required=False, help_text=help_text
    )


class Asked(serializers.Serializer):
    """What every type can be told."""

    task_name = serializers.CharField(max_length=200, required=False, help_text="Empty: a name that fits")
    model = serializers.CharField(
        max_length=120, required=False, help_text="One of models/; empty is what this installation writes with"
    )
    priority = serializers.IntegerField(min_value=-100, max_value=100, default=0, help_text="Higher first")
    schedule_for = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone; empty is now")


class AskingBlogPost(Asked):
    """One article, researched, written, scored and refined."""

    task_type = this(TaskType.BLOG_POST.value)
    topic = serializers.CharField(min_length=3, max_length=200)
    primary_keyword = serializers.CharField(max_length=80, required=False)
    target_audience = serializers.CharField(max_length=200, required=False)
    category = serializers.CharField(max_length=80, required=False)
    style = serializers.CharField(max_length=60, required=False)  # type: ignore[assignment]  # DRF takes it off
    tone = serializers.CharField(max_length=60, required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=60), max_length=20, required=False)
    word_count = serializers.IntegerField(min_value=300, max_value=5000, default=1500)
    word_count_tolerance = serializers.IntegerField(min_value=5, max_value=20, default=10, help_text="Percent")
    strict = serializers.BooleanField(default=False, help_text="The word range is then a hard rule")
    brief = serializers.ListField(child=serializers.CharField(max_length=500), max_length=40, required=False)
    sources = serializers.ListField(child=serializers.URLField(), max_length=10, required=False)
    image_source = serializers.ChoiceField(
        [*picture_sources.NAMES, fields.NO_PICTURE],
        default="card",
        help_text="Where its picture comes from; where that source is off or fails, a card is drawn",
    )


class Voice(Asked):
    keywords = words("To be worked in where they fit")
    audience = serializers.CharField(max_length=200, required=False)
    tone = serializers.CharField(max_length=60, required=False)
    creativity = serializers.ChoiceField(Creativity.choices, default=Creativity.USUAL)


class AskingDailyWorkflow(Voice):
    """So many ideas, and a piece of each for each platform."""

    task_type = this(TaskType.DAILY_WORKFLOW.value)
    count = serializers.IntegerField(min_value=1, max_value=MOST_IDEAS, default=5, help_text="Ideas")
    platforms = serializers.ListField(
        child=serializers.CharField(max_length=40),
        min_length=1,
        required=False,
        help_text=f"Of {', '.join(fields.social())}; unless said, {', '.join(settings.DAILY_PLATFORMS)}",
    )
    topics = words("What the ideas are about; unless said, what this installation writes about")


class AskingPlatformContent(Voice):
    """One idea, given or new, for one platform. One that is given keeps its own topic, description and category."""

    task_type = this(TaskType.PLATFORM_CONTENT.value)
    platform = serializers.ChoiceField(fields.social())
    idea = serializers.IntegerField(min_value=1, required=False, allow_null=True, help_text="One of ideas/")
    topic = serializers.CharField(max_length=200, required=False, help_text="Of a new idea; at least 3 characters")
    description = serializers.CharField(max_length=2000, required=False)
    category = serializers.CharField(max_length=80, required=False)


class AskingImages(serializers.Serializer):
    """What pictures are asked for with, wherever they are."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF takes it off the class
        list(picture_sources.NAMES),
        required=False,
        help_text="Unless said, that of the picture they are to be like, else card",
    )
    count = serializers.IntegerField(min_value=1, max_value=fields.MOST_PICTURES, default=4)
    prompt = serializers.CharField(
        max_length=1000, required=False, help_text="What is to be seen, or looked for; empty: what came with the text"
    )
    negative = serializers.CharField(max_length=500, required=False, help_text="What is not to be seen")
    seed = serializers.IntegerField(
        min_value=0,
        max_value=fields.MOST_SEED,
        required=False,
        allow_null=True,
        help_text="Of the first; the next ones have the seeds after it. Unless said, the first that is not used yet",
    )


class AskingImageGeneration(AskingImages):
    """Pictures for a piece, to choose from."""

    task_type = this(TaskType.IMAGE_GENERATION.value)
    piece = serializers.IntegerField(min_value=1, required=False, help_text="One of content/")
    like = serializers.IntegerField(min_value=1, required=False, help_text="One of media/images/: more like this")
    task_name = serializers.CharField(max_length=200, required=False, help_text="Empty: a name that fits")
    priority = serializers.IntegerField(min_value=-100, max_value=100, default=0, help_text="Higher first")
    schedule_for = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone; empty is now")


class AskingPublish(serializers.Serializer):
    """What is public of a piece, brought to every other place; or first made public here, now or at a date."""

    task_type = this(TaskType.PUBLISH.value)
    piece = serializers.IntegerField(min_value=1, help_text="One of content/")
    version_hash = serializers.CharField(
        max_length=64,
        required=False,
        help_text="The approved version that is to be made public; empty: what is public already, or was",
    )
    picture = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="One of its pictures, null for none; the chosen one or its card unless said",
    )
    slug = serializers.CharField(max_length=120, required=False, help_text="The address that it is to have")
    task_name = serializers.CharField(max_length=200, required=False, help_text="Empty: a name that fits")
    priority = serializers.IntegerField(min_value=-100, max_value=100, default=0, help_text="Higher first")
    schedule_for = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone; empty is now")


class AskingRevision(Asked):
    """What a reviewer wants otherwise in a text becomes its next version; the decision that asks for it is made too."""

    task_type = this(TaskType.REVISION.value)
    piece = serializers.IntegerField(min_value=1, help_text="One of content/")
    version_hash = serializers.CharField(max_length=64, required=False, help_text="Of the newest version that you read")
    feedback = serializers.CharField(
        max_length=5000, required=False, help_text="Empty: that of the request for changes which stands"
    )


class AskingReplay(serializers.Serializer):
    """The calls that made a version, made again and compared; nothing of it is stored as a version."""

    task_type = this(TaskType.REPLAY.value)
    piece = serializers.IntegerField(min_value=1, help_text="One of content/")
    version = serializers.IntegerField(
        min_value=1, max_value=10**9, required=False, allow_null=True, help_text="The newest by a model unless said"
    )
    task_name = serializers.CharField(max_length=200, required=False, help_text="Empty: a name that fits")
    priority = serializers.IntegerField(min_value=-100, max_value=100, default=0, help_text="Higher first")
    schedule_for = serializers.DateTimeField(required=False, allow_null=True, help_text="With its zone; empty is now")


ASKING: dict[str, serializers.Serializer[Any] | type[serializers.Serializer[Any]]] = {
    TaskType.BLOG_POST.value: AskingBlogPost,
    TaskType.DAILY_WORKFLOW.value: AskingDailyWorkflow,
    TaskType.PLATFORM_CONTENT.value: AskingPlatformContent,
    TaskType.IMAGE_GENERATION.value: AskingImageGeneration,
    TaskType.PUBLISH.value: AskingPublish,
    TaskType.REVISION.value: AskingRevision,
    TaskType.REPLAY.value: AskingReplay,
}


Asking = PolymorphicProxySerializer(component_name="Asking", serializers=ASKING, resource_type_field_name="task_type")
