"""Deliveries: what an external CMS has of a post."""

from __future__ import annotations

from django.db import models


class DeliveryState(models.TextChoices):
    NEVER = "never", "Not sent yet"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class Delivery(models.Model):
    """One post at one target. Whoever sends holds it by `token` until `held_until`, so that of many who send at once
    one does, and a sender that died is not waited for long.

    `external_id` is ours and goes with every write, so that what is there already is found whatever an answer that got
    lost would have said. `digest` is of what the target has.
    """

    post = models.ForeignKey("content.Post", models.CASCADE, related_name="deliveries")
    target = models.CharField(max_length=60)
    external_id = models.CharField(max_length=80)
    document_id = models.CharField(max_length=80, blank=True, help_text="What the target calls it")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.NEVER)
    public_url = models.URLField(max_length=500, blank=True)
    desk_url = models.URLField(max_length=500, blank=True, help_text="Where an editor finds it at the target")
    pictures = models.JSONField(default=dict, blank=True, help_text="{address of a picture: its id at the target}")
    digest = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    token = models.UUIDField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["target"]
        constraints = [models.UniqueConstraint("post", "target", name="one_delivery_per_post_and_target")]

    def __str__(self) -> str:
        return f"“{self.post}” at {self.target}"
