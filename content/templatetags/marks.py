"""The editor's marks: a comparison of two versions as paragraphs with their margins, in one column or side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Literal

from django import template
from django.utils.safestring import SafeString

from content.services.diffing import Author, Block, Comparison, Move, Span

from . import inked

register = template.Library()

KINDS = {
    "h1": "title",
    "h2": "heading",
    "h3": "heading",
    "p": "paragraph",
    "li": "list item",
    "quote": "quotation",
    "code": "table or code",
    "hr": "line",
}


@dataclass
class Graf:
    """One paragraph of the sheet, or one whole list, with what its margin says.

    `place` numbers what an editor goes through, from 1; 0 is nothing to stop at. Where the paragraph was moved from or
    to, `moved` says so; the place that it left shows only its `opening`.
    """

    tag: str
    html: SafeString
    authors: tuple[Author, ...]
    claims: tuple[str, ...] = ()
    note: str = ""
    place: int = 0
    fresh: bool = False
    lines: list[Graf] = field(default_factory=list)
    level: int = 0
    marker: str = ""
    plain: bool = False
    moved: Move | None = None
    opening: str = ""

    @property
    def unsourced(self) -> list[str]:
        """What the margin says has no source: the words, or the host of a link."""
        return [claim.split("//", 1)[-1].removeprefix("www.") for claim in self.claims]

    @property
    def who(self) -> list[dict[str, str]]:
        """Whom the margin names: “Model” once, people by their first names."""
        named: dict[str, dict[str, str]] = {}
        for author in self.authors:
            short = "Model" if author.kind == "model" else (author.name.split() or ["Somebody"])[0]
            named.setdefault(short, {"by": author.kind, "short": short, "name": author.name})
        return list(named.values())


@dataclass(frozen=True)
class Row:
    """What stands at one place in the old text and in the new one, side by side; None where there is nothing."""

    old: Graf | None
    new: Graf | None
    place: int = 0
    note: str = ""
    moved: Move | None = None


@register.inclusion_tag("content/_copy.html")
def copy(
    comparison: Comparison, marks: str = "changes", quotes: Sequence[str] = (), checks: str = "#check-claims"
) -> dict[str, object]:
    """The text with its marks and margins; `checks` is where a claim without a source leads."""
    return {"grafs": grafs(comparison, marks=marks, quotes=quotes), "marks": marks, "checks": checks}


@register.inclusion_tag("content/_sides.html")
def sides(comparison: Comparison, old: object, new: object) -> dict[str, object]:
    """The same in two columns, under the names of the two versions."""
    return {"rows": rows(comparison), "old": old, "new": new}


def grafs(comparison: Comparison, *, marks: str = "changes", quotes: Sequence[str] = ()) -> list[Graf]:
    """The sheet's paragraphs. `marks` is `changes`, `who` or `clean`; `quotes` have no source and are marked."""
    shown: list[Graf] = []
    for block, place in _numbered(comparison):
        if block.left and block.moved and not block.moved.is_first:
            continue  # told with the first of those that went together
        graf = _graf(block, marks, quotes)
        graf.place = place
        listed = shown[-1] if shown and shown[-1].tag == "ul" else None
        if graf.tag != "li":
            shown.append(graf)
        elif listed is None:
            shown.append(Graf("ul", SafeString(""), graf.authors, graf.claims, lines=[graf]))
        else:
            listed.lines.append(graf)
            listed.authors = tuple(dict.fromkeys((*listed.authors, *graf.authors)))
            listed.claims += graf.claims
    return shown


def rows(comparison: Comparison) -> list[Row]:
    """The two texts beside each other, block by block."""
    return [
        Row(_side(block, "old"), _side(block, "new"), place, _form(block), block.moved)
        for block, place in _numbered(comparison)
    ]


def _numbered(comparison: Comparison) -> Iterator[tuple[Block, int]]:
    """Each block with the number of its place, 0 where nothing changed that is not told elsewhere."""
    places = 0
    for block in comparison.blocks:
        is_place = _is_place(block)
        places += is_place
        yield block, places if is_place else 0


def _is_place(block: Block) -> bool:
    if block.left:
        return False
    came = block.moved is not None and block.moved.is_first
    return came or block.was is not None or any(span.op != "keep" for span in block.seen)


