"""Ghost: “Settings → Import/Export”, one JSON document of all its tables (Ghost 2 to 6).

It is read twice, a row at a time: first who wrote what and what it is filed under, then the posts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import prose
from .entry import KEY, Entry, Meter, Missing, Unreadable, Wishes, is_past, line, moment, names, under_title
from .unrolling import unroll

name = "ghost"
label = "a Ghost export (JSON)"

TABLES = ("posts", "tags", "users", "posts_tags", "posts_authors", "posts_meta")
HERE = "__GHOST_URL__"  # stands for the site’s own address, which the export does not say


@dataclass
class _Joins:
    tags: dict[str, str] = field(default_factory=dict)
    authors: dict[str, str] = field(default_factory=dict)
    tags_of: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    authors_of: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    meta_of: dict[str, dict[str, Any]] = field(default_factory=dict)


def looks_like(head: bytes) -> bool:
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and (b'"db"' in head or b'"data"' in head)


def entries(path: Path, wishes: Wishes, meter: Meter) -> Iterator[Entry | Missing]:
    """The posts (and pages, if wished) of an export; `Unreadable` where the file is none."""
    joins, posts = _joins(path)
    if not posts:
        raise Unreadable("This JSON is no Ghost export: it has no list of posts. Export it in Ghost: Settings, Export.")
    for row in _rows(path, {"posts"}, meter):
        kind = row.get("type") or ("page" if row.get("page") else "post")
        if kind == "post" or wishes.pages:
            yield _text(row, joins, wishes.site)


def _paths(tables: set[str]) -> set[tuple[str, ...]]:
    return {(*above, "data", table) for above in (("db",), ()) for table in tables}


def _rows(path: Path, tables: set[str], meter: Meter | None = None) -> Iterator[dict[str, Any]]:
    for where, row in unroll(path, _paths(tables), meter):
        if isinstance(row, dict):
            yield row | {"": where[-1]}


def _joins(path: Path) -> tuple[_Joins, int]:
    joins, posts = _Joins(), 0
    for row in _rows(path, set(TABLES)):
        table, pk = row[""], str(row.get("id", ""))
        post = str(row.get("post_id", ""))
        if table == "posts":
            posts += 1
        elif table == "users":
            joins.authors[pk] = line(row.get("name"), 120)
        elif table == "tags":
            internal = str(row.get("visibility") or "public") != "public" or str(row.get("name", "")).startswith("#")
            joins.tags[pk] = "" if internal else line(row.get("name"), 80)
        elif table == "posts_meta":
            joins.meta_of[post] = {
                key: row[key] for key in ("feature_image_alt", "feature_image_caption") if row.get(key)
            }
        else:
            joined = joins.tags_of if table == "posts_tags" else joins.authors_of
            other = row.get("tag_id" if table == "posts_tags" else "author_id")
            order = row.get("sort_order")
            joined[post].append((order if isinstance(order, int) else 0, str(other)))
    return joins, posts


def _text(row: dict[str, Any], joins: _Joins, site: str) -> Entry | Missing:
    title = line(row.get("title")) or "Untitled"
    try:
        return _entry(row, title, joins, site)
    except (Unreadable, RecursionError) as error:
        return Missing(title[:100], str(error) if isinstance(error, Unreadable) else "It is nested too deep.")


def _entry(row: dict[str, Any], title: str, joins: _Joins, site: str) -> Entry:
    warnings: list[str] = []
    pk, status = str(row.get("id", "")), str(row.get("status", ""))
    published = moment(row.get("published_at"), utc=True)
    public = status == "published" and is_past(published)
    if public and str(row.get("visibility") or "public") != "public":
        public = False
        warnings.append(f"It was for {line(row['visibility'], 40)} only there.")
    if status == "scheduled" and published:
        warnings.append(f"It was to be published on {published:%d %B %Y, %H:%M} UTC.")
    if status == "sent":
        warnings.append("It was sent as a newsletter and not on the site.")
    if HERE in f"{row.get('html')}{row.get('feature_image')}" and not site:
        warnings.append("Links to its own site lead nowhere: import it with --site and the site’s address.")
    tags = _joined(joins.tags_of[pk], joins.tags)
    return Entry(
        key=f"ghost:{line(row.get('uuid')) or pk or line(row.get('slug')) or title}"[:KEY],
        title=title,
        body=under_title(title, _body(row, site)),
        slug=line(row.get("slug")),
        excerpt=line(row.get("custom_excerpt")),
        category=tags[0] if tags else "",
        tags=names(tags[1:], 60),
        author=", ".join(_joined(joins.authors_of[pk], joins.authors))[:120],
        public=public,
        created_at=moment(row.get("created_at"), utc=True),
        updated_at=moment(row.get("updated_at"), utc=True),
        published_at=published if status == "published" else None,
        picture=_cover(row, joins.meta_of.get(pk, {}), site),
        warnings=warnings,
    )


def _joined(found: list[tuple[int, str]], called: dict[str, str]) -> list[str]:
    return [called[pk] for _, pk in sorted(found) if called.get(pk)]


def _body(row: dict[str, Any], site: str) -> str:
    html = row.get("html")
    if isinstance(html, str) and html.strip():
        body = prose.markdown_of(html.replace(HERE, site.rstrip("/")), base=site)
        if body:
            return body
    kept = [form for form in ("lexical", "mobiledoc") if row.get(form)]
    if kept and not (isinstance(html, str) and html.strip()):
        raise Unreadable(
            f"The export has no HTML of it, only {' and '.join(kept)}, which is not read here. "
            "Open it in Ghost, save it once, and export again."
        )
    raise Unreadable("There is no text in it.")


def _cover(row: dict[str, Any], meta: dict[str, Any], site: str) -> dict[str, Any]:
    url = line(row.get("feature_image")).replace(HERE, site.rstrip("/"))
    said = {
        "alt": line(meta.get("feature_image_alt")),
        "credit": prose.plain(str(meta.get("feature_image_caption", ""))[:2000]),
    }
    return {"url": url} | {key: value for key, value in said.items() if value} if url else {}
