"""The editor's marks: a comparison of two versions as paragraphs with struck, inserted and doubtful words.

Inline Markdown is shown as it will look. Where a change runs through the Markdown itself (an address, a pair of stars),
looking right would hide what changed, so there the source is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from content.services.diffing import Author, Block, Comparison

register = template.Library()

SEAM = "\ue000"  # stands between two spans while Markdown is read; a private character, taken out of texts before
TAGS = {"em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"}
SAFE_LINK = re.compile(r"(?:https?://|mailto:|/|#)", re.I)
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
_parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


@dataclass(frozen=True)
class Strip:
    """A stretch of words with one fate, one kind of author, and with or without a source."""

    text: str
    op: str
    by: str
    doubtful: bool = False


@dataclass
class Graf:
    """One paragraph of the sheet, or one whole list, with what its margin says."""

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


@register.inclusion_tag("content/_copy.html")
def copy(
    comparison: Comparison, marks: str = "changes", quotes: Sequence[str] = (), checks: str = "#check-claims"
) -> dict[str, object]:
    """The text with its marks and margins; `checks` is where a claim without a source leads."""
    return {"grafs": grafs(comparison, marks=marks, quotes=quotes), "marks": marks, "checks": checks}


def grafs(comparison: Comparison, *, marks: str = "changes", quotes: Sequence[str] = ()) -> list[Graf]:
    """The sheet's paragraphs. `marks` is `changes`, `who` or `clean`; `quotes` have no source and are marked."""
    shown: list[Graf] = []
    places = 0
    for block in comparison.blocks:
        graf = _graf(block, marks, quotes)
        if block.changed:
            places += 1
            graf.place = places
        listed = shown[-1] if shown and shown[-1].tag == "ul" else None
        if graf.tag != "li":
            shown.append(graf)
        elif listed is None:
            shown.append(Graf("ul", SafeString(""), graf.authors, graf.claims, graf.note, lines=[graf]))
        else:
            listed.lines.append(graf)
            listed.authors = tuple(dict.fromkeys((*listed.authors, *graf.authors)))
            listed.claims += graf.claims
    return shown


def _graf(block: Block, marks: str, quotes: Sequence[str]) -> Graf:
    doubtful = tuple(quote for quote in quotes if quote in block.new) if marks != "clean" else ()
    ops = {span.op for span in block.spans}
    fresh = ops == {"ins"}
    note = "New" if fresh else "Taken out" if ops == {"del"} else ""
    if block.was:
        note = f"Was a {KINDS[block.was]}"
    graf = Graf(_tag(block), SafeString(""), block.authors, doubtful, note, fresh=fresh)
    graf.level, graf.marker, graf.plain = block.level, block.marker, block.plain
    if block.kind == "code":
        table = _rich(_strips(block, ()), marks, table=True) if block.new.lstrip().startswith("|") else None
        graf.tag = "table" if table else "pre"
        graf.html = table or _literal(_strips(block, ()), marks)
    elif block.kind != "hr":
        graf.html = words(block, marks, doubtful)
    return graf


def _tag(block: Block) -> str:
    return {"h1": "h2", "quote": "blockquote"}.get(block.kind, block.kind)


def words(block: Block, marks: str = "changes", quotes: Sequence[str] = ()) -> SafeString:
    """One block's words with their marks, Markdown shown as it will look as long as that hides no change."""
    strips = _strips(block, quotes)
    if block.plain:
        return _literal(strips, marks)
    return _rich(strips, marks) or _rich(_strips(block, ()), marks) or _literal(strips, marks)


def _strips(block: Block, quotes: Iterable[str]) -> list[Strip]:
    """The block's spans, cut where a doubtful quotation begins and ends."""
    doubtful = _places(block.new, quotes)
    strips: list[Strip] = []
    at = 0
    for span in block.spans:
        if span.op == "del":
            strips.append(Strip(span.text, "del", span.author.kind))
            continue
        cuts = {at, at + len(span.text), *(c for pair in doubtful for c in pair if at < c < at + len(span.text))}
        edges = sorted(cuts)
        for start, end in pairwise(edges):
            inside = any(first <= start and end <= last for first, last in doubtful)
            strips.append(Strip(span.text[start - at : end - at], span.op, span.author.kind, inside))
        at += len(span.text)
    return [Strip(strip.text.replace(SEAM, ""), strip.op, strip.by, strip.doubtful) for strip in strips]


def _places(text: str, quotes: Iterable[str]) -> list[tuple[int, int]]:
    return [match.span() for quote in quotes for match in re.finditer(re.escape(quote), text)]


