"""What the queue and the verdict bar say of a piece."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django import template
from django.contrib.messages.storage.base import Message

from content.models import User
from content.services.review import UNDO_WITHIN
from content.services.triage import Count

from .desk import in_words

register = template.Library()

TAG = re.compile(r"\bundo-(\d+)-(\d+)\b")


@dataclass(frozen=True)
class Undoes:
    """What a message offers to undo, and for how long."""

    decision: int
    piece: int
    seconds: int


@register.filter
def undoes(message: Message) -> Undoes | None:
    """The decision that the message tells of, if its tags name one (`content.views.deciding.after`)."""
    found = TAG.search(message.extra_tags or "")
    return Undoes(int(found[1]), int(found[2]), int(UNDO_WITHIN.total_seconds())) if found else None


@register.filter
def reads(reader: User, user: User) -> str:
    """“You are reading”, “Ines is reading”."""
    return "You are reading" if reader == user else f"{reader.get_short_name()} is reading"


@register.filter
def said(count: Count) -> str:
    """How many, as a heading says it: “seven”, “23”, “1,000+”."""
    return str(count) if count.is_capped else in_words(count.number)
