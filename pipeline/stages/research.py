"""Research: what is known of the topic and from where, and the model's own angles, marked as having no source."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from content.models import Post
from pipeline.agents import researcher, taste
from pipeline.agents.assignment import Fact

from .base import Work
from .writing import Ledger, assignment, spent, told

BRIEF = "the brief"
POSTS = 3  # of our own that are drawn on


def run(work: Work) -> dict[str, Any]:
    """{facts: [{text, source, url}], angles, unread, posts, record, says}"""
    asked = assignment(work)
    given = [Fact(line, BRIEF) for line in work.piece.asked.facts]
    posts = published_on(asked.about)
    unread = list(work.piece.asked.sources)
    work.log(
        "worker",
        f"Read {told(len(posts), 'published post')} of yours on this, {told(len(given), 'fact')} from the brief",
    )
    for url in unread:
        work.log("worker", f"Source not read yet, only recorded: {url}", level="warn")
    work.progress(0.2, "Asking the model for angles")
    ledger = Ledger(work)
    own = [Fact(f"{post.title}. {post.excerpt}".strip(), post.title, post.get_absolute_url()) for post in posts]
    found = researcher.research(work.session, asked, [*given, *own])
    record = ledger.cut()
    work.log("model", f"research: {spent(record)}")
    return {
        "facts": [{"text": fact.text, "source": fact.source, "url": fact.url} for fact in found.facts]
        + [{"text": angle, "source": None, "url": ""} for angle in found.angles],
        "angles": found.angles,
        "unread": unread,
        "record": record,
        "says": found.says,
    }


def published_on(about: str) -> list[Post]:
    """Our own live posts that share at least half of the topic's words in title or excerpt, best first."""
    wanted = taste.roots(about)
    if not wanted:
        return []
    likely = Q()
    for root in wanted:
        likely |= Q(title__icontains=root) | Q(excerpt__icontains=root)
    close = []
    for post in Post.objects.live().filter(likely).only("title", "excerpt", "slug").order_by("-published_at")[:200]:
        shared = len(wanted & taste.roots(f"{post.title} {post.excerpt}")) / len(wanted)
        if shared >= 0.5:
            close.append((shared, post))
    return [post for _, post in sorted(close, key=lambda pair: -pair[0])[:POSTS]]
