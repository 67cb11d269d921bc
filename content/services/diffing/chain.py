"""Who wrote which words, found by walking from edition to edition."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import groupby

from .alignment import MATCHED, MOVED, Edit, alike, edits, paired
from .cutting import Cut, Line
from .marks import Edition

# One line of a text: what names its words, and runs of hands: number, how many tokens, number, how many…
Kept = tuple[str, list[int]]


class Chain:
    """The editions of a piece as far as they were walked, oldest first: the newest text, and all that ever stood.

    A block that stood so in any earlier edition keeps the hands it had then: who restores or moves a paragraph has
    not written it.
    """

    def __init__(self) -> None:
        self.newest = Cut(0, [])
        self._stood: dict[str, list[int]] = {}

    def remember(self, kept: Iterable[Kept]) -> None:
        """What stood in an edition whose text is not needed."""
        for name, runs in kept:
            self._stood.setdefault(name, runs)

    def begin(self, cut: Cut, kept: Sequence[Kept]) -> bool:
        """Go on from this text, of which the hands are known; whether they fit it."""
        if not fits(cut, kept):
            return False
        dress(cut, kept)
        self.newest = cut
        return True

    def add(self, cut: Cut) -> list[Kept]:
        """Let this be the next edition. Its words get their hands; they are returned, to be kept."""
        gone: list[Line] = []
        come: list[Line] = []
        for old, new in paired(self.newest.lines, cut.lines):
            if new is None:
                gone += [old] if old else []
            elif (known := self._stood.get(name_of(new))) and sum(known[1::2]) == len(new.tokens):
                new.hands = list(_unpacked(known))
            elif old is not None:
                inherit(old, new, edits(old, new))
            else:
                come.append(new)
        for new in come if len(gone) * len(come) <= MATCHED else []:
            source = max(gone, key=lambda old: alike(old, new), default=None)
            if source and alike(source, new) >= MOVED:
                inherit(source, new, edits(source, new))
        kept = [(name_of(line), _packed(line.hands)) for line in cut.lines]
        self.remember(kept)
        self.newest = cut
        return kept


def walked(history: Iterable[Edition]) -> Iterator[Cut]:
    """Each edition's text in turn, every token with its hand."""
    chain = Chain()
    for edition in history:
        cut = Cut.of(edition.body, edition.number, plain=edition.plain)
        chain.add(cut)
        yield cut


def fits(cut: Cut, kept: Sequence[Kept]) -> bool:
    """Whether the hands that were kept can be those of this text: it may have been cut by other rules then."""
    return len(cut.lines) == len(kept) and all(
        sum(runs[1::2]) == len(line.tokens) for line, (_, runs) in zip(cut.lines, kept, strict=True)
    )


def dress(cut: Cut, kept: Sequence[Kept]) -> None:
    """Give each token the hand that was kept for it."""
    for line, (_, runs) in zip(cut.lines, kept, strict=True):
        line.hands = list(_unpacked(runs))


def inherit(old: Line, new: Line, edited: Sequence[Edit]) -> None:
    """What was kept keeps its hands."""
    for op, i1, i2, j1, j2 in edited:
        if op == "keep":
            new.hands[j1:j2] = old.hands[i1:i2]


def name_of(line: Line) -> str:
    """What names the words of a line, short: 64 bits of their hash."""
    return blake2b(line.block.source.encode(errors="surrogatepass"), digest_size=8).hexdigest()


def _packed(hands: Sequence[int]) -> list[int]:
    return [part for hand, run in groupby(hands) for part in (hand, sum(1 for _ in run))]


def _unpacked(runs: Sequence[int]) -> Iterator[int]:
    for hand, size in zip(runs[::2], runs[1::2], strict=True):
        yield from [hand] * size
