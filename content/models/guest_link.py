"""Guest links: somebody without an account reads one version and decides on it once."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class GuestLink(models.Model):
    """Asked by a reviewer, who answers for it: what the reviewer may not decide, the guest may not either.

    The address is signed and names the link; only its row says whether it still leads somewhere.
    """

    version = models.ForeignKey("content.Version", models.PROTECT, related_name="guest_links")
    name = models.CharField(max_length=120, help_text="The guest’s, as their decision will name them")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="guest_links")
    created_at = models.DateTimeField(auto_now_add=True)
    ends_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, editable=False)
    taken_back_at = models.DateTimeField(null=True, editable=False)

    names_a_person = True

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name}, a guest of {self.asked_by}"
