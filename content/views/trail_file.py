"""The trail's file as an answer, for the page and the API."""

from __future__ import annotations

from django.utils import timezone

from content.models import User
from content.services import trail_export
from content.services.trail_reading import Asked

from .streaming import Streamed


def download(kind: str, asked: Asked, *, by: User) -> Streamed:
    """A download, which no cache keeps."""
    parts = trail_export.export(kind, asked, by=by)
    name = f"audit-{timezone.localtime():%Y-%m-%d-%H%M}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Streamed(parts, content_type=trail_export.TYPES[kind], headers=headers)
