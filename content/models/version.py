"""Versions: the numbered, immutable texts of a piece."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from content.checks.base import Report

if TYPE_CHECKING:
    from .user import User


def digest(title: str, body: str) -> str:
    """What a decision is pinned to: sha256 of title and body, in hexadecimal."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).hexdigest()


class VersionQuerySet(models.QuerySet["Version"]):
    def visible_to(self, user: User) -> VersionQuerySet:
        kept = self.filter(piece__deleted_at=None)
        return kept if user.reviews else kept.filter(piece__owner=user)

    def light(self) -> VersionQuerySet:
        """Without the heavy columns, for lists."""
        return self.select_related("by").defer("body", "record")


class Version(models.Model):
    """One text of a piece, by a model (`by` is empty, `model` names it) or by a person. It never changes.

    The database refuses that (triggers of migration 0004).

    `report` is the score with its findings (`content.checks.base.Report`). `record` is the generation record:
    {"calls": [{provider, model, digest, prompt, template, messages, options, seed, tokens, seconds, output}],
    …}; empty for a person's words. `facts` holds what is published beside the text: slug, excerpt, tags,
    image_prompt and the chosen picture's public facts.
    """

    piece = models.ForeignKey("content.Piece", models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    stage = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    body = models.TextField()
    hash = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="versions")
    model = models.CharField(max_length=120, blank=True)
    note = models.CharField(max_length=300, blank=True)
    facts = models.JSONField(default=dict)
    score = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    report = models.JSONField(default=dict)
    record = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["piece", "number"]
        constraints = [models.UniqueConstraint("piece", "number", name="one_version_per_number")]

    def __str__(self) -> str:
        return f"version {self.number} of “{self.title}”"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.hash = digest(self.title, self.body)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return f"{reverse('piece', args=[self.piece_id])}?version={self.number}"

    @property
    def author(self) -> str:
        return str(self.by) if self.by else self.model

    @property
    def checks(self) -> Report:
        return Report.from_dict(self.report)

    @property
    def words(self) -> int:
        return int(self.facts.get("word_count", 0))

    @property
    def says(self) -> str:
        """The one figure that a list shows of it: “214 words”, “Thread of 4”."""
        return str(self.facts.get("says") or f"{self.words:,} words")
