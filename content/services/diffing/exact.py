"""Two texts as one list of spans that holds every character of both, also what no reader sees."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from .alignment import Edit, Pair
from .cutting import Cut, Line
from .marks import Author, Op, Span

Part = tuple[Op, int, str]  # what became of it, its hand, and how it stands in the text


def exact(
    pairs: Sequence[Pair], edited: Sequence[list[Edit]], old: Cut, new: Cut, who: Mapping[int, Author]
) -> Iterator[Span]:
    """What is kept or taken out is the old text, what is kept or put in the new one. `edited` are each pair's edits."""
    return _joined([*_parts(pairs, edited), *_met(old.tail, new.tail, _last(old), _last(new))], who)


def written(cut: Cut, who: Mapping[int, Author]) -> Iterator[Span]:
    """A text by its authors: every character once. What is not shown belongs to whoever wrote what follows."""
    return _joined([part for line in cut.lines for part in _all("keep", line)] + [("keep", _last(cut), cut.tail)], who)


def _parts(pairs: Sequence[Pair], edited: Sequence[list[Edit]]) -> Iterator[Part]:
    for (old, new), found in zip(pairs, edited, strict=True):
        if old is not None and new is not None:
            yield from _met(old.gap, new.gap, old.hands[0], new.hands[0])
            yield from _edited(old, new, found)
        elif old is not None:
            yield from _all("del", old)
        elif new is not None:
            yield from _all("ins", new)


def _edited(old: Line, new: Line, edited: list[Edit]) -> Iterator[Part]:
    for op, i1, i2, j1, j2 in edited:
        if op == "del":
            yield from zip([op] * (i2 - i1), old.hands[i1:i2], old.standing[i1:i2], strict=True)
        elif op == "ins":
            yield from zip([op] * (j2 - j1), new.hands[j1:j2], new.standing[j1:j2], strict=True)
        elif old.raws is new.raws is None:
            yield from zip([op] * (j2 - j1), new.hands[j1:j2], new.tokens[j1:j2], strict=True)
        else:
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                yield from _met(old.standing[i], new.standing[j], old.hands[i], new.hands[j])


def _met(old: str, new: str, before: int, after: int) -> Iterator[Part]:
    """What stands at one place in both: the same, or written in another way."""
    if old == new:
        yield "keep", after, new
    else:
        yield "del", before, old
        yield "ins", after, new


def _all(op: Op, line: Line) -> Iterator[Part]:
    yield op, line.hands[0], line.gap
    yield from zip([op] * len(line.hands), line.hands, line.standing, strict=True)


def _last(cut: Cut) -> int:
    return cut.lines[-1].hands[-1] if cut.lines else cut.number


def _joined(parts: Iterable[Part], who: Mapping[int, Author]) -> Iterator[Span]:
    said = (part for part in parts if part[2])
    for (op, author), run in groupby(said, key=lambda part: (part[0], who[part[1]])):
        yield Span(op, "".join(part[2] for part in run), author)
