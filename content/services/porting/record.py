"""One text as our own files say it, in JSON and in front matter alike: the way out and the way in.

Front matter of other systems (Hugo, Jekyll, Eleventy, Obsidian) uses some of the same names; its others are known too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from content import platforms
from content.services.editing import without_controls

from .entry import KEY, Entry, Unreadable, facts, is_past, line, moment, names, under_title

VERSION = 1
POST, PIECE = "post", "piece"
_NO = {"false", "no", "off", "0"}
_YES = {"true", "yes", "on", "1"}


def entry_of(said: Mapping[str, Any], body: str, *, key: str, name: str = "") -> Entry:
    """The entry that these facts and this text are. `key` is where it comes from unless it says so itself, and `name` is
    its title if it has no other."""
    version = said.get("copydesk")
    if version is not None and str(version) != str(VERSION):
        raise Unreadable(f"It was written by a newer Copydesk (form {line(version, 20)}; this one reads {VERSION}).")
    ours = version is not None
    platform = line(said.get("platform"), 40) or "blog"
    if platform not in platforms.ALL:
        raise Unreadable(f"There is no platform “{platform}” here.")
    title = line(said.get("title"))
    if platform == "blog":
        title, body = _titled(title, body, name=line(name), whole=ours and said.get("kind") == PIECE, ours=ours)
    idea = said.get("idea")
    excerpt = _said(said.get("excerpt") or said.get("description") or said.get("summary"))
    published = _first(said, "published_at", "date", "pubDate", "published_on")
    categories = names([said["category"]] if said.get("category") else said.get("categories") or [], 80)
    authors = said.get("author") or said.get("authors")
    return Entry(
        key=(line(said.get("id")) if ours else "")[:KEY] or key,
        title=title or line(name) or "Untitled",
        body=body,
        platform=platform,
        slug=line(said.get("slug"), 200),
        excerpt=excerpt if ours else excerpt.strip(),
        category=categories[0] if categories else "",
        tags=names(said.get("tags") or said.get("keywords") or [], 60) + ([] if ours else categories[1:]),
        author=", ".join(names([authors] if isinstance(authors, str | dict) else authors or [], 120))[:120],
        made_with=line(said.get("made_with"), 120),
        public=_is_public(said, published),
        created_at=_first(said, "created_at", "created"),
        updated_at=_first(said, "updated_at", "lastmod", "updated", "last_modified_at"),
        published_at=published,
        picture=_picture(said),
        marked_url=line(said.get("marked_url"), 500),
        idea={line(key, 40): _said(value) for key, value in idea.items()} if isinstance(idea, dict) else {},
    )


def _titled(title: str, body: str, *, name: str, whole: bool, ours: bool) -> tuple[str, str]:
    """(title, text under its title line). What is `whole` has one; a post of ours never has; of others it may."""
    opening = body.lstrip().split("\n", 1)[0]
    if not title and opening.startswith("# "):
        return line(opening[2:].strip().rstrip("#")), body
    title = title or name or "Untitled"
    if whole:
        return title, body
    return title, f"# {title}\n\n{body}" if ours else under_title(title, body)


def _is_public(said: Mapping[str, Any], published: datetime | None) -> bool:
    status = line(said.get("status")).lower()
    if status:
        return status in {"published", "publish", "public"} and (published is None or is_past(published))
    if str(said.get("draft")).lower() in _YES or str(said.get("published")).lower() in _NO:
        return False
    return is_past(published)


def _picture(said: Mapping[str, Any]) -> dict[str, Any]:
    found = said.get("cover") or said.get("image") or said.get("feature_image") or {}
    if isinstance(found, str):
        found = {"url": line(found, 2000)}
    return dict(facts(found)) if isinstance(found, dict) else {}


def _said(value: object) -> str:
    return without_controls(value, keep="\n") if isinstance(value, str) else ""


def _first(said: Mapping[str, Any], *keys: str) -> datetime | None:
    return next((found for key in keys if (found := moment(said.get(key)))), None)
