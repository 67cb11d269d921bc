"""What may be asked of `posts/`: each parameter once, with how it is read and what the OpenAPI document says of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from content.api.posts.shapes import LINE, WHOLE
from content.errors import Invalid
from content.services.reading import ORDERINGS, Filters, Place

A_PAGE, MOST = 20, 100
FURTHEST = 10**18  # PostgreSQL counts a little further


@dataclass(frozen=True)
class Parameter:
    """`read` gives the value, or raises ValueError with a sentence."""

    name: str
    read: Callable[[str], Any]
    says: str
    schema: dict[str, Any] = field(default_factory=lambda: {"type": "string"})
    examples: tuple[str, ...] = ()
    required: bool = False

    @property
    def described(self) -> OpenApiParameter:
        examples = [OpenApiExample(example, value=example) for example in self.examples]
        return OpenApiParameter(
            self.name, self.schema, required=self.required, description=self.says, examples=examples or None
        )


class Asked(dict[str, Any]):
    """The values that were given, by name; `None` for what was not."""

    def __missing__(self, name: str) -> None:
        return None

    @property
    def filters(self) -> Filters:
        names = {"category": "category", "tag": "tag", "author": "author"}
        names |= {"published_after": "after", "published_before": "before"}
        return Filters(**{ours: self[theirs] for theirs, ours in names.items() if self[theirs]})

    @property
    def limit(self) -> int:
        return self["limit"] or A_PAGE


def read(query: QueryDict, known: dict[str, Parameter]) -> Asked:
    """What was asked. `Invalid` names each parameter that is unknown or has no sense."""
    asked, faults = Asked(), {}
    for name in query:
        if name not in known:
            faults[name[:80]] = [f"There is no such parameter. There are {', '.join(known)}."]
            continue
        try:
            asked[name] = known[name].read(str(query[name]))
        except ValueError as error:
            faults[name] = [str(error)]
    for name, parameter in known.items():
        if parameter.required and name not in asked and name not in faults:
            faults[name] = ["Say what you look for."]
    if faults:
        raise Invalid("Some parameters need another look.", faults)
    return asked


def named(*parameters: Parameter) -> dict[str, Parameter]:
    return {parameter.name: parameter for parameter in parameters}


# --- How values are read ---


def _name(value: str) -> str:
    if len(value) > 120:
        raise ValueError("At most 120 characters.")
    return value.strip()


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        number = int(value[:19]) if value.isascii() and value.isdigit() else -1
        if number < least:
            raise ValueError(f"A whole number from {least} on, please.")
        return min(number, most)

    return read


def _moment(value: str) -> datetime:
    """A day means its beginning; a time without a zone is the desk's."""
    says = "A day or a time, please, such as 2026-11-18 or 2026-11-18T09:30:00Z."
    try:
        # A plus that was not escaped arrives as a blank.
        found: date | datetime | None = parse_datetime(value.upper().replace(" ", "+") if ":" in value else value)
        found = found or parse_date(value)
        if found is None:
            raise ValueError(says)
        moment = found if isinstance(found, datetime) else datetime.combine(found, time.min)
        return (moment if timezone.is_aware(moment) else timezone.make_aware(moment)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(says) from error


def _names_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    def read(value: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip(" ") for name in value.split(",")))
        if unknown := [name[:40] for name in names if name not in known]:
            raise ValueError(f"There is no “{'”, “'.join(unknown[:5])}”. There are {', '.join(known)}.")
        return names

    return read


def _ordering(value: str) -> str:
    if value not in ORDERINGS:
        raise ValueError(f"One of {', '.join(ORDERINGS)}.")
    return value


def cursor_of(place: Place) -> str:
    """A place in a list as it stands in an address."""
    plain = f"{'before' if place.backwards else 'after'} {place.ordering} {place.pk} {place.value}"
    return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def _cursor(value: str) -> Place:
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
        way, ordering, pk, key = plain.split(" ", 3)
        if way not in {"before", "after"} or ordering not in ORDERINGS or len(pk) > 18 or "\x00" in key:
            raise ValueError
        at = key if ordering.endswith("title") else datetime.fromisoformat(key).astimezone(UTC)
        return Place(ordering=ordering, value=at, pk=int(pk), backwards=way == "before")
    except (ValueError, OverflowError, binascii.Error) as error:
        raise ValueError("This is not a cursor of this list; take the one in `next` or `previous`.") from error


# --- What there is to ask ---

NUMBER = {"type": "integer", "minimum": 0}
NAME = {"type": "string", "maxLength": 120}
MOMENT = {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}


def _list_of(names: tuple[str, ...]) -> dict[str, Any]:
    one = rf" *({'|'.join(names)}) *"
    return {"type": "string", "pattern": f"^{one}(,{one})*$"}


WHICH = named(
    Parameter("category", _name, "Of this category, by its name or slug, in any case.", NAME, ("Repair",)),
    Parameter("tag", _name, "With this tag, by its name or slug, in any case.", NAME, ("heat pumps",)),
    Parameter("author", _name, "By this author, by name or slug, in any case.", NAME, ("mara-lind",)),
    Parameter(
        "published_after",
        _moment,
        "Published at this time or later; a day (2026-11-18) or a time (2026-11-18T09:30:00Z).",
        MOMENT,
        ("2026-11-18",),
    ),
    Parameter(
        "published_before", _moment, "Published before this time; a day or a time.", MOMENT, ("2026-11-18T09:30:00Z",)
    ),
)
LIMIT = Parameter(
    "limit",
    _whole_number(1, MOST),
    f"How many a page: {A_PAGE} unless said, and never more than {MOST}.",
    {"type": "integer", "minimum": 1, "default": A_PAGE},
)
OFFSET = Parameter("offset", _whole_number(0, FURTHEST), "Leave out so many. A cursor is faster, far down.", NUMBER)
FIELDS = Parameter(
    "fields",
    _names_of(WHOLE),
    "Only these, with commas between.",
    _list_of(WHOLE),
    ("slug,title",),
)
MORE = tuple(name for name in WHOLE if name not in LINE)
LIST = {
    **named(
        Parameter(
            "cursor",
            _cursor,
            "Where the page begins, as `next` and `previous` of another page have it. Any page costs the same, and "
            "nothing shifts when a post is added.",
            {"type": "string", "format": "cursor"},
        ),
        LIMIT,
        OFFSET,
        Parameter("skip", _whole_number(0, FURTHEST), "The same as `offset`.", NUMBER),
        Parameter(
            "ordering",
            _ordering,
            "What comes first; with `-`, the last of it. The newest unless said.",
            {"type": "string", "enum": list(ORDERINGS), "default": ORDERINGS[0]},
            ("-updated_at",),
        ),
        FIELDS,
        Parameter(
            "include",
            _names_of(MORE),
            "These too, with commas between.",
            _list_of(MORE),
            ("html,headings",),
        ),
    ),
    **WHICH,
}
ONE = named(FIELDS)
SEARCH = {
    **named(
        Parameter(
            "q",
            lambda value: value,
            "What to look for, two characters or more: all the words, in any of their forms; “quoted” ones side by "
            "side; `or` for either of two; `-` before what is not wanted. If nothing has them, posts are found with "
            "words that begin like the last one.",
            {"type": "string", "format": "websearch", "minLength": 2, "maxLength": 200},
            ("kettle", '"heat pump" or boiler -gas'),
            required=True,
        ),
        LIMIT,
        OFFSET,
    ),
    **WHICH,
}
