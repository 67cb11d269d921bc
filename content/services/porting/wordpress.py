"""WordPress: “Tools → Export”, which writes WXR (RSS with its own names), 1.0 to 1.2.

The file is read twice, an item at a time: first who its authors and what its pictures are, then the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from . import prose, shortcodes
from .entry import KEY, MAX_ENTRY, Entry, Meter, Missing, Unreadable, Wishes, is_past, line, moment, names, under_title

name = "wordpress"
label = "a WordPress export (WXR)"

LEFT_OUT = {"trash": "It is in the trash there.", "auto-draft": "It is an empty draft.", "inherit": "It is a revision."}
# XML forbids them, and WordPress writes them all the same when somebody pasted them.
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r")


@dataclass
class _Site:
    address: str = ""
    authors: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, shortcodes.Picture] = field(default_factory=dict)


def looks_like(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def entries(path: Path, wishes: Wishes, meter: Meter) -> Iterator[Entry | Missing]:
    """The posts (and pages, if wished) of an export; `Unreadable` where the file is none."""
    site = _site(path)
    kinds = {"post", "page"} if wishes.pages else {"post"}
    for tag, found in _children(path, meter):
        if tag == "item" and found.get("wp:post_type", "post") in kinds:
            yield _text(found, site, wishes.site or site.address)


def _site(path: Path) -> _Site:
    site, version = _Site(), ""
    for tag, found in _children(path, Meter()):
        if tag == "wp:wxr_version":
            version = found[""]
        elif tag in {"wp:base_blog_url", "link"}:
            site.address = found[""] if tag == "wp:base_blog_url" or not site.address else site.address
        elif tag == "wp:author":
            site.authors[found.get("wp:author_login", "")] = line(found.get("wp:author_display_name"), 120)
        elif tag == "item" and found.get("wp:post_type") == "attachment":
            alt = found["meta"].get("_wp_attachment_image_alt") or prose.plain(found.get("title", "")[:1000])
            site.pictures[found.get("wp:post_id", "")] = shortcodes.Picture(found.get("wp:attachment_url", ""), alt)
    if not version:
        raise Unreadable(
            "This XML is no WordPress export: it names no wxr_version. Export it in WordPress: Tools, Export."
        )
    return site


def _text(found: dict[str, Any], site: _Site, base: str) -> Entry | Missing:
    said = found.get("title", "")[:5000]
    try:
        title = prose.plain(said) or line(unquote(found.get("wp:post_name", ""))) or "Untitled"
        status = found.get("wp:status", "")
        if status in LEFT_OUT:
            return Missing(title, LEFT_OUT[status], failed=False)
        return _entry(found, title, status, site, base)
    except (Unreadable, RecursionError) as error:
        return Missing(line(said, 100), str(error) if isinstance(error, Unreadable) else "It is nested too deep.")


def _entry(found: dict[str, Any], title: str, status: str, site: _Site, base: str) -> Entry:
    warnings: list[str] = []
    html = found.get("content:encoded", "")
    blocks = "<!-- wp:" in html
    if "<!-- wp:block " in html:
        warnings.append("It uses a reusable block, whose text the export keeps apart: it is missing here.")
    html = shortcodes.resolved(html, site.pictures, warnings)
    body = prose.markdown_of(html, base=base, paragraphs=not blocks)
    if not body:
        raise Unreadable("There is no text in it.")
    published = moment(_gmt(found, "post_date"), utc=True) or moment(found.get("pubDate"), utc=True)
    public = status == "publish" and is_past(published)
    if found.get("wp:post_password"):
        public = False
        warnings.append("It needed a password there.")
    if status == "future" and published:
        warnings.append(f"It was to be published on {published:%d %B %Y, %H:%M} UTC.")
    if status == "private":
        warnings.append("It was private there.")
    category, tags = _filed(found["filed"])
    return Entry(
        key=_key(found, site),
        title=title,
        body=under_title(title, body),
        slug=unquote(found.get("wp:post_name", "")),
        excerpt=prose.plain(found.get("excerpt:encoded", "")),
        category=category,
        tags=tags,
        author=site.authors.get(found.get("dc:creator", ""), "") or line(found.get("dc:creator"), 120),
        public=public,
        created_at=published,
        updated_at=moment(_gmt(found, "post_modified"), utc=True),
        published_at=published if status == "publish" else None,
        picture=_cover(found, site),
        warnings=warnings,
    )


def _key(found: dict[str, Any], site: _Site) -> str:
    """The site and the number of the post there, whether it is called by http or https."""
    where = re.sub(r"^https?://", "", site.address).rstrip("/")
    number = found.get("wp:post_id") or found.get("guid") or found.get("title", "")
    return f"wordpress:{where}?p={number}"[:KEY]


def _gmt(found: dict[str, Any], which: str) -> str:
    """A draft has no date in GMT: zeros stand there."""
    there = str(found.get(f"wp:{which}_gmt", ""))
    return there if there.strip("0-: ") else str(found.get(f"wp:{which}", ""))


def _filed(filed: list[tuple[str, str]]) -> tuple[str, list[str]]:
    """(category, tags): a piece has one category, so the others are kept as tags."""
    categories = names([said for kind, said in filed if kind == "category" and said != "Uncategorized"], 80)
    tags = [said for kind, said in filed if kind == "post_tag"]
    return (categories[0] if categories else ""), names([*tags, *categories[1:]], 60)


def _cover(found: dict[str, Any], site: _Site) -> dict[str, Any]:
    picture = site.pictures.get(found["meta"].get("_thumbnail_id", ""))
    return {"url": picture.url, "alt": picture.alt} if picture and picture.url else {}


def _children(path: Path, meter: Meter) -> Iterator[tuple[str, dict[str, Any]]]:
    """(name, what stands in it) of each child of the channel, one in memory at a time."""
    with path.open("rb") as raw:
        source = _Source(raw, path.stat().st_size, meter)
        depth, channel = 0, None
        try:
            for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
                if event == "start":
                    depth += 1
                    if depth == 1 and _name(element) != "rss":
                        raise Unreadable(f"This XML is no WordPress export: it begins with <{_name(element)[:40]}>.")
                    channel = element if depth == 2 else channel
                    continue
                depth -= 1
                if depth == 2 and channel is not None:
                    yield _name(element), _held(element)
                    del channel[:]
                    source.since = 0
                elif _name(element) == "wp:comment":
                    element.clear()  # nobody asks for them, and there may be thousands
                    source.since = 0
        except DefusedXmlException as error:
            raise Unreadable(
                "It declares a document type or entities. No WordPress export does, and they are used for attacks."
            ) from error
        except ParseError as error:
            raise Unreadable(f"The file is no proper XML: {error}.") from error
        except (LookupError, UnicodeError) as error:
            raise Unreadable("The file’s encoding is not what it says.") from error


class _Source:
    """The file, without the characters that XML forbids; refuses what would fill the memory."""

    def __init__(self, raw: IO[bytes], size: int, meter: Meter) -> None:
        self.raw, self.size, self.meter = raw, size, meter
        self.since = 0

    def read(self, size: int = -1) -> bytes:
        self.since += size
        if self.since > MAX_ENTRY:
            raise Unreadable(f"One entry is larger than {MAX_ENTRY // 1_000_000} MB (about byte {self.raw.tell():,}).")
        data = self.raw.read(size)
        self.meter.share = self.raw.tell() / max(self.size, 1)
        # In UTF-16 every other byte of plain English is a zero.
        return data if b"\x00" in data else data.translate(None, _CONTROLS)


_SPACES = (("excerpt", "excerpt:"), ("content", "content:"), ("wordpress.org/export", "wp:"), ("purl.org/dc", "dc:"))


def _name(element: Element) -> str:
    """`wp:status` and so on, whatever the export's version."""
    space, _, local = str(element.tag).rpartition("}")
    return next((prefix for part, prefix in _SPACES if part in space), "") + local


def _held(element: Element) -> dict[str, Any]:
    """The texts of an item by name, its own as “”; what it is filed under; its meta values by key."""
    found: dict[str, Any] = {"": (element.text or "").strip(), "filed": [], "meta": {}}
    for child in element:
        called = _name(child)
        if called == "category":
            found["filed"].append((child.get("domain", ""), prose.plain((child.text or "")[:1000])))
        elif called == "wp:postmeta":
            inner = {_name(one): one.text or "" for one in child}
            found["meta"][inner.get("wp:meta_key", "")] = inner.get("wp:meta_value", "")
        else:
            found.setdefault(called, (child.text or "").strip())
    return found
