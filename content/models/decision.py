"""Decisions: what a reviewer said of exactly one version."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"
    REVOKED = "revoked", "Approval taken back"


class Decision(models.Model):
    """A verdict, pinned to a version's hash. The database refuses to change or remove it."""

    piece = models.ForeignKey("content.Piece", models.PROTECT, related_name="decisions")
    version = models.ForeignKey("content.Version", models.PROTECT, related_name="decisions")
    version_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    feedback = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        triggers = [pgtrigger.Protect(name="decision_never_changes", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.by}"
