"""Format: title, slug, excerpt, tags, what a picture could show, and clean Markdown."""

from __future__ import annotations

import re
from typing import Any

from django.utils.text import slugify

from content.models import Version
from content.services import editing
from pipeline.agents import critic, subeditor
from pipeline.agents.assignment import Article

from .base import Work
from .writing import Ledger, assignment, spent, told

SLUG = 80  # characters


def run(work: Work) -> dict[str, Any]:
    """{title, slug, excerpt, tags, image_prompt, version, says}"""
    if "formatted" in work.kept:
        return dict(work.kept["formatted"])
    asked, ledger = assignment(work), Ledger(work)
    chosen = work.output_of("critique")
    article = Article.from_dict(chosen["article"])
    work.progress(0.1, "Finding title, excerpt and tags")
    finish = subeditor.finish(work.session, asked, article.title, article.markdown)
    article.title = finish.title
    body = clean(article.markdown)
    record = ledger.cut()
    if record["calls"]:
        work.log("model", f"format: {spent(record)}")
    facts = {
        "slug": slug_of(finish.title),
        "excerpt": finish.excerpt,
        "tags": list(finish.tags),
        "image_prompt": finish.image_prompt,
    }
    based_on = Version.objects.get(piece=work.piece, number=chosen["version"])
    read = [finding for finding in based_on.checks.findings if finding.name == critic.NAME]
    with work.fenced():
        version = editing.add_version(
            work.piece,
            title=finish.title,
            body=body,
            stage="format",
            model=work.task.model,
            note=f"From attempt {chosen['best']}",
            report=editing.judge(work.piece, finish.title, body, extra=read),
            facts=facts,
            record={**record, "based_on": chosen["version"]},
        )
        made = {
            "title": finish.title,
            **facts,
            "version": version.number,
            "says": f"Title, slug, {told(len(finish.tags), 'tag')}",
        }
        work.keep("formatted", made)
    return made


def slug_of(title: str) -> str:
    """The title for an address, cut at a word."""
    slug = slugify(title, allow_unicode=True)
    return slug if len(slug) <= SLUG else slug[: SLUG + 1].rsplit("-", 1)[0]


def clean(markdown: str) -> str:
    """One blank line between blocks, none at the ends, no spaces at line ends, one final newline."""
    lines = [line.rstrip() for line in markdown.replace("\r\n", "\n").replace("\u00a0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
