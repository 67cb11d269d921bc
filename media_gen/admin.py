"""Pictures in the admin: to be looked at. One is chosen at the desk."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html

from content.admin import ReadOnly
from media_gen.models import Image, ImageStatus


@admin.register(Image)
class ImageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("thumbnail", "piece", "source", "status", "alt", "error", "chosen_by", "created_at")
    list_display_links = ("thumbnail", "piece")
    list_filter = ("status", "source")
    list_select_related = ("piece", "chosen_by")
    search_fields = ("piece__title", "alt", "credit")
    date_hierarchy = "created_at"
    readonly_fields = ("thumbnail",)

    @admin.display(description="picture")
    def thumbnail(self, image):
        """Through the permission check, like every preview; nothing where it was cleaned up."""
        if image.status == ImageStatus.EXPIRED:
            return "–"
        height = round(160 * image.height / max(image.width, 1))
        return format_html('<img src="{}" width="160" height="{}" alt="">', image.get_preview_url(), height)
