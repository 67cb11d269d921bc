"""What the transformer is told: one idea, for one platform."""

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
