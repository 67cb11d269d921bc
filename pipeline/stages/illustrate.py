"""Illustrate: one picture that the person who publishes may use."""

from __future__ import annotations

from typing import Any

from content.errors import ExternalError, Invalid
from media_gen import sources
from media_gen.models import Image
from media_gen.services import candidates

from . import picturing
from .base import Work


def run(work: Work) -> dict[str, Any]:
    """One picture of the source that the task names, once however often this runs: {says, image_id}.

    A post does not fail for a picture: where the source gives none, it is a card, and the log says why.
    """
    source = work.task.param("image_source", candidates.CARD)
    if source == "none":
        return {"says": "No picture asked for"}
    image = _one(work, source) if source != candidates.CARD else None
    image = image or _made(work, candidates.CARD)[0]
    return {"says": sources.about(image.source).name, "image_id": image.pk}


def _one(work: Work, source: str) -> Image | None:
    try:
        made = _made(work, source)
    except (ExternalError, Invalid) as refusal:
        why = refusal.message
    else:
        if made:
            return made[0]
        why = f"{sources.about(source).name} gave no picture."
    work.log("images", f"{why} A card is drawn instead.", level="warn")
    return None


def _made(work: Work, source: str) -> list[Image]:
    about = sources.about(source)
    prompt = candidates.proposed_prompt(work.piece) if about.by_prompt else ""
    return picturing.make(work, source, candidates.request(work.piece, prompt=prompt), [f"stage-{work.stage.pk}"])
