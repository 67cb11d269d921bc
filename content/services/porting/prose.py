"""Other systems' HTML as the Markdown that our editors write.

nh3 reads it first, as a browser would: what comes out is well formed, without scripts, and read in linear time, which
html.parser does not promise for what strangers write.
"""

from __future__ import annotations

import html as entities
import re
from urllib.parse import quote, urljoin, urlsplit

import nh3
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement

from .entry import Unreadable, line
from .marking import BLOCKS, SPACE, Converter

MAX_HTML = 1_000_000  # characters; what is left of it as Markdown is much less, and has its own limit
MAX_MARKS = 10_000  # elements; each costs a third of a millisecond
MAX_DEPTH = 120

INLINE = {"a", "b", "strong", "em", "i", "cite", "s", "del", "code", "kbd", "samp", "q", "sub", "sup"}
EMBEDDED = {"iframe", "video", "audio", "embed", "source"}
READ = BLOCKS | INLINE | EMBEDDED | {"br", "img"}
ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "pre": {"class"},
    "code": {"class"},
    "div": {"class"},
    "td": {"colspan"},
    "th": {"colspan"},
    **{name: {"src", "title"} for name in EMBEDDED},
}
SAME = {"b": "strong", "i": "em", "cite": "em", "del": "s", "kbd": "code", "samp": "code"}
RENAMED = {"h1": "h2", "h5": "h4", "h6": "h4", "dd": "p", "summary": "p", "dt": "p", "caption": "p"}
TEXT_IN = ("blockquote", "div", "section", "article", "aside", "header", "footer", "details")
_ADDRESS = re.compile(r"https?://\S{4,2000}")


def markdown_of(html: str, *, base: str = "", paragraphs: bool = False) -> str:
    """The HTML as Markdown; relative links and pictures lead to `base`. With `paragraphs`, a blank line parts them and a
    line's end is one, as where people type text into a box. Raises `Unreadable` for what is too long or too deep."""
    if len(html) > MAX_HTML:
        raise Unreadable(f"Its HTML has {len(html):,} characters. At most {MAX_HTML:,} are read.")
    clean = nh3.clean(
        html,
        tags=READ,
        attributes=ATTRIBUTES,
        clean_content_tags={"script", "style", "noscript", "template"},
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )
    if clean.count("<") > 2 * MAX_MARKS:  # before it is built: thousands of open elements take minutes
        raise Unreadable(f"Its HTML has more than {MAX_MARKS:,} elements.")
    soup = BeautifulSoup(clean, "html.parser")
    _require_modest(soup)
    if paragraphs:
        for box in [soup, *soup.find_all(list(TEXT_IN))]:
            _part(soup, box)
        _require_modest(soup)
    _settle(soup, base)
    return str(Converter(heading_style="atx", autolinks=False).convert_soup(soup)).strip()


def plain(html: str) -> str:
    """One line of the text in it: “Fish &amp;amp; <em>chips</em>” is “Fish & chips”."""
    if len(html) > 20_000:
        raise Unreadable(f"A title or excerpt has {len(html):,} characters.")
    if "<" in html:
        html = nh3.clean(html, tags=set(), clean_content_tags={"script", "style"})
    return SPACE.sub(" ", line(entities.unescape(html)))


def pictures_in(markdown: str) -> int:
    return len(re.findall(r"!\[[^\]\n]{0,500}\]\(", markdown))


def _require_modest(soup: Tag) -> None:
    """Refuse what would be worked on for minutes, or nested deeper than Python calls."""
    depths, marks = [(soup, 0)], 0
    while depths:
        tag, depth = depths.pop()
        inner = [child for child in tag.children if isinstance(child, Tag)]
        marks += len(inner)
        if depth > MAX_DEPTH or marks > MAX_MARKS:
            many = f"has more than {MAX_MARKS:,} elements" if marks > MAX_MARKS else f"is more than {MAX_DEPTH} deep"
            raise Unreadable(f"Its HTML {many}.")
        depths += [(child, depth + 1) for child in inner]


def _part(soup: BeautifulSoup, box: Tag) -> None:
    """Make paragraphs of the text that stands in the box outside of any."""
    children = list(box.children)
    for child in children:
        child.extract()  # the first one each time, which is found at once
    run: list[PageElement] = []
    for child in children:
        if isinstance(child, Tag) and child.name in BLOCKS:
            _set(soup, box, run)
            box.append(child)
            run = []
        else:
            run.append(child)
    _set(soup, box, run)


def _set(soup: BeautifulSoup, box: Tag, run: list[PageElement]) -> None:
    if not any(isinstance(one, Tag) or str(one).strip() for one in run):
        return
    paragraph = soup.new_tag("p")
    paragraphs = [paragraph]
    for one in run:
        parts = re.split(r"\n[ \t]*\n\s*", str(one)) if isinstance(one, NavigableString) else [one]
        for at, part in enumerate(parts):
            if at:
                paragraph = soup.new_tag("p")
                paragraphs.append(paragraph)
            paragraph.append(part if isinstance(part, Tag) else NavigableString(str(part)))
    for paragraph in paragraphs:
        box.append(paragraph)
        for text in paragraph.find_all(string=lambda said: "\n" in (said or "")):
            _break(soup, text)


