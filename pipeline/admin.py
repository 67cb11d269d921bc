"""The machine in the admin: to be looked at. What can be done with a task is done at the desk."""

from __future__ import annotations

from django.contrib import admin

from content.admin import ReadOnly
from pipeline.models import Delivery, Event, Heartbeat, Notification, Preferences, Schedule, Stage, Task


class StageInline(ReadOnly, admin.TabularInline):
    model = Stage
    fields = ("position", "name", "key", "status", "attempt", "failures", "seconds", "tokens_in", "tokens_out", "error")
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).defer("kept", "output")


@admin.register(Task)
class TaskAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "type", "status", "stage", "percent", "priority", "model", "owner", "created_at")
    list_filter = ("status", "type", "model", ("owner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("name", "owner__email", "owner__name", "error")
    date_hierarchy = "created_at"
    inlines = (StageInline,)


@admin.register(Stage)
class StageAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("task", "name", "key", "status", "lane", "attempt", "failures", "seconds", "started_at")
    list_filter = ("status", "name", "lane")
    list_select_related = ("task",)
    search_fields = ("task__name", "name", "error")
    date_hierarchy = "asked_at"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("kept", "output")


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("task", "seq", "type", "data", "created_at")
    list_filter = ("type",)
    list_select_related = ("task",)
    search_fields = ("task__name",)
    date_hierarchy = "created_at"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("post", "target", "state", "document_id", "sent_at", "error")
    list_filter = ("state", "target")
    list_select_related = ("post",)
    search_fields = ("post__title", "external_id", "document_id", "error")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("process", "host", "pid", "at")
    list_filter = ("process",)
    search_fields = ("host",)


@admin.register(Schedule)
class ScheduleAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("owner", "is_on", "at", "zone", "count", "next_run_at", "last_run_at", "last_task")
    list_filter = ("is_on",)
    list_select_related = ("owner", "last_task")
    search_fields = ("owner__email", "owner__name", "zone")


@admin.register(Preferences)
class PreferencesAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("owner", "model", "creativity", "tone", "updated_at")
    list_filter = ("creativity",)
    list_select_related = ("owner",)
    search_fields = ("owner__email", "owner__name")


@admin.register(Notification)
class NotificationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("title", "owner", "kind", "created_at", "read_at", "mailed_at", "mail_due_at", "mail_tries")
    list_filter = ("kind", "in_app")
    list_select_related = ("owner",)
    search_fields = ("title", "owner__email", "owner__name")
    date_hierarchy = "created_at"
