"""What each type of task can be told, and how that is validated: one place for pages, API and commands."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, get_origin

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
)
from pydantic_core import PydanticCustomError

from content.errors import Invalid
from content.platforms.base import Ask
from content.services.editing import without_controls
from pipeline.models import TaskType

STYLES = ("Explainer", "How-to", "Opinion", "Story", "Case study", "Checklist")
TONES = ("Plain, practical", "Warm", "Formal", "Playful")
PICTURES = {"card": "Typographic card, drawn here", "none": "None"}
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


class BlogPost(BaseModel):
    """The fields of a `blog_post` task (SPEC 3.2)."""

    model_config = ConfigDict(extra="forbid", str_max_length=20_000)

    topic: Annotated[Line, Field(min_length=3, max_length=200)]
    task_name: Annotated[Line, Field(max_length=200)] = ""
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
    model: Annotated[Line, Field(max_length=120)] = ""
    image_source: Literal["card", "none"] = "card"
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    schedule_for: Annotated[AwareDatetime | None, BeforeValidator(_blank_is_none), AfterValidator(_soon)] = None

    def as_params(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude={"task_name", "priority"})

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


FIELDS: dict[str, type[BlogPost]] = {TaskType.BLOG_POST: BlogPost}
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


def validate(task_type: str, params: dict[str, Any]) -> BlogPost:
    """The validated fields, or `Invalid` with a sentence for each one that does not fit."""
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
        if rest and rest[0].isdigit():
            says = f"Line {int(rest[0]) + 1}: {says}"
        found.setdefault(name, []).append(says)
    return found
