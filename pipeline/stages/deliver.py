"""Deliver: one post to one target, as it is public now."""

from __future__ import annotations

from typing import Any

from pipeline import events, publishers
from pipeline.models import Delivery, DeliveryState

from . import Output
from .base import Work
from .delivering import bring_in_step


def run(work: Work) -> Output:
    """{says, target, state, external_id, external_url, public_url}; the stage's key names the target."""
    delivery = bring_in_step(work, publishers.get(work.stage.key))
    return lambda: _told(work, delivery)


def _told(work: Work, delivery: Delivery) -> dict[str, Any]:
    where = {
        "target": delivery.target,
        "external_id": delivery.document_id,
        "external_url": delivery.desk_url,
        "public_url": delivery.public_url,
    }
    is_there = delivery.state == DeliveryState.SENT
    if is_there:
        events.emit(work.task, "published", **work.which, **where)
    return {"says": "Up to date" if is_there else "Taken off", "state": delivery.state, **where}
