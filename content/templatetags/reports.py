"""How the reports say their figures."""

from __future__ import annotations

from django import template

from content.services.calibration import Estimate

register = template.Library()


@register.filter
def percent(share: float) -> str:
    """0.714 → “71 %”."""
    return f"{share * 100:.0f} %"


@register.filter
def between(estimate: Estimate) -> str:
    """Where a share lies: “65 to 76 %”."""
    return f"{estimate.low * 100:.0f} to {estimate.high * 100:.0f} %"


@register.filter
def area(figure: float) -> str:
    """0.8149 → “0.81”."""
    return f"{figure:.2f}"