def _graf(block: Block, marks: str, quotes: Sequence[str]) -> Graf:
    if block.left:
        opening = " ".join(block.old.split())
        return Graf("left", SafeString(""), block.authors, moved=block.moved, opening=opening, plain=block.plain)
    doubtful = tuple(quote for quote in quotes if quote in block.new) if marks != "clean" else ()
    fresh = {span.op for span in block.seen} == {"ins"}
    note = _form(block) if block.kind == "li" else _note(block)
    graf = Graf(_tag(block), SafeString(""), block.authors, doubtful, note, fresh=fresh, moved=block.moved)
    graf.level, graf.marker, graf.plain = block.level, block.marker, block.plain
    if block.kind == "code":
        table = inked.table(block.seen, marks) if block.new.lstrip().startswith("|") or _is_table(block) else None
        graf.tag = "table" if table else "pre"
        graf.html = table or inked.literal(inked.strips(block.seen), marks)
    elif block.plain:
        graf.html = inked.literal(inked.strips(block.seen, doubtful), marks)
    elif block.kind != "hr":
        graf.html = inked.words(block.seen, marks, doubtful)
    return graf


def _is_table(block: Block) -> bool:
    return block.old.lstrip().startswith("|")


def _tag(block: Block) -> str:
    return {"h1": "h2", "quote": "blockquote"}.get(block.kind, block.kind)


def _side(block: Block, side: Literal["old", "new"]) -> Graf | None:
    """One column's part of a block, its moved words as unmarked as those that stayed."""
    passed_over = "ins" if side == "old" else "del"
    spans = tuple(replace(span, op="keep") if span.moved else span for span in block.spans if span.op != passed_over)
    if not spans:
        return None
    shown = replace(block, spans=spans, edits=(), moved=None, was=None)
    if side == "old" and block.was:
        shown = replace(shown, kind=block.was, level=block.was_level, marker=block.was_marker)
    return _graf(shown, "changes", ())


def _note(block: Block) -> str:
    """What the margin says of a block's fate and form."""
    ops = {span.op for span in block.seen}
    if ops in ({"ins"}, {"del"}):
        return "New" if ops == {"ins"} else "Taken out"
    return _form(block)


def _form(block: Block) -> str:
    """What became of how a block or its words are set, where that is all that one would not see."""
    if block.was and block.was != block.kind:
        return f"Was a {KINDS[block.was]}"
    if block.was:
        return _other_form(block)
    return "Other marks" if _only_marks(block.seen) else ""


def _other_form(block: Block) -> str:
    if block.kind in ("h2", "h3"):
        return f"Was a heading of level {block.was_level}"
    if block.level != block.was_level:
        return f"Was {'deeper in' if block.was_level > block.level else 'further out of'} the list"
    return "Was numbered" if block.was_marker != "-" else "Was not numbered"


def _only_marks(spans: Sequence[Span]) -> bool:
    """Only how words are set changed, as **bold**, and no word."""
    changed = [span.text for span in spans if span.op != "keep"]
    return bool(changed) and all(set(text) <= set("*_`~ ") for text in changed) and any(map(str.strip, changed))


@register.filter
def title_words(comparison: Comparison, marks: str) -> SafeString:
    """A title with its marks, on one line."""
    return inked.literal([strip for block in comparison.blocks for strip in inked.strips(block.spans)], marks)


@dataclass(frozen=True)
class Change:
    """One place where two versions differ, for a list: what stood there, what stands there, who put it in."""

    place: int
    old: str
    new: str
    by: str
    block: Block
    is_move: bool = False

    @property
    def kind(self) -> str:
        return KINDS[self.block.kind]

    @property
    def whole(self) -> str:
        """`new` or `gone` where a whole block came or went, else empty."""
        ops = {span.op for span in self.block.seen}
        return "new" if ops == {"ins"} else "gone" if ops == {"del"} else ""

    @property
    def form(self) -> str:
        """Where only the form changed: what it was."""
        return "" if self.old or self.new or self.is_move else _form(self.block)


def changes(comparison: Comparison) -> list[Change]:
    """Every place in reading order; `place` is the number of its paragraph on the sheet."""
    found: list[Change] = []
    for block, place in _numbered(comparison):
        if not place:
            continue
        if block.moved and block.moved.is_first:
            found.append(Change(place, "", " ".join(block.new.split()), "", block, is_move=True))
        runs = list(_runs(block, place))
        if not runs and not block.moved:
            runs = [Change(place, "", "", "", block)]
        found += runs
    return found


def _runs(block: Block, place: int) -> Iterator[Change]:
    for differs, run in groupby(block.seen, key=lambda span: span.op != "keep"):
        if not differs:
            continue
        spans = list(run)
        old = "".join(span.text for span in spans if span.op == "del").strip()
        new = "".join(span.text for span in spans if span.op == "ins").strip()
        by = next((span.author for span in spans if span.op == "ins"), None)
        yield Change(place, old, new, (by.name if by.kind == "person" else "Model") if by else "", block)
