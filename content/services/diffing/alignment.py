"""Which block of one text answers to which of another, and which words within them stayed."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import pairwise

from rapidfuzz.distance import Indel, LCSseq

from .cutting import Line, is_word
from .marks import Op

ALIKE = 0.4  # of the words of both: below it a paragraph was written anew, not edited
ROW_ALIKE = 0.6  # the same, of the characters of two rows of code or of a table
REWRITTEN = 0.34  # of the words kept: below it, old and new stand side by side whole
MOVED = 0.6  # the same, for a paragraph that was edited and moved at once
MATCHED = 20_000  # pairs of blocks weighed against each other; beyond it only equal ones meet
COMPARED = 60_000_000  # pairs of tokens or blocks compared (8 MB of bits); beyond it all goes out and comes in


Edit = tuple[Op, int, int, int, int]
_Kept = tuple[int, int, int, int]


def edits(old: Line, new: Line) -> list[Edit]:
    """Runs of tokens that were kept, taken out or put in, in order, a removal before what replaced it."""
    if old.tokens == new.tokens:
        return [("keep", 0, len(old.tokens), 0, len(new.tokens))]
    by_rows = old.block.kind == new.block.kind == "code"
    return _by_rows(old.tokens, new.tokens) if by_rows else _by_words(old.tokens, new.tokens)


def _by_rows(old: list[str], new: list[str]) -> list[Edit]:
    """Code and tables: whole rows first, then the words of those that were edited."""
    olds, news = _row_ends(old), _row_ends(new)
    rows = [
        ["".join(tokens[a:b]).strip("\n") for a, b in pairwise(ends)] for tokens, ends in ((old, olds), (new, news))
    ]
    ends = (len(rows[0]), len(rows[0]), len(rows[1]), len(rows[1]))
    found: list[Edit] = []
    i = j = 0
    for i1, i2, j1, j2 in [*_equal(*rows), ends]:
        met = _rows_alike(rows[0][i:i1], rows[1][j:j1])
        spans = [(i + one, i + one + 1, j + other, j + other + 1) for one, other in met]
        for a, b, c, d in [*spans, (i1, i2, j1, j2)]:
            if i < a:
                found.append(("del", olds[i], olds[a], news[j], news[j]))
            if j < c:
                found.append(("ins", olds[a], olds[a], news[j], news[c]))
            one, other = old[olds[a] : olds[b]], new[news[c] : news[d]]
            found += [
                (op, m + olds[a], n + olds[a], o + news[c], p + news[c]) for op, m, n, o, p in _by_words(one, other)
            ]
            i, j = b, d
    return found


def _rows_alike(olds: Sequence[str], news: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Which rows were edited into which, in order: each old one with the next new one that is like it."""
    at = 0
    for index, old in enumerate(olds if len(olds) * len(news) <= MATCHED else ()):
        for there in range(at, len(news)):
            if Indel.normalized_similarity(old, news[there]) >= ROW_ALIKE:
                yield index, there
                at = there + 1
                break


def _row_ends(tokens: list[str]) -> list[int]:
    """Where each row begins, its line's end before it, and where the last one ends."""
    return [0, *(at for at, token in enumerate(tokens) if at and "\n" in token), len(tokens)]


def _by_words(old: list[str], new: list[str]) -> list[Edit]:
    kept = _without_crumbs(_on_words(_equal(old, new), old, new), old, len(new))
    words_kept = _count(token for i1, i2, _, _ in kept for token in old[i1:i2])
    if old != new and words_kept < REWRITTEN * min(_count(old), _count(new)):
        kept = []
    edits: list[Edit] = []
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


def _count(tokens: Iterable[str]) -> int:
    return sum(token[0].isalnum() for token in tokens)


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
        or _count(old[i1:i2]) > 1
        or max((len(token) for token in old[i1:i2] if is_word(token)), default=0) > 4
    ]


Pair = tuple[Line | None, Line | None]


def paired(olds: list[Line], news: list[Line]) -> Iterator[Pair]:
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


def _between(olds: list[Line], news: list[Line]) -> Iterator[Pair]:
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
