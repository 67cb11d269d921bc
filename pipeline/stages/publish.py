"""Publish: what a person set for a date goes out on our own site, and then to every other place."""

from __future__ import annotations

from typing import Any

from content.models import Post
from media_gen.services import publishing
from pipeline import events, publishers
from pipeline.models import Stage
from pipeline.workflows import planned

from . import Output
from .base import Work


def run(work: Work) -> Output:
    """{says, slug, url}; what it stores besides are the stages that send it elsewhere, to the targets of today."""
    params = work.task.params
    post = publishing.publish_as_planned(
        work.piece.pk,
        by=work.task.owner,
        version_hash=params["version_hash"],
        picture=params["picture"],
        slug=params["slug"],
        fence=work.fenced,
    )
    return lambda: _told(work, post)


def _told(work: Work, post: Post) -> dict[str, Any]:
    task, piece = work.task, work.piece
    if not task.stages.filter(name="deliver").exists():  # tried again, it has them
        onward = [planned(task, "deliver", piece=piece, key=target.name) for target in publishers.targets()]
        Stage.objects.bulk_create(onward)
        # A step of no stages would be waited for: the summary follows at once.
        task.stages.filter(name="summary").update(position=2 if onward else 1)
    events.emit(task, "published", **work.which, target="site", external_id="", external_url="", public_url=post.url)
    return {"says": "Public", "slug": post.slug, "url": post.url}
