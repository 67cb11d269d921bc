"""How pages show pictures that are public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


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
        SafeString(' fetchpriority="high"' if eager else ' loading="lazy"'),
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
