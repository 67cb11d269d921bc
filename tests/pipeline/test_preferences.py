"""What a person prefers, and what a run is asked because of it."""

from __future__ import annotations

from typing import Any

import make
import pytest
from django.core.cache import cache

from content.errors import Invalid
from content.models import AuditEntry, User
from pipeline.models import Creativity, Preferences, Schedule, TaskType
from pipeline.services import fields, preferences

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(scripted: Any) -> User:
    cache.clear()
    return make.editor(name="Mara")


@pytest.mark.parametrize(
    ("creativity", "base", "temperature"),
    [("careful", 0.8, 0.55), ("usual", 0.8, 0.8), ("bold", 0.8, 1.0), ("careful", 0.1, 0.0), ("bold", 0.7, 0.9)],
)
def test_creativity_moves_the_temperature(creativity: str, base: float, temperature: float) -> None:
    assert Creativity(creativity).temperature(base) == temperature


def test_a_run_of_somebody_who_set_nothing_is_asked_the_usual(mara: User, settings: Any) -> None:
    params = preferences.daily_params(mara)

    assert fields.validate(TaskType.DAILY_WORKFLOW, params)
    assert (params["count"], params["platforms"], params["topics"]) == (5, settings.DAILY_PLATFORMS, settings.TOPICS)
    assert not Preferences.objects.exists()
    assert not Schedule.objects.exists()


def test_what_is_said_for_one_run_goes_before_what_is_preferred(mara: User) -> None:
    Schedule.objects.create(owner=mara, count=3, platforms=["x"])
    Preferences.objects.create(owner=mara, topics=["Bees"], tone="Dry")

    params = preferences.daily_params(mara, count=7, platforms=None, tone="Warm")

    assert (params["count"], params["platforms"], params["topics"], params["tone"]) == (7, ["x"], ["Bees"], "Warm")


def test_without_topics_of_ones_own_the_installations_are_used(mara: User, settings: Any) -> None:
    preferences.change(mara, topics=[])

    assert preferences.daily_params(mara)["topics"] == settings.TOPICS


def test_only_what_changes_leaves_a_trace(mara: User) -> None:
    preferences.change(mara, topics=["Bees"], tone="Dry")
    preferences.change(mara, topics=["Bees"], tone="Dry")
    preferences.change(mara, tone="")

    trace = list(AuditEntry.objects.filter(event="preferences.changed").order_by("pk").values_list("data", flat=True))
    assert trace == [{"topics": ["Bees"], "tone": "Dry"}, {"tone": ""}]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("topics", ["x" * 121], "Line 1: At most 120 characters."),
        ("topics", [f"Topic {n}" for n in range(21)], "At most 20 of them."),
        ("tone", "x" * 61, "At most 60 characters."),
        ("creativity", "wild", "Choose one of: careful, usual, bold."),
        ("in_app", ["rain"], "Line 1: Choose one of: finished, partial, failed, waiting."),
        ("model", "gpt-9", "There is no model “gpt-9” here. Choose from: scripted."),
        ("colour", "red", "There is no such field."),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(mara: User, field: str, value: Any, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        preferences.change(mara, **{field: value})

    assert refused.value.fields == {field: [says]}
    assert not Preferences.objects.exists()


def test_a_model_that_is_kept_is_not_asked_for_again(mara: User) -> None:
    """It may be away for a moment; saving something else is no reason to lose it."""
    Preferences.objects.create(owner=mara, model="llama3.1:8b")

    assert preferences.change(mara, model="llama3.1:8b", tone="Dry").model == "llama3.1:8b"


def test_nothing_that_is_typed_breaks_the_database(mara: User) -> None:
    kept = preferences.change(mara, topics="Bees\x00\nhives\u200d\r\n", audience="a\x07b")

    assert (kept.topics, kept.audience) == (["Bees", "hives\u200d"], "ab")
