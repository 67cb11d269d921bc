"""What a comparison is made of: editions come in; blocks of spans, each with its author, go out."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

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
class Move:
    """A block, or several that stood together, at another place: one move has one `number` at both its ends.

    `was` and `now` say the how-manieth block it was and is. `is_first` is true of the first block of several.
    """

    number: int
    was: int
    now: int
    is_first: bool = True

    @property
    def way(self) -> Literal["up", "down"]:
        return "down" if self.now > self.was else "up"


@dataclass(frozen=True)
class Span:
    """Words that share a fate and an author: who wrote them, also when they were taken out.

    Where a block was moved, its words were taken out there and put in here: those are `moved`.
    """

    op: Op
    text: str
    author: Author
    moved: bool = False


@dataclass(frozen=True)
class Block:
    """One paragraph, heading, list item… as its spans. Inline Markdown stays in their text as it was written.

    `level` and `marker` ("-" or "3.") place a list item. `was` is the old kind, where the form changed, and `was_level`
    and `was_marker` the old place in a list. The words of a `plain` block are no Markdown, and its line breaks stand.
    `edits` are the words of a block that was moved here beside those it had before, as if it had not moved.
    """

    kind: Kind
    spans: tuple[Span, ...]
    level: int = 0
    marker: str = ""
    was: Kind | None = None
    plain: bool = False
    was_level: int = 0
    was_marker: str = ""
    moved: Move | None = None
    edits: tuple[Span, ...] = ()

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
    def left(self) -> bool:
        """It went from here to another place."""
        return self.moved is not None and not self.edits

    @property
    def came(self) -> bool:
        """It came here from another place."""
        return bool(self.edits)

    @property
    def seen(self) -> tuple[Span, ...]:
        """What an editor sees of it: a move is no change of words."""
        return self.edits or self.spans

    @property
    def old(self) -> str:
        return "".join(span.text for span in self.spans if span.op != "ins")

    @property
    def new(self) -> str:
        return "".join(span.text for span in self.spans if span.op != "del")


@dataclass(frozen=True)
class Comparison:
    """Old and new in one reading. `added` and `removed` count words, `places` the spots to look at.

    `exact` are both texts character for character, with all that is not shown: what was kept and taken out is the old
    one, what was kept and put in the new one.
    """

    blocks: tuple[Block, ...]
    added: int
    removed: int
    places: int
    exact: tuple[Span, ...] = ()

    @property
    def only_unseen(self) -> bool:
        """The words are the same, and how they look; other blank lines, or marks that are written in another way."""
        return not self.places and any(span.op != "keep" for span in self.exact)


def as_json(comparison: Comparison) -> list[dict[str, Any]]:
    """The blocks of a comparison, for programs."""
    return [
        {
            "kind": block.kind,
            "level": block.level,
            "marker": block.marker,
            "was": block.was,
            "changed": block.changed,
            "moved": {"number": move.number, "from": move.was, "to": move.now} if (move := block.moved) else None,
            "spans": [
                {"op": span.op, "text": span.text, "author": asdict(span.author), "moved": span.moved}
                for span in block.spans
            ],
        }
        for block in comparison.blocks
    ]
