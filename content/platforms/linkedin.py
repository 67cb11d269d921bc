"""LinkedIn: a post of a few paragraphs, folded after the first lines."""

import re
from typing import Any

from pydantic import BaseModel, Field

from .base import Beat, Measure
from .social import (
    Part,
    Rule,
    Social,
    character_rule,
    count_said,
    hashtag_rule,
    lines,
    paragraphs,
    tagged,
)
from .text import is_labels, sentences

FEWEST_WORDS, MOST_WORDS = 150, 300
MOST_CHARACTERS = 3000  # LinkedIn's own limit of a post
FOLD = 210  # characters shown before “see more”, about three lines on a screen
WORDS_A_MINUTE = 238  # Brysbaert 2019, silent reading of English non-fiction


class Post(Part):
    hook: str = Field(description="One or two sentences, under 200 characters, that make one want to read on.")
    insights: list[str] = Field(
        min_length=2, max_length=3, description="Each a paragraph of 30 to 70 words with one thing to see, count or do."
    )
    takeaway: str = Field(description="Two or three sentences: what the reader takes along.")
    question: str = Field(description="One question to the readers, or an empty string.")
    hashtags: list[str] = Field(max_length=5, description="One to five, without #.")


class LinkedIn(Social):
    slug = "linkedin"
    name = "LinkedIn"
    icon = "linkedin"
    default_word_count = 210
    hint = "Plain text. A blank line parts paragraphs; hashtags stand last."
    preview = "content/previews/linkedin.html"
    guidance = (
        f"Write a LinkedIn post of {FEWEST_WORDS} to {MOST_WORDS} words in plain text, no Markdown. Begin with a hook "
        f"that stands within the first {FOLD} characters, because the rest is folded away. Then two or three insights, "
        "each a short paragraph that shows one thing: what happened, what to do, what it costs. End with the takeaway, "
        "and perhaps one question. Sound like someone who does this work: professional and plain, no promotion, no "
        "clickbait, no emoji. State no figure, name or quotation that was not given to you. At most five hashtags."
    )
    Reply: type[BaseModel] | None = Post
    beats = (
        Beat(
            "hook",
            (
                ("Why $does $t matter?", "$S matter$z because "),
                ("What is the hardest part of $t?", "The hardest part of $s is "),
                ("What do people forget about $t?", "One thing that people forget about $s is "),
                ("What is a common mistake in $t?", "A common mistake in $s is "),
            ),
        ),
        Beat(
            "insights",
            (
                ("What is a good first step in $t?", "A good first step is to "),
                ("What is the first step in $t?", "Start with "),
                ("How do you begin with $t?", "Begin with "),
                ("What is a simple way of doing $t?", "The simplest way is to "),
            ),
            sentences=3,
        ),
        Beat(
            "insights",
            (
                ("What should you not do in $t?", "Try not to "),
                ("What is a common problem with $t?", "A common problem is "),
                ("How do you avoid mistakes in $t?", "To avoid mistakes, "),
                ("What makes $t difficult?", "It is often difficult to "),
            ),
            sentences=3,
        ),
        Beat(
            "insights",
            (
                ("What is a good habit in $t?", "A good habit is to "),
                ("What is the next step in $t?", "The next step is to "),
                ("Give a small example of $t.", "For example, you can "),
                ("How do you save time on $t?", "To save time, "),
            ),
            sentences=3,
        ),
        Beat(
            "takeaway",
            (
                ("What is one small thing to do this week for $t?", "This week, take some time to "),
                ("What is one small thing to do this week for $t?", "Set aside some time this week to "),
            ),
            sentences=2,
        ),
        Beat(
            "takeaway",
            (
                ("How do you get better at $t?", "To get better, "),
                ("How do you keep up $t?", "It gets easier when "),
                ("Give one more tip for $t.", "Another tip is to "),
            ),
            sentences=2,
            spare=True,
        ),
        Beat(
            "takeaway",
            (
                ("What do careful people do in $t?", "Careful people "),
                ("What is easy to forget in $t?", "It is easy to forget "),
                ("How do other people help you with $t?", "Other people can "),
            ),
            sentences=2,
            spare=True,
        ),
        Beat(
            "takeaway",
            (
                ("What is a benefit of $t?", "Another good reason is that "),
                ("Who can help you with $t?", "Talk to "),
                ("What takes the most time in $t?", "What takes time is "),
            ),
            sentences=2,
            spare=True,
        ),
    )

    def assemble(self, reply: Any) -> str:
        parts = [reply.hook, *reply.insights, reply.takeaway, reply.question]
        return self.tidy("\n\n".join(filter(None, [*map(lines, parts), tagged(reply.hashtags)])))

    def tidy(self, body: str) -> str:
        """Also: the hashtags at the end are a paragraph of their own, on one line."""
        text, tags = self.parted(paragraphs(body))
        return "\n\n".join(filter(None, (text, tags)))

    @staticmethod
    def parted(body: str) -> tuple[str, str]:
        """The text, and the hashtags that end it."""
        kept = body.rstrip().split("\n")
        tags: list[str] = []
        while kept and (is_labels(kept[-1]) or (tags and not kept[-1].strip())):
            tags.append(kept.pop())
        return "\n".join(kept).rstrip(), " ".join(" ".join(reversed(tags)).split())

    def rules(self, body: str) -> list[Rule]:
        text, _ = self.parted(body)
        return [
            Rule("The post", Measure("words", "Words", count_said(body), FEWEST_WORDS, MOST_WORDS, "words")),
            Rule(
                "The post",
                Measure("paragraphs", "Paragraphs", len(_split(text)), 2, None, "paragraphs"),
                "Part it with a blank line.",
            ),
            hashtag_rule(body, "The post"),
            character_rule(body, "The post", MOST_CHARACTERS),
        ]

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        text, _ = self.parted(body)
        middle = _split(text)[1:-1]
        told = super().metadata(title, body)
        return told | {
            "characters": len(body),
            "key_points": [point[0] for point in map(sentences, middle[:3]) if point],
            "read_minutes": max(1, round(told["word_count"] / WORDS_A_MINUTE)),
        }

    def look(self, title: str, body: str) -> dict[str, Any]:
        """{shown, rest: paragraphs before and after the fold, cut: it falls within a paragraph, folds_at: characters
        shown or 0, tags: the line of hashtags}"""
        text, tags = self.parted(body)
        at = fold(text)
        shown, rest = (text[:at], text[at:]) if at else (text, "")
        return {
            "shown": _split(shown),
            "rest": _split(rest),
            "cut": bool(rest) and not re.match(r"\s*\n\s*\n", rest),
            "folds_at": at,
            "tags": tags,
        }


def fold(text: str) -> int:
    """How many characters stand before the fold, which is between two words; 0 where nothing is folded away."""
    if len(text) <= FOLD:
        return 0
    end = FOLD
    if not text[end].isspace():
        last = max(text.rfind(space, 0, end) for space in (" ", "\n"))
        end = last if last > 0 else end
    return len(text[:end].rstrip()) or end


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n[ \t]*\n", text) if part.strip()]


platform = LinkedIn()
