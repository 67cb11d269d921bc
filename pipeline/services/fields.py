"""What each type of task can be told, and how that is validated: one place for pages, API and commands."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_origin

from django.conf import settings
from django.utils import timezone
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from content import platforms
from content.errors import Invalid
from content.platforms.base import Ask
from content.services.editing import without_controls
from media_gen import sources
from media_gen.services import candidates
from pipeline.models import TaskType
from pipeline.models.schedule import MOST_IDEAS

STYLES = ("Explainer", "How-to", "Opinion", "Story", "Case study", "Checklist")
TONES = ("Plain, practical", "Warm", "Formal", "Playful")
NO_PICTURE = "none"
MOST_PICTURES = 8  # of one task
MOST_SEED = 2**32 - 1
PRIORITIES = {0: "Normal", 10: "First"}


def _line(value: str) -> str:
    """One line of text: no control characters, single spaces, composed letters."""
    return " ".join(without_controls(unicodedata.normalize("NFC", value), keep="\t\n\r").split())


def _lines(value: Any) -> Any:
    """A textarea gives one string with a line each; the API gives a list."""
    parts = value.splitlines() if isinstance(value, str) else value
    return [part for part in parts if not isinstance(part, str) or part.strip()] if isinstance(parts, list) else parts


def _tags(value: Any) -> Any:
    parts = value.split(",") if isinstance(value, str) else value
    return [part for part in parts if not isinstance(part, str) or part.strip()] if isinstance(parts, list) else parts


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _soon(value: datetime | None) -> datetime | None:
    """Within a year: a time at the end of the calendar is one that the database takes and Python cannot read."""
    if value is not None and value > timezone.now() + timedelta(days=366):
        raise PydanticCustomError("too_far", "At most a year from now.")
    return value


Line = Annotated[str, AfterValidator(_line)]


class Asked(BaseModel):
    """What every type of task can be told."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    task_name: Annotated[Line, Field(max_length=200)] = ""
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    schedule_for: Annotated[AwareDatetime | None, BeforeValidator(_blank_is_none), AfterValidator(_soon)] = None

    @property
    def title(self) -> str:
        """What the task is called."""
        return self.task_name

    @property
    def writer(self) -> str:
        """The model that is to write; empty is the one that this installation writes with."""
        return ""

    def as_params(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"task_name", "priority"})


class Written(Asked):
    """What a task that writes can be told besides."""

    model: Annotated[Line, Field(max_length=120)] = ""

    @property
    def writer(self) -> str:
        return self.model


def _a_source(value: str) -> str:
    if value not in sources.NAMES:
        raise PydanticCustomError("source", f"Choose one of: {', '.join(sources.NAMES)}.")  # type: ignore[arg-type]
    return value


def _a_source_or_none(value: str) -> str:
    return value if value == NO_PICTURE else _a_source(value)


def pictures() -> dict[str, str]:
    """{source: its name} of those that are switched on here, and “none”."""
    named = {name: sources.about(name) for name in sources.NAMES}
    return {**{name: about.name for name, about in named.items() if about.is_on()}, NO_PICTURE: "None"}


class BlogPost(Written):
    """The fields of a `blog_post` task (SPEC 3.2)."""

    topic: Annotated[Line, Field(min_length=3, max_length=200)]
    primary_keyword: Annotated[Line, Field(max_length=80)] = ""
    target_audience: Annotated[Line, Field(max_length=200)] = ""
    category: Annotated[Line, Field(max_length=80)] = ""
    style: Annotated[Line, Field(max_length=60)] = STYLES[0]
    tone: Annotated[Line, Field(max_length=60)] = TONES[0]
    tags: Annotated[list[Annotated[Line, Field(max_length=60)]], BeforeValidator(_tags), Field(max_length=20)] = []
    word_count: Annotated[int, Field(ge=300, le=5000)] = 1500
    word_count_tolerance: Annotated[int, Field(ge=5, le=20)] = 10
    strict: bool = False
    brief: Annotated[list[Annotated[Line, Field(max_length=500)]], BeforeValidator(_lines), Field(max_length=40)] = []
    sources: Annotated[list[AnyHttpUrl], BeforeValidator(_lines), Field(max_length=10)] = []
    image_source: Annotated[Line, AfterValidator(_a_source_or_none)] = candidates.CARD

    @property
    def title(self) -> str:
        return self.task_name or self.topic

    def as_ask(self) -> dict[str, Any]:
        """What the text has to be, for the checks."""
        from_ask = Ask(
            platform="blog",
            topic=self.topic,
            word_count=self.word_count,
            tolerance=self.word_count_tolerance,
            strict=self.strict,
            keyword=self.primary_keyword,
            facts=tuple(self.brief),
            sources=tuple(str(url) for url in self.sources),
            audience=self.target_audience,
            tone=self.tone,
            style=self.style,
        )
        return from_ask.as_dict()


