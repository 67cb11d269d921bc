"""Versions, with the one verb that they have, and the decisions on them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from content.errors import CopydeskError
from content.forms import number
from content.models import Decision, GuestLink, Piece, User, Version
from content.services import editing
from content.views.signed_in import SignedIn

from .base import Listed, People, ReadOnly

HEAVY = ("body", "record", "report", "facts")
OF_VERSION = tuple(f"version__{name}" for name in HEAVY)


@admin.register(Version)
class VersionAdmin(ReadOnly, Listed):
    list_display = ("title", "number", "piece", "stage", "author", "score", "created_at")
    list_filter = (("by", admin.EmptyFieldListFilter), ("by", People), "created_at")
    list_select_related = ("piece", "by")
    actions = ("restore",)
    view_on_site = False
    person = "by"

    def get_queryset(self, request):
        return super().get_queryset(request).defer(*HEAVY)

    def get_actions(self, request):
        return super().get_actions(request) if request.user.reviews else {}

    @admin.action(description="Restore")
    def restore(self, request, queryset):
        chosen = list(queryset[:2])
        if len(chosen) == 1:
            return redirect("admin:restore", chosen[0].pk)
        self.message_user(request, "Choose the one version that shall be the newest again.", messages.ERROR)
        return None

    def get_urls(self):
        one = path("<path:object_id>/restore/", self.admin_site.admin_view(self.restoring), name="restore")
        return [one, *super().get_urls()]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if _can_be_restored(obj, request.user):
            context["verbs"] = [("Restore", reverse("admin:restore", args=[obj.pk]))]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def restoring(self, request: SignedIn, object_id: str) -> HttpResponse:
        """Says what the newest text is and asks once; an older text then becomes the next version."""
        if not request.user.reviews:
            raise PermissionDenied
        kept = Version.objects.visible_to(request.user).select_related("piece__current__by")
        version = get_object_or_404(kept, pk=number(object_id))
        if request.method == "POST":
            self._restore(request, version)
            return redirect("admin:content_piece_change", version.piece_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Restore version {version.number}",
            "version": version,
            "newest": version.piece.current,
        }
        return TemplateResponse(request, "admin/content/version/restore.html", context)

    def _restore(self, request: SignedIn, version: Version) -> None:
        read = request.POST.get("version_hash", "").replace("\x00", "")
        try:
            newest = editing.restore(version.piece, version.number, by=request.user, based_on=read)
        except CopydeskError as refusal:
            self.message_user(request, f"Not restored: {refusal.message}", messages.ERROR)
        else:
            says = f"Version {version.number} is the newest text, as version {newest.number}."
            self.message_user(request, says, messages.SUCCESS)


def _can_be_restored(version: Version, user: User) -> bool:
    piece: Piece = version.piece
    return user.reviews and not piece.deleted_at and piece.is_written and piece.current_id != version.pk


@admin.register(Decision)
class DecisionAdmin(ReadOnly, Listed):
    list_display = ("piece", "verdict", "who", "version_number", "feedback", "created_at")
    list_filter = ("verdict", ("by", People), ("guest", admin.EmptyFieldListFilter), "created_at")
    person = "by"

    def get_queryset(self, request):
        asked = super().get_queryset(request).select_related("piece", "by", "guest__asked_by", "version")
        return asked.defer(*OF_VERSION)

    @admin.display(description="version")
    def version_number(self, decision):
        return decision.version.number


@admin.register(GuestLink)
class GuestLinkAdmin(ReadOnly, Listed):
    """Not its address: whoever has that decides."""

    list_display = ("name", "version", "asked_by", "stands", "opened_at", "ends_at", "created_at")
    list_filter = (("asked_by", People), ("opened_at", admin.EmptyFieldListFilter), "created_at")
    readonly_fields = ("stands",)
    piece, person = "version__piece", "asked_by"

    def get_queryset(self, request):
        rows = super().get_queryset(request).select_related("version", "asked_by", "decision")
        return rows.defer(*OF_VERSION)

    @admin.display(description="stands")
    def stands(self, link: GuestLink) -> Any:
        if decision := getattr(link, "decision", None):
            return decision.get_verdict_display()
        if link.taken_back_at:
            return "Taken back"
        return "Ended" if link.ends_at <= timezone.now() else "Waits"
