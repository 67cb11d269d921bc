"""The form of one piece: an idea, chosen or new, for one platform."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from content import platforms
from content.forms import number
from content.models import Idea, Piece, User
from pipeline.models import Preferences, TaskType
from pipeline.services import fields
from pipeline.services.estimating import Size

from .base import NewTask, Said

IDEAS_SHOWN = 30


@dataclass(frozen=True)
class Place:
    """A platform to choose, and the chosen idea's piece there, if it has one."""

    slug: str
    name: str
    icon: str
    chosen: bool
    piece: Piece | None


@dataclass(frozen=True)
class Option:
    """An idea to choose, with the platforms that it has a piece for."""

    idea: Idea
    made_for: str
    chosen: bool


class NewPlatformContent(NewTask):
    task_type, title, icon, shape = (
        TaskType.PLATFORM_CONTENT,
        "One idea for one platform",
        "linkedin",
        fields.PlatformContent,
    )
    called = {
        "idea": "the idea",
        "topic": "the topic",
        "description": "what it is about",
        "category": "the category",
        "platform": "the platform",
        "keywords": "the keywords",
        "audience": "who it is for",
        "tone": "the tone",
        "creativity": "the creativity",
        "task_name": "its name",
        "model": "the model",
        "priority": "the priority",
        "schedule_for": "the start",
    }
    needed = ("topic",)
    find = True

    def __init__(self, user: User, typed: Mapping[str, Any] | None = None, *, live: bool = False) -> None:
        super().__init__(user, typed, live=live)
        self.words = ""  # by which ideas are looked for
        if typed is not None and number(self.values["idea"]) and self.idea is None:
            self.errors.setdefault("idea", ["There is no such idea."])
        if typed is not None and any(place.chosen and place.piece and place.piece.is_written for place in self.places):
            self.errors.setdefault("platform", ["It has a piece there already. Edit that one, or send it back."])
        if self.errors:
            self.asked = None

    @classmethod
    def carrying(cls, user: User, query: QueryDict) -> NewTask:
        """An idea that this person may not see is not in the list, and so not chosen."""
        form = super().carrying(user, query)
        assert isinstance(form, cls), "it makes its own class"
        form.words = query.get("words", "")[:100]
        return form

    def defaults(self) -> dict[str, Any]:
        wants = Preferences.objects.of(self.user)
        voice = {name: getattr(wants, name) for name in ("keywords", "audience", "tone", "model", "creativity")}
        return {**super().defaults(), **voice, "platform": next(iter(fields.social()), "")}

    @property
    def params(self) -> dict[str, Any]:
        """A chosen idea has a topic of its own; what was typed of another one is not sent."""
        params = super().params
        return params | (dict.fromkeys(("topic", "description", "category"), "") if params["idea"] else {})

    def hints(self) -> dict[str, Said]:
        return {
            **super().hints(),
            "topic": self.topic_says() if not self.idea else Said(),
            "description": Said("hint", "Two or three sentences; they are what the model writes from"),
            "keywords": Said("hint", "One a line"),
            "task_name": Said("hint", "Empty means the idea"),
        }

    @cached_property
    def idea(self) -> Idea | None:
        """The chosen one, if this person may see it."""
        return Idea.objects.visible_to(self.user).filter(pk=number(self.values["idea"])).first()

    @property
    def options(self) -> list[Option]:
        """The newest ideas, or those with the words that are looked for; the chosen one always."""
        seen = Idea.objects.visible_to(self.user)
        for word in self.words.replace("\x00", " ").split():
            seen = seen.filter(title__icontains=word)
        found = list(seen[:IDEAS_SHOWN])
        if self.idea and self.idea not in found:
            found.insert(0, self.idea)
        made: dict[int, list[str]] = {}
        pieces = Piece.objects.filter(idea__in=found, deleted_at=None).order_by("pk")
        for idea, slug in pieces.values_list("idea_id", "platform"):
            made.setdefault(idea, []).append(platforms.ALL[slug].name if slug in platforms.ALL else slug)
        return [Option(idea, ", ".join(made.get(idea.pk, [])), idea == self.idea) for idea in found]

    @cached_property
    def places(self) -> list[Place]:
        pieces = {} if self.idea is None else {
            piece.platform: piece for piece in self.idea.pieces.filter(deleted_at=None)
        }  # fmt: skip
        return [
            Place(
                slug,
                platforms.ALL[slug].name,
                platforms.ALL[slug].icon,
                slug == self.values["platform"],
                pieces.get(slug),
            )
            for slug in fields.social()
        ]

    @property
    def size(self) -> Size:
        return Size(pieces=1, platform=self.values["platform"])

    @property
    def amount(self) -> str:
        return "one piece"
