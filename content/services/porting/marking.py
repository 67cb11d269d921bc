"""The marks of Markdown: set so that CommonMark reads them, and escaped where a text only looks like them."""

from __future__ import annotations

import re

from bs4 import Tag
from bs4.element import NavigableString, PageElement
from markdownify import MarkdownConverter

BLOCKS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "hr", "figure", "figcaption"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "div", "section", "article", "aside", "header"),
    *("footer", "dl", "dt", "dd", "details", "summary"),
}
SPACE = re.compile(r"[ \t\r\n\f]+")


class Converter(MarkdownConverter):
    """markdownify, with the marks that CommonMark would take for its own escaped, and no more of them."""

    def process_text(self, el: NavigableString, parent_tags: set[str] | None = None) -> str:
        parents = parent_tags or set()
        if "pre" in parents:
            return str(el)
        before, after = el.previous_sibling, el.next_sibling
        text = SPACE.sub(" ", str(el))
        if _ends_block(before, el.parent):
            text = text.lstrip(" ")
        if _ends_block(after, el.parent):
            text = text.rstrip(" ")
        if "_noformat" in parents:
            return text
        text = _escaped(text, in_cell=bool(parents & {"td", "th"}), in_link="a" in parents)
        if _begins_line(el):
            text = _escaped_start(text)
        if text.endswith("!") and isinstance(after, Tag) and after.name == "a":
            text = text[:-1] + "\\!"
        return text

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        alt = _escaped(SPACE.sub(" ", str(el.get("alt") or "")).strip(), in_link=True)
        return f"![{alt}]({el.get('src')})"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        said = el.get_text().strip("\n")
        if not said.strip():
            return ""
        named = " ".join(str(tag.get("class") or "") for tag in [el, *el.find_all("code")])
        language = re.search(r"lang(?:uage)?-([\w+#-]{1,30})", named)
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", said)), default=0))
        return f"\n\n{fence}{language[1] if language else ''}\n{said}\n{fence}\n\n"

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = text.strip()
        if not text:
            return "\n"
        mark = f"{el['value']}. " if el.get("value") else "- "
        indent = "\n" + " " * len(mark)
        return mark + re.sub(r"\n(?=[^\n])", indent, text) + "\n"

    def convert_strong(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._marked(el, text, "**", parent_tags)

    def convert_em(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._marked(el, text, "*", parent_tags)

    def _marked(self, el: Tag, text: str, mark: str, parent_tags: set[str]) -> str:
        """The words between two marks; what would keep CommonMark from seeing the marks stands outside of them."""
        said = text.strip()
        if not said or "_noformat" in parent_tags:
            return text
        before = " " * (len(text) - len(text.lstrip()) > 0)
        after = " " * (len(text) - len(text.rstrip()) > 0)
        if not after and _touches(el.next_sibling, 0):
            said, moved = _parted(said, r"((?:\\?[^\w\s*`\])\\])+)$")
            after = moved
        if not before and _touches(el.previous_sibling, -1):
            rest, moved = _parted(said[::-1], r"([^\w\s*`\[!\\]+)$")
            said, before = (rest[::-1], moved[::-1]) if not moved or "\\" not in said[:4] else (said, "")
        return f"{before}{mark}{said}{mark}{after}" if said.strip() else f"{before}{said}{after}"


def _parted(text: str, pattern: str) -> tuple[str, str]:
    found = re.search(pattern, text[-20:])
    return (text[: len(text) - len(found[1])], found[1]) if found else (text, "")


def _touches(sibling: PageElement | None, at: int) -> bool:
    """Whether a letter stands right beside it."""
    text = str(sibling.get_text() if isinstance(sibling, Tag) else sibling or "")
    return bool(text) and text[at].isalnum()


def _ends_block(sibling: PageElement | None, parent: Tag | None) -> bool:
    if sibling is None:
        return parent is None or parent.name in BLOCKS or parent.name == "[document]"
    return isinstance(sibling, Tag) and (sibling.name in BLOCKS or sibling.name == "br")


def _begins_line(el: PageElement) -> bool:
    while True:
        before = el.previous_sibling
        while isinstance(before, NavigableString) and not before.strip():
            before = before.previous_sibling
        if before is not None:
            return isinstance(before, Tag) and (before.name in BLOCKS or before.name == "br")
        parent = el.parent
        if parent is None or parent.name in BLOCKS or parent.name == "[document]":
            return True
        el = parent


def _escaped(text: str, *, in_cell: bool = False, in_link: bool = False) -> str:
    text = re.sub(r"[\\*`]", r"\\\g<0>", text)
    text = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)
    text = re.sub(r"~(?=~)|(?<=~)~|^~|~$", r"\\~", text)
    text = re.sub(r"&(?=#?\w+;)", r"\\&", text)
    text = re.sub(r"<(?=[A-Za-z][A-Za-z0-9+.-]*:|[^\s<>@]+@)", r"\\<", text)
    if in_link or re.search(r"\][(:\[]|\]$", text):
        text = re.sub(r"[\[\]]", r"\\\g<0>", text)
    text = re.sub(r"(?<=\s)#(?=#*\s*$)", r"\\#", text)
    return text.replace("|", "\\|") if in_cell else text


def _escaped_start(text: str) -> str:
    if re.match(r"#{1,6}(?:\s|$)|>|[-+](?:\s|$)|=+\s*$|-+\s*$|(?:-\s*){3,}$|\+\s", text):
        return "\\" + text
    return re.sub(r"^(\d{1,9})([.)](?:\s|$))", r"\1\\\2", text)
