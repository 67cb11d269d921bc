"""What a comparison is made of: editions come in; blocks of spans, each with its author, go out."""

from dataclasses import dataclass
from typing import Literal

from content.platforms.text import Kind

Op = Literal["keep", "ins", "del"]


@dataclass(frozen=True)
class Author:
    """Who wrote words: a model by its name, or a person by theirs."""

    kind: Literal["model", "person"]
    name: str


NOBODY = Author("person", "")


@dataclass(frozen=True)
class Edition:
    """One version as it comes in: Markdown, or plain text, which is pasted somewhere as it stands."""

    number: int
    author: Author
    body: str
    plain: bool = False


@dataclass(frozen=True)
class Span:
    """Words that share a fate and an author: who wrote them, also when they were taken out."""

    op: Op
    text: str
    author: Author


@dataclass(frozen=True)
class Block:
    """One paragraph, heading, list item… as its spans. Inline Markdown stays in their text as it was written.

    `level` and `marker` ("-" or "3.") place a list item. `was` is the old kind, where the form changed. The words of a
    `plain` block are no Markdown, and its line breaks stand.
    """

    kind: Kind
    spans: tuple[Span, ...]
    level: int = 0
    marker: str = ""
    was: Kind | None = None
    plain: bool = False

    @property
    def authors(self) -> tuple[Author, ...]:
        """Who wrote what stands here, the largest share first; where nothing stands, what was taken out."""
        standing = [span for span in self.spans if span.op != "del"] or self.spans
        written: dict[Author, int] = {}
        for span in standing:
            written[span.author] = written.get(span.author, 0) + len(span.text)
        return tuple(sorted(written, key=lambda author: -written[author]))

    @property
    def changed(self) -> bool:
        return self.was is not None or any(span.op != "keep" for span in self.spans)

    @property
    def old(self) -> str:
        return "".join(span.text for span in self.spans if span.op != "ins")

    @property
    def new(self) -> str:
        return "".join(span.text for span in self.spans if span.op != "del")


@dataclass(frozen=True)
class Comparison:
    """Old and new in one reading. `added` and `removed` count words, `places` the spots to look at."""

    blocks: tuple[Block, ...]
    added: int
    removed: int
    places: int
