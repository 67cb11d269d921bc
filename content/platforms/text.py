"""What a text looks like to its readers: blocks, words and sentences of a Markdown body.

Every count on the desk comes from here, so that the writer's limit, the check's sentence and the figure
under the editor are one number. Nothing here raises on odd input, and the time taken grows with the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["h1", "h2", "h3", "p", "li", "quote", "code", "hr"]

# HTML is shown as text, never obeyed: what a model wrote between angle brackets is then counted and seen.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])

# Scripts that set no spaces between words: there, a character counts as a word, as word processors do it.
CJK = "\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_COUNTED = re.compile(rf"[{CJK}]|[^\s\u200b–—{CJK}]+")
_WORD = re.compile(rf"[{CJK}]|(?:(?![{CJK}_])\w)+(?:['’\-](?:(?![{CJK}_])\w)+)*")
# Each check asks for the words and the sentences of the same text; a paragraph is remembered, a book is not.
REMEMBERED = 2_000  # characters
_ITEM = re.compile(r"\s*(?:[-*•‣◦–—→✓✔]|\d{1,2}[.)])[ \t]+")
_LABELS = re.compile(r"\s*(?:[#＃][^\s#＃.,;:!?]+\s*)+")
# Possessive, and never starting inside a run of stops: 100,000 dots are read once.
_TERMINAL = re.compile(r"(?<![.!?…。！？])[.!?…。！？]++[\"'”’)\]]*+(?:\s+|$|(?<=[。！？]))")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"])(?:mr|mrs|ms|dr|prof|st|no|vs|etc|e\.g|i\.e|cf|fig|approx|inc|ltd|co|[a-z](?:\.[a-z])*)\.$",
    re.I,
)


@dataclass(frozen=True)
class Block:
    """One paragraph, heading, list item, quotation or stretch of code.

    `source` is the Markdown as written, without the marks that make it a block; `text` is what a reader sees of
    it. `level` is a heading's level, or how deep a list item lies (1 and up); `marker` is a list item's "-" or "3.".
    `lines` are where it stands in the body: the first one, counted from 0, and the one after the last.
    """

    kind: Kind
    source: str
    text: str
    level: int = 0
    marker: str = ""
    links: tuple[str, ...] = ()
    lines: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def heading(self) -> bool:
        return self.kind in ("h1", "h2", "h3")


@lru_cache(maxsize=8)
def blocks(body: str) -> tuple[Block, ...]:
    """The body's blocks in reading order; empty ones are left out, but for empty headings."""
    tokens = _PARSER.parse(body)
    lines = body.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found: list[Block] = []
    within: list[str] = []
    markers: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token.type == "table_open":
            index = _close(tokens, index)
            text = "\n".join(lines[slice(*token.map)]) if token.map else ""
            found.append(Block("code", text, text.replace("|", " "), lines=_lines(token)))
        elif token.type == "heading_open":
            level = int(token.tag[1:])
            kind: Kind = "h1" if level == 1 else "h2" if level == 2 else "h3"
            found.append(_inline(kind, tokens[index + 1], level=level))
            index += 1
        elif token.type == "list_item_open":
            markers.append(f"{token.info}{token.markup}" if token.info else "-")
        elif token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            within.append(token.type)
        elif token.type in ("bullet_list_close", "ordered_list_close", "blockquote_close"):
            within.pop()
        elif token.type == "inline":
            block = _inline(_container(within), token)
            if block.kind == "li":
                depth = sum(name != "blockquote_open" for name in within)
                marker, markers = (markers[-1], [*markers[:-1], ""]) if markers else ("", markers)
                block = replace(block, level=depth, marker=marker)
            if block.source:
                found.append(block)
        elif token.type == "list_item_close":
            markers.pop()
        elif token.type in ("fence", "code_block") and token.content.strip():
            code = token.content.rstrip("\n")
            found.append(Block("code", code, code, lines=_lines(token)))
        elif token.type == "hr":
            found.append(Block("hr", "---", "", lines=_lines(token)))
        index += 1
    return tuple(found)


def _container(within: list[str]) -> Kind:
    if any(name != "blockquote_open" for name in within):
        return "li"
    return "quote" if within else "p"


def _close(tokens: list[Token], start: int) -> int:
    """The index of the token that closes the one at `start`."""
    depth, index = 0, start
    while True:
        depth += tokens[index].nesting
        if depth == 0:
            return index
        index += 1


