"""The new-task form: what was typed, what is wrong with it, and what it would come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import timezone

from content.errors import Invalid
from content.forms import number
from content.models import Idea, User
from content.platforms.base import Ask
from content.templatetags.desk import clock
from pipeline.models import Task, TaskType
from pipeline.providers.base import ModelCard
from pipeline.providers.catalogue import profile
from pipeline.services import asking, fields
from pipeline.workflows import WORKFLOWS

TEXTS = tuple(name for name in fields.BlogPost.model_fields if name != "strict")
# The fields that something can be wrong with, and what they are called in “One thing to put right: …”.
CALLED = {
    "topic": "the topic",
    "task_name": "its name",
    "primary_keyword": "the keyword",
    "target_audience": "who it is for",
    "category": "the category",
    "tags": "the tags",
    "word_count": "the word count",
    "word_count_tolerance": "the tolerance",
    "brief": "the facts",
    "sources": "the sources",
    "model": "the model",
    "schedule_for": "the start",
}
WORDS_A_MINUTE = 238  # Brysbaert 2019, as the published read time


@dataclass(frozen=True)
class Said:
    """What stands under a field: a hint, a good word or an error."""

    kind: str = "hint"
    text: str = ""


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen, with what it would take."""

    card: ModelCard
    note: str
    seconds: float | None
    chosen: bool


