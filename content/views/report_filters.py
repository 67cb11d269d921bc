"""What a report is asked to show, as it stands in the address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Exists, OuterRef
from django.http import QueryDict

from content.models import Decision, User
from content.services import trail_reading
from content.services.calibration import Cell
from content.services.trail_reading import Asked

from .filtering import InAddress, PlatformField, place_from

GUESTS, NOBODY = "guests", "nobody"
MOST = 2**63 - 1  # of a number in the database


class ScoreFilters(InAddress):
    """Whose decisions, on what, from when to when."""

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked)
        deciders = User.objects.filter(Exists(Decision.objects.filter(by=OuterRef("pk")))).order_by("name", "email")
        self.names = {person.pk: str(person) for person in deciders}
        self.fields["platform"] = PlatformField()
        self.fields["by"] = forms.ChoiceField(
            label="Decided by",
            required=False,
            choices=[("", "Anyone"), *((str(pk), name) for pk, name in self.names.items()), (GUESTS, "Guests")],
            error_messages={"invalid_choice": "Nobody of that name has decided. It was left out."},
        )
        self.order_fields(["platform", "by", "from", "to"])
        self.is_valid()

    def fits(self, cell: Cell) -> bool:
        return self.fits_person(cell) and cell.platform == self.wanted.get("platform", cell.platform)

    def fits_person(self, cell: Cell) -> bool:
        by = self.wanted.get("by")
        return by is None or (GUESTS if cell.by is None else str(cell.by)) == by

    def narrow(self, decisions: Any) -> Any:
        """The same, of decisions one by one; their days are chosen already."""
        wanted = self.wanted
        if platform := wanted.get("platform"):
            decisions = decisions.filter(piece__platform=platform)
        if by := wanted.get("by"):
            decisions = decisions.filter(by=None if by == GUESTS else int(by))
        return decisions


class AuditFilters(InAddress):
    """What happened, by whom, to what, and when. `type` and `object` come with a link, `before` with the next page."""

    event = forms.CharField(required=False, max_length=60, widget=forms.Select)
    q = forms.CharField(label="Words of its name", required=False, max_length=200)
    request = forms.CharField(label="Request", required=False, max_length=64)
    type = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    object = forms.IntegerField(required=False, min_value=0, max_value=MOST, widget=forms.HiddenInput)

    def __init__(self, asked: QueryDict, *, by: User) -> None:
        super().__init__(asked)
        people = User.objects.order_by("name", "email") if by.reviews else User.objects.none()
        self.fields["actor"] = forms.ChoiceField(
            label="Who",
            required=False,
            choices=[
                *(("", "Anyone"), (NOBODY, "Nobody signed in")),
                *((str(person.pk), str(person)) for person in people.only("name", "email")),
            ],
            error_messages={"invalid_choice": "There is nobody of that number here. It was left out."},
        )
        self.order_fields(["event", "actor", "from", "to", "q", "request"])
        self.fields["q"].widget.input_type = "search"
        self.fields["request"].widget.attrs["autocomplete"] = "off"
        self.place = place_from(asked.get("before", ""))
        self.is_valid()
        self.fields["event"].widget.choices = self._events(trail_reading.events(by))

    def _events(self, names: list[str]) -> list[Any]:
        """Each under the first part of its name, which can be chosen as a whole; the one asked for is always there."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in sorted({*names, *filter(None, [self.wanted.get("event", "").rstrip(".")])}):
            first = name.split(".")[0]
            group = groups.setdefault(first, [(f"{first}.", f"{first}: all")])
            if name != first:
                group.append((name, name))
        return [("", "All events"), *groups.items()]

    @property
    def asked(self) -> Asked:
        wanted = self.wanted
        actor = wanted.get("actor", "")
        return Asked(
            event=wanted.get("event", ""),
            actor=int(actor) if actor not in ("", NOBODY) else None,
            by_nobody=actor == NOBODY,
            object_type=wanted.get("type", ""),
            object_id=wanted.get("object"),
            first=wanted.get("from"),
            last=wanted.get("to"),
            words=wanted.get("q", ""),
            request_id=wanted.get("request", ""),
        )

    def address(self, **more: str) -> str:
        """The query string of these filters, and of what else is said; "" or "?…"."""
        said = QueryDict(mutable=True)
        for name, value in {**self.wanted, **more}.items():
            said[name] = str(value)
        return f"?{said.urlencode()}" if said else ""
