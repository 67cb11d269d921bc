"""The machine in the admin: to be looked at. What can be done with a task is done at the desk."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html

from content.admin import Listed, NewestOnly, People, ReadOnly, among, saying
from pipeline import events
from pipeline.models import Delivery, Event, Heartbeat, Notification, Preferences, Schedule, Stage, Task

SAID = 200  # characters of an event in a list


def said(event: Event) -> str:
    """What an event says, in a line."""
    message = event.data.get("message") or ", ".join(f"{name} {value}" for name, value in event.data.items())
    return str(message)[:SAID]


def _of_tasks(rows: Any, typed: str, way: str) -> Any:
    """Those of tasks that write a piece with these words."""
    return rows.filter(**{f"{way}__in": Stage.objects.filter(piece__in=saying(typed)).values("task")})


class OfTask(ReadOnly, Listed):
    """What hangs from a task: found by its number, or by the words of the pieces that it writes."""

    list_select_related = ("task",)
    search_help_text = "Words of the text that its task writes, or the number of the task"

    def numbered(self, rows, wanted):
        return rows.filter(task=wanted)

    def saying(self, rows, typed):
        return _of_tasks(rows, typed, "task")


class StageInline(ReadOnly, admin.TabularInline):
    model = Stage
    fields = ("position", "name", "key", "status", "attempt", "failures", "seconds", "tokens_in", "tokens_out", "error")
    readonly_fields = fields
    show_change_link = True
    ordering = ("position", "pk")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("kept", "output")


class EventInline(ReadOnly, admin.TabularInline):
    model = Event
    formset = NewestOnly
    fields = ("seq", "created_at", "type", "says")
    readonly_fields = fields
    show_change_link = True
    ordering = ("-seq",)
    verbose_name_plural = "events, the newest"

    @admin.display(description="says")
    def says(self, event):
        return said(event)


@admin.register(Task)
class TaskAdmin(ReadOnly, Listed):
    list_display = ("name", "type", "status", "stage", "percent", "priority", "model", "owner", "created_at")
    list_filter = ("status", "type", ("owner", People), "created_at")
    list_select_related = ("owner",)
    readonly_fields = ("all_events",)
    inlines = (StageInline, EventInline)
    piece, person = "", "owner"

    def saying(self, rows, typed):
        return _of_tasks(rows, typed, "pk")

    @admin.display(description="events")
    def all_events(self, task):
        address = f"{reverse('admin:pipeline_event_changelist')}?task__id__exact={task.pk}"
        return format_html(
            '<a href="{}">All {}</a> · <a href="{}">At the desk</a>', address, task.last_seq, task.get_absolute_url()
        )


@admin.register(Stage)
class StageAdmin(OfTask):
    list_display = ("task", "name", "key", "status", "lane", "attempt", "failures", "seconds", "started_at")
    list_filter = ("status", among("lane", lambda: [(lane, lane) for lane in ("io", "gpu")]), "asked_at")

    def get_queryset(self, request):
        return super().get_queryset(request).defer("kept", "output")

    def numbered(self, rows, wanted):
        return rows.filter(Q(task=wanted) | Q(piece=wanted))

    def saying(self, rows, typed):
        return rows.filter(piece__in=saying(typed))


@admin.register(Event)
class EventAdmin(OfTask):
    list_display = ("task", "seq", "type", "says", "created_at")
    list_filter = (among("type", lambda: [(name, name) for name in sorted(events.TYPES)]), "created_at")

    @admin.display(description="says")
    def says(self, event):
        return said(event)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, Listed):
    list_display = ("post", "target", "state", "document_id", "sent_at", "error")
    list_filter = ("state", among("target", lambda: [(f"strapi/{name}", name) for name in settings.STRAPI]), "sent_at")
    piece = "post__piece"

    def get_queryset(self, request):
        whole = super().get_queryset(request).select_related("post")
        return whole.only(*(field.name for field in Delivery._meta.concrete_fields), "post__title")


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("process", "host", "pid", "at")
    list_filter = ("process",)
    search_fields = ("host",)
    show_full_result_count = False


class OfPerson(ReadOnly, Listed):
    """What belongs to one person, and is found by their e-mail address."""

    list_select_related: ClassVar[tuple[str, ...]] = ("owner",)
    search_help_text = "A person’s e-mail address, or a number"
    piece, person = "", "owner"


@admin.register(Schedule)
class ScheduleAdmin(OfPerson):
    list_display = ("owner", "is_on", "at", "zone", "count", "next_run_at", "last_run_at", "last_task")
    list_filter = ("is_on",)
    list_select_related = ("owner", "last_task")


@admin.register(Preferences)
class PreferencesAdmin(OfPerson):
    list_display = ("owner", "model", "creativity", "tone", "updated_at")
    list_filter = ("creativity",)


@admin.register(Notification)
class NotificationAdmin(OfPerson):
    list_display = ("title", "owner", "kind", "created_at", "read_at", "mailed_at", "mail_due_at", "mail_tries")
    list_filter = ("kind", "in_app", ("owner", People), "created_at")
