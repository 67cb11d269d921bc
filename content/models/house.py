"""House rules: what this desk prints, and who may approve it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models


class HouseRules(models.Model):
    """One row for the whole installation. What is not set here is as the environment says
    (`services/house.py rules`)."""

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
