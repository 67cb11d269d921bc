"""Illustrate: one picture that the person who publishes may use."""

from __future__ import annotations

from typing import Any

from media_gen.services import candidates
from pipeline import events
from pipeline.stages.base import Work


def run(work: Work) -> dict[str, Any]:
    """Draw a typographic card for the piece's title, once however often this runs: {says, image_id}."""
    if work.task.param("image_source", "card") != candidates.CARD:
        return {"says": "No picture asked for"}
    key = f"stage-{work.stage.pk}"
    image = work.piece.images.filter(key=key).first()
    if image is None:
        work.progress(0.2, "Drawing the card")
        made = candidates.draw(work.piece, work.piece.title)
        with work.fenced():
            image = candidates.keep(work.piece, made, source=candidates.CARD, key=key)
            events.emit(
                work.task,
                "image_found",
                image_url=image.get_preview_url(),
                photographer="",
                source=image.source,
                image_id=image.pk,
            )
        work.log("images", f"Drew a typographic card in {image.seconds:.1f} s")
    return {"says": "Typographic card", "image_id": image.pk}
