"""Bringing texts in: each becomes an idea with a piece that waits for a decision, as if the person had written it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import DataError, IntegrityError, transaction

from content import platforms
from content.errors import CopydeskError, NotAllowed
from content.models import Idea, Piece, Post, Status, User
from content.models.version import digest
from content.services import addresses, audit, editing, ideas, publishing, review

from . import prose
from .entry import Entry, Missing, spelt
from .exporting import IMPORT, key_of

AT_ONCE = 50  # entries that are looked up together
IMPORTED, PUBLISHED, HERE, LEFT_OUT, FAILED = "imported", "published", "here", "left_out", "failed"


@dataclass
class Outcome:
    """What became of one text, or would become of it. `says` is why, or what the person should know."""

    name: str
    became: str
    piece: int | None = None
    url: str = ""
    says: list[str] = field(default_factory=list)
    unpublished: bool = False  # it was to be published, and was not

    @property
    def failed(self) -> bool:
        return self.became == FAILED or self.unpublished


def bring_in(
    found: Iterable[Entry | Missing], *, by: User, publish: bool = False, rehearse: bool = False
) -> Iterator[Outcome]:
    """Bring each text in, in a transaction of its own, and say what became of it; one that fails stops no other.

    What is here already (`Piece.came_from`) stays as it is. With `publish`, those that were public where they come from
    are approved and published by this person, by the same rules as at the desk. `rehearse` changes nothing.
    Raises `NotAllowed` where somebody who does not decide asks to publish.
    """
    if publish and not by.reviews:
        raise NotAllowed("Only an editor can publish. Import without publishing, and ask one to decide.")
    desk = _Desk(by, publish, rehearse)
    rest = iter(found)
    while batch := list(islice(rest, AT_ONCE)):
        desk.look_for([one.key for one in batch if isinstance(one, Entry)])
        for one in batch:
            yield desk.take(one)


class _Desk:
    """One import: who brings the texts, and what it knows of those that it brought."""

    def __init__(self, by: User, publish: bool, rehearse: bool) -> None:
        self.by, self.publish, self.rehearse = by, publish, rehearse
        self.here: dict[str, int] = {}
        self.ideas: dict[str, int] = {}

    def look_for(self, keys: list[str]) -> None:
        """Which of these are here: those that came in before, and those that were exported from this very desk."""
        self.here.update(Piece.objects.filter(came_from__in=keys).values_list("came_from", "pk"))
        own = {_number(key) for key in keys} - {0}
        made_here = {key_of(*row): row[0] for row in Piece.objects.filter(pk__in=own).values_list("pk", "created_at")}
        self.here.update((key, made_here[key.split("/")[0]]) for key in keys if key.split("/")[0] in made_here)

    def take(self, one: Entry | Missing) -> Outcome:
        if isinstance(one, Missing):
            return Outcome(one.name, FAILED if one.failed else LEFT_OUT, says=[one.why])
        outcome = Outcome(one.title[:100], IMPORTED, says=list(one.warnings))
        try:
            if one.key in self.here:
                self._again(one, self.here[one.key], outcome)
            elif self.rehearse:
                self._would(one, outcome)
            else:
                self._store(one, outcome)
        except CopydeskError as error:
            outcome.became = FAILED
            details = [says for fault in error.extra.get("fields", {}).values() for says in fault]
            outcome.says = [*(details or [error.message]), *outcome.says]
        except DataError as error:
            outcome.became = FAILED
            outcome.says = [f"PostgreSQL does not take it: {str(error).splitlines()[0]}", *outcome.says]
        return outcome

    def _store(self, entry: Entry, outcome: Outcome) -> None:
        try:
            with transaction.atomic():
                piece = self._piece(entry)
        except IntegrityError:  # somebody else brought it this very moment
            outcome.became = HERE
            return
        self.here[entry.key] = piece.pk
        outcome.piece = piece.pk
        self._warn(entry, outcome)
        if self.publish and entry.public:
            self._publish(piece, entry, outcome)

    def _piece(self, entry: Entry) -> Piece:
        unsaved = Piece(platform=entry.platform)
        title, body = editing.cleaned(unsaved, entry.title, entry.body)
        idea = self._idea(entry, title)
        piece = Piece.objects.create(
            idea=idea,
            platform=entry.platform,
            owner=self.by,
            title=title,
            status=Status.EDITED,
            ask={"topic": idea.title},
            came_from=entry.key,
        )
        version = editing.add_version(
            piece, title=title, body=body, stage=IMPORT, by=self.by, facts=_facts(entry), is_locked=True
        )
        audit.record("piece.imported", piece, by=self.by, version=version.number, came_from=entry.key)
        return piece

    def _idea(self, entry: Entry, title: str) -> Idea:
        """A new idea, but for those of our own texts that were made of one idea for several platforms."""
        said, key = entry.idea, entry.idea.get("id", "")
        known = self.ideas.get(key) if key else None
        if known and not Piece.objects.filter(idea=known, platform=entry.platform).exists():
            return Idea.objects.get(pk=known)
        idea = ideas.propose(
            (said.get("title") or title)[:300],
            owner=self.by,
            description=said.get("description", ""),
            category=entry.category[:80],
        )
        if key:
            self.ideas[key] = idea.pk
        return idea

    def _would(self, entry: Entry, outcome: Outcome) -> None:
        editing.cleaned(Piece(platform=entry.platform), entry.title, entry.body)
        self.here[entry.key] = 0
        self._warn(entry, outcome)
        if self.publish and entry.public and entry.platform == "blog":
            outcome.became = PUBLISHED
            base = addresses.base_of(entry.slug or entry.title)
            if addresses.is_taken(base):
                outcome.says.append(f"The address “{base}” belongs to another article, so this one will get a suffix.")

    def _again(self, entry: Entry, pk: int, outcome: Outcome) -> None:
        """It is here. What still waits as it came in may be published now; nothing else is touched."""
        outcome.became, outcome.piece, outcome.says = HERE, pk or None, []
        if not pk:  # this rehearsal saw it before
            return
        piece = Piece.objects.select_related("current").get(pk=pk)
        if piece.deleted_at:
            outcome.says = ["It was deleted here."]
            return
        untouched = piece.current and piece.current.hash == digest(*editing.tidied(piece, entry.title, entry.body))
        if self.publish and entry.public and piece.waits and untouched and not self.rehearse:
            self._publish(piece, entry, outcome)

    def _publish(self, piece: Piece, entry: Entry, outcome: Outcome) -> None:
        if not piece.on.public or piece.current is None:
            return
        try:
            with transaction.atomic():
                review.approve(piece.current, by=self.by)
                post = publishing.publish(piece, by=self.by, published_at=entry.published_at)
        except CopydeskError as error:
            outcome.unpublished = True
            outcome.says.append(f"It waits for a decision: {error.message}")
            return
        outcome.became, outcome.url = PUBLISHED, post.url
        outcome.says += [said for said in [_moved(entry, post)] if said]

    def _warn(self, entry: Entry, outcome: Outcome) -> None:
        pictures = prose.pictures_in(entry.body) if entry.platform == "blog" else 0
        if pictures:
            them = "1 picture stands" if pictures == 1 else f"{pictures} pictures stand"
            outcome.says.append(f"{them} in its text; articles here show only their cover.")
        if entry.public and not platforms.get(entry.platform).public:
            outcome.says.append("It was published elsewhere by hand; here it waits for a decision.")
        if entry.picture.get("url"):
            outcome.says.append("Its cover was not fetched; where it lies is kept with the text.")


def _facts(entry: Entry) -> dict[str, Any]:
    """What is kept beside the text: what an editor would fill in, and what is known of it where it comes from."""
    dates = {name: getattr(entry, name) for name in ("created_at", "updated_at", "published_at")}
    there: dict[str, Any] = {name: spelt(when) for name, when in dates.items() if when}
    there |= {"picture": entry.picture} if entry.picture else {}
    there |= {"marked_url": entry.marked_url} if entry.marked_url else {}
    said = {
        "slug": entry.slug,
        "excerpt": entry.excerpt,
        "tags": entry.tags,
        "author": entry.author,
        "made_with": entry.made_with,
        "there": there,
    }
    return {name: value for name, value in said.items() if value}


def _moved(entry: Entry, post: Post) -> str:
    """What to say where the article is not at the address that it had."""
    if not entry.slug or entry.slug == post.slug:
        return ""
    return addresses.warning(entry.slug, post.slug) or f"It was at “{entry.slug}” and is at “{post.slug}” now."


def _number(key: str) -> int:
    """The number that a piece of some Copydesk has there; 0 for what is from elsewhere."""
    kind, _, rest = key.partition(":")
    number = rest.partition("@")[0]
    return int(number) if kind == "copydesk" and number.isdecimal() and number.isascii() and len(number) < 18 else 0
