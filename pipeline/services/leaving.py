"""What the machine's desk holds of a person who is erased."""

from __future__ import annotations

from django.db.models import Q

from content.models import User
from pipeline.models import Notification, Preferences, Schedule


def forget(person: User, name: str) -> None:
    """Their wishes and what they were told go, and what others were told that names them. Their tasks stay."""
    Schedule.objects.filter(owner=person).update(is_on=False)
    Preferences.objects.filter(owner=person).delete()
    Notification.objects.filter(Q(owner=person) | Q(title__contains=name) | Q(text__contains=name)).delete()
