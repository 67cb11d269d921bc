"""Ideas and pieces, and the verbs on pieces: the desk's own, from the list and from a piece's page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join

from content import platforms
from content.errors import CopydeskError
from content.forms import number
from content.models import Decision, Idea, Piece, User, Verdict, Version
from content.services import audit, review, triage
from content.views.signed_in import SignedIn

from .base import SHOWN, Listed, NewestOnly, People, ReadOnly, among, saying

AT_ONCE = 200  # decisions by one click; each is read by a person, so more would be a mistake
VERBS = {
    Verdict.APPROVED: "Approve",
    Verdict.CHANGES_REQUESTED: "Request changes",
    Verdict.REJECTED: "Reject",
    Verdict.REVOKED: "Take back",
}


@admin.register(Idea)
class IdeaAdmin(Listed):
    list_display = ("title", "category", "owner", "created_at")
    list_filter = ("created_at", ("owner", People))
    list_select_related = ("owner",)
    autocomplete_fields = ("owner",)
    search_help_text = "Words of the pieces that were written of it, its number, or its owner’s e-mail address"
    piece, person = "", "owner"

    def saying(self, rows, typed):
        return rows.filter(pk__in=Piece.objects.filter(pk__in=saying(typed)).values("idea"))


class VersionInline(ReadOnly, admin.TabularInline):
    model = Version
    formset = NewestOnly
    fields = ("number", "stage", "author", "score", "words", "note", "created_at")
    readonly_fields = fields
    show_change_link = True
    ordering = ("-number",)
    verbose_name_plural = f"versions, the newest {SHOWN}"

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("by").defer("body", "record", "report")


class DecisionInline(ReadOnly, admin.TabularInline):
    model = Decision
    formset = NewestOnly
    fields = ("created_at", "verdict", "who", "of_version", "feedback")
    readonly_fields = fields
    verbose_name_plural = f"decisions, the newest {SHOWN}"

    def get_queryset(self, request):
        return _with_number(super().get_queryset(request).select_related("by", "guest__asked_by"))

    @admin.display(description="version")
    def of_version(self, decision):
        return decision.version.number


def _with_number(decisions: Any) -> Any:
    """The number of a version without its text, which may be a book chapter."""
    heavy = ("body", "record", "report", "facts")
    return decisions.select_related("version").defer(*(f"version__{name}" for name in heavy))


@admin.register(Piece)
class PieceAdmin(Listed):
    list_display = ("title", "platform", "status", "approval", "score", "priority", "due_at", "owner", "updated_at")
    list_filter = (
        "status",
        "approval",
        "priority",
        among("platform", lambda: [(slug, platform.name) for slug, platform in platforms.ALL.items()]),
        ("owner", People),
        "created_at",
    )
    autocomplete_fields = ("owner",)
    fields = (
        *("title", "idea", "platform", "owner", "priority", "due_at", "status", "approval", "current", "ask", "cover"),
        "elsewhere",
    )
    readonly_fields = ("title", "idea", "platform", "status", "approval", "current", "ask", "cover", "elsewhere")
    inlines = (VersionInline, DecisionInline)
    actions = ("approve", "request_changes", "reject", "take_back")
    view_on_site = False
    piece, person = "", "owner"

    def get_queryset(self, request):
        return Piece.objects.with_current().defer("current__body", "current__record", "current__report")

    def saying(self, rows, typed):
        return rows.filter(pk__in=saying(typed))

    def has_add_permission(self, request):
        return False  # a task makes it

    def has_change_permission(self, request, obj=None):
        return request.user.reviews and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return False

    def get_actions(self, request):
        return super().get_actions(request) if request.user.reviews else {}

    @admin.display(ordering="current__score")
    def score(self, piece):
        return piece.current.score if piece.current else None

    @admin.display(description="all of it")
    def elsewhere(self, piece):
        """Lists of what the page shows the newest of, and the page at the desk."""
        of_piece = f"piece__id__exact={piece.pk}"
        lists = [("Versions", "version", of_piece), ("Decisions", "decision", of_piece)]
        lists.append(("Trail", "auditentry", f"object_type=piece&object_id={piece.pk}"))
        links = [(f"{reverse(f'admin:content_{model}_changelist')}?{query}", title) for title, model, query in lists]
        return format_html_join(" · ", '<a href="{}">{}</a>', [(piece.get_absolute_url(), "At the desk"), *links])

    def save_model(self, request, obj, form, change):
        """Only what was changed here: with all columns, what the desk did since the page was opened would be undone."""
        changed = set(form.changed_data)
        with transaction.atomic():
            if "owner" in changed:
                before = Piece.objects.values_list("owner", flat=True).get(pk=obj.pk)
                Piece.objects.filter(pk=obj.pk).update(owner=obj.owner)
                audit.record("piece.given", obj, by=request.user, given_by=before, given_to=obj.owner_id)
            if changed & {"due_at", "priority"}:
                triage.plan(obj, by=request.user, due_at=obj.due_at, priority=obj.priority)

    # --- Verbs ---

    @admin.action(description="Approve")
    def approve(self, request, queryset):
        return self._act(request, queryset, Verdict.APPROVED, action="approve")

    @admin.action(description="Request changes")
    def request_changes(self, request, queryset):
        return self._act(request, queryset, Verdict.CHANGES_REQUESTED, action="request_changes")

    @admin.action(description="Reject")
    def reject(self, request, queryset):
        return self._act(request, queryset, Verdict.REJECTED, action="reject")

    @admin.action(description="Take back the decision")
    def take_back(self, request, queryset):
        return self._act(request, queryset, Verdict.REVOKED, action="take_back")

    def get_urls(self):
        one = path("<path:object_id>/decide/<slug:verdict>/", self.admin_site.admin_view(self.decide), name="decide")
        return [one, *super().get_urls()]

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context["verbs"] = [
            (VERBS[verdict], reverse("admin:decide", args=[obj.pk, verdict.value]))
            for verdict in _offered(obj, request.user)
        ]
        return super().render_change_form(request, context, add, change, form_url, obj)

    def decide(self, request: SignedIn, object_id: str, verdict: str) -> HttpResponse:
        """The confirmation for one piece, from its own page, and back there."""
        if not request.user.reviews:
            raise PermissionDenied
        if verdict not in VERBS:
            raise Http404
        piece = get_object_or_404(self.get_queryset(request).filter(deleted_at=None), pk=number(object_id))
        return self._decide(request, [piece], Verdict(verdict)) or redirect("admin:content_piece_change", piece.pk)

    def _act(self, request: SignedIn, queryset: Any, verdict: Verdict, *, action: str) -> HttpResponse | None:
        chosen = list(queryset[: AT_ONCE + 1])
        if len(chosen) > AT_ONCE:
            self.message_user(request, f"At most {AT_ONCE} pieces at once. Choose fewer.", messages.ERROR)
            return None
        return self._decide(request, chosen, verdict, action=action)

    def _decide(
        self, request: SignedIn, chosen: list[Piece], verdict: Verdict, *, action: str = ""
    ) -> HttpResponse | None:
        """First a page that says what it touches and asks why; then one decision for each version shown there."""
        feedback = request.POST.get("feedback", "").replace("\x00", "").strip()
        needs_reason = review.OUTCOMES[verdict][2]
        if "confirmed" in request.POST and (feedback or not needs_reason):
            self._write(request, chosen, verdict, feedback)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": VERBS[verdict],
            "pieces": chosen,
            "action": action,
            "needs_reason": needs_reason,
            "missing_reason": "confirmed" in request.POST,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/content/piece/decide.html", context)

    def _write(self, request: SignedIn, chosen: Iterable[Piece], verdict: Verdict, feedback: str) -> None:
        """Decide on each version that the page showed; whatever is refused is told, and stops nothing else."""
        shown = [number(pk) for pk in request.POST.getlist("version")]
        versions = Version.objects.visible_to(request.user).filter(pk__in=shown, piece__in=chosen)
        done = 0
        for version in versions.select_related("piece").defer("body", "record").order_by("pk"):
            try:
                review.decide(version, verdict, by=request.user, feedback=feedback)
            except CopydeskError as refusal:
                self.message_user(request, f"“{version.title}” refused: {refusal.message}", messages.WARNING)
            else:
                done += 1
        if not shown:
            self.message_user(request, "Nothing was decided: what was chosen is still being written.", messages.ERROR)
            return
        level = messages.SUCCESS if done else messages.ERROR
        self.message_user(request, f"{verdict.label}: {done} of {len(shown)}.", level)


def _offered(piece: Piece, user: User) -> list[Verdict]:
    """What this person can decide about the piece as it stands."""
    if not user.reviews or piece.deleted_at or piece.current is None or not piece.is_written:
        return []
    if review.standing(piece.current) is None:
        return [Verdict.APPROVED, Verdict.CHANGES_REQUESTED, Verdict.REJECTED]
    return [Verdict.REVOKED]
