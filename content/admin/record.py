"""What is public, and the trail."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.postgres.search import SearchVector
from django.db.models import Q

from content.models import AuditEntry, AuditLane, FormerAddress, Post, TrailCheck
from content.models.words import query

from .base import Listed, People, ReadOnly, among, indexed

HEAVY = ("body", "html", "text", "vector", "line_json", "whole_json", "line_html", "head_html", "article_html")


@admin.register(Post)
class PostAdmin(ReadOnly, Listed):
    list_display = ("title", "slug", "category", "author", "reviewer", "published_at", "withdrawn_at")
    list_filter = (
        among("category_slug", lambda: indexed(Post, "category_slug")),
        ("withdrawn_at", admin.EmptyFieldListFilter),
        "published_at",
    )

    def get_queryset(self, request):
        return super().get_queryset(request).defer(*HEAVY)


@admin.register(FormerAddress)
class FormerAddressAdmin(ReadOnly, Listed):
    list_display = ("slug", "post", "since")
    piece = "post__piece"
    search_help_text = "The whole former address, words of the text, or a number"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("post").defer(*(f"post__{name}" for name in HEAVY))

    def saying(self, rows, typed):
        exact = rows.filter(slug=typed.strip("/").removeprefix("posts/"))
        return exact if exact.exists() else super().saying(rows, typed)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, Listed):
    list_display = ("created_at", "event", "who", "object_type", "object_id", "about", "ip")
    list_filter = (
        among("event", lambda: indexed(AuditEntry, "event")),
        among("object_type", lambda: indexed(AuditEntry, "object_type")),
        ("actor", People),
        "created_at",
    )
    list_select_related = ("actor",)
    exclude = ("origin_seal", "origin_salt", "personal_seal", "personal_salt")
    readonly_fields = ("who", "about")
    ordering = ("-created_at", "-pk")
    search_help_text = "An event or its beginning, words of what it happened to, a request, a number, or an e-mail"
    person = "actor"

    def numbered(self, rows, wanted):
        return rows.filter(Q(pk=wanted) | Q(object_type="piece", object_id=wanted))

    def saying(self, rows, typed):
        if rows.filter(event__startswith=typed).exists():
            return rows.filter(event__startswith=typed)
        found = rows.annotate(named=SearchVector("object_name", config="simple"))
        return found.filter(Q(named=query(typed)) | Q(request_id=typed) & ~Q(request_id=""))


@admin.register(AuditLane)
class AuditLaneAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("lane", "number", "hash")


@admin.register(TrailCheck)
class TrailCheckAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("made_at", "full", "rows", "blanked", "seconds", "finding")
