"""Which block of one text answers to which of another, and which words within them stayed."""

import re
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Indel, LCSseq

from content.platforms import text

from .marks import Author, Op

_TOKEN = re.compile(rf"[{text.CJK}]|(?:(?![{text.CJK}])\w)+(?:['’](?:(?![{text.CJK}])\w)+)*|\s+|[^\w\s]")
ALIKE = 0.4  # of the words of both: below it a paragraph was written anew, not edited
REWRITTEN = 0.34  # of the words kept: below it, old and new stand side by side whole
MOVED = 0.6  # the same, for a paragraph that was edited and moved at once
MATCHED = 20_000  # pairs of blocks weighed against each other; beyond it only equal ones meet
COMPARED = 60_000_000  # pairs of tokens or blocks compared (8 MB of bits); beyond it all goes out and comes in


@dataclass
class Line:
    """A block cut into tokens, each with its author."""

    block: text.Block
    plain: bool = False
    tokens: list[str] = field(init=False)
    authors: list[Author] = field(init=False)
    words: list[str] = field(init=False)
    vocabulary: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.tokens = _TOKEN.findall(self.block.source)
        self.words = list(filter(is_word, self.tokens))
        self.vocabulary = frozenset(self.words)


_Edit = tuple[Op, int, int, int, int]
_Kept = tuple[int, int, int, int]


def edits(old: list[str], new: list[str]) -> list[_Edit]:
    """Runs that were kept, taken out or put in, in order, a removal before what replaced it."""
    kept = _without_crumbs(_on_words(_equal(old, new), old, new), old, len(new))
    words_kept = sum(is_word(token) for i1, i2, _, _ in kept for token in old[i1:i2])
    if old != new and words_kept < REWRITTEN * min(sum(map(is_word, old)), sum(map(is_word, new))):
        kept = []
    edits: list[_Edit] = []
    i = j = 0
    for i1, i2, j1, j2 in [*kept, (len(old), len(old), len(new), len(new))]:
        if i < i1:
            edits.append(("del", i, i1, j, j))
        if j < j1:
            edits.append(("ins", i1, i1, j, j1))
        if i1 < i2:
            edits.append(("keep", i1, i2, j1, j2))
        i, j = i2, j2
    return edits


