"""Before a task is asked for: what it would take, whether it was asked already, and asking exactly once."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from rapidfuzz import fuzz, process, utils

from content.errors import ExternalError
from content.models import Idea, User
from pipeline import providers
from pipeline.models import Task, TaskStatus
from pipeline.models.task import ACTIVE
from pipeline.providers.base import ModelCard
from pipeline.services import fields, tasks

MODELS_KEPT_SECONDS = 15
ALIKE = 85  # of 100, by shared words; lower and “the boiler” meets every boiler
ALIKE_DAYS = 30
TWICE_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Pace:
    """What a model took here, per word asked for, and from how many tasks that is known."""

    seconds: float
    tokens: float
    tasks: int


@dataclass(frozen=True)
class Offer:
    """The models that can be asked now, or why there are none."""

    models: tuple[ModelCard, ...]
    refusal: str = ""


def offer() -> Offer:
    """What this installation's provider offers; remembered for a moment, since a form is opened often."""
    key = f"models:{settings.PROVIDER}:{settings.OLLAMA_HOST or settings.STARTER_URL}"
    found: Offer | None = cache.get(key)
    if found is None:
        try:
            found = Offer(tuple(providers.get(settings.PROVIDER).models()))
        except ExternalError as error:
            found = Offer((), error.message)
        cache.set(key, found, MODELS_KEPT_SECONDS)
    return found


def paces(task_type: str) -> dict[str, Pace]:
    """{model: its pace here}, medians of the newest 200 finished tasks of this type."""
    rows = (
        Task.objects.filter(type=task_type, status=TaskStatus.COMPLETED, started_at__isnull=False)
        .annotate(tokens=Sum("stages__tokens_in") + Sum("stages__tokens_out"))
        .order_by("-finished_at")
        .values_list("model", "started_at", "finished_at", "params__word_count", "tokens")[:200]
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for model, began, ended, words, tokens in rows:
        if words and began and ended:
            found.setdefault(model, []).append(((ended - began).total_seconds() / words, (tokens or 0) / words))
    return {
        model: Pace(statistics.median(s for s, _ in seen), statistics.median(t for _, t in seen), len(seen))
        for model, seen in found.items()
    }


def ahead(priority: int) -> int:
    """How many tasks would be served before a new one of this priority."""
    return Task.objects.filter(status__in=ACTIVE, priority__gte=priority).count()


def alike(topic: str, user: User) -> Idea | None:
    """The idea of the last 30 days that says nearly the same, if this person may see one."""
    since = timezone.now() - timedelta(days=ALIKE_DAYS)
    recent = list(Idea.objects.visible_to(user).filter(created_at__gte=since).order_by("-created_at")[:500])
    best = process.extractOne(
        topic,
        [idea.title for idea in recent],
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=ALIKE,
    )
    return recent[best[2]] if best else None


@transaction.atomic
def ask_once(task_type: str, params: dict[str, Any], *, owner: User) -> tuple[Task, bool]:
    """The task, and whether it is new: a second click on the button finds the first one's task.

    Raises `Invalid` like `tasks.create`. Locking the person's own row lets the second click wait for the first.
    """
    asked = fields.validate(task_type, params)
    User.objects.select_for_update().only("pk").get(pk=owner.pk)
    twin = Task.objects.filter(
        owner=owner,
        type=task_type,
        status__in=ACTIVE,
        name=asked.title,
        priority=asked.priority,
        params=asked.as_params(),
        created_at__gte=timezone.now() - timedelta(seconds=TWICE_WITHIN_SECONDS),
    ).first()
    return (twin, False) if twin else (tasks.create(task_type, params, owner=owner), True)
