"""Which blocks went from one place to another: they are neither new nor gone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count

from .alignment import MATCHED, MOVED, Pair, alike
from .cutting import Line
from .marks import Move

WORDS = 3  # at least; shorter blocks are alike by chance. A heading may be short.


def moves(pairs: Sequence[Pair]) -> dict[int, tuple[int, Move]]:
    """For the place in `pairs` of each end of a move: where the other end is, and the move.

    Blocks that went together, one after the other, made one move.
    """
    gone = [at for at, (old, new) in enumerate(pairs) if new is None and old and _tellable(old)]
    come = [at for at, (old, new) in enumerate(pairs) if old is None and new and _tellable(new)]
    met = dict(_equal(pairs, gone, come))
    left = [at for at in gone if at not in set(met.values())]
    new_ones = [at for at in come if at not in met]
    if len(left) * len(new_ones) <= MATCHED:
        met |= _edited(pairs, left, new_ones)
    return _numbered(pairs, met)


def _tellable(line: Line) -> bool:
    return line.block.heading or len(line.words) >= WORDS


def _equal(pairs: Sequence[Pair], gone: Sequence[int], come: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(new place, old place) of blocks that are the same, word for word."""
    known: dict[tuple[str, str], list[int]] = defaultdict(list)
    for at in reversed(gone):
        known[_key(pairs[at][0])].append(at)
    for at in come:
        if same := known[_key(pairs[at][1])]:
            yield at, same.pop()


def _key(line: Line | None) -> tuple[str, str]:
    assert line is not None
    return line.block.kind, line.block.source


def _edited(pairs: Sequence[Pair], gone: list[int], come: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The same of blocks that were edited on the way, each with what is most like it."""
    for at in come:
        new = pairs[at][1]
        likeness = {there: alike(old, new) for there in gone if (old := pairs[there][0]) and new}
        best = max(likeness, key=lambda there: likeness[there], default=None)
        if best is not None and likeness[best] >= MOVED and min(map(len, _words(pairs, best, at))) >= WORDS:
            gone.remove(best)
            yield at, best


def _words(pairs: Sequence[Pair], there: int, here: int) -> tuple[list[str], list[str]]:
    old, new = pairs[there][0], pairs[here][1]
    return old.words if old else [], new.words if new else []


def _numbered(pairs: Sequence[Pair], met: dict[int, int]) -> dict[int, tuple[int, Move]]:
    was = _places(old for old, _ in pairs)
    now = _places(new for _, new in pairs)
    numbers = count(1)
    found: dict[int, tuple[int, Move]] = {}
    before: Move | None = None
    for here, there in sorted(met.items()):
        follows = before is not None and (before.was + 1, before.now + 1) == (was[there], now[here])
        number = before.number if before and follows else next(numbers)
        before = Move(number, was[there], now[here], is_first=not follows)
        found[here], found[there] = (there, before), (here, before)
    return found


def _places(lines: Iterator[Line | None]) -> list[int]:
    """How many blocks stand at each place or before it."""
    places: list[int] = []
    for line in lines:
        places.append((places[-1] if places else 0) + (line is not None))
    return places
