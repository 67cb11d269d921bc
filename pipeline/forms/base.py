"""What the forms of all types of tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from content.errors import Invalid
from content.forms import number
from content.models import Idea, User
from content.templatetags.desk import clock
from pipeline.models import Creativity, Task
from pipeline.models.stage import title_of
from pipeline.services import asking, fields
from pipeline.services.estimating import Size
from pipeline.workflows import WORKFLOWS

from .models import Models

# What one form calls differently from another: typed there, it is found here when the type is changed.
TWINS = {"audience": "target_audience", "keywords": "primary_keyword"}
TWINS |= {there: here for here, there in TWINS.items()}
# Of one type's words nothing is said to the other that would not fit on its line.
CARRIED_CHARACTERS = 300


@dataclass(frozen=True)
class Said:
    """What stands under a field: a hint, a good word or an error."""

    kind: str = "hint"
    text: str = ""


@dataclass(frozen=True)
class Field:
    """One field of a form as a template shows it."""

    name: str
    value: Any
    said: Said

    @property
    def is_wrong(self) -> bool:
        return self.said.kind == "error"


class NewTask:
    """`typed` is what the browser sent; without it the form is as one finds it. `live` forgives what is not typed yet.

    `values` are texts as they are typed, but lists for the names in `many` and booleans for those in `flags`.
    """

    do_not_call_in_templates = True  # the tabs are made from the classes

    task_type: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    shape: ClassVar[type[fields.Asked]]
    called: ClassVar[dict[str, str]]  # each field that can be wrong, in “One thing to put right: the topic”
    needed: ClassVar[tuple[str, ...]] = ()  # what a half-filled form is not scolded for
    many: ClassVar[frozenset[str]] = frozenset()
    flags: ClassVar[frozenset[str]] = frozenset()
    by_comma: ClassVar[frozenset[str]] = frozenset()  # lists that are typed on one line

    find: ClassVar[bool] = False  # whether there is something to look for beside the form
    tones, priorities, creativities = fields.TONES, fields.PRIORITIES, Creativity.choices

    def __init__(self, user: User, typed: Mapping[str, Any] | None = None, *, live: bool = False) -> None:
        self.user = user
        self.errors: dict[str, list[str]] = {}
        self.refusal = ""  # what is wrong with none of the fields
        self.asked: fields.Asked | None = None
        self.is_new = typed is None
        self.missing: list[str] = []
        self.values: dict[str, Any] = {name: self._as_typed(name, "") for name in self.shape.model_fields}
        self.fill(self.defaults())
        if typed is None:
            return
        self.values |= self._read(typed)
        try:
            self.asked = fields.validate(self.task_type, self.params)
        except Invalid as error:
            self.errors = {name: list(says) for name, says in error.fields.items()}
        if self.values["model"] and self.models.is_unknown:
            self.errors.setdefault("model", [asking.not_offered(self.values["model"])])
            self.asked = None
        if live:
            self.missing = [name for name in self.needed if not self.values[name]]

    @property
    def template(self) -> str:
        """The fields of this type, as a fragment."""
        return f"pipeline/_new_task_{self.task_type}.html"

    # --- What is in it before anything is typed ---

    def defaults(self) -> dict[str, Any]:
        """What the fields are when nobody says otherwise."""
        return {
            name: field.get_default(call_default_factory=True)
            for name, field in self.shape.model_fields.items()
            if not field.is_required()
        }

    def fill(self, params: Mapping[str, Any]) -> None:
        """Put in what is in `params`, as the service would take it."""
        self.values |= {name: self._as_typed(name, value) for name, value in params.items() if name in self.values}

    @classmethod
    def like(cls, user: User, task: Task) -> NewTask:
        """Filled in with what an earlier task was asked; it begins at once, under a name of its own."""
        form = cls(user)
        form.fill({**task.params, "priority": task.priority, "schedule_for": None})
        return form

    @classmethod
    def carrying(cls, user: User, query: QueryDict) -> NewTask:
        """Filled in from an address, such as those between the types: what they share is kept."""
        form = cls(user)
        for name in form.values:
            there = name if name in query else TWINS.get(name, name)
            if there in query:
                typed = query.getlist(there) if name in form.many else query[there][:CARRIED_CHARACTERS]
                form.values[name] = typed == "on" if name in form.flags else typed
        return form

    def _as_typed(self, name: str, value: Any) -> Any:
        if name in self.flags:
            return bool(value)
        if name in self.many:
            return list(value or [])
        if isinstance(value, list):
            return (", " if name in self.by_comma else "\n").join(map(str, value))
        return "" if value is None else str(value)

    def _read(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        read: dict[str, Any] = {name: str(typed[name]) for name in self.values if name in typed}
        for name in self.many:
            sent = typed.getlist(name) if isinstance(typed, QueryDict) else typed.get(name, [])
            read[name] = [str(value) for value in sent]
        return read | {name: typed.get(name) in ("on", "true", True) for name in self.flags}

    @property
    def params(self) -> dict[str, Any]:
        """As the service takes them: a local time gets the site's zone."""
        params = dict(self.values)
        if params["schedule_for"]:
            try:
                naive = datetime.fromisoformat(params["schedule_for"])
            except ValueError:
                return params  # validation says what is wrong with it
            params["schedule_for"] = timezone.make_aware(naive) if timezone.is_naive(naive) else naive
        return params

    # --- What it says under the fields ---

    @cached_property
    def says(self) -> dict[str, Said]:
        said = {name: Said() for name in self.called} | self.hints()
        for name, sentences in self.errors.items():
            if name in said and name not in self.missing:
                said[name] = Said("error", " ".join(sentences))
        return said

    def hints(self) -> dict[str, Said]:
        return {
            "task_name": Said("hint", "Empty means one that fits"),
            "schedule_for": Said("hint", f"Empty means now. {settings.TIME_ZONE} time"),
        }

    def fault(self, found: Mapping[str, list[str]]) -> None:
        """What was wrong with it after all."""
        self.errors = {name: list(says) for name, says in found.items()}
        self.__dict__.pop("says", None)

    @property
    def field(self) -> dict[str, Field]:
        return {name: Field(name, self.values[name], said) for name, said in self.says.items()}

    @property
    def problems(self) -> list[str]:
        """The fields to put right, in words."""
        return [self.called.get(name, name.replace("_", " ")) for name in self.errors]

    # --- What it would come to ---

    @property
    def size(self) -> Size:
        """What is asked for, as far as it can be read and will do."""
        raise NotImplementedError

    @property
    def amount(self) -> str:
        """The size in words: “1,500 words”."""
        raise NotImplementedError

    @cached_property
    def models(self) -> Models:
        return Models(self.task_type, self.values["model"], self.size)

    @property
    def ahead(self) -> int:
        return asking.ahead(number(self.values["priority"]))

    @property
    def stages(self) -> list[str]:
        return [title_of(step.name).lower() for step in WORKFLOWS[self.task_type]]

    @property
    def categories(self) -> list[str]:
        """Those in use, to choose from; a new one may be typed."""
        used = Idea.objects.visible_to(self.user).exclude(category="")
        return list(used.order_by("category").values_list("category", flat=True).distinct()[:100])

    def topic_says(self) -> Said:
        """Whether there was a topic much like this one of late."""
        topic = self.values["topic"].strip()
        if len(topic) < 3:
            return Said()
        if earlier := asking.alike(topic, self.user):
            return Said("hint", f"Much like “{earlier.title}”, asked {clock(earlier.created_at)}")
        return Said("good", f"Nothing like it in the last {asking.ALIKE_DAYS} days")
