"""Any two texts of a piece by word, each word with who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from content.models import User, Version
from content.services import authorship, diffing
from content.services.diffing import Author, Chain, Comparison, Cut

Who = Mapping[int, Author]


def author(version: Version) -> Author:
    """Who stands behind a version, as the marks name them."""
    return Author("person", str(version.by)) if version.by else Author("model", version.model or "a model")


def authors(versions: Iterable[Version]) -> dict[int, Author]:
    """Whose each hand is, in a piece of these versions."""
    return {version.number: author(version) for version in versions}


def compare(old: Version, new: Version, who: Who | None = None) -> Comparison:
    """Two versions of one piece; the same one twice has nothing but who wrote it. `who` are all authors of the piece,
    if they are known."""
    texts = authorship.texts(new.piece, [old, new] if old.pk != new.pk else [new])
    return diffing.between(texts[old.number], texts[new.number], who or authors(_all(new)))


def with_typed(newest: Version, body: str, *, by: User) -> Comparison:
    """A text that was typed and not saved, against the newest version."""
    chain = Chain()
    chain.newest = authorship.texts(newest.piece, [newest])[newest.number]
    typed = Cut.of(body, newest.number + 1, plain=newest.piece.is_plain)
    before = chain.newest
    chain.add(typed)
    return diffing.between(before, typed, {**authors(_all(newest)), typed.number: Author("person", str(by))})


def shares(version: Version, who: Who) -> list[tuple[Author, float]]:
    """Who wrote the words of a version, in percent, the largest share first."""
    return diffing.shares_of(authorship.texts(version.piece, [version])[version.number], who)


def _all(version: Version) -> Iterable[Version]:
    return version.piece.versions.select_related("by").only("number", "model", "by__name", "by__email")
