"""What the piece page shows of a piece: which version, marked against which, and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.http import Http404, QueryDict

from content import platforms
from content.checks.base import Finding, Report
from content.forms import number
from content.models import Decision, Piece, Post, Status, User, Version
from content.services import addresses, diffing, publishing, review
from content.services.diffing import Author, Comparison, Edition
from content.templatetags import marks as drawn

from .measuring import Measured

MARKS = {"changes": "Changes", "who": "Who wrote it", "clean": "Clean"}
POSTED = {**MARKS, "clean": "As posted"}
PANELS = {
    "preview": "Preview",
    "publishing": "Publishing",
    "changes": "Changes",
    "checks": "Checks",
    "history": "History",
    "provenance": "Provenance",
}


def author(version: Version) -> Author:
    """Who stands behind a version, as the marks name them."""
    return Author("person", str(version.by)) if version.by else Author("model", version.model or "a model")


@dataclass(frozen=True)
class Choice:
    """A version that the shown one can be compared with, and what it is to the piece."""

    number: int
    name: str

    def __str__(self) -> str:
        return f"{self.number}, {self.name}" if self.name else str(self.number)


class Sheet:
    """One reading of a piece, as the address asks for it: `version`, `against`, `marks`, `panel`.

    `Http404` for a version that the piece does not have; other values that make no sense fall back to the usual.
    """

    def __init__(self, piece: Piece, asked: QueryDict) -> None:
        self.piece = piece
        self.panel = asked.get("panel") if asked.get("panel") in PANELS else "checks"
        self.versions = list(piece.versions.light().order_by("-number"))
        self._asked = asked
        self.version = self._version()
        self.against = self._against()
        # What is pasted somewhere is read as it will stand there, as long as there is no change to look at.
        usual = "clean" if piece.is_plain and not self.against else "changes"
        self.marks = asked["marks"] if asked.get("marks") in MARKS else usual

    def _version(self) -> Version | None:
        wanted = self._asked.get("version", "")
        if not wanted:
            return self.piece.current
        if number(wanted) not in {version.number for version in self.versions}:
            raise Http404("There is no such version.")
        return self.piece.versions.select_related("by").get(number=number(wanted))

    def _against(self) -> int:
        """The number of the version that the shown one is marked against; 0 is none."""
        wanted = self._asked.get("against", "")
        numbers = {version.number for version in self.versions}
        if wanted == "0" or self.version is None:
            return 0
        if not wanted:
            original = self.original
            return original if original and original < self.version.number else 0
        if number(wanted) not in numbers:
            raise Http404("There is no such version.")
        return number(wanted) if number(wanted) != self.version.number else 0

    @cached_property
    def original(self) -> int | None:
        """The number of the AI original: the newest text of a model before a person touched it."""
        by_hand = [version.number for version in self.versions if version.by_id]
        first = min(by_hand, default=0)
        return max((v.number for v in self.versions if not v.by_id and (not first or v.number < first)), default=None)

    @cached_property
    def post(self) -> Post | None:
        """The piece's post, public or withdrawn."""
        return Post.objects.filter(piece=self.piece).first()

    @property
    def live(self) -> Post | None:
        return self.post if self.post and not self.post.withdrawn_at else None

    @property
    def marks_offered(self) -> dict[str, str]:
        return POSTED if self.piece.is_plain else MARKS

    @cached_property
    def measured(self) -> Measured:
        """The shown version's figures, and how its readers will see it."""
        assert self.version is not None
        return Measured(self.piece, self.version.title, self.version.body)

    @property
    def is_posted(self) -> bool:
        """The sheet shows the text as its platform does."""
        return self.marks == "clean" and bool(self.measured.template)

    @property
    def is_newest(self) -> bool:
        return self.version is not None and self.version.pk == self.piece.current_id

    @cached_property
    def choices(self) -> list[Choice]:
        """What the shown version can be compared with, newest first."""
        assert self.version is not None
        names = {self.version.number - 1: "the one before"}
        if self.original:
            names[self.original] = "the AI original"
        if self.live:
            names[self.live.version_number] = "what is live"
        return [Choice(v.number, names.get(v.number, "")) for v in self.versions if v.number != self.version.number]

    @cached_property
    def shortcuts(self) -> list[Choice]:
        """Those worth one click: the AI original, the one before, what is live."""
        return [choice for choice in self.choices if choice.name]

    @cached_property
    def _history(self) -> list[Version]:
        """All versions up to the shown one, with their texts, oldest first."""
        assert self.version is not None
        upto = self.piece.versions.filter(number__lte=self.version.number)
        return list(upto.select_related("by").defer("report", "record", "facts").order_by("number"))

    def _compared(self, against: int) -> Comparison:
        assert self.version is not None
        plain = self.piece.is_plain
        if against > self.version.number:
            newer = self.piece.versions.select_related("by").get(number=against)
            by, by_whom = author(newer), author(self.version)
            return diffing.compare(newer.body, self.version.body, before=by, after=by_whom, plain=plain)
        editions = [Edition(version.number, author(version), version.body, plain) for version in self._history]
        if plain:
            return diffing.marked(editions, against or None)
        return _without_title(diffing.marked(editions, against or None), self.version.title)

    @cached_property
    def comparison(self) -> Comparison:
        """The text as the marks show it: changes against another version, or every word with its author."""
        return self._compared(self.against if self.marks == "changes" else 0)

    @cached_property
    def changed(self) -> Comparison:
        """The changes, whatever the marks show."""
        return self.comparison if self.marks == "changes" else self._compared(self.against)

    @cached_property
    def changes(self) -> list[drawn.Change]:
        """Every place where the shown version differs, the title first."""
        if not self.against:
            return []
        return [replace(change, place=0) for change in drawn.changes(self.title)] + drawn.changes(self.changed)

    @cached_property
    def title(self) -> Comparison:
        """The title with its marks."""
        assert self.version is not None
        against = self.against if self.marks == "changes" else 0
        shown = self.version.number
        upto = [Edition(v.number, author(v), f"# {v.title}") for v in reversed(self.versions) if v.number <= shown]
        return diffing.marked(upto, against if 0 < against < shown else None)

    @cached_property
    def report(self) -> Report | None:
        return self.version.checks if self.version and self.version.report else None

    @cached_property
    def findings(self) -> list[Finding]:
        """What needs a look first, then what passed."""
        found = self.report.findings if self.report else ()
        order = {"fail": 0, "warn": 1, "pass": 2}
        return sorted(found, key=lambda finding: (order[finding.level], -finding.lost))

    @property
    def to_look_at(self) -> int:
        return sum(finding.level != "pass" for finding in self.findings)

    @property
    def quotes(self) -> tuple[str, ...]:
        """Stretches of the text that state something without a source."""
        return next((f.quotes for f in self.findings if f.name == "claims" and f.level != "pass"), ())

    @property
    def checks_address(self) -> str:
        """Where the claims without a source are listed: on this page, or one click away."""
        if self.panel == "checks":
            return "#check-claims"
        asked = self._asked.copy()
        asked["panel"] = "checks"
        return f"{self.piece.get_absolute_url()}?{asked.urlencode()}#check-claims"

    @cached_property
    def decisions(self) -> list[Decision]:
        return list(
            self.piece.decisions.select_related("by", "guest__asked_by", "version").defer(
                "version__body", "version__record"
            )
        )

    @cached_property
    def standing(self) -> Decision | None:
        """The decision that holds for the newest version."""
        return review.standing(self.piece.current) if self.piece.current else None

    @property
    def is_writing(self) -> bool:
        return self.piece.status == Status.WRITING

    @cached_property
    def siblings(self) -> list[Piece]:
        """The idea's pieces, this one among them, in the order of the platforms."""
        made = Piece.objects.filter(idea=self.piece.idea_id, deleted_at=None).select_related("current")
        slugs = list(platforms.ALL)
        return sorted(made.defer("current__body", "current__record"), key=lambda p: slugs.index(p.platform))

    @cached_property
    def shares(self) -> list[tuple[Author, float]]:
        plain = self.piece.is_plain
        return diffing.shares([Edition(v.number, author(v), v.body, plain) for v in self._history])

    @cached_property
    def generated(self) -> Version | None:
        """The newest version up to the shown one that a model wrote, with its generation record."""
        by_model = [version.number for version in self._history if not version.by_id]
        return self.piece.versions.get(number=by_model[-1]) if by_model else None

    @cached_property
    def record(self) -> dict[str, Any]:
        """The generation record as the panel shows it: the last call, and the sums over all calls."""
        calls = list(self.generated.record.get("calls", [])) if self.generated else []
        if not calls:
            return {}
        return {
            "last": calls[-1],
            "calls": len(calls),
            "tokens_in": sum(_tokens(call, "in") for call in calls),
            "tokens_out": sum(_tokens(call, "out") for call in calls),
            "seconds": sum(float(call.get("seconds") or 0) for call in calls),
        }

    @cached_property
    def address(self) -> tuple[str, bool]:
        """The slug that the post has or asks for, and whether another post has taken it."""
        if self.post:
            return self.post.slug, False
        assert self.version is not None
        wanted = addresses.base_of(publishing.wish_of(self.version))
        return wanted, addresses.is_taken(wanted)


def _tokens(call: dict[str, Any], way: str) -> int:
    tokens = call.get("tokens")
    kept = tokens.get(way) if isinstance(tokens, dict) else call.get(f"tokens_{way}")
    return int(kept or 0)


def _without_title(comparison: Comparison, title: str) -> Comparison:
    """The text without its opening H1: the title stands above the sheet, with its own marks."""
    blocks = comparison.blocks
    while blocks and blocks[0].kind == "h1" and blocks[0].new.strip() in ("", title):
        blocks = blocks[1:]
    return Comparison(blocks, comparison.added, comparison.removed, comparison.places)


def queue(user: User, limit: int = 50) -> list[Piece]:
    """The pieces that wait for a decision, longest first, as the rail lists them."""
    return list(Piece.objects.visible_to(user).waiting().with_current()[:limit])
