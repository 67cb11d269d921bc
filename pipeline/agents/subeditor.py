"""The sub-editor: title, excerpt, tags and what a picture could show."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

from content.platforms.text import blocks, mentions, sentences, strip_markdown, words
from pipeline.providers.session import Session

from . import asking
from .assignment import Assignment
from .guided import seed_of
from .writer import clean

EXCERPT = 160  # characters; search engines cut there
READ = 12_000  # characters of the text that the model is shown


@dataclass(frozen=True)
class Finish:
    title: str
    excerpt: str
    tags: tuple[str, ...]
    image_prompt: str


class Answer(BaseModel):
    title: str = Field(min_length=8, max_length=100)
    excerpt: str = Field(min_length=20, max_length=400)
    tags: list[str] = Field(min_length=1, max_length=8)
    image_prompt: str = Field(min_length=10, max_length=500)


def finish(session: Session, asked: Assignment, title: str, body: str) -> Finish:
    """What goes beside the text. The tags that a person gave stand; a title that loses the keyword is not taken."""
    if session.profile.by_fields:
        return Finish(title, excerpt_of(body), asked.tags or made_tags(asked), image_prompt(asked))
    values = {"topic": asked.topic, "keyword": asked.keyword, "title": title, "body": body[:READ]}
    said = asking.for_object(
        session, "subeditor.finish", Answer, values, seed=seed_of(asked.seed, "finish"), max_tokens=400
    )
    return Finish(
        title=_better(clean(said.title), title, asked),
        excerpt=whole(said.excerpt) or excerpt_of(body),
        tags=asked.tags or tuple(dict.fromkeys(clean(tag)[:60] for tag in said.tags if clean(tag)))[:6],
        image_prompt=" ".join(said.image_prompt.split()),
    )


def _better(new: str, old: str, asked: Assignment) -> str:
    """The new title, unless it lost the keyword that the old one had, or grew too long."""
    if asked.keyword and mentions(old, asked.keyword) and not mentions(new, asked.keyword):
        return old
    return new if 8 <= len(new) <= 80 else old


def whole(text: str) -> str:
    """As many whole sentences as fit into an excerpt; nothing if the first is too long."""
    kept = ""
    for line in sentences(" ".join(strip_markdown(text).split())):
        if len(f"{kept} {line}".strip()) > EXCERPT:
            break
        kept = f"{kept} {line}".strip()
    return kept


def excerpt_of(body: str) -> str:
    """The first whole sentences that fit, from the first paragraph that has some; else a sentence cut at a word."""
    spoken = [block.text for block in blocks(body) if block.kind == "p" and block.text]
    for text in spoken:
        if kept := whole(text):
            return kept
    first = (spoken or [""])[0]
    return first if len(first) <= EXCERPT else f"{first[: EXCERPT - 1].rsplit(' ', 1)[0].rstrip(',;:')}…"


def made_tags(asked: Assignment) -> tuple[str, ...]:
    """Tags out of the keyword and the parts of the topic: “cash flow”, “small shop”."""
    parts = [part for part in asked.subject.parts if len(part.split()) <= 3 and not part.isdigit()]
    parts = parts or [word for word in words(asked.subject.short) if len(word) > 4]
    return tuple(dict.fromkeys(tag for tag in (asked.keyword, *parts) if tag))[:4]


def image_prompt(asked: Assignment) -> str:
    return f"{asked.subject.short}, editorial photograph, natural light, shallow depth of field, no people, no text"
