"""What changed between two texts, word by word, and who wrote which words.

Blocks are matched first, so that a new or moved paragraph shows as one thing; words are compared within matched blocks.
Nothing here knows of the database: versions come in as `Edition`s and leave as `Block`s of `Span`s.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from content.platforms import text

from .alignment import edits, paired
from .chain import Chain, Kept, dress, fits, inherit, walked
from .cutting import Cut, is_word
from .exact import exact, written
from .marks import NOBODY, Author, Block, Comparison, Edition, Move, Span, as_json
from .moving import moves
from .showing import blocks

__all__ = [
    "NOBODY",
    "Author",
    "Block",
    "Chain",
    "Comparison",
    "Cut",
    "Edition",
    "Kept",
    "Move",
    "Span",
    "as_json",
    "between",
    "compare",
    "dress",
    "fits",
    "marked",
    "shares",
    "shares_of",
    "walked",
    "written",
]


def compare(old: str, new: str, *, before: Author = NOBODY, after: Author = NOBODY, plain: bool = False) -> Comparison:
    """Two texts, in Markdown unless `plain`. What was kept or taken out is `before`'s, what was put in `after`'s."""
    first, second = Cut.of(old, 1, plain=plain), Cut.of(new, 2, plain=plain)
    return _compared(first, second, {1: before, 2: after}, inherits=True)


def marked(history: Sequence[Edition], against: int | None = None) -> Comparison:
    """The newest of the editions (oldest first), each word with its author, marked against another number.

    Against None, all is kept and nothing is marked. `LookupError` when there is no edition of that number.
    """
    if not history:
        return Comparison((), 0, 0, 0)
    if against is not None and against not in {edition.number for edition in history}:
        raise LookupError(f"There is no version {against} to compare with.")
    cuts = {cut.number: cut for cut in walked(history)}
    newest = cuts[history[-1].number]
    return between(newest if against is None else cuts[against], newest, _authors(history))


def between(old: Cut, new: Cut, who: Mapping[int, Author]) -> Comparison:
    """Two texts whose hands are known; `who` says whose each hand is."""
    return _compared(old, new, who, inherits=False)


def _compared(old: Cut, new: Cut, who: Mapping[int, Author], *, inherits: bool) -> Comparison:
    pairs = list(paired(old.lines, new.lines))
    moved = moves(pairs)
    met = [(pairs[moved[at][0]][0], new) if at in moved else (old, new) for at, (old, new) in enumerate(pairs)]
    edited = [edits(one, other) if one and other else [] for one, other in met]
    if inherits:
        for (one, other), found in zip(met, edited, strict=True):
            if one and other:
                inherit(one, other, found)
    shown = tuple(blocks(pairs, moved, edited, who))
    changes = [span for block in shown for span in block.spans if span.op != "keep" and not span.moved]
    return Comparison(
        shown,
        added=sum(text.count_plain(span.text) for span in changes if span.op == "ins"),
        removed=sum(text.count_plain(span.text) for span in changes if span.op == "del"),
        places=sum(_places(block) for block in shown),
        exact=tuple(exact(pairs, edited, old, new, who)),
    )


def shares(history: Sequence[Edition]) -> list[tuple[Author, float]]:
    """Who wrote the words of the newest edition, in percent, the largest share first; they sum to 100."""
    if not history:
        return []
    *_, newest = walked(history)
    return shares_of(newest, _authors(history))


def shares_of(cut: Cut, who: Mapping[int, Author]) -> list[tuple[Author, float]]:
    """The same for a text whose hands are known."""
    written: dict[Author, int] = {}
    for line in cut.lines:
        for token, hand in zip(line.tokens, line.hands, strict=True):
            if is_word(token):
                written[who[hand]] = written.get(who[hand], 0) + 1
    total = sum(written.values())
    return sorted(((author, 100 * n / total) for author, n in written.items()), key=lambda pair: -pair[1])


def _authors(history: Sequence[Edition]) -> dict[int, Author]:
    return {edition.number: edition.author for edition in history}


def _places(block: Block) -> int:
    """Runs of change in a block; one that only changed its form, or its place, is one place."""
    if block.left:
        return 0
    runs = sum(changed for changed, _ in groupby(span.op != "keep" for span in block.seen))
    moved = int(block.moved is not None and block.moved.is_first)
    return runs + moved or int(block.was is not None)
