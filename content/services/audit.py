"""The audit trail: one line for each thing that happened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import structlog
from django.db import models

from content.models import AuditEntry, GuestLink, User


def record(
    event: str,
    subject: models.Model | None = None,
    *,
    by: User | None = None,
    guest: GuestLink | None = None,
    personal: dict[str, Any] | None = None,
    **data: Any,
) -> AuditEntry:
    """Add a line: `event` is a name such as `piece.approved`, `subject` what it happened to, `data` the rest.

    Call it inside the transaction of the thing itself, so that neither stands without the other. The request
    id and address are those that django-structlog has bound to this request, if there is one.

    `data` stays for good: no name and no e-mail address goes there, but into `personal`, which is blanked when the
    person is erased. Those of the subject, of `by` and of a `guest` are looked after here.
    """
    entry = _entry(event, subject, by, guest, personal or {}, data)
    entry.save(force_insert=True)
    return entry


def record_each(event: str, subjects: Iterable[models.Model], *, by: User | None = None, **data: Any) -> None:
    """One line for each of them, at once."""
    AuditEntry.objects.bulk_create(_entry(event, subject, by, None, {}, data) for subject in subjects)


def _entry(
    event: str,
    subject: models.Model | None,
    by: User | None,
    guest: GuestLink | None,
    personal: dict[str, Any],
    data: dict[str, Any],
) -> AuditEntry:
    request = structlog.contextvars.get_contextvars()
    name = str(subject)[:300] if subject else ""
    if name and getattr(subject, "names_a_person", False):
        name, personal = "", {"name": name, **personal}
    if guest:
        personal, data = {"guest": guest.name, **personal}, {"link": guest.pk, **data}
    return AuditEntry(
        event=event,
        actor=by,
        object_type=subject._meta.model_name or "" if subject else "",
        object_id=subject.pk if subject else None,
        object_name=name,
        data=data,
        personal=personal,
        request_id=str(request.get("request_id") or "")[:64],
        ip=request.get("ip") or None,
        agent=str(request.get("user_agent") or "")[:300],
    )
