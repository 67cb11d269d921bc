"""The admin: people, and everything else to look at. What has a history changes through the desk's services."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from content.errors import CopydeskError
from content.models import (
    AuditEntry,
    Decision,
    FormerAddress,
    GuestLink,
    HouseRules,
    Idea,
    Piece,
    Post,
    SignedOut,
    User,
    Verdict,
    Version,
)
from content.services import audit, review

admin.site.site_header = admin.site.site_title = "Copydesk"
admin.site.index_title = "People, and everything on the record"

AT_ONCE = 200  # decisions by one click; each is read by a person, so more would be a mistake


class ReadOnly:
    """To be looked at: it is written by services, or never again at all."""

    show_full_result_count = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "role")


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


@admin.register(HouseRules)
class HouseRulesAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "pass_mark", "needs_second_person", "updated_at")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    form = UserForm
    add_form = NewUserForm
    list_display = ("email", "name", "role", "is_staff", "is_active", "last_login")
    list_filter = ("role", "is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("At the desk", {"fields": ("name", "role", "is_active", "keys")}),
        ("In the admin", {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "name", "role", "usable_password", "password1", "password2"),
            },
        ),
    )

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        event = "user.changed" if change else "user.added"
        audit.record(event, obj, by=request.user, fields=[name for name in form.changed_data if "password" not in name])

    def has_delete_permission(self, request, obj=None):
        return False  # the trail needs their name; switch “active” off


@admin.register(SignedOut)
class SignedOutAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("session", "expires_at")


@admin.register(Idea)
class IdeaAdmin(admin.ModelAdmin):
    list_display = ("title", "category", "owner", "created_at")
    list_filter = ("category",)
    list_select_related = ("owner",)
    search_fields = ("title", "description", "owner__email", "owner__name")
    autocomplete_fields = ("owner",)
    date_hierarchy = "created_at"


class VersionInline(ReadOnly, admin.TabularInline):
    model = Version
    fields = ("number", "stage", "author", "score", "words", "note", "created_at")
    readonly_fields = fields
    show_change_link = True
    ordering = ("-number",)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("by").defer("body", "record")


class DecisionInline(ReadOnly, admin.TabularInline):
    model = Decision
    fields = ("created_at", "verdict", "by", "version", "feedback")
    readonly_fields = fields

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .select_related("by", "guest__asked_by", "version")
            .defer("version__body", "version__record")
        )


@admin.register(Piece)
class PieceAdmin(admin.ModelAdmin):
    list_display = ("title", "platform", "status", "approval", "score", "owner", "updated_at")
    list_filter = ("status", "approval", "platform", ("owner", admin.RelatedOnlyFieldListFilter))
    search_fields = ("title", "idea__title", "owner__email", "owner__name")
    date_hierarchy = "created_at"
    autocomplete_fields = ("owner",)
    fields = ("title", "idea", "platform", "owner", "due_at", "status", "approval", "current", "ask", "cover")
    readonly_fields = ("title", "idea", "platform", "status", "approval", "current", "ask", "cover")
    inlines = (VersionInline, DecisionInline)
    actions = ("approve", "request_changes", "reject")
    view_on_site = False

    def get_queryset(self, request):
        return Piece.objects.with_current().order_by("-pk")

    def has_add_permission(self, request):
        return False  # a task makes it

    def has_delete_permission(self, request, obj=None):
        return False

    def get_actions(self, request):
        return super().get_actions(request) if request.user.reviews else {}

    @admin.display(ordering="current__score")
    def score(self, piece):
        return piece.current.score if piece.current else None

    @admin.action(description="Approve")
    def approve(self, request, queryset):
        return self._decide(request, queryset, Verdict.APPROVED, action="approve")

    @admin.action(description="Request changes")
    def request_changes(self, request, queryset):
        return self._decide(request, queryset, Verdict.CHANGES_REQUESTED, action="request_changes")

    @admin.action(description="Reject")
    def reject(self, request, queryset):
        return self._decide(request, queryset, Verdict.REJECTED, action="reject")

    def _decide(self, request: HttpRequest, pieces, verdict: Verdict, *, action: str) -> HttpResponse | None:
        """First a page that says what it touches and asks why; then one decision for each version shown there."""
        chosen = list(pieces[: AT_ONCE + 1])
        if len(chosen) > AT_ONCE:
            self.message_user(request, f"At most {AT_ONCE} pieces at once. Choose fewer.", messages.ERROR)
            return None
        feedback = request.POST.get("feedback", "").replace("\x00", "").strip()
        needs_reason = review.OUTCOMES[verdict][2]
        if "confirmed" in request.POST and (feedback or not needs_reason):
            self._write(request, verdict, feedback)
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": action.replace("_", " ").capitalize(),
            "pieces": chosen,
            "action": action,
            "needs_reason": needs_reason,
            "missing_reason": "confirmed" in request.POST,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/content/piece/decide.html", context)

    def _write(self, request, verdict: Verdict, feedback: str) -> None:
        """Decide on each version that the page showed; whatever is refused is told, and stops nothing else."""
        shown = [int(pk) for pk in request.POST.getlist("version") if pk.isdecimal()]
        versions = Version.objects.visible_to(request.user).filter(pk__in=shown).defer("body", "record")
        done = 0
        for version in versions.order_by("pk"):
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


@admin.register(Version)
class VersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "number", "piece", "stage", "author", "score", "created_at")
    list_filter = ("stage", "model")
    list_select_related = ("piece", "by")
    search_fields = ("title", "hash", "piece__title")
    date_hierarchy = "created_at"
    view_on_site = False

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body", "record")


@admin.register(Decision)
class DecisionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("piece", "verdict", "by", "version_number", "feedback", "created_at")
    list_filter = ("verdict", ("by", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("piece", "by", "guest", "version")
    search_fields = ("piece__title", "feedback", "by__email", "version_hash")
    date_hierarchy = "created_at"

    @admin.display(description="version")
    def version_number(self, decision):
        return decision.version.number


@admin.register(Post)
class PostAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "slug", "category", "author", "reviewer", "published_at", "withdrawn_at")
    list_filter = ("category", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("title", "slug", "author")
    date_hierarchy = "published_at"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("body", "html")


@admin.register(FormerAddress)
class FormerAddressAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("slug", "post", "since")
    list_select_related = ("post",)
    search_fields = ("slug", "post__title")


@admin.register(GuestLink)
class GuestLinkAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "version", "asked_by", "created_at", "ends_at", "taken_back_at")
    list_select_related = ("version", "asked_by")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("created_at", "event", "actor", "object_type", "object_id", "object_name", "ip")
    list_filter = ("event", "object_type")
    list_select_related = ("actor",)
    search_fields = ("event", "object_name", "actor__email", "request_id")
    date_hierarchy = "created_at"
