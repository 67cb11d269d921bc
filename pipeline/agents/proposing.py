"""What the ideator is asked for, and what it hands in: plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wanted:
    """So many ideas about these topics. `used` are title and description of the last 30 days' ideas, newest first;
    `date` is today's, as it is read."""

    count: int
    topics: tuple[str, ...]
    keywords: tuple[str, ...] = ()
    audience: str = ""
    tone: str = ""
    date: str = ""
    used: tuple[tuple[str, str], ...] = ()
    seed: int = 0
    temperature: float = 0.8
    max_tokens: int = 2000


@dataclass(frozen=True)
class Proposal:
    """One idea: a specific title of at most 100 characters, two or three sentences, a short category."""

    title: str
    description: str
    category: str
