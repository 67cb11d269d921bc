"""What a page is asked to show: its filters, as they stand in the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseRedirect, QueryDict

from content import platforms
from content.models import Idea, Piece, User
from content.models.piece import ROAD, PieceQuerySet

Place = tuple[datetime, int]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = "“%(value)s” is not a day. Write it as 2026-11-21. It was left out."


class _Day(forms.DateField):
    def __init__(self, label: str) -> None:
        picker = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(label=label, required=False, input_formats=["%Y-%m-%d"], widget=picker)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(NO_DATE, params={"value": str(value)[:40]}) from None


class InAddress(forms.Form):
    """Days and other filters; each narrows what is shown, and one that makes no sense is left out, and said so."""

    def __init__(self, asked: QueryDict) -> None:
        # Only the first of each: an address can name one twice.
        super().__init__({name: asked[name] for name in asked})
        self.fields["from"], self.fields["to"] = _Day("From"), _Day("To")

    def clean(self) -> dict[str, Any]:
        kept = super().clean() or {}
        first, last = kept.get("from"), kept.get("to")
        if first and last and first > last:
            self.add_error("to", "It ends before it begins. Take a later day. It was left out.")
        return self.cleaned_data

    @property
    def wanted(self) -> dict[str, Any]:
        """The filters that are set and make sense."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class PlatformField(forms.ChoiceField):
    """One platform, or all."""

    def __init__(self) -> None:
        super().__init__(
            label="Platform",
            required=False,
            choices=[("", "All platforms"), *((slug, platform.name) for slug, platform in platforms.ALL.items())],
            error_messages={"invalid_choice": "There is no platform “%(value)s”. It was left out."},
        )


class Filters(InAddress):
    """The board's."""

    category = forms.CharField(required=False, max_length=80, widget=forms.Select)
    q = forms.CharField(label="Words in it", required=False, max_length=200)

    def __init__(self, asked: QueryDict, *, by: User) -> None:
        super().__init__(asked)
        self.fields["platform"] = PlatformField()
        self.order_fields(["from", "to", "platform", "category", "q"])
        self.fields["q"].widget.input_type = "search"
        self.status = asked.get("status", "") if asked.get("status") in set(ROAD) else ""
        self.place = place_from(asked.get("before", ""))
        self._by = by
        self.is_valid()
        self.fields["category"].widget.choices = [("", "All categories"), *self._categories()]

    def _categories(self) -> list[tuple[str, str]]:
        """Those that there are, each in one spelling; the one that was asked for is always among them."""
        ideas = Idea.objects.visible_to(self._by).exclude(category="").order_by("category")
        chosen = self.wanted.get("category", "")
        spelled = {name.casefold(): name for name in ideas.values_list("category", flat=True).distinct()}
        if chosen:
            spelled[chosen.casefold()] = chosen
        return [(name, name) for _, name in sorted(spelled.items())]

    def narrow(self, pieces: PieceQuerySet) -> PieceQuerySet:
        """The pieces that were asked for, of every status."""
        wanted = self.wanted
        pieces = pieces.made(wanted.get("from"), wanted.get("to"))
        if platform := wanted.get("platform"):
            pieces = pieces.filter(platform=platform)
        if category := wanted.get("category"):
            pieces = pieces.about(category)
        if words := wanted.get("q"):
            pieces = pieces.saying(words)
        return pieces

    def address(self, *, status: str | None = None, before: str = "") -> str:
        """The query string of these filters under a status (this one unless said), after a place; "" or "?…"."""
        said = QueryDict(mutable=True)
        status = self.status if status is None else status
        for name, value in (("status", status), *self.wanted.items(), ("before", before)):
            if value:
                said[name] = str(value)
        return f"?{said.urlencode()}" if said else ""


def without_empty(request: HttpRequest) -> HttpResponseRedirect | None:
    """Where a form has sent its empty fields along: the same address without them."""
    if all(request.GET.values()):
        return None
    kept = request.GET.copy()
    for name in [name for name in kept if not kept[name]]:
        del kept[name]
    return HttpResponseRedirect(f"{request.path}?{kept.urlencode()}" if kept else request.path)


def place_of(piece: Piece) -> str:
    """Where a piece stands in the order of the board, for an address."""
    return place_at(piece.updated_at, piece.pk)


def place_at(moment: datetime, pk: int) -> str:
    """A place in a list that begins with the newest."""
    return f"{(moment - EPOCH) // timedelta(microseconds=1)}-{pk}"


def place_from(said: str) -> Place | None:
    """Reads `place_at`; None, which is the beginning, for anything else."""
    moment, _, pk = said.partition("-")
    if not all(part.isascii() and part.isdecimal() and len(part) < 17 for part in (moment, pk)):
        return None
    return EPOCH + timedelta(microseconds=int(moment)), int(pk)
