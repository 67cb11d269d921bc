"""What the piece page shows of a piece: which version, marked against which, and what stands beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from django.http import Http404, QueryDict

from content import platforms
from content.checks.base import Finding, Report
from content.forms import number
from content.models import Decision, Piece, Post, Status, Version
from content.models.version import VersionQuerySet
from content.services import addresses, comparing, diffing, publishing, review
from content.services.diffing import Author, Comparison, Edition
from content.templatetags import marks as drawn

from .choices import Choice, offered
from .history import ON_A_PAGE, History
from .measuring import Measured
from .provenance import summed

MARKS = {"changes": "Changes", "side": "Side by side", "who": "Who wrote it", "clean": "Clean"}
POSTED = {**MARKS, "clean": "As posted"}
# In the order of their keys, 1 and on.
PANELS = {
    "checks": "Checks",
    "changes": "Changes",
    "history": "History",
    "provenance": "Provenance",
    "preview": "Preview",
    "publishing": "Publishing",
}
REVISION = "revision"  # the stage of a version that a model wrote as a reviewer asked


class Sheet:
    """One reading of a piece, as the address asks for it: `version`, `against`, `marks`, `panel`.

    `Http404` for a version that the piece does not have; other values that make no sense fall back to the usual.
    """

    def __init__(self, piece: Piece, asked: QueryDict) -> None:
        self.piece = piece
        self.panel = asked.get("panel") if asked.get("panel") in PANELS else "checks"
        # All of them, for choosing and for who wrote what: without anything that is long.
        self.versions = list(piece.versions.light().defer("body", "record", "report", "facts").order_by("-number"))
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
            return self._usual()
        if number(wanted) not in numbers:
            raise Http404("There is no such version.")
        return number(wanted) if number(wanted) != self.version.number else 0

    def _usual(self) -> int:
        """What changed since the AI original; of a revision, what changed because of the note."""
        assert self.version is not None
        if self.version.stage == REVISION:
            return self.version.number - 1
        original = self.original
        return original if original and original < self.version.number else 0

    @cached_property
    def original(self) -> int | None:
        """The number of the AI original: the newest text of a model before a person touched it, or asked for more."""
        touched = [version.number for version in self.versions if version.by_id or version.stage == REVISION]
        first = min(touched, default=0)
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
        live = self.live.version_number if self.live else None
        return offered(self.versions, self.version.number, (self.original, self.version.number - 1, live))

    @cached_property
    def shortcuts(self) -> list[Choice]:
        """Those worth one click: the AI original, the one before, what is live."""
        return sorted((choice for choice in self.choices if choice.name), key=lambda choice: choice.rank)

    @cached_property
    def counted(self) -> list[Choice]:
        """The same, each with what changed since."""
        numbers = [choice.number for choice in self.shortcuts if choice.number != self.against]
        found = {version.number: self._marked(version) for version in self._texts().filter(number__in=numbers)}
        return [replace(choice, changed=found.get(choice.number) or self.changed) for choice in self.shortcuts]

    def _texts(self) -> VersionQuerySet:
        return self.piece.versions.select_related("by").defer("report", "record", "facts")

    @cached_property
    def _who(self) -> comparing.Who:
        return comparing.authors(self.versions)

    @cached_property
    def older(self) -> Version | None:
        """The version that the shown one is marked against."""
        return self._texts().get(number=self.against) if self.against else None

    def _marked(self, old: Version | None) -> Comparison:
        """The shown text marked against another, or, against none, with nothing but who wrote it."""
        assert self.version is not None
        old, new = old or self.version, self.version
        old.piece = new.piece = self.piece
        found = comparing.compare(old, new, self._who)
        return found if self.piece.is_plain else _without_title(found, new.title)

    @cached_property
    def comparison(self) -> Comparison:
        """The text as the marks show it: changes against another version, or every word with its author."""
        return self.changed if self.shows_changes or not self.against else self._marked(None)

    @cached_property
    def changed(self) -> Comparison:
        """The changes, whatever the marks show."""
        return self._marked(self.older)

    @property
    def shows_changes(self) -> bool:
        return self.marks in ("changes", "side")

    @property
    def is_beside(self) -> bool:
        """Two columns are shown."""
        return self.marks == "side" and self.against > 0

    @property
    def marks_kept(self) -> str | None:
        """What an address that compares with something else asks for: to see it, in as many columns as now."""
        return "side" if self.marks == "side" else None

    @property
    def older_name(self) -> str:
        return _named(self.older)

    @property
    def version_name(self) -> str:
        return _named(self.version)

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
        shown = self.version.number
        against = self.against if self.against and self.shows_changes else shown
        editions: list[Edition] = []  # a title that stayed is one edition
        at: dict[int, int] = {}
        for version in reversed(self.versions):
            title = f"# {version.title}"
            if not editions or editions[-1].body != title:
                editions.append(Edition(version.number, comparing.author(version), title))
            at[version.number] = editions[-1].number
        texts = {text.number: text for text in diffing.walked(editions)}
        return diffing.between(texts[at[against]], texts[at[shown]], self._who)

    @cached_property
    def history(self) -> History:
        """A page of the versions: the one that the address asks for, or that of the shown version."""
        newer = sum(version.number > (self.version.number if self.version else 0) for version in self.versions)
        asked = number(self._asked.get("history"))
        return History(self.piece, len(self.versions), asked or newer // ON_A_PAGE + 1)

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
        assert self.version is not None
        self.version.piece = self.piece
        return comparing.shares(self.version, self._who)

    @cached_property
    def generated(self) -> Version | None:
        """The newest version up to the shown one that a model wrote, with its generation record."""
        assert self.version is not None
        by_model = (v.number for v in self.versions if not v.by_id and v.number <= self.version.number)
        wanted = next(by_model, None)
        return self.piece.versions.get(number=wanted) if wanted else None

    @cached_property
    def record(self) -> dict[str, Any]:
        """The generation record as the panel shows it: the last call, and the sums over all calls."""
        return summed(self.generated.record) if self.generated else {}

    @cached_property
    def address(self) -> tuple[str, bool]:
        """The slug that the post has or asks for, and whether another post has taken it."""
        if self.post:
            return self.post.slug, False
        assert self.version is not None
        wanted = addresses.base_of(publishing.wish_of(self.version))
        return wanted, addresses.is_taken(wanted)


def _named(version: Version | None) -> str:
    return f"Version {version.number}, {version.author or 'a model'}" if version else ""


def _without_title(comparison: Comparison, title: str) -> Comparison:
    """The text without its opening H1: the title stands above the sheet, with its own marks."""
    blocks = comparison.blocks
    while blocks and blocks[0].kind == "h1" and blocks[0].new.strip() in ("", title):
        blocks = blocks[1:]
    return replace(comparison, blocks=blocks)
