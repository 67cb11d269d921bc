"""How the desk says what something costs."""

from __future__ import annotations

from decimal import Decimal

from django import template

register = template.Library()

CENT = Decimal("0.01")


@register.filter
def dollars(amount: Decimal | float | None) -> str:
    """0.1142 → “$0.11”, 1234.5 → “$1,234.50”, what is less than a cent “under $0.01”, None → “price unknown”."""
    if amount is None:
        return "price unknown"
    exact = Decimal(str(amount))
    return f"${exact:,.2f}" if exact >= CENT or not exact else "under $0.01"
