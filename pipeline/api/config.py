"""`config/`: when a person's daily run is, and what they prefer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from content.api.endpoint import Endpoint
from content.api.schema import promise
from pipeline.models import Creativity, Kind, Preferences, Schedule
from pipeline.services import preferences, schedules

GROUP = "config"
PLAN = {
    "is_on": True,
    "at": "09:00",
    "zone": "Europe/Lisbon",
    "weekdays": [0, 1, 2, 3, 4],
    "count": 5,
    "platforms": ["linkedin", "x", "instagram"],
}
WISHES = {
    "topics": ["bee keeping", "small gardens"],
    "keywords": [],
    "audience": "People with a balcony",
    "tone": "Warm",
    "model": "",
    "creativity": "usual",
    "in_app": ["finished", "partial", "failed", "waiting"],
    "by_mail": ["failed"],
}


class Whole:
    """The same fields, each of them needed: what PUT takes, where PATCH takes some."""

    def get_fields(self) -> Any:
        fields = super().get_fields()  # type: ignore[misc]
        for field in fields.values():
            field.required = True
        return fields


class ScheduleChange(serializers.Serializer):
    is_on = serializers.BooleanField(required=False)
    at = serializers.CharField(required=False, max_length=20, help_text="Local time, such as 09:00")
    zone = serializers.CharField(required=False, max_length=60, help_text="An IANA name, such as Europe/Lisbon")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=50, help_text="0 is Monday"
    )
    count = serializers.IntegerField(required=False, help_text="Ideas, 1 to 10")
    platforms = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=50)


class ScheduleWhole(Whole, ScheduleChange):
    pass


class ScheduleShape(ScheduleWhole):
    at = serializers.TimeField(format="%H:%M", help_text="Local time")  # type: ignore[assignment]  # said as it is sent
    next_run_at = serializers.DateTimeField(allow_null=True, help_text="Null while it is off")
    last_run_at = serializers.DateTimeField(allow_null=True, help_text="When the schedule last started a run")
    last_task_id = serializers.IntegerField(allow_null=True, help_text="The task of that run")


class PreferencesChange(serializers.Serializer):
    topics = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        max_length=20,
        help_text="Empty: what this installation begins with",
    )
    keywords = serializers.ListField(child=serializers.CharField(max_length=120), required=False, max_length=20)
    audience = serializers.CharField(required=False, allow_blank=True, max_length=200)
    tone = serializers.CharField(required=False, allow_blank=True, max_length=60)
    model = serializers.CharField(
        required=False, allow_blank=True, max_length=120, help_text="Empty: what this installation writes with"
    )
    creativity = serializers.ChoiceField(Creativity.choices, required=False)
    in_app = serializers.ListField(
        child=serializers.ChoiceField(Kind.choices), required=False, max_length=20, help_text="Told at the desk"
    )
    by_mail = serializers.ListField(
        child=serializers.ChoiceField(Kind.choices), required=False, max_length=20, help_text="Told by mail"
    )


class PreferencesWhole(Whole, PreferencesChange):
    pass


class PreferencesShape(PreferencesWhole):
    mail_is_on = serializers.SerializerMethodField(help_text="Whether this installation can send mail")

    def get_mail_is_on(self, kept: Preferences) -> bool:
        return bool(settings.MAIL_IS_ON)


class OneSchedule(Endpoint):
    @promise("Your daily run: when, how many ideas, for which platforms", ScheduleShape, group=GROUP)
    def get(self, request: Request) -> Response:
        return Response(ScheduleShape(Schedule.objects.of(self.user)).data)

    @promise("Set your daily run", ScheduleShape, takes=ScheduleWhole, sends=PLAN, group=GROUP)
    def put(self, request: Request) -> Response:
        return self._changed(self.body(ScheduleWhole))

    @promise("Change some of your daily run", ScheduleShape, takes=ScheduleChange, sends={"is_on": False}, group=GROUP)
    def patch(self, request: Request) -> Response:
        return self._changed(self.body(ScheduleChange))

    def _changed(self, wanted: dict[str, Any]) -> Response:
        return Response(ScheduleShape(schedules.change(self.user, **wanted)).data)


class OnePreferences(Endpoint):
    @promise("What you write about, with what, and what you are told", PreferencesShape, group=GROUP)
    def get(self, request: Request) -> Response:
        return Response(PreferencesShape(Preferences.objects.of(self.user)).data)

    @promise("Set your preferences", PreferencesShape, takes=PreferencesWhole, sends=WISHES, group=GROUP)
    def put(self, request: Request) -> Response:
        return self._changed(self.body(PreferencesWhole))

    @promise(
        "Change some of your preferences",
        PreferencesShape,
        takes=PreferencesChange,
        sends={"creativity": "bold"},
        group=GROUP,
    )
    def patch(self, request: Request) -> Response:
        return self._changed(self.body(PreferencesChange))

    def _changed(self, wanted: dict[str, Any]) -> Response:
        return Response(PreferencesShape(preferences.change(self.user, **wanted)).data)
