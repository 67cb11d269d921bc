"""Who wrote which words of a version: worked out once, when it is added, and kept.

Walking a chain of 200 versions of 3,000 words takes seconds, and versions never change: so each one's hands are kept
in a row of its own (`Authorship`), and adding a version takes one step from the last. Nothing is lost with these rows:
what is missing, was made by other rules (`REVISION`) or does not fit its text is made anew when somebody looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from content.models import Authorship, Piece, Version
from content.services.diffing import Chain, Cut, Kept, dress, fits

REVISION = 1  # raise it when blocks, tokens or hands come out otherwise than before


def keep(version: Version, *, before: Version | None) -> None:
    """Work out the hands of a version that was just added after `before`, and keep them.

    Where those of an earlier one are missing, this is left to whoever looks first.
    """
    chain = Chain()
    if before is not None:
        kept = list(
            Authorship.objects.filter(version__piece=version.piece_id, revision=REVISION)
            .order_by("version__number")
            .values_list("lines", flat=True)
        )
        if len(kept) != before.number or not chain.begin(_cut(version.piece, before), kept[-1]):
            return
        for lines in kept:
            chain.remember(lines)
    Authorship.objects.create(version=version, revision=REVISION, lines=chain.add(_cut(version.piece, version)))


def texts(piece: Piece, versions: Sequence[Version]) -> dict[int, Cut]:
    """The texts of some versions of a piece by their numbers, each token with its hand."""
    known = _known(version__in=[version.pk for version in versions])
    cuts = {version.number: _cut(piece, version) for version in versions}
    if any(version.pk not in known or not fits(cuts[version.number], known[version.pk]) for version in versions):
        known = _made_up(piece, upto=max(cuts))
    for version in versions:
        dress(cuts[version.number], known[version.pk])
    return cuts


def _made_up(piece: Piece, *, upto: int) -> dict[int, Sequence[Kept]]:
    """All hands up to a version, with those kept that were missing. A version that is added meanwhile waits for nobody."""
    known = _known(version__piece=piece)
    chain = Chain()
    fresh: list[Authorship] = []
    for version in piece.versions.filter(number__lte=upto).only("number", "body").order_by("number"):
        cut, kept = _cut(piece, version), known.get(version.pk)
        if kept is not None and not fresh and chain.begin(cut, kept):
            chain.remember(kept)
            continue
        known[version.pk] = lines = chain.add(cut)
        fresh.append(Authorship(version=version, revision=REVISION, lines=lines))
    Authorship.objects.bulk_create(
        fresh, update_conflicts=True, unique_fields=["version"], update_fields=["revision", "lines"]
    )
    return known


def _known(**which: object) -> dict[int, Sequence[Kept]]:
    return dict(Authorship.objects.filter(revision=REVISION, **which).values_list("version_id", "lines"))


def _cut(piece: Piece, version: Version) -> Cut:
    return Cut.of(version.body, version.number, plain=piece.is_plain)
