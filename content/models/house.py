"""House rules: what this desk prints, and who may approve it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


@dataclass(frozen=True)
class Rules:
    """The rules as they hold: what an admin set, else what the environment says."""

    banned: tuple[str, ...]
    needs_second_person: bool
    pass_mark: float


class HouseRules(models.Model):
    """One row for the whole installation. What is not set here is as the environment says; ask `in_force`."""

    banned = ArrayField(models.CharField(max_length=120), null=True, blank=True)
    needs_second_person = models.BooleanField(null=True, blank=True)
    pass_mark = models.DecimalField(
        max_digits=3, decimal_places=1, null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(10)]
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "house rules"
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_row_of_house_rules")]

    def __str__(self) -> str:
        return "the house rules"

    @classmethod
    def in_force(cls) -> Rules:
        """Read anew each time, by primary key: an approval must not pass by yesterday's rule, in any process."""
        kept = cls.objects.filter(pk=1).first() or cls()
        return Rules(
            banned=tuple(settings.BANNED_PHRASES if kept.banned is None else kept.banned),
            needs_second_person=(
                settings.NEEDS_SECOND_PERSON if kept.needs_second_person is None else kept.needs_second_person
            ),
            pass_mark=float(settings.PASS_MARK if kept.pass_mark is None else kept.pass_mark),
        )
