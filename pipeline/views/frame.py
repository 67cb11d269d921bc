"""What the machine adds to every page of the desk: the bell."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db.models import Count, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from pipeline.models import Notification

SHOWN = 8


def bell(request: HttpRequest) -> dict[str, Any]:
    """Template context: the newest notifications, each with `unread` beside it, in one query where a template asks."""

    @cache
    def newest() -> list[Notification]:
        if not request.user.is_authenticated:
            return []
        mine = Notification.objects.of(request.user)
        unread = mine.unread().order_by().values("owner").annotate(total=Count("pk")).values("total")
        return list(mine.annotate(unread=Coalesce(Subquery(unread), 0))[:SHOWN])

    return {
        "bell": newest,
        "unread": lambda: newest()[0].unread if newest() else 0,  # type: ignore[attr-defined]
    }
