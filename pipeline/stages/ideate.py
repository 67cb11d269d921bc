"""Ideate: so many ideas, none like those of the last 30 days, and for each of them its pieces, to be written next."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from content.errors import CopydeskError
from content.models import Idea
from content.platforms.base import Ask
from content.services import ideas
from pipeline import quality, queue
from pipeline.agents import ideator
from pipeline.agents.guided import seed_of
from pipeline.agents.ideator import Proposal, Wanted
from pipeline.models import Creativity, Schedule, Stage
from pipeline.workflows import planned_transform

from .base import Work
from .writing import told

MEMORY_DAYS = 30
MOST_REMEMBERED = 400


def run(work: Work) -> dict[str, Any]:
    """{ideas: [{id, title, category}], pieces, record, says}"""
    laid_out = work.task.stages.filter(name="transform")
    if not laid_out.exists():  # a second run finds what the first has stored
        proposals = _proposals(work)
        with work.fenced():
            _store(work, proposals)
    found = Idea.objects.filter(pieces__stages__in=laid_out).distinct().order_by("pk")
    named = [{"id": idea.pk, "title": idea.title, "category": idea.category} for idea in found]
    count = laid_out.count()
    return {
        "ideas": named,
        "pieces": count,
        "record": work.session.record(),
        "says": f"{told(len(named), 'idea')}, {told(count, 'piece')} to write",
    }


def _proposals(work: Work) -> list[Proposal]:
    """As many as were asked for if the model has them in it; each is kept as soon as it is there."""
    kept = [Proposal(**found) for found in work.kept.get("proposals", [])]
    wanted = _wanted(work)

    def accept(proposals: list[Proposal]) -> None:
        for number, proposal in enumerate(proposals, start=len(kept) + 1):
            work.live(f"idea-{number}", proposal.title, kind="h3", final=True)
            work.live(f"idea-{number}-says", proposal.description, final=True)
        kept.extend(proposals)
        work.keep("proposals", [asdict(one) for one in kept])
        work.progress(len(kept) / wanted.count, f"{told(len(kept), 'idea')} of {wanted.count}")

    work.progress(0.02, f"Thinking of {told(wanted.count, 'idea')}")
    return _decent(work, ideator.propose(work.session, wanted, on_ideas=accept, kept=tuple(kept)))


def _decent(work: Work, proposals: list[Proposal]) -> list[Proposal]:
    """Those that may be stored; raises if none of them may."""
    decent: list[Proposal] = []
    refusal: CopydeskError | None = None
    for proposal in proposals:
        try:
            quality.require_decent(f"{proposal.title}\n\n{proposal.description}")
        except CopydeskError as error:
            refusal = error
            work.log("validator", f"One idea is left out: {error}", level="warn")
        else:
            decent.append(proposal)
    if refusal and not decent:
        work.keep("proposals", [])  # else trying again would find the same ones
        raise refusal
    return decent


def _wanted(work: Work) -> Wanted:
    task = work.task
    since = timezone.now() - timedelta(days=MEMORY_DAYS)
    used = Idea.objects.filter(owner=task.owner, created_at__gte=since).order_by("-created_at")
    creativity = Creativity(task.param("creativity", Creativity.USUAL))
    return Wanted(
        count=task.param("count", 5),
        topics=tuple(task.param("topics", settings.TOPICS)),
        keywords=tuple(task.param("keywords", [])),
        audience=task.param("audience"),
        tone=task.param("tone"),
        date=f"{Schedule.objects.of(task.owner).local(timezone.now()):%A %d %B %Y}",
        used=tuple(used.values_list("title", "description")[:MOST_REMEMBERED]),
        seed=task.param("seed", seed_of(task.pk)) + work.stage.tried,
        temperature=creativity.temperature(settings.IDEA_TEMPERATURE),
        max_tokens=settings.IDEA_TOKENS,
    )


def _store(work: Work, proposals: list[Proposal]) -> None:
    """The ideas, a piece for each platform, and the stages that will write them: all of it or nothing."""
    task = work.task
    new = [
        Idea(title=proposal.title[:300], description=proposal.description, category=proposal.category[:80])
        for proposal in proposals
    ]
    asks = [
        (idea, slug, Ask(slug, topic=idea.title, audience=task.param("audience"), tone=task.param("tone")).as_dict())
        for idea in ideas.propose_all(new, owner=task.owner)
        for slug in task.param("platforms", settings.DAILY_PLATFORMS)
    ]
    stages = Stage.objects.bulk_create(planned_transform(task, piece) for piece in ideas.start_pieces(asks))
    # One ticket drains many stages; these let the other workers help.
    for _ in range(min(len(stages) // 4, 3)):
        transaction.on_commit(queue.ticket)
