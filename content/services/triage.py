"""The queue: which pieces, in which order, what comes next, and how many they are without counting them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import transaction
from django.db.models import Q
from django.http import QueryDict

from content import platforms
from content.errors import InvalidMove, NotAllowed
from content.models import Piece, Priority, Status, User
from content.models.piece import PRESSING, ROAD, PieceQuerySet
from content.services import audit

COUNTED = 1000  # a longer queue is “1,000+”: nobody reads further today, and counting it would cost every page
NEWEST = ("-updated_at", "-pk")
ORDERS = {"": PRESSING, "score": ("score", "updated_at", "pk")}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Place = tuple[Any, ...]


@dataclass(frozen=True)
class View:
    """One list with a name: what it is called, and what is said where it is empty."""

    name: str
    title: str
    empty: str


VIEWS = {
    view.name: view
    for view in (
        View("", "Needs review", "Every piece has its decision. New ones appear here when their task ends."),
        View("mine", "Mine", "You have claimed nothing that still waits. What you open to read is yours for a while."),
        View("changes", "Changes requested", "Nothing was sent back that is not written anew."),
        View("failed", "Failed", "Nothing that waits is under the mark or breaks a hard rule."),
        View("ready", "Ready", "Nothing is approved and not yet public."),
    )
}


@dataclass(frozen=True)
class Count:
    """How many, as far as it was counted."""

    number: int

    @property
    def is_capped(self) -> bool:
        return self.number > COUNTED

    def __bool__(self) -> bool:
        return self.number > 0

    def __str__(self) -> str:
        return f"{COUNTED:,}+" if self.is_capped else str(intcomma(self.number))


def count(pieces: PieceQuerySet) -> Count:
    return Count(pieces.order_by()[: COUNTED + 1].count())


@dataclass(frozen=True)
class Queue:
    """A list as an address asks for it. `view` is one of `VIEWS`, or else `status` one of the road's; `reader` is
    “me”, “nobody” or a person’s number. What makes no sense is as if it had not been said."""

    view: str = ""
    status: str = ""
    order: str = ""
    q: str = ""
    platform: str = ""
    reader: str = ""

    @classmethod
    def asked(cls, said: Mapping[str, str]) -> Queue:
        wanted = {field.name: str(said.get(field.name, ""))[:200].strip() for field in fields(cls)}
        known: dict[str, set[Any]] = {
            "view": set(VIEWS),
            "status": set(ROAD) - {Status.READY},
            "order": set(ORDERS),
            "platform": set(platforms.ALL),
        }
        if wanted["status"] == Status.READY:
            wanted["view"] = "ready"
        for name, values in known.items():
            if wanted[name] not in values:
                wanted[name] = ""
        if wanted["reader"] not in ("me", "nobody") and not _is_number(wanted["reader"]):
            wanted["reader"] = ""
        if wanted["status"]:
            wanted["view"] = ""
        return cls(**wanted)

    @classmethod
    def from_address(cls, address: str) -> Queue:
        """Reads `address`, as a piece that was opened from a queue carries it along."""
        return cls.asked(QueryDict(address[:1000]))

    def to(self, **others: str) -> str:
        """The query string of this queue with other values; "" where it is the usual one."""
        said = QueryDict(mutable=True)
        named = {field.name: getattr(self, field.name) for field in fields(self)} | others
        for name, value in named.items():
            if value:
                said[name] = value
        return said.urlencode()

    @property
    def address(self) -> str:
        return self.to()

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.platform or self.reader)

    @property
    def columns(self) -> Sequence[str]:
        """What it is sorted by."""
        return NEWEST if self.status else ORDERS[self.order]

    def of(self, user: User) -> PieceQuerySet:
        """Its pieces in its order, as far as `user` may see them."""
        pieces = self.narrow(Piece.objects.visible_to(user), by=user)
        return self.listed(pieces, by=user).order_by(*self.columns)

    def narrow(self, pieces: PieceQuerySet, *, by: User) -> PieceQuerySet:
        """Those of the filters, whatever the view."""
        if self.platform:
            pieces = pieces.filter(platform=self.platform)
        if self.q:
            pieces = pieces.saying(self.q)
        if self.reader == "nobody":
            pieces = pieces.free()
        elif self.reader:
            pieces = pieces.filter(claimed_by=by.pk if self.reader == "me" else int(self.reader))
        return pieces

    def listed(self, pieces: PieceQuerySet, *, by: User) -> PieceQuerySet:
        """Those of the view, or of the status."""
        if self.status:
            return pieces.filter(status=self.status)
        if self.view == "mine":
            return pieces.waiting().filter(claimed_by=by)
        if self.view == "changes":
            return pieces.sent_back()
        if self.view == "failed":
            return pieces.waiting().filter(below=True)
        return pieces.filter(status=Status.READY) if self.view == "ready" else pieces.waiting()

    def after(self, pieces: PieceQuerySet, place: Place) -> PieceQuerySet:
        """Those that come after a place, which its piece may have left meanwhile."""
        return pieces.filter(_beyond(self.columns, place))

    def before(self, pieces: PieceQuerySet, place: Place) -> PieceQuerySet:
        """Those that come before a place, the nearest first."""
        return pieces.filter(_beyond(self.columns, place, back=True)).reverse()

    def place(self, piece: Piece) -> Place:
        return tuple(getattr(piece, column.lstrip("-")) for column in self.columns)

    def next_after(self, place: Place, *, by: User) -> Piece | None:
        """What to read next: what follows that place, or else the first of all; nothing that somebody else reads."""
        rest = self.of(by).free(by).exclude(pk=place[-1])
        return self.after(rest, place).first() or rest.first()


def place_as_text(place: Place) -> str:
    """For an address."""
    return "_".join("" if value is None else str(_micros(value)) for value in place)


def place_from(said: str, columns: Sequence[str]) -> Place | None:
    """Reads `place_as_text`; None, which is the beginning, for anything else."""
    parts = said.split("_")
    if len(parts) != len(columns):
        return None
    try:
        return tuple(_read(part, column.lstrip("-")) for part, column in zip(parts, columns, strict=True))
    except (ValueError, InvalidOperation, OverflowError):
        return None


@transaction.atomic
def plan(piece: Piece, *, by: User, due_at: datetime | None, priority: int) -> None:
    """When it has to be decided, and whether it presses. What is so already stays unsaid.

    Raises `NotAllowed` (editors plan) or `InvalidMove` (it was deleted).
    """
    if not by.reviews:
        raise NotAllowed("Only an editor can say when a piece is due. Ask one.")
    locked = Piece.objects.select_for_update(of=("self",)).get(pk=piece.pk)
    if locked.deleted_at:
        raise InvalidMove(f"“{locked}” was deleted.")
    if (locked.due_at, locked.priority) != (due_at, priority):
        # Not `updated_at`: it has not moved, and keeps its place among those that are as urgent.
        Piece.objects.filter(pk=locked.pk).update(due_at=due_at, priority=priority)
        said: dict[str, Any] = {
            "due_at": due_at.isoformat() if due_at else None,
            "priority": Priority(priority).name.lower(),
        }
        audit.record("piece.planned", locked, by=by, **said)
    piece.due_at, piece.priority = due_at, Priority(priority)


def _beyond(columns: Sequence[str], place: Place, *, back: bool = False) -> Q:
    """What is sorted behind a place (or, `back`, before it), where NULL comes last."""
    found = Q(pk__in=[])
    for column, value in reversed(list(zip(columns, place, strict=True))):
        name = column.lstrip("-")
        rises = column.startswith("-") == back
        if value is None:
            further = Q(**{f"{name}__isnull": False}) if not rises else Q(pk__in=[])
        else:
            further = Q(**{f"{name}__{'gt' if rises else 'lt'}": value})
            if rises and name in ("due_at", "score"):
                further |= Q(**{f"{name}__isnull": True})
        found = further | (Q(**{name: value}) & found)
    return found


def _micros(value: Any) -> Any:
    return (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdecimal() and len(said) < 16


def _read(part: str, name: str) -> Any:
    if not part and name in ("due_at", "score"):
        return None
    if name == "score":
        if not Decimal(part).is_finite():
            raise ValueError(part)
        return Decimal(part)
    whole = int(part)
    if abs(whole) >= 10**17:
        raise ValueError(part)
    return EPOCH + timedelta(microseconds=whole) if name.endswith("_at") else whole
