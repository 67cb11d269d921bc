"""People, their sessions, and the rules of the house."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm

from content.models import HouseRules, SignedOut, User
from content.services import audit

from .base import ReadOnly


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
    show_full_result_count = False