def _inline(kind: Kind, token: Token, *, level: int = 0) -> Block:
    seen: list[str] = []
    links: list[str] = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            seen.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            seen.append(" ")
        elif child.type == "link_open":
            links.append(str(child.attrs.get("href", "")))
    return Block(kind, token.content.strip(), "".join(seen).strip(), level, links=tuple(links), lines=_lines(token))


def _lines(token: Token) -> tuple[int, int]:
    first, last = token.map or (0, 0)
    return first, last


def is_labels(line: str) -> bool:
    """Whether a line holds hashtags and nothing else."""
    return bool(_LABELS.fullmatch(line))


@lru_cache(maxsize=8)
def listing(text: str) -> tuple[Block, ...]:
    """The blocks of a plain text, as it stands: paragraphs, and the items of lists, which are lines that begin with a
    mark. Lines of nothing but hashtags are labels, and none of it."""
    found: list[Block] = []
    for paragraph in re.split(r"\n[ \t]*\n", text):
        kept: list[str] = []
        for line in [*paragraph.split("\n"), ""]:
            item = _ITEM.match(line)
            if (item or not line.strip() or is_labels(line)) and kept:
                said = "\n".join(kept).strip()
                found.append(Block("p", said, said))
                kept = []
            if item:
                found.append(Block("li", line.strip(), line[item.end() :].strip(), 1, item[0].strip()))
            elif line.strip() and not is_labels(line):
                kept.append(line)
    return tuple(block for block in found if block.text)


def strip_markdown(text: str) -> str:
    """The text as a reader sees it: no syntax, a blank line between blocks, none between list items."""
    out: list[str] = []
    before: Block | None = None
    for block in blocks(text):
        if not block.text:
            continue
        if before is not None:
            out.append("\n" if before.kind == block.kind == "li" else "\n\n")
        out.append(block.text)
        before = block
    return "".join(out)


def count_words(text: str) -> int:
    """Words a reader sees of a Markdown text; dashes part words, a Chinese or Japanese character is one."""
    return sum(count_plain(block.text) for block in blocks(text))


def count_plain(text: str) -> int:
    """The same count for a text without Markdown."""
    return sum(1 for token in _COUNTED.finditer(text) if any(map(str.isalnum, token[0])))


def words(text: str) -> tuple[str, ...]:
    """The words of a plain text, folded for comparing: “PUMPS” and “pumps” are the same."""
    return _words(text) if len(text) < REMEMBERED else _words.__wrapped__(text)


@lru_cache(maxsize=512)
def _words(text: str) -> tuple[str, ...]:
    said = _WORD.findall(text)
    return tuple(" ".join(said).casefold().replace("’", "'").split(" ")) if said else ()


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of one block of plain text, each exactly as it stands there. “Dr.” and “2.1” end none."""
    return _sentences(text) if len(text) < REMEMBERED else _sentences.__wrapped__(text)


@lru_cache(maxsize=128)
def _sentences(text: str) -> tuple[str, ...]:
    found, start = [], 0
    for end in _TERMINAL.finditer(text):
        following = text[end.end() : end.end() + 1]
        before = text[max(start, end.end() - 12) : end.end()].rstrip()
        if following.islower() or (following and _ABBREVIATION.search(before)):
            continue
        if part := text[start : end.end()].strip():
            found.append(part)
        start = end.end()
    if rest := text[start:].strip():
        found.append(rest)
    return tuple(found)


def mentions(text: str, phrase: str) -> bool:
    """Whether the phrase stands in the text, in any case, with or without a plural s."""
    wanted = [_stem(word) for word in words(unicodedata.normalize("NFKC", phrase))]
    have = [_stem(word) for word in words(unicodedata.normalize("NFKC", text))]
    size = len(wanted)
    return bool(wanted) and any(have[i : i + size] == wanted for i in range(len(have) - size + 1))


def _stem(word: str) -> str:
    word = word.removesuffix("'s").removesuffix("s'") or word
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A crude English stem, enough to see “baking”, “bakes” and “baked” as one word."""
    word = _stem(word)
    for ending in ("ingly", "edly", "ment", "ness", "ing", "ers", "er", "ed", "ly", "e", "y"):
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def quotable(body: str, candidates: Iterable[str], limit: int = 20) -> tuple[str, ...]:
    """The candidates as they stand in the body, so that the desk can mark them; each once, at most `limit`.

    Where markup runs through one, its first words stand for it; where even those do not, it is left out.
    """
    found: dict[str, None] = {}
    for candidate in candidates:
        start = " ".join(candidate.split()[:6])
        if quote := next((text for text in (candidate, start) if len(text) > 1 and text in body), None):
            found[quote] = None
        if len(found) == limit:
            break
    return tuple(found)
