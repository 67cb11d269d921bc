"""Preferences: what a person wants written about, by which model, and what they want to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .notification import Kind

if TYPE_CHECKING:
    from content.models import User


class Creativity(models.TextChoices):
    """How far a model may stray from the likeliest word; moves the temperature of every call."""

    CAREFUL = "careful", "Careful"
    USUAL = "usual", "As usual"
    BOLD = "bold", "Bold"

    def temperature(self, base: float) -> float:
        """`base` is what this installation asks with when a person says nothing; never below 0."""
        shift = {Creativity.CAREFUL: -0.25, Creativity.BOLD: 0.2}.get(self, 0.0)
        return round(max(base + shift, 0.0), 2)


def usual_topics() -> list[str]:
    return list(settings.TOPICS)


def every_kind() -> list[str]:
    return list(Kind.values)


def kinds_by_mail() -> list[str]:
    return [Kind.FINISHED, Kind.PARTIAL, Kind.FAILED]


class PreferencesQuerySet(models.QuerySet["Preferences"]):
    def of(self, user: User) -> Preferences:
        """This person's; the defaults, not stored, for somebody who never changed any."""
        return self.filter(owner=user).first() or Preferences(owner=user)


class Preferences(models.Model):
    """What one person wants. Nothing is stored until they change something."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    topics = ArrayField(models.CharField(max_length=120), default=usual_topics)
    keywords = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    audience = models.CharField(max_length=200, blank=True)
    tone = models.CharField(max_length=60, blank=True)
    model = models.CharField(max_length=120, blank=True, help_text="Empty: what this installation writes with")
    creativity = models.CharField(max_length=10, choices=Creativity.choices, default=Creativity.USUAL)
    in_app = ArrayField(models.CharField(max_length=20, choices=Kind.choices), default=every_kind, blank=True)
    by_mail = ArrayField(models.CharField(max_length=20, choices=Kind.choices), default=kinds_by_mail, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PreferencesQuerySet.as_manager()

    names_a_person = True

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"the preferences of {self.owner}"
