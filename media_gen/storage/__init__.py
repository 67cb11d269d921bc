"""The two places where pictures lie: `previews` is private, `public` is for everybody. Names are content hashes.

What a place is, is a setting; each kind is one file here, with a class that Django's storages can name and that speaks
as a `base.Place`. Their vendors' exceptions end here, as an `ExternalError` that says what to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import cast

from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.core.files.storage import InvalidStorageError, storages
from django.utils import timezone

from content.errors import ExternalError

from .base import Place, Stored

PREVIEWS, PUBLIC = "previews", "public"
NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]+")  # as `keep` gives them
# Younger files are nobody's yet: whoever stored one may be about to refer to it.
GRACE = timedelta(days=1)
TITLES = {PREVIEWS: "The storage of previews", PUBLIC: "The public storage"}


def keep(where: str, content: bytes, suffix: str) -> str:
    """Store `content` once and return its name, which says what it is: the same bytes are never stored twice.

    Raises `ExternalError` when the storage cannot take it; then nothing lies there under that name.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest[:2]}/{digest[2:34]}.{suffix}"
    with _speaking(where) as place:
        if not place.holds(name, since=timezone.now() - GRACE / 2):
            place.save(name, ContentFile(content))
    return name


def read(where: str, name: str) -> bytes:
    """The bytes of a stored picture; FileNotFoundError if it is gone."""
    with _speaking(where) as place, place.open(name) as file:
        content: bytes = file.read()
    return content


def url(name: str) -> str:
    """The public address of a picture in the public storage."""
    return storages[PUBLIC].url(name)


def names_in(text: str) -> list[str]:
    """The names of all public pictures whose addresses stand in `text`."""
    return NAME.findall(text)


def listing(where: str, *, before: datetime) -> list[Stored]:
    """The pictures that were stored before a moment, and what was left of a broken write; nothing else that lies
    there is ours."""
    with _speaking(where) as place:
        return [file for file in place.listing() if file.at < before and (file.is_broken or NAME.fullmatch(file.name))]


def remove(where: str, name: str) -> None:
    """Delete it; one that is gone already is no fault."""
    with _speaking(where) as place:
        place.delete(name)


def look(where: str) -> str:
    """One sentence on a place that can be reached and written to; else `ExternalError`. It changes nothing."""
    with _speaking(where) as place:
        return place.look()


@contextmanager
def _speaking(where: str) -> Iterator[Place]:
    try:
        place = cast(Place, storages[where])
    except InvalidStorageError as error:  # its package is missing
        raise ExternalError(f"{TITLES[where]} needs a package. Run: make hosted.", retryable=False) from error
    except ImproperlyConfigured as error:
        raise ExternalError(f"{TITLES[where]} is not set up. {error}", retryable=False) from error
    faults: tuple[type[Exception], ...] = (OSError, *place.faults)
    try:
        yield place
    except FileNotFoundError:
        raise
    except faults as error:
        raise ExternalError(f"{TITLES[where]} {place.says(error)}", retryable=True) from error
