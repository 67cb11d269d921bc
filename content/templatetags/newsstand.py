"""How the public site says days, sections and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
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
def picture(cover: Mapping[str, Any], sizes: str, css: str = "", alt: str = "", eager: bool = False) -> SafeString:
    """A piece's public picture in the smallest format and size that the reader's browser takes; `sizes` says how wide
    it is shown, as in HTML. One that is `eager` stands at the top of the page, and as a blur until it is there."""
    variants = cover.get("variants", ())
    sources = format_html_join(
        "",
        '<source type="{}" srcset="{}" sizes="{}">',
        ((kind, _srcset(variants, kind), sizes) for kind in ("image/avif", "image/webp") if _srcset(variants, kind)),
    )
    same = _srcset(variants, "image/jpeg")
    size = format_html('width="{}" height="{}"', cover.get("width") or 1200, cover.get("height") or 800)
    image = format_html(
        '<img{}{} src="{}" {} alt="{}"{}>',
        format_html(' class="{}"', css) if css else "",
        format_html(' srcset="{}" sizes="{}"', same, sizes) if same else "",
        cover["url"],
        size,
        alt,
        "" if eager else SafeString(' loading="lazy"'),
    )
    shown = format_html("<picture>{}{}</picture>", sources, image) if sources else image
    if not (eager and cover.get("hint")):
        return shown
    blur = format_html(
        '<img class="{}" src="{}" {} alt="" aria-hidden="true">', f"{css} blur".strip(), cover["hint"], size
    )
    return format_html('<span class="developing">{}{}</span>', blur, shown)


def _srcset(variants: Any, kind: str) -> str:
    return ", ".join(f"{one['url']} {one['width']}w" for one in variants if one["type"] == kind)


@register.simple_tag
def absolute(url: str) -> str:
    """An address with its host; one that has a host already stays as it is."""
    return url if "//" in url else settings.SITE_URL + url
