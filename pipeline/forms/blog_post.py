"""The form of a blog post."""

from __future__ import annotations

from content.forms import number
from content.platforms.base import Ask
from pipeline.models import TaskType
from pipeline.services import fields
from pipeline.services.estimating import Size

from .base import NewTask, Said

WORDS_A_MINUTE = 238  # Brysbaert 2019, as the published read time


class NewBlogPost(NewTask):
    task_type, title, icon, shape = TaskType.BLOG_POST, "Blog post", "blog", fields.BlogPost
    called = {
        "topic": "the topic",
        "task_name": "its name",
        "primary_keyword": "the keyword",
        "target_audience": "who it is for",
        "category": "the category",
        "style": "the style",
        "tone": "the tone",
        "tags": "the tags",
        "word_count": "the word count",
        "word_count_tolerance": "the tolerance",
        "brief": "the facts",
        "sources": "the sources",
        "image_source": "the picture",
        "model": "the model",
        "priority": "the priority",
        "schedule_for": "the start",
    }
    needed = ("topic",)
    flags = frozenset({"strict"})
    by_comma = frozenset({"tags"})
    styles = fields.STYLES

    def hints(self) -> dict[str, Said]:
        facts = len([line for line in self.values["brief"].splitlines() if line.strip()])
        count = f"{facts} fact{'' if facts == 1 else 's'}. " if facts else ""
        rule = "A number that is in neither the facts nor a source is marked as having no source."
        return {
            **super().hints(),
            "topic": self.topic_says(),
            "primary_keyword": Said("hint", "Looked for in the title or the first paragraph"),
            "tags": Said("hint", "With a comma between them"),
            "task_name": Said("hint", "Empty means the topic"),
            "brief": Said("hint", count + rule),
            "sources": Said("hint", "Public addresses, one a line"),
        }

    @property
    def pictures(self) -> dict[str, str]:
        """The sources to choose from: those that are on here."""
        return fields.pictures()

    @property
    def words(self) -> int:
        """The word count asked for, as far as it can be read and will do."""
        typed = number(self.values["word_count"])
        return min(max(typed, 300), 5000) if typed else 1500

    @property
    def accepted(self) -> tuple[int, int]:
        """The fewest and the most words that will do: the rule of the check itself."""
        ask = Ask(word_count=self.words, tolerance=number(self.values["word_count_tolerance"]) or 10)
        fewest_and_most = ask.word_range
        assert fewest_and_most is not None, "a word count was given"
        return fewest_and_most

    @property
    def read_minutes(self) -> int:
        return max(1, round(self.words / WORDS_A_MINUTE))

    @property
    def size(self) -> Size:
        return Size(words=self.words)

    @property
    def amount(self) -> str:
        return f"{self.words:,} words"
