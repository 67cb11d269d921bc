"""What the transformer is told: one idea, for one platform. What the reviser is told: one text, and a note."""

from __future__ import annotations

from dataclasses import dataclass

from content.platforms.base import Ask, Platform


@dataclass(frozen=True)
class Assigned:
    """One idea to be written for one platform. `seed` makes it this text, `note` is what a person wants otherwise."""

    platform: Platform
    ask: Ask
    title: str
    description: str
    category: str = ""
    keywords: tuple[str, ...] = ()
    audience: str = ""
    tone: str = ""
    seed: int = 0
    temperature: float = 0.7
    max_tokens: int = 1500
    note: str = ""


@dataclass(frozen=True)
class Revising:
    """A text, and what a person wants otherwise in it. `low` and `high` are the fewest and the most words, 0 where
    nobody asked for so many; `seed` makes it this revision."""

    platform: Platform
    ask: Ask
    title: str
    body: str
    note: str
    low: int = 0
    high: int = 0
    seed: int = 0
