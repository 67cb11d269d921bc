"""The two places where pictures lie: `previews` is private, `public` is for everybody. Names are content hashes."""

from __future__ import annotations

import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import storages

PREVIEWS, PUBLIC = "previews", "public"


def keep(where: str, content: bytes, suffix: str) -> str:
    """Store `content` once; its name says what it is, so the same bytes are never stored twice."""
    name = hashlib.sha256(content).hexdigest()
    path = f"{name[:2]}/{name[2:34]}.{suffix}"
    place = storages[where]
    return path if place.exists(path) else place.save(path, ContentFile(content))


def read(where: str, path: str) -> bytes:
    """The bytes of a stored picture; FileNotFoundError if it is gone."""
    with storages[where].open(path) as file:
        content: bytes = file.read()
    return content


def url(path: str) -> str:
    """The public address of a picture in the public storage."""
    return storages[PUBLIC].url(path)
