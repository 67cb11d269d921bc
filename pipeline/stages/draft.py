"""Draft: an outline, then section by section. What is written is kept, so that a second run goes on where it stopped."""

from __future__ import annotations

from typing import Any

from pipeline.agents import taste
from pipeline.agents.assignment import Article, Assignment, Fact, Section

from .base import Work
from .writing import Ledger, assignment, desk, showing, spent, together, told


def run(work: Work) -> dict[str, Any]:
    """{article, words, record, says}; `record` is the generation record of the whole draft."""
    asked, writer, ledger = assignment(work), desk(work), Ledger(work)
    if "outline" not in work.kept:
        work.progress(0.02, "Outlining")
        planned = writer.outline(work.session, asked)
        work.keep("outline", {"article": planned.as_dict(), "record": ledger.cut()})
        work.log("model", f"draft: outline of {told(len(planned.sections) - 1, 'section')}")
    article = Article.from_dict(work.kept["outline"]["article"])
    last = len(article.sections)
    placed = place(asked, article)
    for at, planned in enumerate(article.sections):
        name = planned.heading or "the opening"
        if planned.heading:
            work.live(f"h{at}", planned.heading, kind="h2", final=True)
        if (key := f"section {at}") not in work.kept:
            work.progress(
                0.05 + 0.95 * at / last, f"Writing {f'“{name}”' if planned.heading else name}, {at + 1} of {last}"
            )
            made = writer.section(work.session, asked, article, at, placed[at], showing(work, f"s{at}"))
            record = ledger.cut()
            work.keep(key, {"section": made.as_dict(), "record": record})
            work.log("model", f"draft, section {at + 1} of {last}: {told(made.words, 'word')}, {spent(record)}")
        else:
            work.log("worker", f"draft, section {at + 1} of {last} is kept from an earlier run")
        article.sections[at] = Section(**work.kept[key]["section"])
        work.live(f"s{at}", "\n\n".join(article.sections[at].paragraphs), final=True)
    record = together(
        [work.kept["outline"]["record"], *(work.kept[f"section {at}"]["record"] for at in range(last))],
        article=article.as_dict(),
    )
    work.log("model", f"draft: {told(article.words, 'word')} in {record['seconds']:.1f} s")
    return {
        "article": article.as_dict(),
        "words": article.words,
        "record": record,
        "says": f"{told(article.words, 'word')}, {told(last - 1, 'section')}",
    }


def place(asked: Assignment, article: Article) -> list[list[Fact]]:
    """The brief's facts, each with the section that it fits best, spread so that none gets them all.

    A small model puts them in literally; a capable one is told all of them with every section.
    """
    spots: list[list[Fact]] = [[] for _ in article.sections]
    inner = range(1, max(2, len(article.sections) - 1))
    for fact in (fact for fact in asked.given if not fact.url):
        words = taste.roots(fact.text)

        def fit(at: int, words: frozenset[str] = words) -> float:
            section = article.sections[at]
            return len(words & taste.roots(f"{section.heading} {section.angle}")) - 1.5 * len(spots[at]) - 0.01 * at

        spots[max(inner, key=fit)].append(fact)
    return spots
