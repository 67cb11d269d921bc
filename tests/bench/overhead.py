"""Seconds of a blog task over the seconds its model calls took."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from django.db.models import Sum
from installation import Installation

from pipeline.models import Task

BOUND = 1.10
TOPICS = ["sourdough baking for beginners", "personal budgeting", "urban gardening on a balcony", "public speaking"]


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    ratios = []
    for topic in TOPICS[: options.posts]:
        pk = installation.ask(topic)
        installation.until(pk, "completed", "failed", seconds=600)
        task = Task.objects.get(pk=pk)
        model = task.stages.aggregate(spent=Sum("model_seconds"))["spent"]
        assert task.seconds, task.error
        ratios.append(task.seconds / model)
        report(
            f"task over model, post {len(ratios)}",
            f"{ratios[-1]:.3f} (≤ {BOUND}): {task.seconds:.1f} s, the model {model:.1f} s, “{topic}”",
            ratios[-1] <= BOUND,
            round(ratios[-1], 4),
        )