def _break(soup: BeautifulSoup, text: NavigableString) -> None:
    lines = str(text).split("\n")
    at_start = text.previous_sibling is None and text.parent is not None and text.parent.name == "p"
    at_end = text.next_sibling is None and text.parent is not None and text.parent.name == "p"
    lines = lines[1:] if at_start and not lines[0].strip() else lines
    lines = lines[:-1] if at_end and lines and not lines[-1].strip() else lines
    for at, said in enumerate(lines):
        if at and not (isinstance(text.previous_sibling, Tag) and text.previous_sibling.name == "br"):
            text.insert_before(soup.new_tag("br"))
        text.insert_before(NavigableString(said))
    text.extract()


def _settle(soup: BeautifulSoup, base: str) -> None:
    """Bring it to what Markdown can say."""
    for tag in soup.find_all(EMBEDDED):
        _link_to(soup, tag, base)
    for tag in soup.find_all("img"):
        tag["src"] = _address(str(tag.get("src") or ""), base)
        if not tag["src"]:
            tag.decompose()
    for tag in soup.find_all(["a", *INLINE]):
        tag.name = SAME.get(tag.name, tag.name)
    for tag in soup.find_all(["dt", "summary"]):
        _wrap_inside(soup, tag, "strong")
    for tag in soup.find_all(list(RENAMED)):
        tag.name = RENAMED[tag.name]
    for tag in soup.find_all("a"):
        _settle_link(tag, base)
    for tag in soup.find_all(["strong", "em", "s"]):
        if tag.find_parent(tag.name) or tag.find(list(BLOCKS)):
            tag.unwrap()
    for tag in soup.find_all("br"):
        if tag.find_parent("pre"):
            tag.replace_with("\n")
    for tag in soup.find_all(["strong", "em", "s", "a"]):
        _let_out(tag)
    for tag in soup.find_all("br"):
        if _at_edge(tag):
            tag.decompose()
    for tag in soup.find_all("ol"):
        start = str(tag.get("start") or "1")
        first = int(start) if start.isdecimal() and len(start) < 9 else 1
        for number, item in enumerate(tag.find_all("li", recursive=False), first):
            item["value"] = str(number)
    for tag in soup.find_all(["p", "div"]):
        said = tag.get_text().strip()
        if _ADDRESS.fullmatch(said) and not tag.find(True):
            tag.clear()
            tag.append(soup.new_tag("a", href=_address(said, base), string=said))


def _link_to(soup: BeautifulSoup, tag: Tag, base: str) -> None:
    """A film, a sound or a frame is not shown here: a link leads to it."""
    inside = tag.find("source", src=True) if tag.name in {"video", "audio"} else None
    source = tag.get("src") or (inside.get("src") if isinstance(inside, Tag) else "")
    address = _address(str(source or ""), base)
    if tag.name == "source" or not address:
        tag.decompose()
        return
    link = soup.new_tag("a", href=address, string=line(tag.get("title")) or urlsplit(address).netloc + " ↗")
    paragraph = soup.new_tag("p")
    paragraph.append(link)
    if isinstance(tag.parent, Tag) and tag.parent.name == "p":
        tag.replace_with(link)
    else:
        tag.replace_with(paragraph)


def _settle_link(tag: Tag, base: str) -> None:
    address = _address(str(tag.get("href") or ""), base)
    if not address or not (tag.get_text(strip=True) or tag.find("img")):
        tag.unwrap()
        return
    tag["href"] = address
    if tag.find(list(BLOCKS)):  # a card: its title is the link
        title = tag.find("div", class_="kg-bookmark-title") or tag
        said = SPACE.sub(" ", title.get_text(" ")).strip()
        tag.clear()
        tag.append(NavigableString(said[:200]))


def _wrap_inside(soup: BeautifulSoup, tag: Tag, name: str) -> None:
    inner = soup.new_tag(name)
    for child in list(tag.children):
        inner.append(child.extract())
    tag.append(inner)


def _let_out(tag: Tag) -> None:
    """A line's end at the edge of strong words stands outside of them."""
    while tag.contents and isinstance(tag.contents[0], Tag) and tag.contents[0].name == "br":
        tag.insert_before(tag.contents[0].extract())
    while tag.contents and isinstance(tag.contents[-1], Tag) and tag.contents[-1].name == "br":
        tag.insert_after(tag.contents[-1].extract())


def _at_edge(tag: Tag) -> bool:
    def empty(one: PageElement | None) -> bool:
        while one is not None and not isinstance(one, Tag) and not str(one).strip():
            one = one.next_sibling if forward else one.previous_sibling
        return one is None or (isinstance(one, Tag) and one.name in BLOCKS)

    forward = True
    if empty(tag.next_sibling):
        return True
    forward = False
    return empty(tag.previous_sibling)


def _address(address: str, base: str) -> str:
    """Whole, and safe to stand between the brackets of a Markdown link; empty where it leads nowhere."""
    address = SPACE.sub("%20", address.strip())
    if not address:
        return ""
    try:
        address = urljoin(base, address) if base else address
        scheme = urlsplit(address).scheme
    except ValueError:
        return ""
    if scheme not in {"", "http", "https", "mailto"} or len(address) > 2000:
        return ""
    return re.sub(r"[()<>\\`*\"\[\]{}|^]", lambda found: quote(found[0], safe=""), address)
