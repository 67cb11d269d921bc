"""A text cut into blocks and tokens, so that nothing of it is lost: what is not shown between two words is a gap."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from content.platforms import text

_TOKEN = re.compile(rf"[{text.CJK}]|(?:(?![{text.CJK}])\w)+(?:['’](?:(?![{text.CJK}])\w)+)*|\s+|[^\w\s]")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_BLANK = re.compile(r"(?:\r\n|\r|\n)(?:[ \t]*(?:\r\n|\r|\n))+")


@dataclass
class Line:
    """A block cut into tokens, each with its hand: the number of the edition in which it came.

    `gap` is what stands before it in the text and is shown as its form, or not at all: blank lines, "- ", "```py".
    `raws` are the tokens exactly as they stand, where that is not how they are shown: with "> " after a line's end.
    """

    block: text.Block
    plain: bool = False
    gap: str = ""
    raws: list[str] | None = None
    tokens: list[str] = field(init=False)
    hands: list[int] = field(init=False)
    words: list[str] = field(init=False)
    vocabulary: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = _TOKEN.findall(self.block.source)
        self.hands = [0] * len(self.tokens)
        self.words = list(filter(is_word, self.tokens))
        self.vocabulary = frozenset(self.words)

    @property
    def standing(self) -> list[str]:
        """The tokens as they stand in the text."""
        return self.tokens if self.raws is None else self.raws


@dataclass
class Cut:
    """A whole text: each line's gap and tokens as they stand, and then the tail, are all of it in order.

    `number` is its edition's, and the hand of all that has no words.
    """

    number: int
    lines: list[Line]
    tail: str = ""

    @classmethod
    def of(cls, body: str, number: int = 0, *, plain: bool = False) -> "Cut":
        """All of it by one hand, until `authorship` knows better."""
        lines: list[Line] = []
        at = 0
        for block, start, end in _paragraphs(body) if plain else _blocks(body):
            line = Line(block, plain)
            at = _put(line, body, at, max(at, start), max(at, end))
            line.hands = [number] * len(line.tokens)
            lines.append(line)
        return cls(number, lines, body[at:])


def is_word(token: str) -> bool:
    return token[0].isalnum()


def _blocks(body: str) -> Iterator[tuple[text.Block, int, int]]:
    """The blocks of a Markdown text that say something, and between which characters each stands."""
    starts = [0, *(newline.end() for newline in _NEWLINE.finditer(body))]
    for block in text.blocks(body):
        if block.source:
            first, last = block.lines
            yield block, starts[min(first, len(starts) - 1)], starts[last] if last < len(starts) else len(body)


def _paragraphs(body: str) -> Iterator[tuple[text.Block, int, int]]:
    """A plain text's blocks, its marks and line breaks kept: blank lines part them, `## ` opens a heading."""
    edges = [0, *(edge for blank in _BLANK.finditer(body) for edge in blank.span()), len(body)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        part = _NEWLINE.sub("\n", body[start:end]).strip("\n").rstrip()
        kind: text.Kind = "hr" if part == "---" else "h2" if part.startswith("## ") and "\n" not in part else "p"
        if part:
            yield text.Block(kind, part, part.strip()), start, end


def _put(line: Line, body: str, at: int, start: int, end: int) -> int:
    """Fills in a line's gap, and what its tokens are as they stand; returns where it ends.

    Where its source is not in the text as it stands (a tab that Markdown counts as spaces, a rule drawn with stars),
    all that is there counts as gap.
    """
    source = line.block.source
    found = body.find(source, start, end)
    if found >= 0:
        line.gap = body[at:found]
        return found + len(source)
    places = _rows(source, body, start, end)
    if places is None:
        line.gap, line.raws = body[at:end], [""] * len(line.tokens)
        return end
    shown, standing = [place[0] for place in places], [place[1] for place in places]
    cuts = [0]
    for token in line.tokens:
        cuts.append(cuts[-1] + len(token))
    edges = [standing[row] + cut - shown[row] for cut in cuts for row in [bisect_right(shown, cut) - 1]]
    line.gap, line.raws = body[at : edges[0]], [body[one:next_] for one, next_ in pairwise(edges)]
    return edges[-1]


def _rows(source: str, body: str, start: int, end: int) -> list[tuple[int, int]] | None:
    """Where each row of a source begins, in it and in the text; None if they do not stand there one after another."""
    places: list[tuple[int, int]] = []
    shown = 0
    for row in source.split("\n"):
        found = body.find(row, start, end)
        if found < 0:
            return None
        places.append((shown, found))
        shown += len(row) + 1
        start = found + len(row)
    return places
