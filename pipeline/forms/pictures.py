"""The form for more pictures of a piece: of which source, of what, how many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from content.errors import Invalid
from content.forms import number
from content.models import Piece, User
from content.templatetags.desk import about as roughly
from media_gen import sources
from media_gen.models import Image
from media_gen.services import candidates
from media_gen.sources.base import About
from pipeline.models import Task, TaskType
from pipeline.services import asking, fields, pictures

COUNT = 4


@dataclass(frozen=True)
class Choice:
    """A source to choose; one that is off says what it needs."""

    slug: str
    about: About
    is_on: bool
    chosen: bool


class MorePictures:
    """`typed` is what the browser sent; without it the form proposes what `like`, the picture in hand, was made of."""

    most = fields.MOST_PICTURES

    def __init__(self, user: User, piece: Piece, *, like: Image | None = None, typed: Mapping[str, str] | None = None):
        self.user, self.piece, self.like = user, piece, like
        self.errors: dict[str, list[str]] = {}
        self.values = self._proposed()
        if typed is not None:
            self.values |= {name: str(typed[name]) for name in self.values if name in typed}

    def _proposed(self) -> dict[str, str]:
        made = self.like.made if self.like and self.like.source in sources.NAMES else {}
        source = self.like.source if self.like and made else candidates.CARD
        if not sources.about(source).is_on():
            source = candidates.CARD
        return {
            "source": source,
            "prompt": str(made.get("prompt") or candidates.proposed_prompt(self.piece)),
            "negative": str(made.get("negative") or ""),
            "count": str(COUNT),
            "seed": "",
        }

    @cached_property
    def choices(self) -> list[Choice]:
        abouts = {slug: sources.about(slug) for slug in sources.NAMES}
        return [Choice(slug, about, about.is_on(), slug == self.values["source"]) for slug, about in abouts.items()]

    @property
    def count(self) -> int:
        return min(max(number(self.values["count"]), 1), self.most)

    @property
    def estimate(self) -> str:
        """“About 2 min, nothing ahead of it”."""
        source = self.values["source"]
        if source not in sources.NAMES:
            return ""
        usual, ahead = pictures.pace(source), pictures.ahead(source)
        takes = roughly(usual.seconds * self.count) if usual else "no estimate yet: the first of its kind here"
        before = f"{ahead} ahead of it" if ahead else "nothing ahead of it"
        return f"{takes[:1].upper()}{takes[1:]}, {before}"

    def ask(self, **instead: Any) -> tuple[Task, bool] | None:
        """The task, and whether it is new; None if something does not fit: `errors` says what. `instead` are fields
        that were not typed."""
        params = {"piece": self.piece.pk, **self.values, **instead}
        try:
            return asking.ask_once(TaskType.IMAGE_GENERATION, params, owner=self.user)
        except Invalid as refusal:
            self.errors = dict(refusal.fields)
            return None
