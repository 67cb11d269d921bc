"""Words with an editor's marks as HTML: struck, put in and doubtful ones, and what Markdown makes of them.

Inline Markdown is shown as it will look. Where a change runs through the Markdown itself (an address, a pair of stars),
looking right would hide what changed, so there the source is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from content.services.diffing import Span

SEAM = "\ue000"  # stands between two spans while Markdown is read; a private character, taken out of texts before
TAGS = {"em", "strong", "s", "table", "thead", "tbody", "tr", "th", "td"}
SAFE_LINK = re.compile(r"(?:https?://|mailto:|/|#)", re.I)
# A seam before a row's first bar would be one more cell of it; behind the bar it is in the cell that it is about.
_BAR = re.compile(r"[ \t]*\n[ \t]*\|")
_parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])


@dataclass(frozen=True)
class Strip:
    """A stretch of words with one fate, one kind of author, and with or without a source."""

    text: str
    op: str
    by: str
    doubtful: bool = False


def words(spans: Sequence[Span], marks: str, quotes: Iterable[str] = ()) -> SafeString:
    """Markdown shown as it will look as long as that hides no change; `quotes` are marked as doubtful."""
    cut = strips(spans, quotes)
    whole = strips(spans)
    return _rich(cut, marks) or _rich(whole, marks) or literal(cut, marks)


def table(spans: Sequence[Span], marks: str) -> SafeString | None:
    """A table as it will look; None where that would hide a change, or where it is none."""
    return _rich(strips(spans), marks, table=True)


def literal(strips: Sequence[Strip], marks: str) -> SafeString:
    """As it was written."""
    return _joined([(strip, conditional_escape(strip.text)) for strip in strips if strip.text], marks)


def strips(spans: Iterable[Span], quotes: Iterable[str] = ()) -> list[Strip]:
    """The spans, cut where a doubtful quotation begins and ends."""
    spans = list(spans)
    standing = "".join(span.text for span in spans if span.op != "del")
    doubtful = [match.span() for quote in quotes for match in re.finditer(re.escape(quote), standing)]
    found: list[Strip] = []
    at = 0
    for span in spans:
        if span.op == "del":
            found.append(Strip(span.text, "del", span.author.kind))
            continue
        cuts = {at, at + len(span.text), *(c for pair in doubtful for c in pair if at < c < at + len(span.text))}
        for start, end in pairwise(sorted(cuts)):
            inside = any(first <= start and end <= last for first, last in doubtful)
            found.append(Strip(span.text[start - at : end - at], span.op, span.author.kind, inside))
        at += len(span.text)
    return [Strip(strip.text.replace(SEAM, ""), strip.op, strip.by, strip.doubtful) for strip in found]


def _rich(strips: Sequence[Strip], marks: str, *, table: bool = False) -> SafeString | None:
    """With Markdown obeyed; None where that would lose a seam, or show nothing of a change."""
    source = _tabled(strips) if table else SEAM.join(strip.text for strip in strips)
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


def _tabled(strips: Sequence[Strip]) -> str:
    """A table's source with its seams where they make no cells."""
    first, *others = [strip.text for strip in strips] or [""]
    bars = [match.end() if (match := _BAR.match(text)) else 0 for text in others]
    return first + "".join(f"{text[:bar]}{SEAM}{text[bar:]}" for text, bar in zip(others, bars, strict=True))


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
