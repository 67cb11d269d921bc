"""What a writer is told, and what it hands in: plain values, no database."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from content.platforms.text import count_words

from . import subject
from .subject import Subject


@dataclass(frozen=True)
class Fact:
    """One thing that is known; `source` is None where nobody gave one."""

    text: str
    source: str | None = None
    url: str = ""


@dataclass(frozen=True)
class Assignment:
    """One text to be written. `low` and `high` are the fewest and the most words; `seed` makes it this text."""

    topic: str
    word_count: int = 600
    low: int = 540
    high: int = 660
    keyword: str = ""
    audience: str = ""
    style: str = ""
    tone: str = ""
    facts: tuple[Fact, ...] = ()
    angles: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    guidance: str = ""
    seed: int = 0

    @property
    def subject(self) -> Subject:
        return subject.of(self.topic)

    @property
    def given(self) -> tuple[Fact, ...]:
        """The facts that may be stated, because somebody answers for them."""
        return tuple(fact for fact in self.facts if fact.source)

    @property
    def about(self) -> str:
        """The words that the text should be about."""
        return " ".join(filter(None, (self.topic, self.keyword)))


@dataclass
class Section:
    """A heading, empty for the opening, and its paragraphs. `angle` names how it was asked for."""

    heading: str
    paragraphs: list[str] = field(default_factory=list)
    angle: str = ""

    @property
    def words(self) -> int:
        return count_words(self.markdown)

    @property
    def markdown(self) -> str:
        return "\n\n".join(([f"## {self.heading}"] if self.heading else []) + self.paragraphs)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Article:
    """A title and its sections."""

    title: str
    sections: list[Section] = field(default_factory=list)

    @property
    def markdown(self) -> str:
        return "\n\n".join([f"# {self.title}", *(section.markdown for section in self.sections if section.markdown)])

    @property
    def words(self) -> int:
        return count_words(self.markdown)

    @property
    def paragraphs(self) -> list[str]:
        return [paragraph for section in self.sections for paragraph in section.paragraphs]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        return cls(stored["title"], [Section(**section) for section in stored["sections"]])

    @classmethod
    def from_markdown(cls, body: str) -> Self:
        """Read back what `markdown` or a model wrote; blocks are what blank lines part."""
        title, sections = "", [Section("")]
        for block in re.split(r"\n\s*\n", body.strip()):
            block = block.strip()
            while block.startswith("#"):
                line, _, block = block.partition("\n")
                level = len(line) - len(line.lstrip("#"))
                text = line.strip("# ").strip()
                if level == 1 and not title:
                    title = text
                elif level <= 2:
                    sections.append(Section(text))
                else:
                    sections[-1].paragraphs.append(line.strip())
                block = block.strip()
            if block:
                sections[-1].paragraphs.append(block)
        return cls(title, [section for section in sections if section.heading or section.paragraphs])
