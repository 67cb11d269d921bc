"""Deliveries: what an external CMS has of a post."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from .stage import in_seconds

if TYPE_CHECKING:
    from content.models import Post


class DeliveryState(models.TextChoices):
    NEVER = "never", "Not sent yet"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    WITHDRAWN = "withdrawn", "Withdrawn"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def to(self, post: Post, target: str) -> Delivery:
        """The one row of this post at that target, made when it is first asked for."""
        # The same for the same post whatever is lost here, and not that of another installation's post.
        mark = f"copydesk-{salted_hmac('pipeline.delivery', str(post.pk)).hexdigest()[:24]}"
        return self.get_or_create(post=post, target=target, defaults={"external_id": mark})[0]

    def take(self, pk: int, token: uuid.UUID, seconds: float) -> bool:
        """Hold it for so long; False while somebody else does. Of many who ask at once one has it."""
        free = Q(token=None) | Q(token=token) | Q(held_until__lt=Now())
        return bool(self.filter(free, pk=pk).update(token=token, held_until=in_seconds(seconds)))

    def write(self, pk: int, token: uuid.UUID, /, **changes: Any) -> bool:
        """Write to it as its holder; False if it is held by another one by now."""
        return bool(self.filter(pk=pk, token=token).update(**changes))


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

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["target"]
        constraints = [models.UniqueConstraint("post", "target", name="one_delivery_per_post_and_target")]

    def __str__(self) -> str:
        return f"“{self.post}” at {self.target}"
