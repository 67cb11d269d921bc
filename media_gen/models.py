"""Pictures: candidates until a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.urls import reverse

if TYPE_CHECKING:
    from content.models import User


class ImageStatus(models.TextChoices):
    CANDIDATE = "candidate", "Candidate"
    CHOSEN = "chosen", "Chosen"
    NOT_CHOSEN = "not_chosen", "Not chosen"
    EXPIRED = "expired", "Expired"  # nobody chose it, and its preview was cleaned up


class ImageQuerySet(models.QuerySet["Image"]):
    def unchosen(self) -> ImageQuerySet:
        """Those that lie in the private storage and that nobody chose, or that gave way to another."""
        return self.filter(status__in=[ImageStatus.CANDIDATE, ImageStatus.NOT_CHOSEN])

    def with_preview(self) -> ImageQuerySet:
        """Those whose preview is still needed."""
        return self.exclude(status=ImageStatus.EXPIRED)

    def visible_to(self, user: User) -> ImageQuerySet:
        kept = self.filter(piece__deleted_at=None)
        return kept if user.reviews else kept.filter(piece__owner=user)


class Image(models.Model):
    """A picture for a piece. `preview` names a file of the private storage, `public` one of the public storage.

    `made` says how: {title, seed, prompt, negative, model, steps, …}, enough to make the same picture again. `facts` are
    the public facts of a picture that was chosen. Width and height in pixels. `by` uploaded it, `chosen_by` approved it.
    `error` is why it could not be made public, until it is.
    """

    piece = models.ForeignKey("content.Piece", models.PROTECT, related_name="images")
    source = models.CharField(max_length=20)
    status = models.CharField(max_length=12, choices=ImageStatus.choices, default=ImageStatus.CANDIDATE)
    preview = models.CharField(max_length=200)
    public = models.CharField(max_length=200, blank=True)
    alt = models.CharField(max_length=300, blank=True)
    credit = models.CharField(max_length=200, blank=True)
    credit_url = models.URLField(max_length=500, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    seconds = models.FloatField(default=0)
    made = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chosen_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=80, help_text="One picture per key and piece, however often its stage runs")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ImageQuerySet.as_manager()

    class Meta:
        ordering = ["piece", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint("piece", "key", name="one_image_per_key"),
            models.UniqueConstraint("piece", condition=models.Q(status=ImageStatus.CHOSEN), name="one_chosen_image"),
        ]

    def __str__(self) -> str:
        return f"{self.source} picture {self.pk}"

    def get_preview_url(self) -> str:
        """Private: served through a permission check."""
        return reverse("image-preview", args=[self.pk])