def _made_from_a_reply(value: str) -> str:
    """A platform whose text is made in one go; a blog post has stages of its own."""
    if value not in social():
        raise PydanticCustomError("platform", f"There is no “{value}” to choose. There are: {', '.join(social())}.")  # type: ignore[arg-type]
    return value


def social() -> list[str]:
    """The platforms whose text is made from one reply."""
    return [slug for slug, platform in platforms.ALL.items() if platform.Reply is not None]


def _once_each(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _or_the_usual(topics: list[str]) -> list[str]:
    """A run without topics is about those of this installation."""
    return topics or list(settings.TOPICS)


Social = Annotated[Line, AfterValidator(_made_from_a_reply)]
Words = Annotated[list[Annotated[Line, Field(max_length=120)]], BeforeValidator(_lines), AfterValidator(_once_each)]


class Voice(Written):
    """How a social text is to sound, and for whom."""

    keywords: Annotated[Words, Field(max_length=20)] = []
    audience: Annotated[Line, Field(max_length=200)] = ""
    tone: Annotated[Line, Field(max_length=60)] = ""
    creativity: Literal["careful", "usual", "bold"] = "usual"

    def ask_for(self, platform: str, topic: str, keyword: str = "") -> dict[str, Any]:
        """What a text on `platform` has to be, for the checks."""
        asked = Ask(platform=platform, topic=topic, keyword=keyword, audience=self.audience, tone=self.tone)
        return asked.as_dict()


class DailyWorkflow(Voice):
    """The fields of a `daily_workflow` task: so many ideas, each for each platform (SPEC 3.4)."""

    count: Annotated[int, Field(ge=1, le=MOST_IDEAS)] = 5
    platforms: Annotated[
        list[Social],
        AfterValidator(_once_each),
        Field(default_factory=lambda: list(settings.DAILY_PLATFORMS), validate_default=True, min_length=1),
    ]
    topics: Annotated[
        Words, AfterValidator(_or_the_usual), Field(default_factory=list, validate_default=True, max_length=20)
    ]

    @property
    def title(self) -> str:
        today = timezone.localtime()
        return self.task_name or f"Daily run, {today:%A} {today.day} {today:%B}"


class PlatformContent(Voice):
    """The fields of a `platform_content` task: one idea, given or new, for one platform."""

    platform: Social
    idea: Annotated[Annotated[int, Field(ge=1, le=2**63 - 1)] | None, BeforeValidator(_blank_is_none)] = None
    topic: Annotated[Line, Field(max_length=200, validate_default=True)] = ""
    description: Annotated[Line, Field(max_length=2000)] = ""
    category: Annotated[Line, Field(max_length=80)] = ""

    @field_validator("topic")
    @classmethod
    def _about_something(cls, topic: str, info: ValidationInfo) -> str:
        # An idea that is no number has its own sentence.
        if "idea" in info.data and info.data["idea"] is None and len(topic) < 3:
            raise PydanticCustomError("about", "Give a topic of at least 3 characters, or choose an idea.")
        return topic

    @property
    def title(self) -> str:
        return self.task_name or self.topic or f"Idea {self.idea}"


Row = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ImageGeneration(Asked):
    """The fields of an `image_generation` task: pictures for `piece`, or more `like` one that it has (SPEC 9.2).

    What is not said is as with the picture they are to be like, else the source is a card, the prompt the one that came
    with the text, and the seed the next one.
    """

    piece: Annotated[Row | None, BeforeValidator(_blank_is_none)] = None
    like: Annotated[Row | None, BeforeValidator(_blank_is_none), Field(validate_default=True)] = None
    source: Annotated[Annotated[Line, AfterValidator(_a_source)] | None, BeforeValidator(_blank_is_none)] = None
    count: Annotated[int, Field(ge=1, le=MOST_PICTURES)] = 4
    prompt: Annotated[Line, Field(max_length=1000)] = ""
    negative: Annotated[Line, Field(max_length=500)] = ""
    seed: Annotated[Annotated[int, Field(ge=0, le=MOST_SEED)] | None, BeforeValidator(_blank_is_none)] = None

    @field_validator("like")
    @classmethod
    def _of_something(cls, like: int | None, info: ValidationInfo) -> int | None:
        if like is None and "piece" in info.data and info.data["piece"] is None:
            raise PydanticCustomError("of_something", "Name the piece, or a picture that they are to be like.")
        return like

    @property
    def title(self) -> str:
        return self.task_name or "Pictures"


class Publish(Asked):
    """The fields of a `publish` task: what is public of `piece`, brought to every other place; or, with `version_hash`,
    first this approved version made public here, with `picture`, at an address like `slug` (SPEC 10)."""

    piece: Row
    version_hash: Annotated[Line, Field(max_length=64)] = ""
    picture: Row | Literal["default"] | None = "default"
    slug: Annotated[Line, Field(max_length=120)] = ""

    @property
    def title(self) -> str:
        return self.task_name or "Publishing"


class Revision(Written):
    """The fields of a `revision` task: the version of `piece` that was read, and what is to be changed in it.

    Empty `feedback` is that of the decision which stands, where changes were requested already.
    """

    piece: Row
    version_hash: Annotated[Line, Field(max_length=64)] = ""
    feedback: Annotated[str, Field(max_length=5000)] = ""

    @property
    def title(self) -> str:
        return self.task_name or "Revision"


class Replay(Asked):
    """The fields of a `replay` task: the version of `piece` whose generation record is run again; the newest that a
    model wrote unless said."""

    piece: Row
    version: Annotated[Annotated[int, Field(ge=1, le=10**9)] | None, BeforeValidator(_blank_is_none)] = None

    @property
    def title(self) -> str:
        return self.task_name or "Replay"


FIELDS: dict[str, type[Asked]] = {
    TaskType.BLOG_POST: BlogPost,
    TaskType.DAILY_WORKFLOW: DailyWorkflow,
    TaskType.PLATFORM_CONTENT: PlatformContent,
    TaskType.IMAGE_GENERATION: ImageGeneration,
    TaskType.PUBLISH: Publish,
    TaskType.REVISION: Revision,
    TaskType.REPLAY: Replay,
}
LISTS = {
    name
    for form in FIELDS.values()
    for name, field in form.model_fields.items()
    if get_origin(field.annotation) is list
}

# Pydantic's sentences are for programmers; these are for editors. The context gives the limits.
SAYS = {
    "missing": "This is needed.",
    "string_too_short": "At least {min_length} characters.",
    "string_too_long": "At most {max_length} characters.",
    "too_short": "Choose at least one.",  # the one list that may not be empty is of platforms
    "too_long": "At most {max_length} of them.",
    "greater_than_equal": "At least {ge}.",
    "less_than_equal": "At most {le}.",
    "int_parsing": "A whole number, please.",
    "int_type": "A whole number, please.",
    "int_from_float": "A whole number, please.",
    "int_parsing_size": "That number is too large.",
    "bool_parsing": "Yes or no, please.",
    "bool_type": "Yes or no, please.",
    "url_type": "That is not a web address.",
    "url_parsing": "That is not a web address.",
    "url_scheme": "A web address begins with http:// or https://.",
    "literal_error": "Choose one of: {expected}.",
    "extra_forbidden": "There is no such field.",
    "timezone_aware": "A time needs its zone, such as 2026-11-21T09:00:00Z.",
    "datetime_parsing": "A date and time, please, such as 2026-11-21T09:00:00Z.",
    "datetime_from_date_parsing": "A date and time, please, such as 2026-11-21T09:00:00Z.",
    "datetime_type": "A date and time, please, such as 2026-11-21T09:00:00Z.",
    "string_type": "Text, please.",
    "list_type": "A list, please.",
}


def validate(task_type: str, params: dict[str, Any]) -> Asked:
    """The validated fields, or `Invalid` with a sentence for each one that does not fit."""
    if task_type not in FIELDS:
        raise Invalid("There is no such type of task.", {"task_type": [f"Choose one of: {', '.join(FIELDS)}."]})
    try:
        return FIELDS[task_type].model_validate(params)
    except ValidationError as error:
        raise Invalid("Some fields need another look.", sentences(error)) from error


def sentences(error: ValidationError) -> dict[str, list[str]]:
    """{field: [sentence]}; a fault in a list says which line it is in."""
    found: dict[str, list[str]] = {}
    for fault in error.errors(include_url=False):
        name, *rest = [str(part) for part in fault["loc"]] or ["__all__"]
        # A text that went through `_line` first is measured like a list; it is still a text to whoever typed it.
        # A list that was typed into one field is still a list.
        is_text = isinstance(fault["input"], str) and (rest or name not in LISTS)
        kind = f"string_{fault['type']}" if is_text else fault["type"]
        says = SAYS.get(kind, SAYS.get(fault["type"], "{msg}.")).format(
            **{"msg": fault["msg"].rstrip("."), **fault.get("ctx", {})}
        )
        if rest and rest[0].isdigit() and fault["type"] != "platform":  # that one is named
            says = f"Line {int(rest[0]) + 1}: {says}"
        found.setdefault(name, []).append(says)
    return found
