"""How the desk says times, numbers and scores. All of it in words an editor would use."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince

register = template.Library()

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TAGS = re.compile(r"(?<![\w&/])#\d*[^\W\d]\w*|https?://\S+")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of the sprite; a word stands beside it, so screen readers skip it."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.filter
def tagged(text: str) -> SafeString:
    """A post's text with its hashtags and links in the colour that they have there; they lead nowhere."""
    at, parts = 0, []
    for found in TAGS.finditer(text):
        parts += [conditional_escape(text[at : found.start()]), format_html('<span class="tag">{}</span>', found[0])]
        at = found.end()
    return mark_safe("".join([*parts, conditional_escape(text[at:])]))  # every part is escaped


@register.filter
def in_words(number: int) -> str:
    """0 to 12 as a word: “seven”; 0 is “no”. More in figures."""
    return NUMBERS[number] if 0 <= number < len(NUMBERS) else str(intcomma(number))


@register.filter
def seconds(value: float | None) -> str:
    """12.4 → “12.4 s”, None → “–”. From 10 min on in minutes."""
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 600 else minutes(value)


@register.filter
def whole_seconds(value: float | None) -> str:
    """12.4 → “12 s”: while they tick, tenths would only flicker."""
    if value is None:
        return "–"
    return f"{int(value)} s" if value < 600 else minutes(value)


@register.filter
def minutes(value: float | None) -> str:
    """242 → “4 min 02 s”, 40 → “40 s”, 3700 → “1 h 02 min”, None → “–”."""
    if value is None:
        return "–"
    whole = max(round(value), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"


@register.filter
def about(value: float | None) -> str:
    """An estimate is not precise and does not pretend to be: 131 → “about 2 min”, 40 → “less than a minute”."""
    if value is None:
        return ""
    if value < 50:
        return "less than a minute"
    if value < 5400:
        return f"about {round(value / 60) or 1} min"
    return f"about {round(value / 3600)} h"


@register.filter
def score(value: Any) -> str:
    """One decimal: 8 → “8.0”; “–” while there is none."""
    return "–" if value in (None, "") else f"{float(value):.1f}"


@register.filter
def points(value: Any) -> str:
    """Points with their sign, a real minus: -1.2 → “−1.2”."""
    number = float(value)
    return f"{'−' if number < 0 else '+'}{abs(number):.1f}"


@register.filter
def ago(moment: datetime | None) -> str:
    """“just now”, “4 minutes ago”, in the largest unit only."""
    if moment is None:
        return ""
    if (timezone.now() - moment).total_seconds() < 60:
        return "just now"
    return f"{timesince(moment, depth=1)} ago".replace("\xa0", " ")


@register.filter
def clock(moment: datetime | None) -> str:
    """When it was or will be, as briefly as it stays clear: “09:41” today, “Wednesday 09:41” within a week, “3 November”."""
    if moment is None:
        return ""
    local, now = timezone.localtime(moment), timezone.localtime()
    days = (now.date() - local.date()).days
    if days == 0:
        return f"{local:%H:%M}"
    if abs(days) == 1:
        return f"{'yesterday' if days == 1 else 'tomorrow'} {local:%H:%M}"
    if abs(days) < 7:
        return f"{local:%A %H:%M}"
    return f"{local.day} {local:%B}" if local.year == now.year else f"{local.day} {local:%B %Y}"
