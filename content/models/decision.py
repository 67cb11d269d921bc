"""Decisions: what a reviewer, or a guest whom one asked, said of exactly one version."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Verdict(models.TextChoices):
    APPROVED = "approved", "Approved"
    CHANGES_REQUESTED = "changes_requested", "Changes requested"
    REJECTED = "rejected", "Rejected"
    REVOKED = "revoked", "Approval taken back"


class Decision(models.Model):
    """A verdict, pinned to a version's hash. The database refuses to change or remove it (triggers of migration 0004)."""

    piece = models.ForeignKey("content.Piece", models.PROTECT, related_name="decisions")
    version = models.ForeignKey("content.Version", models.PROTECT, related_name="decisions")
    version_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    feedback = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="decisions")
    guest = models.OneToOneField("content.GuestLink", models.PROTECT, null=True, related_name="decision")
    status_before = models.CharField(max_length=10, blank=True, help_text="Of the piece; where undoing leads back to")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["by", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="decided_by_one",
                condition=models.Q(by=None, guest__isnull=False) | models.Q(guest=None, by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.who}"

    @property
    def who(self) -> str:
        """The reviewer’s name, or the guest’s."""
        return str(self.by or self.guest)

    @property
    def first_name(self) -> str:
        return self.by.get_short_name() if self.by else f"{self.guest.name} (a guest)" if self.guest else ""

    @property
    def byline(self) -> str:
        """What readers are told of who decided."""
        return self.by.byline if self.by else self.guest.name if self.guest else ""
