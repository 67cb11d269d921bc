"""Two texts as blocks to read: each with its words kept, taken out and put in, and what became of its form and place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from .alignment import Edit, Pair
from .cutting import Line
from .marks import Author, Block, Move, Op, Span

Who = Mapping[int, Author]


def blocks(
    pairs: Sequence[Pair], moved: Mapping[int, tuple[int, Move]], edited: Sequence[list[Edit]], who: Who
) -> Iterator[Block]:
    """In reading order; a block that moved stands at both its places.

    `edited` are the edits of each pair; of a block that came from elsewhere, those against what it was there.
    """
    for at, (old, new) in enumerate(pairs):
        there, move = moved.get(at, (at, None))
        if old is not None and new is not None:
            yield _block(new, tuple(_spans(old, new, edited[at], who)), old)
        elif old is not None:
            yield _block(old, tuple(_left(old, edited[there], who)), move=move)
        elif new is not None:
            came_from = pairs[there][0]
            within = tuple(_spans(came_from, new, edited[at], who)) if came_from else ()
            yield _block(new, tuple(_came(new, edited[at], who)), came_from, move, within)


def _block(
    line: Line,
    spans: tuple[Span, ...],
    old: Line | None = None,
    move: Move | None = None,
    within: tuple[Span, ...] = (),
) -> Block:
    block = line.block
    shown = Block(block.kind, spans, block.level, block.marker, plain=line.plain, moved=move, edits=within)
    if old is None or _form(old) == _form(line):
        return shown
    was = old.block
    return replace(shown, was=was.kind, was_level=was.level, was_marker=was.marker)


def _form(line: Line) -> tuple[str, int, bool]:
    """What a block looks like. Of a list item's marker only its kind counts: a third item that became the fourth was
    not changed."""
    return line.block.kind, line.block.level, line.block.marker in ("", "-")


def _spans(old: Line, new: Line, edited: list[Edit], who: Who) -> Iterator[Span]:
    for op, i1, i2, j1, j2 in edited:
        line, start, end = (old, i1, i2) if op == "del" else (new, j1, j2)
        yield from _run(op, line, start, end, who)


def _left(old: Line, edited: list[Edit], who: Who) -> Iterator[Span]:
    """All of a block goes; what came elsewhere is moved."""
    for op, i1, i2, _, _ in edited or [("del", 0, len(old.tokens), 0, 0)]:
        yield from _run("del", old, i1, i2, who, moved=op == "keep")


def _came(new: Line, edited: list[Edit], who: Who) -> Iterator[Span]:
    """All of a block comes; what stood elsewhere is moved."""
    for op, _, _, j1, j2 in edited or [("ins", 0, 0, 0, len(new.tokens))]:
        yield from _run("ins", new, j1, j2, who, moved=op == "keep")


def _run(op: Op, line: Line, start: int, end: int, who: Who, *, moved: bool = False) -> Iterator[Span]:
    """Tokens of one fate, as one span for each author in turn. A space belongs to whoever wrote before it."""
    for author, group in groupby(range(start, end), key=lambda at: who[line.hands[at]]):
        yield Span(op, "".join(line.tokens[at] for at in group), author, moved)
