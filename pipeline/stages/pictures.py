"""Pictures: so many of one source, for a person to choose from."""

from __future__ import annotations

from typing import Any

from content.errors import ExternalError
from media_gen import sources
from media_gen.services import candidates

from . import picturing
from .base import Work
from .writing import told


def run(work: Work) -> dict[str, Any]:
    """{says, piece_id, source, seed, prompt, images: [ids]}"""
    asked = work.kept["asked"]
    request = candidates.request(
        work.piece, prompt=asked["prompt"], negative=asked["negative"], seed=asked["seed"], count=asked["count"]
    )
    keys = [f"task-{work.task.pk}-{number}" for number in range(1, asked["count"] + 1)]
    images = picturing.make(work, asked["source"], request, keys)
    name = sources.about(asked["source"]).name
    if not images:
        raise ExternalError(f"{name} gave no picture. Try other words.", retryable=False)
    few = f" of {asked['count']}, {name} has no more" if len(images) < asked["count"] else ""
    return {
        "says": f"{told(len(images), 'picture')}{few}, to choose from",
        "piece_id": work.piece.pk,
        "source": asked["source"],
        "seed": asked["seed"],
        "prompt": asked["prompt"],
        "images": [image.pk for image in images],
    }
