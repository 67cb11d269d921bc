"""Taking texts out: what is public as readers see it, and every piece as it stands at the desk."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from content.errors import Invalid
from content.models import Piece, Post, Status, User, Version
from content.services import addresses

from . import json as ours
from . import markdown
from .entry import spelt
from .record import PIECE, POST, VERSION

IMPORT = "import"  # the stage of a version that came in
CHUNK = 500  # rows that are in memory together
Record = dict[str, Any]

# Whatever is made for readers, and the version's report, is left in the database.
_UNREAD_OF_POSTS = (
    "html",
    "text",
    "headings",
    "line_json",
    "whole_json",
    "line_html",
    "head_html",
    "article_html",
    "vector",
)
_UNREAD_OF_VERSIONS = ("report", "record")


def posts(*, since: datetime | None = None, owner: User | None = None) -> Iterator[Record]:
    """What readers can read now, newest first, as records (see `record.entry_of`)."""
    found = (
        Post.objects.live()
        .select_related("piece__idea", "piece__current")
        .defer(*_UNREAD_OF_POSTS, "piece__current__body", *(f"piece__current__{name}" for name in _UNREAD_OF_VERSIONS))
    )
    found = found.filter(updated_at__gte=since) if since else found
    found = found.filter(piece__owner=owner) if owner else found
    return map(_of_post, found.iterator(chunk_size=CHUNK))


def pieces(
    *, since: datetime | None = None, owner: User | None = None, besides_posts: bool = False
) -> Iterator[Record]:
    """The newest text of every piece that has one, newest first; `besides_posts` leaves out those that are public as
    they stand."""
    models = Version.objects.filter(piece=OuterRef("pk")).exclude(model="").order_by("number").values("model")[:1]
    found: QuerySet[Piece] = Piece.objects.filter(deleted_at=None, current__isnull=False).order_by("-created_at", "-pk")
    found = found.select_related("idea", "owner", "current", "post").annotate(first_model=Subquery(models))
    found = found.defer(
        *(f"current__{name}" for name in _UNREAD_OF_VERSIONS),
        *(f"post__{name}" for name in (*_UNREAD_OF_POSTS, "body")),
    )
    found = found.filter(updated_at__gte=since) if since else found
    found = found.filter(owner=owner) if owner else found
    if besides_posts:
        found = found.exclude(
            Q(post__withdrawn_at=None) & Q(post__version_hash=F("current__hash")) & Q(status=Status.PUBLISHED)
        )
    return map(_of_piece, found.iterator(chunk_size=CHUNK))


def everything(*, since: datetime | None = None, owner: User | None = None) -> Iterator[Record]:
    """Every text once: what is public as it is read, and what is not, or reads differently at the desk, as it stands."""
    yield from posts(since=since, owner=owner)
    yield from pieces(since=since, owner=owner, besides_posts=True)


def files_of(person: User) -> Iterator[tuple[str, bytes]]:
    """(name, content) of everything that a person has here, one text in memory at a time: each as Markdown and as JSON
    that `import` reads."""
    taken: set[str] = set()
    for record in everything(owner=person):
        name = file_name(record, taken)
        yield f"{name}.md", markdown.text_of(record).encode()
        yield (
            f"{name}.json",
            json.dumps({"copydesk": VERSION, "entries": [record]}, ensure_ascii=False, indent=1).encode(),
        )


def key_of(pk: int, made: datetime) -> str:
    """What a piece of ours is called elsewhere: its number and the microsecond it was made, which no other desk has."""
    return f"copydesk:{pk}@{made:%Y-%m-%dT%H:%M:%S.%fZ}"


def save_json(records: Iterable[Record], path: Path, *, force: bool = False) -> None:
    with _landing(path, force) as half, half.open("w", encoding="utf-8") as file:
        file.writelines(ours.written(records))


def save_zip(records: Iterable[Record], path: Path, *, force: bool = False) -> int:
    """Markdown files in a .zip; how many."""
    taken: set[str] = set()
    with _landing(path, force) as half, zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as bag:
        for record in records:
            bag.writestr(f"{file_name(record, taken)}.md", markdown.text_of(record))
    return len(taken)


def save_markdown(records: Iterable[Record], folder: Path, *, force: bool = False) -> int:
    """Markdown files in a folder; how many. All are written beside it first: a failure leaves none behind."""
    if folder.exists() and not folder.is_dir():
        raise Invalid(f"{folder} is a file. Name a folder, or a .zip.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
    try:
        taken: set[str] = set()
        for record in records:
            file = half / f"{file_name(record, taken)}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(markdown.text_of(record), encoding="utf-8", newline="\n")
        if not force and (there := next((name for name in sorted(taken) if (folder / f"{name}.md").exists()), "")):
            raise Invalid(f"{folder / there}.md is there already. Nothing was written; --force overwrites.")
        for name in taken:
            target = folder / f"{name}.md"
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(half / f"{name}.md", target)
        folder.mkdir(exist_ok=True)
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return len(taken)


def file_name(record: Record, taken: set[str]) -> str:
    """`posts/a-kettle` for a record, with a suffix where that is taken; without its ending."""
    folder = "posts" if record["kind"] == POST else f"pieces/{record['platform']}"
    base = addresses.base_of(str(record["slug"] or record["title"]))
    while len(base.encode()) > 200:  # a file system counts bytes
        base = base[:-1]
    name, n = f"{folder}/{base}", 2
    while name in taken:
        name, n = f"{folder}/{base}-{n}", n + 1
    taken.add(name)
    return name


@contextmanager
def _landing(path: Path, force: bool) -> Iterator[Path]:
    """A file beside the one that is wanted, which takes its place when all is written."""
    if path.is_dir():
        raise Invalid(f"{path} is a folder. Name a file.")
    if path.exists() and not force:
        raise Invalid(f"{path} is there already. Nothing was written; --force overwrites it.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    os.close(handle)
    half = Path(name)
    try:
        half.chmod(0o644)
        yield half
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)


def _of_post(post: Any) -> Record:
    piece = post.piece
    there = _there(piece.current)
    unchanged = piece.current.hash == post.version_hash and piece.current.stage == IMPORT
    return {
        "id": piece.came_from or key_of(piece.pk, piece.created_at),
        "kind": POST,
        "platform": piece.platform,
        "status": "published",
        "title": post.title,
        "slug": post.slug,
        "url": post.url,
        "excerpt": post.excerpt,
        "category": post.category,
        "tags": post.tags,
        "author": post.author,
        "made_with": post.made_with,
        "created_at": there.get("created_at") or spelt(piece.created_at),
        "updated_at": (unchanged and there.get("updated_at")) or spelt(post.updated_at),
        "published_at": spelt(post.published_at),
        "cover": post.cover or there.get("picture") or {},
        "version": {"number": post.version_number, "hash": post.version_hash},
        "idea": _idea(piece),
        "body": post.body,
    }


def _of_piece(piece: Any) -> Record:
    version, post = piece.current, getattr(piece, "post", None)
    facts, there = version.facts, _there(version)
    live = post if post is not None and post.withdrawn_at is None else None
    public = live.published_at if live else piece.marked_at
    # A text that is newer than the public one is another text: both can come back.
    own = piece.came_from or key_of(piece.pk, piece.created_at)
    newer = f"/{version.number}" if live and live.version_hash != version.hash else ""
    return {
        "id": f"{own}{newer}",
        "kind": PIECE,
        "platform": piece.platform,
        "status": str(piece.status),
        "title": version.title,
        "slug": str(facts.get("slug") or (post.slug if post else "")),
        "excerpt": str(facts.get("excerpt") or ""),
        "category": piece.idea.category,
        "tags": [str(tag) for tag in facts.get("tags", [])],
        "author": str(facts.get("author") or "") or piece.owner.byline,
        "made_with": piece.first_model or str(facts.get("made_with") or ""),
        "created_at": there.get("created_at") or spelt(piece.created_at),
        "updated_at": (version.stage == IMPORT and there.get("updated_at")) or spelt(version.created_at),
        "published_at": spelt(public) if public else there.get("published_at", ""),
        "marked_url": piece.marked_url or there.get("marked_url", ""),
        "cover": piece.cover or there.get("picture") or {},
        "version": {"number": version.number, "hash": version.hash},
        "idea": _idea(piece),
        "body": version.body,
    }


def _there(version: Version) -> dict[str, Any]:
    """What was known of a text where it was imported from."""
    found = version.facts.get("there")
    return found if isinstance(found, dict) else {}


def _idea(piece: Piece) -> dict[str, str]:
    idea = piece.idea
    return {
        "id": f"{idea.pk}@{idea.created_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "title": idea.title,
        "description": idea.description,
    }
