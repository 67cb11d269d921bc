"""Finding texts by the words in them, with an index and without a sequential scan."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models.functions import Left

LANGUAGE = "simple"  # no stemming: pieces may be in any language, and a prefix finds most forms


def vector(*columns: Any) -> SearchVector:
    """What an index holds of these columns; a query has to use the very same expression."""
    return SearchVector(*columns, config=LANGUAGE)


def opening(column: str) -> Left:
    """The part of a long text that is searched: a tsvector holds at most 1 MB, and refuses the row beyond that."""
    return Left(column, 100_000)


def query(typed: str) -> SearchQuery:
    """Texts that have a word beginning with each one of `typed`, in any order.

    PostgreSQL cuts the words as it cut the text (“2.1”, “heat-pump”); what it sees no word in finds nothing.
    """
    quoted = [word.replace("\\", "\\\\").replace("'", "''") for word in typed.replace("\x00", " ").split()]
    return SearchQuery(" & ".join(f"'{word}':*" for word in quoted), config=LANGUAGE, search_type="raw")
