"""What the lists of the admin share. They cost about the same with a thousand rows as with a million: nothing is counted
to its end, searched without an index, sorted by a column that has none, or asked for all its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from content.forms import number
from content.models import User, Words
from content.models.words import query

COUNTED = 10_000  # PostgreSQL reads every row that it counts; further down a list nobody turns pages
SHOWN = 20  # of a history, on the page of what it is of
PEOPLE = 50  # to choose from; others are found by their e-mail


class ReadOnly:
    """To be looked at: it is written by services, or never again at all."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class Counted(Paginator):
    """Counts no further than `COUNTED`; `is_cut` says that there may be more."""

    @cached_property
    def count(self) -> int:
        assert isinstance(self.object_list, QuerySet)
        return self.object_list.order_by()[:COUNTED].count()

    @property
    def is_cut(self) -> bool:
        return self.count >= COUNTED


class Listed(admin.ModelAdmin):
    """Newest first, 50 a page. `piece` and `person` are the ways to the piece and to the person whose row it is: by them
    rows are found, by the words of the piece's text and by an e-mail address. A number finds the row, or its piece."""

    paginator = Counted
    show_full_result_count = False
    list_per_page = 50
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    sortable_by = ()
    search_fields = ("pk",)  # so that there is a field to type in; see `found`
    search_help_text = "Words of the text, a number, or a person’s e-mail address"
    piece = "piece"
    person = ""

    def get_search_results(self, request, queryset, search_term):
        return self.found(queryset, search_term.replace("\x00", " ").strip()), False

    def found(self, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """The rows that somebody who typed this looks for; each way of looking has an index."""
        if not typed:
            return rows
        if wanted := number(typed.lstrip("#")):
            return self.numbered(rows, wanted)
        if "@" in typed and self.person:
            # Looked up first: PostgreSQL would else walk the rows from the newest on, to the last one for a stranger.
            people = list(User.objects.filter(email__iexact=typed).values_list("pk", flat=True))
            return rows.filter(**{f"{self.person}__in": people})
        return self.saying(rows, typed)

    def numbered(self, rows: QuerySet[Any], wanted: int) -> QuerySet[Any]:
        """The row of that number, and those of the piece of that number."""
        return rows.filter(Q(pk=wanted) | Q((self.piece, wanted)) if self.piece else Q(pk=wanted))

    def saying(self, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Those of pieces with these words."""
        return rows.filter(**{f"{self.piece}__in": saying(typed)}) if self.piece else rows.none()


def saying(typed: str) -> QuerySet[Any]:
    """The keys of the pieces with these words. The limit has PostgreSQL ask the index of words first; without it, a rare
    word is looked for in every row from the newest on."""
    return Words.objects.filter(vector=query(typed)).values("piece")[:COUNTED]


class NewestOnly(BaseInlineFormSet):
    """The first rows of a history: one of hundreds opens as fast as one of three. A list of its own has the others."""

    def get_queryset(self) -> Any:
        if not hasattr(self, "_newest"):
            self._newest = super().get_queryset()[:SHOWN]
        return self._newest


class People(admin.RelatedFieldListFilter):
    """People by name, and not only those who have rows: to know that, all rows are read."""

    def field_choices(self, field, request, model_admin):
        return [(person.pk, str(person)) for person in User.objects.order_by("name", "email")[:PEOPLE]]


def among(parameter: str, values: Callable[[], Iterable[tuple[str, str]]]) -> type[admin.SimpleListFilter]:
    """A filter by values that are known without reading the table."""

    class Among(admin.SimpleListFilter):
        title = parameter.split("__")[0].replace("_", " ")
        parameter_name = parameter

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return list(values())

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset.filter(**{parameter: self.value()}) if self.value() else queryset

    return Among


def indexed(model: type[Model], column: str) -> list[tuple[str, str]]:
    """The values of a column with which an index begins: one look into the index for each of them, see
    https://wiki.postgresql.org/wiki/Loose_indexscan."""
    table, name = (connection.ops.quote_name(part) for part in (model._meta.db_table, column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found AS ((SELECT {name} AS value FROM {table} ORDER BY 1 LIMIT 1) UNION ALL "  # noqa: S608 our own names
            f"SELECT (SELECT {name} FROM {table} WHERE {name} > found.value ORDER BY 1 LIMIT 1) FROM found "
            "WHERE found.value IS NOT NULL) SELECT value FROM found WHERE value <> ''"
        )
        return [(value, value) for (value,) in cursor.fetchall()]