def _equal(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[_Kept]:
    """What both have in order, as runs; of what is too long to compare, only the same beginning and end."""
    end = min(len(old), len(new))
    head = next((at for at in range(end) if old[at] != new[at]), end)
    tail = next((at for at in range(end - head) if old[-1 - at] != new[-1 - at]), end - head)
    one, other = old[head : len(old) - tail], new[head : len(new) - tail]
    kept = [(0, head, 0, head)] if head else []
    if one and other and len(one) * len(other) <= COMPARED:
        kept += [
            (o.src_start + head, o.src_end + head, o.dest_start + head, o.dest_end + head)
            for o in LCSseq.opcodes(one, other)
            if o.tag == "equal"
        ]
    return kept + ([(len(old) - tail, len(old), len(new) - tail, len(new))] if tail else [])


def _on_words(kept: list[_Kept], old: list[str], new: list[str]) -> list[_Kept]:
    """Moves a change past a space or a stop that stands on both its sides: “deeper ”, and not “ deeper”."""
    moved = list(kept)
    for at in range(len(moved) - 1):
        i1, i2, j1, j2 = moved[at]
        n1, n2, m1, m2 = moved[at + 1]
        while n1 < n2 and (i2 == n1 or j2 == m1) and not is_word(old[n1]):
            # The side without a gap goes on with the kept run itself; the other must begin with the same.
            if not (old[i2] == new[j2] == old[n1]):
                break
            i2, j2, n1, m1 = i2 + 1, j2 + 1, n1 + 1, m1 + 1
        moved[at], moved[at + 1] = (i1, i2, j1, j2), (n1, n2, m1, m2)
    return [run for run in moved if run[0] < run[1]]


def _without_crumbs(kept: list[_Kept], old: list[str], end: int) -> list[_Kept]:
    """Drops what was kept between two changes but is no more than a space, a comma or one short word."""
    return [
        (i1, i2, j1, j2)
        for i1, i2, j1, j2 in kept
        if (i1, j1) == (0, 0)
        or (i2, j2) == (len(old), end)
        or sum(map(is_word, old[i1:i2])) > 1
        or max((len(token) for token in old[i1:i2] if is_word(token)), default=0) > 4
    ]


def is_word(token: str) -> bool:
    return token[0].isalnum()


_Pair = tuple[Line | None, Line | None]


def paired(olds: list[Line], news: list[Line]) -> Iterator[_Pair]:
    """Old and new blocks in reading order: both, or (old, None) taken out, or (None, new) put in."""
    equal = _equal([_key(line) for line in olds], [_key(line) for line in news])
    # A short text is weighed as a whole between its unchanged ends, so that one line that moved up does not
    # part everything it passed; a long one is anchored on every block that stayed the same.
    ends = [run for run in equal if run[:3:2] == (0, 0) or run[1::2] == (len(olds), len(news))]
    if (len(olds) - _size(ends)) * (len(news) - _size(ends)) <= MATCHED:
        equal = ends
    i = j = 0
    for i1, i2, j1, j2 in equal:
        yield from _between(olds[i:i1], news[j:j1])
        yield from zip(olds[i1:i2], news[j1:j2], strict=True)
        i, j = i2, j2
    yield from _between(olds[i:], news[j:])


def _size(runs: list[_Kept]) -> int:
    return sum(i2 - i1 for i1, i2, _, _ in runs)


def _key(line: Line) -> tuple[str, str]:
    return line.block.kind, line.block.source


def _between(olds: list[Line], news: list[Line]) -> Iterator[_Pair]:
    """Pairs blocks so that as much text as can be meets what is like it, in order."""
    rows, columns = len(olds), len(news)
    small = rows * columns <= MATCHED
    worth = [[_worth(old, new) for new in news] for old in olds] if small else []
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)] if small else []
    for i in range(rows - 1, -1, -1) if small else ():
        for j in range(columns - 1, -1, -1):
            meet = best[i + 1][j + 1] + worth[i][j] if worth[i][j] else 0.0
            best[i][j] = max(meet, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while small and i < rows and j < columns:
        if worth[i][j] and best[i][j] == best[i + 1][j + 1] + worth[i][j]:
            yield olds[i], news[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield olds[i], None
            i += 1
        else:
            yield None, news[j]
            j += 1
    yield from ((old, None) for old in olds[i:])
    yield from ((None, new) for new in news[j:])


def _worth(old: Line, new: Line) -> float:
    """What it is worth to show two blocks as one edited: long and alike is worth most, 0 is never."""
    share = alike(old, new)
    if share >= ALIKE:
        return share * (len(old.tokens) + len(new.tokens))
    # A heading that was rewritten whole is still the heading of that place.
    return 0.1 if old.block.heading and old.block.kind == new.block.kind else 0.0


def alike(old: Line, new: Line) -> float:
    """How much of two blocks is the same: 1 is all; 0 for what is never shown as one, like code and prose."""
    one, other = old.block, new.block
    if (one.kind == "code") != (other.kind == "code") or (one.kind == "hr") != (other.kind == "hr"):
        return 0.0
    if one.source == other.source:
        return 1.0
    # Too few words in common to be alike: most pairs end here, which is what keeps long texts quick.
    fewest = min(len(old.vocabulary), len(new.vocabulary))
    if len(old.vocabulary & new.vocabulary) < 0.25 * fewest or len(old.words) * len(new.words) > COMPARED:
        return 0.0
    return Indel.normalized_similarity(old.words, new.words, score_cutoff=ALIKE)
