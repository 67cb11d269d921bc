"""What every publisher takes and gives. A vendor's words, ids and exceptions end at a publisher's last line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


def _nothing(*args: Any) -> None:
    """No listener."""


@dataclass(frozen=True)
class Picture:
    """A post's cover. `url` is its public address here, `name` is a content hash and so the same for the same bytes;
    `read` fetches them, only when they are to be sent."""

    url: str
    name: str
    alt: str
    credit: str
    read: Callable[[], bytes] = field(compare=False)


@dataclass(frozen=True)
class Article:
    """A public post as it goes out. `body` is Markdown without the title, `url` its address on our own site."""

    external_id: str
    slug: str
    title: str
    excerpt: str
    body: str
    category: str
    tags: tuple[str, ...]
    author: str
    reviewer: str
    url: str
    read_minutes: int
    published_at: datetime
    updated_at: datetime
    cover: Picture | None = None


@dataclass
class Errand:
    """One sending: what is known of the article at the target, and the line to whoever sends it.

    A publisher calls `check` before every request: it raises when this sender is to stop. It calls `keep` as soon as
    `document_id` or `pictures` ({address of a picture: its id there}) have changed, so that they outlive whatever comes
    next, and `say` for the log.
    """

    document_id: str = ""
    pictures: dict[str, Any] = field(default_factory=dict)
    check: Callable[[], None] = _nothing
    keep: Callable[[], None] = _nothing
    say: Callable[[str], None] = _nothing


@dataclass(frozen=True)
class Delivered:
    """Where it is now: `desk_url` for those who edit there, `public_url` for readers; empty where nobody said."""

    desk_url: str = ""
    public_url: str = ""


class Publisher(Protocol):
    """One target. All of these raise `content.errors.ExternalError`, in words that an editor can read beside
    the target's name, with what it said; `retryable` says whether asking again can help. No error and no log names a key."""

    name: str  # as stages, deliveries and people call it: “strapi/main”

    def digest(self, article: Article) -> str:
        """Of everything that `deliver` would make of it: the same digest, the same result."""
        ...

    def deliver(self, article: Article, errand: Errand) -> Delivered:
        """Make the target have exactly this, once, whatever an earlier try did of which no answer came."""
        ...

    def withdraw(self, external_id: str, errand: Errand) -> None:
        """Take it from the target's readers; that it is not there is no fault."""
        ...

    def look(self) -> str:
        """One sentence on a target that answers. It changes nothing there."""
        ...
