"""How the public site says days, sections and addresses."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from content.models import Post

register = template.Library()


@register.filter
def day(moment: datetime) -> str:
    """“today”, “Thursday” within a week, “18 November”, “18 November 2025” in other years."""
    local, now = timezone.localtime(moment), timezone.localtime()
    days = (now.date() - local.date()).days
    if days == 0:
        return "today"
    if 0 < days < 7:
        return f"{local:%A}"
    return f"{local.day} {local:%B}" if local.year == now.year else f"{local.day} {local:%B %Y}"


@register.simple_tag
def kicker(post: Post) -> SafeString:
    """The category above a title, as a link; nothing where there is none."""
    slug = slugify(post.category, allow_unicode=True)
    if not slug:
        return SafeString("")
    return format_html('<a class="kick" href="{}">{}</a>', reverse("category", args=[slug]), post.category)


@register.simple_tag
def absolute(url: str) -> str:
    """An address with its host; one that has a host already stays as it is."""
    return url if "//" in url else settings.SITE_URL + url
