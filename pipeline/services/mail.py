"""Mail: sent from what is stored, one after the other, tried again for a day.

Each is claimed in a transaction of its own, which counts the try and puts the next one off, and is sent with none open.
So a mail goes out at least once: a clock that dies between the server's answer and our note of it sends that one again
later, under the same Message-ID, by which many readers show it once.
"""

from __future__ import annotations

import smtplib
from datetime import timedelta
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string

from content.models import Piece
from pipeline.models import Notification, TaskType

log = structlog.get_logger(__name__)

# Minutes from each try to the next one. The last is only how long the last try may take.
PAUSES = (2, 10, 60, 720, 10)
AT_ONCE = 50


def send_due() -> int:
    """Send what is due, up to 50; how many went out. Safe to run in several clocks."""
    sent = 0
    for _ in range(AT_ONCE):
        told = _claim()
        if told is None:
            break
        sent += _send(told)
    return sent


@transaction.atomic
def _claim() -> Notification | None:
    """The one that is due longest, with this try counted; None when there is none."""
    due = Notification.objects.mail_due().select_for_update(skip_locked=True, of=("self",))
    told = due.select_related("owner", "task").first()
    if told is None:
        return None
    pause = timedelta(minutes=PAUSES[min(told.mail_tries, len(PAUSES) - 1)])
    Notification.objects.filter(pk=told.pk).update(mail_tries=F("mail_tries") + 1, mail_due_at=Now() + pause)
    told.mail_tries += 1
    return told


def _send(told: Notification) -> bool:
    mine = Notification.objects.filter(pk=told.pk)
    if not (settings.MAIL_IS_ON and told.owner.is_active) or told.mail_tries > len(PAUSES):
        mine.update(mail_due_at=None)
        return False
    try:
        message(told).send()
    except Exception as error:  # whatever a mail server says or does; a bug in here, too, is one failed try
        for_good = told.mail_tries >= len(PAUSES) or _refused(error)
        if for_good:
            mine.update(mail_due_at=None)
        log.warning("mail not sent", notification=told.pk, error=type(error).__name__, given_up=for_good)
        return False
    mine.update(mail_due_at=None, mailed_at=Now())
    return True


def _refused(error: Exception) -> bool:
    """The server says that it will never take mail for this address."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    return all(code >= 500 for code, _ in error.recipients.values())


def message(told: Notification) -> EmailMultiAlternatives:
    """The mail: plain, and the same in HTML. What a run made is listed as it stands when the mail is sent."""
    context = {
        "told": told,
        "link": f"{settings.SITE_URL}{told.address}" if told.address else "",
        "ideas": _ideas(told),
        "settings_link": f"{settings.SITE_URL}/desk/settings/notifications/",
        "site_name": settings.SITE_NAME,
    }
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    mail = EmailMultiAlternatives(
        subject=f"[{' '.join(settings.SITE_NAME.split())}] {told.title}",
        body=render_to_string("pipeline/mail/notification.txt", context),
        to=[told.owner.email],
        headers={
            "Message-ID": f"<notification-{told.pk}@{host}>",
            "Date": formatdate(told.created_at.timestamp()),
            "Auto-Submitted": "auto-generated",
        },
        connection=get_connection(),
    )
    mail.attach_alternative(render_to_string("pipeline/mail/notification.html", context), "text/html")
    return mail


def _ideas(told: Notification) -> list[dict[str, Any]]:
    """[{idea, pieces: [{platform, says, link}]}] of a daily run; what was not written is not linked."""
    if told.task is None or told.task.type != TaskType.DAILY_WORKFLOW:
        return []
    pieces = Piece.objects.filter(stages__task=told.task, deleted_at=None).select_related("idea", "current").distinct()
    found: dict[int, dict[str, Any]] = {}
    for piece in pieces.order_by("idea", "pk"):
        entry = found.setdefault(piece.idea_id, {"idea": piece.idea, "pieces": []})
        version = piece.current
        entry["pieces"].append(
            {
                "platform": piece.on.name,
                "says": str(version.facts.get("says") or "") if version else "not written",
                "link": f"{settings.SITE_URL}{piece.get_absolute_url()}" if version else "",
            }
        )
    return list(found.values())
