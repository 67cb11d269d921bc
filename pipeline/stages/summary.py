"""Summary: what is where. What succeeded is kept, whatever failed."""

from __future__ import annotations

from collections import Counter
from typing import Any

from content.errors import ExternalError
from content.models import Post
from pipeline.models import Delivery, Stage, StageStatus

from .base import Work
from .writing import told


def run(work: Work) -> dict[str, Any]:
    """The task's result: {says, piece_id, post, targets, failed}, each target with its ids and addresses.

    Raises if it came to no place at all, our own site included: the task has then failed.
    """
    parts = list(work.task.stages.filter(name="deliver").order_by("pk"))
    failed = [stage for stage in parts if stage.status != StageStatus.DONE]
    went_public = work.task.stages.filter(name="publish").exists()
    post = Post.objects.get(piece=work.piece)
    if failed and len(failed) == len(parts) and not went_public:
        reason = Counter(stage.error for stage in failed).most_common(1)[0][0]
        no_place = f"None of {told(len(failed), 'place')} is up to date. " if len(failed) > 1 else ""
        raise ExternalError(f"{no_place}{reason}", retryable=False)
    known = {delivery.target: delivery for delivery in post.deliveries.all()}
    return {
        "says": says(post, parts, failed, went_public=went_public),
        "piece_id": work.piece.pk,
        "post": {"title": post.title, "slug": post.slug, "url": post.url, "withdrawn": post.withdrawn_at is not None},
        "targets": [_target(stage, known.get(stage.key)) for stage in parts],
        "failed": len(failed),
    }


def says(post: Post, parts: list[Stage], failed: list[Stage], *, went_public: bool) -> str:
    """ "Public here, and up to date in 1 of 2 places"."""
    done = len(parts) - len(failed)
    of = f"{done or 'none'} of {told(len(parts), 'place')}" if failed else told(done, "place")
    if not parts:
        return "Public on our own site"
    if post.withdrawn_at is not None:
        return f"Taken off {of}"
    return f"Public here, and up to date in {of}" if went_public else f"Up to date in {of}"


def _target(stage: Stage, delivery: Delivery | None) -> dict[str, Any]:
    return {
        "target": stage.key,
        "stage_id": stage.pk,
        "state": delivery.state if delivery else "never",
        "external_id": delivery.document_id if delivery else "",
        "external_url": delivery.desk_url if delivery else "",
        "public_url": delivery.public_url if delivery else "",
        "error": "" if stage.status == StageStatus.DONE else stage.error,
    }
