"""Days of this installation's clock, as what the database keeps."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone


def within(field: str, first: date | None = None, last: date | None = None) -> Q:
    """Rows whose `field` is from the beginning of `first` to the end of `last`; without them there is no such end."""
    found = Q((f"{field}__gte", _midnight(first))) if first else Q()
    return found & Q((f"{field}__lt", _midnight(last + timedelta(days=1)))) if last and last < date.max else found


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
