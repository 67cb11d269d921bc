"""`config/schedule/` and `config/preferences/`: each person's own, said back as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest import mock

import make
import pytest
from caller import api
from django.core.cache import cache

from content.models import User
from pipeline.models import Preferences, Schedule

pytestmark = pytest.mark.django_db
SCHEDULE, PREFERENCES = "/api/v1/config/schedule/", "/api/v1/config/preferences/"
PLAN: dict[str, Any] = {
    "is_on": True,
    "at": "09:00",
    "zone": "Europe/Lisbon",
    "weekdays": [0, 1, 2, 3, 4],
    "count": 3,
    "platforms": ["linkedin", "x"],
}


@pytest.fixture
def mara() -> User:
    return make.creator(name="Mara")


def test_somebody_who_set_nothing_reads_the_usual_and_stores_nothing(mara: User, settings: Any) -> None:
    said = api(mara).get(SCHEDULE).json()
    wants = api(mara).get(PREFERENCES).json()

    assert said["is_on"] is False
    assert said["next_run_at"] is None
    assert (said["at"], said["weekdays"], said["platforms"]) == (
        "09:00",
        [0, 1, 2, 3, 4, 5, 6],
        settings.DAILY_PLATFORMS,
    )
    assert wants["topics"] == settings.TOPICS
    assert wants["mail_is_on"] is False
    assert not Schedule.objects.exists()
    assert not Preferences.objects.exists()


def test_a_schedule_that_is_set_says_when_it_runs_next(mara: User) -> None:
    with mock.patch("django.utils.timezone.now", return_value=datetime(2026, 11, 21, 12, tzinfo=UTC)):
        said = api(mara).put(SCHEDULE, PLAN)

    assert said.status_code == 200
    assert said.json() == {**PLAN, "next_run_at": "2026-11-23T09:00:00Z", "last_run_at": None, "last_task_id": None}
    assert api(mara).get(SCHEDULE).json() == said.json()


def test_put_needs_everything_and_patch_changes_what_it_names(mara: User) -> None:
    refused = api(mara).put(SCHEDULE, {"is_on": True})
    assert set(refused.json()["fields"]) == {"at", "zone", "weekdays", "count", "platforms"}

    api(mara).put(SCHEDULE, PLAN)
    said = api(mara).patch(SCHEDULE, {"count": 7}).json()
    assert (said["count"], said["zone"]) == (7, "Europe/Lisbon")


@pytest.mark.parametrize(
    ("field", "value"),
    [("zone", "Mars/Phobos"), ("at", "noon"), ("weekdays", []), ("weekdays", [7]), ("count", 11), ("platforms", ["z"])],
)
def test_what_does_not_fit_names_its_field_and_changes_nothing(mara: User, field: str, value: Any) -> None:
    refused = api(mara).put(SCHEDULE, {**PLAN, field: value})

    assert (refused.status_code, list(refused.json()["fields"])) == (400, [field])
    assert not Schedule.objects.exists()


def test_preferences_are_set_changed_and_read_back(mara: User, scripted: Any) -> None:
    cache.clear()
    wants = {
        "topics": ["Bees", "Bees", "  Small   gardens "],
        "keywords": ["hive"],
        "audience": "People with a balcony",
        "tone": "Warm",
        "model": "",
        "creativity": "bold",
        "in_app": ["failed"],
        "by_mail": [],
    }

    said = api(mara).put(PREFERENCES, wants).json()

    assert said == {**wants, "topics": ["Bees", "Small gardens"], "mail_is_on": False}
    assert api(mara).patch(PREFERENCES, {"tone": ""}).json() == {**said, "tone": ""}


def test_a_model_that_is_not_offered_is_refused(mara: User, scripted: Any) -> None:
    cache.clear()

    refused = api(mara).patch(PREFERENCES, {"model": "gpt-9"})

    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["model"])


def test_each_person_has_their_own(mara: User) -> None:
    other = make.creator()
    api(mara).put(SCHEDULE, PLAN)
    api(mara).patch(PREFERENCES, {"topics": ["Bees"]})

    assert api(other).get(SCHEDULE).json()["is_on"] is False
    assert "Bees" not in api(other).get(PREFERENCES).json()["topics"]
