"""Pictures in the admin: to be looked at. One is chosen at the desk."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html

from content.admin import Listed, People, ReadOnly, among
from media_gen import sources
from media_gen.models import Image, ImageStatus


@admin.register(Image)
class ImageAdmin(ReadOnly, Listed):
    list_display = ("thumbnail", "piece", "source", "status", "alt", "error", "chosen_by", "created_at")
    list_display_links = ("thumbnail", "piece")
    list_filter = (
        "status",
        among("source", lambda: [(name, name) for name in sources.NAMES]),
        ("chosen_by", People),
        "created_at",
    )
    list_select_related = ("piece", "chosen_by")
    readonly_fields = ("thumbnail",)
    person = "chosen_by"

    @admin.display(description="picture")
    def thumbnail(self, image):
        """Through the permission check, like every preview; nothing where it was cleaned up."""
        if image.status == ImageStatus.EXPIRED:
            return "–"
        height = round(160 * image.height / max(image.width, 1))
        markup = '<img src="{}" width="160" height="{}" alt="" loading="lazy">'
        return format_html(markup, image.get_preview_url(), height)
