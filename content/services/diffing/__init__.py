"""What changed between two texts, word by word, and who wrote which words.

Blocks are matched first, so that a new or moved paragraph shows as one thing; words are compared within matched blocks.
Nothing here knows of the database: versions come in as `Edition`s and leave as `Block`s of `Span`s.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from content.platforms import text

from .alignment import MATCHED, MOVED, Line, alike, edits, paired
from .marks import NOBODY, Author, Block, Comparison, Edition, Op, Span

__all__ = ["NOBODY", "Author", "Block", "Comparison", "Edition", "Span", "compare", "marked", "shares"]

_BLANK = re.compile(r"\n(?:[ \t]*\n)+")


def compare(old: str, new: str, *, before: Author = NOBODY, after: Author = NOBODY, plain: bool = False) -> Comparison:
    """Two texts, in Markdown unless `plain`. What was kept or taken out is `before`'s, what was put in `after`'s."""
    olds, news = _lines(old, before, plain), _lines(new, after, plain)
    return _shown(olds, news, inherit=True)


def marked(history: Sequence[Edition], against: int | None = None) -> Comparison:
    """The newest of the editions (oldest first), each word with its author, marked against another number.

    Against None, all is kept and nothing is marked. `LookupError` when there is no edition of that number.
    """
    if not history:
        return Comparison((), 0, 0, 0)
    if against is not None and against not in {edition.number for edition in history}:
        raise LookupError(f"There is no version {against} to compare with.")
    written = dict(_attributed(history))
    newest = written[history[-1].number]
    return _shown(newest if against is None else written[against], newest, inherit=False)


def shares(history: Sequence[Edition]) -> list[tuple[Author, float]]:
    """Who wrote the words of the newest edition, in percent, the largest share first; they sum to 100."""
    if not history:
        return []
    *_, (_, newest) = _attributed(history)
    written: dict[Author, int] = {}
    for line in newest:
        for token, author in zip(line.tokens, line.authors, strict=True):
            if token[0].isalnum():
                written[author] = written.get(author, 0) + 1
    total = sum(written.values())
    return sorted(((author, 100 * n / total) for author, n in written.items()), key=lambda pair: -pair[1])


def _lines(body: str, author: Author, plain: bool) -> list[Line]:
    cut = _paragraphs(body) if plain else text.blocks(body)
    lines = [Line(block, plain) for block in cut if block.source]
    for line in lines:
        line.authors = [author] * len(line.tokens)
    return lines


def _paragraphs(body: str) -> Iterator[text.Block]:
    """A plain text's blocks, its marks and line breaks kept: blank lines part them, `## ` opens a heading."""
    for part in _BLANK.split(body.replace("\r\n", "\n").strip("\n")):
        kind: text.Kind = "hr" if part == "---" else "h2" if part.startswith("## ") and "\n" not in part else "p"
        yield text.Block(kind, part.rstrip(), part.strip())


def _attributed(history: Sequence[Edition]) -> Iterator[tuple[int, list[Line]]]:
    """Each edition's lines with the author of every token, found by walking the chain.

    A block that stood so in any earlier edition keeps the authors it had then: who restores or moves a paragraph
    has not written it.
    """
    stood: dict[str, list[Author]] = {}
    before: list[Line] = []
    for edition in history:
        lines = _lines(edition.body, edition.author, edition.plain)
        gone: list[Line] = []
        come: list[Line] = []
        for old, new in paired(before, lines):
            if new is None:
                gone += [old] if old else []
            elif known := stood.get(new.block.source):
                new.authors = list(known)
            elif old is not None:
                _inherit(old, new)
            else:
                come.append(new)
        for new in come if len(gone) * len(come) <= MATCHED else []:
            source = max(gone, key=lambda old: alike(old, new), default=None)
            if source and alike(source, new) >= MOVED:
                _inherit(source, new)
        for line in lines:
            stood.setdefault(line.block.source, line.authors)
        before = lines
        yield edition.number, lines


def _inherit(old: Line, new: Line) -> None:
    for op, i1, i2, j1, j2 in edits(old.tokens, new.tokens):
        if op == "keep":
            new.authors[j1:j2] = old.authors[i1:i2]


def _shown(olds: list[Line], news: list[Line], *, inherit: bool) -> Comparison:
    shown: list[Block] = []
    for old, new in paired(olds, news):
        if old is not None and new is not None:
            if inherit:
                _inherit(old, new)
            was = old.block.kind if old.block.kind != new.block.kind else None
            shown.append(_block(new, tuple(_spans(old, new)), was))
        elif old is not None:
            shown.append(_block(old, tuple(_run("del", old.tokens, old.authors))))
        elif new is not None:
            shown.append(_block(new, tuple(_run("ins", new.tokens, new.authors))))
    changes = [span for block in shown for span in block.spans if span.op != "keep"]
    return Comparison(
        tuple(shown),
        added=sum(text.count_plain(span.text) for span in changes if span.op == "ins"),
        removed=sum(text.count_plain(span.text) for span in changes if span.op == "del"),
        places=sum(_places(block) for block in shown),
    )


def _block(line: Line, spans: tuple[Span, ...], was: text.Kind | None = None) -> Block:
    return Block(line.block.kind, spans, line.block.level, line.block.marker, was, line.plain)


def _places(block: Block) -> int:
    """Runs of change in a block; one that only changed its form is one place."""
    runs = sum(changed for changed, _ in groupby(span.op != "keep" for span in block.spans))
    return runs or int(block.was is not None)


def _spans(old: Line, new: Line) -> Iterator[Span]:
    for op, i1, i2, j1, j2 in edits(old.tokens, new.tokens):
        if op == "del":
            yield from _run("del", old.tokens[i1:i2], old.authors[i1:i2])
        else:
            yield from _run(op, new.tokens[j1:j2], new.authors[j1:j2])


def _run(op: Op, tokens: list[str], authors: list[Author]) -> Iterator[Span]:
    """Tokens of one fate, as one span for each author in turn. A space belongs to whoever wrote before it."""
    at = 0
    for author, group in groupby(authors):
        size = sum(1 for _ in group)
        yield Span(op, "".join(tokens[at : at + size]), author)
        at += size