class NewTask:
    """`typed` is what the browser sent; without it the form is empty. `live` forgives what is not typed yet."""

    def __init__(self, user: User, typed: Mapping[str, Any] | None = None, *, live: bool = False) -> None:
        self.user = user
        self.values: dict[str, str] = _defaults()
        self.strict = False
        self.errors: dict[str, list[str]] = {}
        self.asked: fields.BlogPost | None = None
        self.missing: list[str] = []
        if typed is None:
            return
        self.values |= {name: str(typed[name]) for name in TEXTS if name in typed}
        self.strict = typed.get("strict") in ("on", "true", True)
        try:
            asked = fields.validate(TaskType.BLOG_POST, self.params)
            self.asked = asked if isinstance(asked, fields.BlogPost) else None
        except Invalid as error:
            self.errors = {name: list(says) for name, says in error.fields.items()}
        self.missing = [name for name in ("topic",) if live and not self.values[name].strip()]

    @classmethod
    def like(cls, user: User, task: Task) -> NewTask:
        """Filled in with what an earlier task was asked."""
        form = cls(user)
        for name, value in task.params.items():
            if name in form.values:
                joint = ", " if name == "tags" else "\n"
                form.values[name] = joint.join(map(str, value)) if isinstance(value, list) else str(value or "")
        form.values["schedule_for"] = ""
        form.strict = bool(task.params.get("strict"))
        return form

    @property
    def params(self) -> dict[str, Any]:
        """As the service takes them: a local time gets the site's zone."""
        params: dict[str, Any] = {**self.values, "strict": self.strict}
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
        said = {name: Said() for name in CALLED} | self._hints()
        for name, sentences in self.errors.items():
            if name in said and name not in self.missing:
                said[name] = Said("error", " ".join(sentences))
        return said

    def _hints(self) -> dict[str, Said]:
        facts = len([line for line in self.values["brief"].splitlines() if line.strip()])
        count = f"{facts} fact{'' if facts == 1 else 's'}. " if facts else ""
        rule = "A number that is in neither the facts nor a source is marked as having no source."
        return {
            "topic": self._topic(),
            "primary_keyword": Said("hint", "Looked for in the title or the first paragraph"),
            "tags": Said("hint", "With a comma between them"),
            "task_name": Said("hint", "Empty means the topic"),
            "brief": Said("hint", count + rule),
            "sources": Said("hint", "Public addresses, one a line"),
            "schedule_for": Said("hint", f"Empty means now. {settings.TIME_ZONE} time"),
        }

    def _topic(self) -> Said:
        topic = self.values["topic"].strip()
        if len(topic) < 3:
            return Said()
        if earlier := asking.alike(topic, self.user):
            return Said("hint", f"Much like “{earlier.title}”, asked {clock(earlier.created_at)}")
        return Said("good", f"Nothing like it in the last {asking.ALIKE_DAYS} days")

    @property
    def problems(self) -> list[str]:
        """The fields to put right, in words."""
        return [CALLED.get(name, name.replace("_", " ")) for name in self.errors]

    # --- What it would come to ---

    @cached_property
    def words(self) -> int:
        """The word count asked for, as far as it can be read and will do."""
        typed = number(self.values["word_count"])
        return min(max(typed, 300), 5000) if typed else 1500

    @property
    def accepted(self) -> tuple[int, int]:
        """The fewest and the most words that will do: the rule of the check itself."""
        ask = Ask(word_count=self.words, tolerance=number(self.values["word_count_tolerance"]) or 10)
        fewest_and_most = ask.word_range
        assert fewest_and_most is not None, "a word count was given"
        return fewest_and_most

    @property
    def read_minutes(self) -> int:
        return max(1, round(self.words / WORDS_A_MINUTE))

    @cached_property
    def offer(self) -> asking.Offer:
        return asking.offer()

    @cached_property
    def paces(self) -> dict[str, asking.Pace]:
        return asking.paces(TaskType.BLOG_POST)

    @property
    def pace(self) -> asking.Pace | None:
        """Of the chosen model."""
        return self.paces.get(self.values["model"] or settings.MODEL)

    @property
    def seconds(self) -> float | None:
        return self.pace.seconds * self.words if self.pace else None

    @property
    def tokens(self) -> int | None:
        """To the nearest hundred: an estimate does not pretend to be exact."""
        return round(self.pace.tokens * self.words / 100) * 100 if self.pace else None

    @property
    def is_free(self) -> bool:
        return settings.PROVIDER in {"ollama", "scripted"}

    @property
    def choices(self) -> list[Choice]:
        """The models on offer, with the one that is chosen; the configured one is offered first."""
        wanted = self.values["model"] or settings.MODEL
        cards = sorted(self.offer.models, key=lambda card: (card.name != settings.MODEL, card.name))
        if cards and wanted not in {card.name for card in cards}:
            wanted = cards[0].name
        return [
            Choice(
                card,
                profile(card.name).note or _note(card),
                pace.seconds * self.words if (pace := self.paces.get(card.name)) else None,
                card.name == wanted,
            )
            for card in cards
        ]

    @property
    def ahead(self) -> int:
        return asking.ahead(number(self.values["priority"]))

    @property
    def stages(self) -> list[str]:
        return [step.name for step in WORKFLOWS[TaskType.BLOG_POST]]

    @property
    def categories(self) -> list[str]:
        """Those in use, to choose from; a new one may be typed."""
        used = Idea.objects.visible_to(self.user).exclude(category="")
        return list(used.order_by("category").values_list("category", flat=True).distinct()[:100])

    styles, tones, pictures, priorities = fields.STYLES, fields.TONES, fields.PICTURES, fields.PRIORITIES


def _defaults() -> dict[str, str]:
    given = fields.BlogPost.model_construct(topic="")
    return {
        **dict.fromkeys(TEXTS, ""),
        "style": given.style,
        "tone": given.tone,
        "word_count": str(given.word_count),
        "word_count_tolerance": str(given.word_count_tolerance),
        "image_source": given.image_source,
        "priority": str(given.priority),
    }


def _note(card: ModelCard) -> str:
    """What is known of a model, briefly: “ollama, 4.9 GB, 8,192 tokens of context”."""
    size = f"{card.size / 1e9:.1f} GB" if card.size >= 1e8 else f"{card.size / 1e6:.0f} MB" if card.size else ""
    context = f"{card.context:,} tokens of context" if card.context else ""
    return ", ".join(part for part in (card.provider.capitalize(), size, context) if part)
