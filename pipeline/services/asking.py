"""Before a task is asked for: what it would take, whether it was asked already, and asking exactly once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from rapidfuzz import fuzz, process, utils

from content.errors import Invalid
from content.models import Idea, User
from pipeline import providers
from pipeline.models import Preferences, Task, TaskType
from pipeline.models.task import ACTIVE
from pipeline.providers.base import ModelCard
from pipeline.services import fields, tasks
from pipeline.services.estimating import Estimate, History, Size

MODELS_KEPT_SECONDS = 15
NAMED = 8  # models, in the sentence that says which there are
ALIKE = 85  # of 100, by shared words; lower and “the boiler” meets every boiler
ALIKE_DAYS = 30
TWICE_WITHIN_SECONDS = 30


@dataclass(frozen=True)
class Offer:
    """The models that can be asked now, by their full names, and why there are no others: {provider: sentence}."""

    models: tuple[ModelCard, ...]
    refusals: dict[str, str]

    @property
    def refusal(self) -> str:
        """Why nothing can be asked at all; empty if something can."""
        return "" if self.models else " ".join(self.refusals.values())

    def has(self, model: str) -> bool:
        return any(card.name in (model, f"{model}:latest") for card in self.models)


def offer() -> Offer:
    """What this installation's providers offer; remembered for a moment, since a form is opened often."""
    key = f"offer:{settings.PROVIDER}:{settings.OLLAMA_HOST or settings.STARTER_URL}"
    found: Offer | None = cache.get(key)
    if found is None:
        told = providers.models()
        found = Offer(told.cards, told.refusals)
        cache.set(key, found, MODELS_KEPT_SECONDS)
    return found


def require_offered(model: str) -> None:
    """Raise `Invalid`, which names what there is, if nobody here offers this model.

    Where its provider does not answer, nobody can tell: that is no refusal, since a task may wait for it. No name is
    the model that this installation writes with, which is the operator's to see to.
    """
    if not model or offer().has(model) or providers.offers(model):
        return
    provider, _ = providers.resolve(model)
    if provider not in providers.available() or provider not in offer().refusals:
        raise Invalid("Some fields need another look.", {"model": [not_offered(model)]})


def not_offered(model: str) -> str:
    """“There is no model “gpt-9” here. There are: …”"""
    names = [card.name for card in offer().models]
    shown = f"{', '.join(names[:NAMED])}{f' and {len(names) - NAMED} more' if len(names) > NAMED else ''}"
    return f"There is no model “{model}” here. {f'Choose from: {shown}.' if names else 'None is offered now.'}"


def run_estimate(user: User, params: dict[str, Any]) -> Estimate:
    """What a daily run with these `params` would take; without a model in them, by the one that this person prefers.

    Raises `Invalid` like `tasks.create`.
    """
    asked = fields.validate(TaskType.DAILY_WORKFLOW, params)
    assert isinstance(asked, fields.DailyWorkflow), "by its type"
    size = Size(ideas=asked.count, pieces=asked.count * len(asked.platforms))
    model = asked.model or Preferences.objects.of(user).model
    return History(TaskType.DAILY_WORKFLOW).estimate(model, size)


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


def check(task_type: str, params: dict[str, Any]) -> fields.Asked:
    """The validated fields; `Invalid` also where nobody here offers the model. What a person asks for is checked by
    this first; a schedule's run is not, whose owner is told by its failure."""
    asked = fields.validate(task_type, params)
    require_offered(asked.writer)
    return asked


def ask_once(task_type: str, params: dict[str, Any], *, owner: User) -> tuple[Task, bool]:
    """The task, and whether it is new: a second click on the button finds the first one's task.

    Raises like `check` and `tasks.create`. Locking the person's own row lets the second click wait for the first.
    """
    asked = check(task_type, params)
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=owner.pk)
        twin = Task.objects.filter(
            owner=owner,
            type=task_type,
            status__in=ACTIVE,
            priority=asked.priority,
            params=asked.as_params(),
            created_at__gte=timezone.now() - timedelta(seconds=TWICE_WITHIN_SECONDS),
            **({"name": asked.task_name} if asked.task_name else {}),
        ).first()
        return (twin, False) if twin else (tasks.create(task_type, params, owner=owner), True)
