"""The blog: a long piece in Markdown under one title, on the public site."""

from typing import Any

from pydantic import BaseModel

from .base import Ask, Beat, Copy, Measure
from .readability import grade
from .text import Block, blocks, count_words, mentions, strip_markdown

FEWEST_SECTIONS = 3
WORDS_A_MINUTE = 238  # Brysbaert 2019, silent reading of English non-fiction


def empty_sections(parts: tuple[Block, ...]) -> list[str]:
    """Headings with nothing under them before the next heading of their own level or above."""
    empty = []
    for at, block in enumerate(parts):
        if block.heading:
            following = parts[at + 1] if at + 1 < len(parts) else None
            if following is None or (following.heading and following.level <= block.level):
                empty.append(block.text)
    return empty


def opening(parts: tuple[Block, ...]) -> str:
    """The first paragraph."""
    return next((block.text for block in parts if block.text and not block.heading), "")


class Blog:
    slug = "blog"
    name = "Blog"
    icon = "blog"
    default_word_count = 1500
    public = True
    titled = True
    hint = "## opens a section, - a list, **two stars** make words strong, [words](address) a link."
    preview = ""
    Reply: type[BaseModel] | None = None  # written in sections, by its own stages
    beats: tuple[Beat, ...] = ()
    guidance = (
        "Write Markdown. Begin with one title line (# Title), then an opening paragraph that says what the reader "
        f"gets, then at least {FEWEST_SECTIONS} sections under ## headings. Give each section an example: a name, a "
        "figure that was given to you, a thing one can see. Keep paragraphs under 120 words. End with what the reader "
        "should do next. State no figure, date, quotation or link that is not among the facts."
    )

    def assemble(self, reply: Any) -> str:
        raise NotImplementedError("A blog post is written section by section.")

    def tidy(self, body: str) -> str:
        return body

    def faults(self, title: str, body: str, ask: Ask) -> list[str]:
        parts = blocks(body)
        found = []
        titles = sum(block.kind == "h1" for block in parts)
        sections = sum(block.kind == "h2" for block in parts)
        if titles == 0:
            found.append("There is no title in the text. Begin with one line: “# Title”.")
        elif titles > 1:
            found.append(f"There are {titles} title lines (#). Keep the first and make the others sections (##).")
        if sections < FEWEST_SECTIONS:
            are = "There is 1 section heading" if sections == 1 else f"There are {sections} section headings"
            found.append(f"{are} (##). Use at least {FEWEST_SECTIONS}.")
        found += [
            f"The section “{name[:80]}” is empty. Write it or take it out." for name in empty_sections(parts)[:10]
        ]
        if ask.keyword.strip() and not mentions(f"{title}\n{headline(parts)}\n{opening(parts)}", ask.keyword):
            found.append(f"“{ask.keyword}” is in neither the title nor the first paragraph. Put it in one of them.")
        if ask.strict and ask.word_range:
            count, (fewest, most) = count_words(body), ask.word_range
            if not fewest <= count <= most:
                found.append(f"The text has {count:,} words. It must have {fewest:,} to {most:,}.")
        return found

    def measures(self, title: str, body: str, ask: Ask) -> list[Measure]:
        low, high = ask.word_range or (None, None)
        sections = sum(block.kind == "h2" for block in blocks(body))
        return [
            Measure("words", "Words", count_words(body), low, high, "words", hard=ask.strict),
            Measure("sections", "Sections", sections, FEWEST_SECTIONS, None, "sections"),
        ]

    def look(self, title: str, body: str) -> dict[str, Any]:
        return {}

    def copies(self, title: str, body: str) -> list[Copy]:
        return [Copy("Copy the Markdown", body)]

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        count = count_words(body)
        return {
            "word_count": count,
            "says": f"{count:,} words",
            "headings": [block.text for block in blocks(body) if block.kind in ("h2", "h3")],
            "reading_grade": grade(body),
            "read_minutes": max(1, round(count / WORDS_A_MINUTE)),
        }

    def plain(self, body: str) -> str:
        return strip_markdown(body)


def headline(parts: tuple[Block, ...]) -> str:
    """The title as it stands in the text."""
    return next((block.text for block in parts if block.kind == "h1"), "")


platform = Blog()
