"""The form of a daily run: so many ideas, each for each platform that is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from content import platforms
from content.forms import number
from pipeline.models import TaskType
from pipeline.models.schedule import MOST_IDEAS
from pipeline.services import fields, preferences
from pipeline.services.estimating import Size

from .base import NewTask, Said


@dataclass(frozen=True)
class Place:
    """A platform to choose, or chosen."""

    slug: str
    name: str
    icon: str
    chosen: bool


class NewDailyWorkflow(NewTask):
    task_type, title, icon, shape = TaskType.DAILY_WORKFLOW, "Daily run", "clock", fields.DailyWorkflow
    called = {
        "count": "how many ideas",
        "platforms": "the platforms",
        "topics": "the topics",
        "keywords": "the keywords",
        "audience": "who it is for",
        "tone": "the tone",
        "creativity": "the creativity",
        "task_name": "its name",
        "model": "the model",
        "priority": "the priority",
        "schedule_for": "the start",
    }
    many = frozenset({"platforms"})
    most_ideas = MOST_IDEAS

    def defaults(self) -> dict[str, Any]:
        """As this person's own run is, of the platforms that there are."""
        wanted = preferences.daily_params(self.user)
        return {**super().defaults(), **wanted, "platforms": [p for p in wanted["platforms"] if p in fields.social()]}

    def hints(self) -> dict[str, Said]:
        return {
            **super().hints(),
            "count": Said("hint", f"1 to {MOST_IDEAS}; none like those of the last 30 days"),
            "topics": Said("hint", f"One a line. Empty means {', '.join(settings.TOPICS)}"),
            "keywords": Said("hint", "One a line"),
            "task_name": Said("hint", "Empty means the day"),
        }

    @property
    def places(self) -> list[Place]:
        chosen = self.values["platforms"]
        return [
            Place(slug, platforms.ALL[slug].name, platforms.ALL[slug].icon, slug in chosen) for slug in fields.social()
        ]

    @property
    def ideas(self) -> int:
        typed = number(self.values["count"])
        return min(max(typed, 1), MOST_IDEAS) if typed else 5

    @property
    def size(self) -> Size:
        return Size(ideas=self.ideas, pieces=self.ideas * len([place for place in self.places if place.chosen]))

    @property
    def amount(self) -> str:
        pieces = self.size.pieces
        return (
            f"{self.ideas} idea{'' if self.ideas == 1 else 's'} and {pieces or 'no'} piece{'' if pieces == 1 else 's'}"
        )