def _rich(strips: Sequence[Strip], marks: str, *, table: bool = False) -> SafeString | None:
    """With Markdown obeyed; None where that would lose a seam, or show nothing of a change."""
    source = SEAM.join(strip.text for strip in strips)
    parsed = _parser.parse(source) if table else _parser.parseInline(source)
    if table and (not parsed or parsed[0].type != "table_open" or parsed[-1].type != "table_close"):
        return None
    tokens = [token for outer in parsed for token in (outer.children or [] if outer.type == "inline" else [outer])]
    shown: list[tuple[Strip, str] | str] = []
    at, closing = 0, ""
    for token in tokens:
        name = token.type.removesuffix("_open").removesuffix("_close")
        if token.type in {"text", "code_inline"}:
            for index, fragment in enumerate(token.content.split(SEAM)):
                at += bool(index)
                if fragment:
                    safe = conditional_escape(fragment)
                    shown.append((strips[at], f"<code>{safe}</code>" if token.type == "code_inline" else safe))
        elif token.type == "softbreak":
            shown.append("\n")
        elif token.type == "hardbreak":
            shown.append("<br>")
        elif name in TAGS:
            shown.append(f"<{'/' if token.nesting < 0 else ''}{name}>")
        elif token.type == "link_open":
            href = str(token.attrGet("href") or "")
            safe_link = SAFE_LINK.match(href)
            closing = "</a>" if safe_link else ""
            shown.append(
                format_html('<a href="{}" rel="noopener noreferrer" target="_blank">', href) if safe_link else ""
            )
        elif token.type == "link_close":
            shown.append(closing)
        else:
            return None
    seen = {id(part[0]) for part in shown if isinstance(part, tuple)}
    hidden = any(strip.op != "keep" and strip.text.strip() and id(strip) not in seen for strip in strips)
    if at != max(len(strips) - 1, 0) or hidden:
        return None
    return _joined(shown, marks)


def _literal(strips: Sequence[Strip], marks: str) -> SafeString:
    return _joined([(strip, conditional_escape(strip.text)) for strip in strips if strip.text], marks)


def _joined(parts: Sequence[tuple[Strip, str] | str], marks: str) -> SafeString:
    """One run of change has one caret and one loop, however many tags and authors run through it."""
    ops = ["", *(part[0].op for part in parts if isinstance(part, tuple)), ""]
    html: list[str] = []
    at = 0
    for part in parts:
        if isinstance(part, str):
            html.append(part)
            continue
        at += 1
        html.append(_marked(*part, marks, first=ops[at - 1] != ops[at], last=ops[at + 1] != ops[at]))
    # Every part is escaped or one of our own tags.
    return mark_safe("".join(html))


def _marked(strip: Strip, inner: str, marks: str, *, first: bool, last: bool) -> str:
    inner = f"<mark>{inner}</mark>" if strip.doubtful else inner
    if strip.op == "del":
        return f"<del>{inner}</del>" if last else f'<del class="on">{inner}</del>'
    if strip.op == "ins":
        by = ' data-by="model"' if strip.by == "model" else ""
        return f"<ins{by}>{inner}</ins>" if first else f'<ins{by} class="on">{inner}</ins>'
    return f'<span class="{strip.by[0]}">{inner}</span>' if marks == "who" else inner


@register.filter
def title_words(comparison: Comparison, marks: str) -> SafeString:
    """A title with its marks, on one line."""
    strips = [strip for block in comparison.blocks for strip in _strips(block, ())]
    return _literal(strips, marks)


@dataclass(frozen=True)
class Change:
    """One place where two versions differ, for a list: what stood there, what stands there, who put it in."""

    place: int
    old: str
    new: str
    by: str
    block: Block

    @property
    def kind(self) -> str:
        return KINDS[self.block.kind]

    @property
    def whole(self) -> str:
        """`new` or `gone` where a whole block came or went, else empty."""
        ops = {span.op for span in self.block.spans}
        return "new" if ops == {"ins"} else "gone" if ops == {"del"} else ""


def changes(comparison: Comparison) -> list[Change]:
    """Every place in reading order; `place` is the number of its paragraph on the sheet."""
    found: list[Change] = []
    changed = (block for block in comparison.blocks if block.changed)
    for place, block in enumerate(changed, 1):
        for differs, run in groupby(block.spans, key=lambda span: span.op != "keep"):
            if not differs:
                continue
            spans = list(run)
            old = "".join(span.text for span in spans if span.op == "del").strip()
            new = "".join(span.text for span in spans if span.op == "ins").strip()
            by = next((span.author for span in spans if span.op == "ins"), None)
            found.append(Change(place, old, new, (by.name if by.kind == "person" else "Model") if by else "", block))
    return found
