"""The writer for a model that can hold a whole outline or section in one answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from pydantic import BaseModel, Field

from content.platforms.text import count_words
from pipeline.providers.session import Session

from . import asking
from .assignment import Article, Assignment, Fact, Section
from .guided import seed_of

Show = Callable[[str], None]
OPENING, ENDING = 90, 90  # words of the first and the last part
_ENDINGS = ("What to do next", "Where to go from here", "Your next step")


def quiet(text: str) -> None:
    """Nobody watches."""


class Part(BaseModel):
    heading: str = Field(min_length=3, max_length=100)
    points: list[str] = Field(min_length=1, max_length=6)


class Outline(BaseModel):
    title: str = Field(min_length=8, max_length=100)
    sections: list[Part] = Field(min_length=3, max_length=14)


def outline(session: Session, asked: Assignment) -> Article:
    """Title, headings and the points of each section, no paragraphs yet."""
    sections = min(max(round((asked.word_count - OPENING - ENDING) / 220), 3), 12)
    plan = asking.for_object(
        session,
        "writer.outline",
        Outline,
        {**_told(asked), "sections": sections, "guidance": asked.guidance, "angles": _lines(asked.angles)},
        seed=seed_of(asked.seed, "outline"),
        max_tokens=1200,
    )
    ending = _ENDINGS[asked.seed % len(_ENDINGS)]
    parts = [Section(clean(part.heading), angle="\n".join(part.points)) for part in plan.sections]
    return Article(
        clean(plan.title),
        [
            Section("", angle="What the reader gets, and why it matters now"),
            *parts,
            Section(ending, angle="What the reader should do next, in one clear step"),
        ],
    )


def section(
    session: Session, asked: Assignment, article: Article, at: int, facts: Iterable[Fact] = (), show: Show = quiet
) -> Section:
    """Section `at` of the article, in one answer; `show` gets it as it grows."""
    wanted = article.sections[at]
    words = _budget(asked, article, at)
    before = "\n\n".join(part.markdown for part in article.sections[:at])[-1500:]
    text = asking.for_text(
        session,
        "writer.section",
        {
            **_told(asked),
            "title": article.title,
            "outline": _lines(part.heading or "The opening" for part in article.sections),
            "before": before or "Nothing yet.",
            "part": wanted.heading or "the opening, before the first heading",
            "points": _lines(wanted.angle.split("\n")),
            "words": words,
        },
        seed=seed_of(asked.seed, "section", at),
        max_tokens=words * 2 + 200,
        on_text=show,
    )
    return replace(wanted, paragraphs=paragraphs(text, wanted.heading))


def refine(
    session: Session, asked: Assignment, body: str, issues: Iterable[str], attempt: int, show: Show = quiet
) -> str:
    """The whole text with these faults mended; the text as it was if the answer lost half of it or its headings."""
    words = count_words(body)
    text = asking.for_text(
        session,
        "writer.refine",
        {**_told(asked), "low": asked.low, "high": asked.high, "words": words, "issues": _lines(issues), "body": body},
        seed=seed_of(asked.seed, "refine", attempt),
        max_tokens=max(words, asked.high) * 2 + 300,
        on_text=show,
    )
    old, new = Article.from_markdown(body), Article.from_markdown(unfenced(text))
    if new.words < words / 2 or len(new.sections) < len(old.sections) / 2:
        return body
    return Article(new.title or old.title, new.sections).markdown


def paragraphs(text: str, heading: str) -> list[str]:
    """The blocks of an answer, without a heading that repeats the section's own and without deeper titles."""
    found = []
    for block in re.split(r"\n\s*\n", unfenced(text)):
        lines = [line for line in block.strip().splitlines() if not re.match(r"#{1,2} ", line)]
        if lines and lines[0].strip("*# ").rstrip(":").lower() == heading.lower():
            lines = lines[1:]
        if block := "\n".join(lines).strip():
            found.append(block)
    return found


def unfenced(text: str) -> str:
    """Without the code fence that some models put around everything."""
    return re.sub(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", r"\1", text, flags=re.S).strip()


def clean(line: str) -> str:
    """A title or heading without Markdown, quotes around it and a full stop."""
    line = " ".join(line.strip().lstrip("#").replace("*", "").split())
    if len(line) > 2 and line[0] in "\"“'" and line[-1] in "\"”'":
        line = line[1:-1]
    return line.rstrip(" .:")


def _budget(asked: Assignment, article: Article, at: int) -> int:
    last = len(article.sections) - 1
    if at == 0:
        return min(OPENING, asked.word_count // 6)
    left = asked.word_count - article.words
    if at == last:
        return min(max(left, 40), 2 * ENDING)
    return max((left - min(ENDING, asked.word_count // 6)) // (last - at), 60)


def _told(asked: Assignment) -> dict[str, object]:
    """What every prompt of this writer says."""
    return {
        "topic": asked.topic,
        "style": (asked.style or "blog post").lower(),
        "tone": asked.tone,
        "audience": asked.audience,
        "keyword": asked.keyword,
        "word_count": asked.word_count,
        "facts": _lines(f"{fact.text} (source: {fact.source})" for fact in asked.given),
    }


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)
