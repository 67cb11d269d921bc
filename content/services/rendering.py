"""Markdown to clean HTML, once per version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import nh3
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    *("p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "a", "hr", "br"),
    *("table", "thead", "tbody", "tr", "th", "td", "s"),
}
ATTRIBUTES = {"a": {"href", "title"}, "h2": {"id"}, "h3": {"id"}, "ol": {"start"}}


@dataclass(frozen=True)
class Article:
    """A text ready for readers: Markdown without its title, clean HTML, the H2 headings, a first sentence or two."""

    body: str
    html: str
    headings: list[dict[str, str]]
    excerpt: str


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").enable("strikethrough")


def without_title(body: str) -> str:
    """The Markdown without its opening H1."""
    return re.sub(r"\A\s*#[ \t][^\n]*\n*", "", body)


def html(body: str) -> str:
    """Safe HTML of a Markdown text: raw HTML in it is shown as text, scripts and odd links are gone."""
    return _clean(parser().render(body))


def article(title: str, body: str) -> Article:
    """What the public gets of a text; an H1 further down becomes an H2, headings get ids."""
    body = without_title(body)
    tokens = parser().parse(body)
    headings: list[dict[str, str]] = []
    seen: set[str] = set()
    for index, token in enumerate(tokens):
        if token.type in {"heading_open", "heading_close"} and token.tag == "h1":
            token.tag = "h2"
        if token.type == "heading_open" and token.tag in {"h2", "h3"}:
            text = _text(tokens[index + 1])
            token.attrSet("id", _free(slugify(text, allow_unicode=True) or "part", seen))
            if token.tag == "h2":
                headings.append({"id": str(token.attrGet("id")), "text": text})
    rendered = parser().renderer.render(tokens, parser().options, {})
    return Article(body=body, html=_clean(rendered), headings=headings, excerpt=_excerpt(tokens))


def words_of(body: str) -> str:
    """What a Markdown text says, without marks and addresses; a block a line."""
    return "\n".join(_text(token) for token in parser().parse(body) if token.type == "inline")


def _clean(dirty: str) -> str:
    return nh3.clean(dirty, tags=TAGS, attributes=ATTRIBUTES, url_schemes={"http", "https", "mailto"})


def _text(inline: Token) -> str:
    said = {"text": None, "code_inline": None, "softbreak": " ", "hardbreak": " "}
    return "".join(said[child.type] or child.content for child in inline.children or [] if child.type in said)


def _free(slug: str, seen: set[str]) -> str:
    name, n = slug, 2
    while name in seen:
        name, n = f"{slug}-{n}", n + 1
    seen.add(name)
    return name


def _excerpt(tokens: list[Token], limit: int = 200) -> str:
    """The first paragraph, cut at a sentence or a word."""
    for index, token in enumerate(tokens):
        if token.type == "paragraph_open":
            text = " ".join(_text(tokens[index + 1]).split())
            if len(text) <= limit:
                return text
            cut = text[:limit]
            end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
            return cut[: end + 1] if end > 80 else cut[: cut.rfind(" ")] + "…"
    return ""
