"""Mending a text with a small model: only what is at fault is written again, the rest stays word for word."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, field

from content.checks.base import Report
from content.checks.concrete import evidence
from content.checks.cta import asks as calls_to_action
from content.platforms.text import count_words, mentions, sentences
from pipeline.providers.session import Session

from . import angles, fieldwriter, sifting, taste
from .assignment import Article, Assignment, Section
from .fieldwriter import Show, quiet
from .guided import NothingUsable, Seen, seed_of
from .subject import capital

MOST = 4  # paragraphs written again in one refinement
SENTENCE_AT_FAULT = {"claims", "cliches", "readability"}
PARAGRAPH_AT_FAULT = {"repetition", "filler", "complete", "critique"}


@dataclass
class Repair:
    """One refinement of an article; `done` says what was changed, in words for the log."""

    session: Session
    asked: Assignment
    article: Article
    report: Report
    attempt: int
    show: Show = quiet
    done: list[str] = field(default_factory=list)

    def run(self) -> Article:
        """The mended article; `done` is empty if there was nothing to mend."""
        self.article = deepcopy(self.article)
        self._drop_sentences()
        self._rewrite_paragraphs()
        self._show_examples()
        self._place_keyword()
        self._call_to_action()
        self._fit_length()
        return self.article

    # --- What is at fault ---

    def _quotes(self, names: Iterable[str]) -> list[str]:
        return [quote for finding in self.report.issues if finding.name in names for quote in finding.quotes]

    def _is_given(self, line: str) -> bool:
        """A sentence that a person gave is not the model's to change."""
        return any(fieldwriter.as_sentence(fact.text) in line or line in fact.text for fact in self.asked.given)

    def _drop_sentences(self) -> None:
        """Take out sentences that claim what nobody gave, or that everyone has read before."""
        for quote in self._quotes(SENTENCE_AT_FAULT):
            for section in self.article.sections:
                for at, paragraph in enumerate(section.paragraphs):
                    lines = sentences(paragraph)
                    kept = [line for line in lines if quote not in line or self._is_given(line)]
                    if len(kept) == len(lines):
                        continue
                    if len(kept) >= 2 and sifting.starts_well(kept[0]):
                        section.paragraphs[at] = " ".join(kept)
                        self.done.append(f"took out “{quote}”")
                    else:
                        self._rewrite(section, at, f"“{quote}”")

    def _rewrite_paragraphs(self) -> None:
        """Write again the paragraphs that repeat, say nothing or break off, at most a few."""
        worst: dict[tuple[int, int], str] = {}
        for quote in self._quotes(PARAGRAPH_AT_FAULT):
            for number, section in enumerate(self.article.sections):
                for at, paragraph in enumerate(section.paragraphs):
                    if quote in paragraph and not self._is_given(paragraph):
                        worst.setdefault((number, at), quote)
        # From the end: where two say the same, the later one is the repetition.
        for (number, at), quote in sorted(worst.items(), reverse=True)[:MOST]:
            self._rewrite(self.article.sections[number], at, f"“{quote[:60]}”")

    def _rewrite(self, section: Section, at: int, why: str) -> None:
        old = section.paragraphs[at]
        new = self._another(section, old, turn=at + self.attempt)
        if new:
            section.paragraphs[at] = new
            self.done.append(f"wrote the paragraph with {why} again")

    def _another(self, section: Section, old: str = "", turn: int = 0, sentences_: int = 3) -> str:
        """A paragraph for this section that says something new, or nothing if the model had none."""
        number = self.article.sections.index(section)
        choice = fieldwriter.asks(section, self.asked, number)
        ask = choice[turn % len(choice)]
        seen = Seen([paragraph for paragraph in self.article.paragraphs if paragraph != old])
        seed = seed_of(self.asked.seed, "repair", self.attempt, number, turn)
        try:
            return fieldwriter.paragraph(self.session, self.asked, ask, seen, seed, sentences_, self.show)
        except NothingUsable as error:
            self.session.log("warn", f"Left a paragraph of “{section.heading}” as it was: {error}")
            return ""

    def _show_examples(self) -> None:
        """Give sections that only tell an example, in place of their last paragraph."""
        if not any(finding.name == "examples" for finding in self.report.issues):
            return
        body = self.article.sections[1:-1]
        bare = [part for part in body if not any(map(evidence, sentences(" ".join(part.paragraphs))))]
        for section in bare[:2]:
            turn = self.attempt + self.article.sections.index(section)
            ask = angles.EXAMPLES[turn % len(angles.EXAMPLES)]
            seen = Seen(self.article.paragraphs)
            seed = seed_of(self.asked.seed, "example", self.attempt, turn)
            try:
                new = fieldwriter.paragraph(self.session, self.asked, ask, seen, seed, 3, self.show)
            except NothingUsable as error:
                self.session.log("warn", f"No example for “{section.heading}”: {error}")
                continue
            if len(section.paragraphs) > 1 and not self._is_given(section.paragraphs[-1]):
                section.paragraphs[-1] = new
            else:
                section.paragraphs.append(new)
            self.done.append(f"gave “{section.heading}” an example")

    def _place_keyword(self) -> None:
        keyword, first = self.asked.keyword, self.article.paragraphs[:1]
        if keyword and not mentions(f"{self.article.title}\n{''.join(first)}", keyword):
            self.article.title = f"{capital(keyword)}: {self.article.title}"
            self.done.append("put the keyword into the title")

    def _call_to_action(self) -> None:
        ending = self.article.sections[-1]
        if any(finding.name == "cta" for finding in self.report.issues) and not any(
            map(calls_to_action, sentences(" ".join(ending.paragraphs)))
        ):
            ask = angles.ENDING.asks[0]
            seed = seed_of(self.asked.seed, "ending", self.attempt)
            seen = Seen(self.article.paragraphs[:-1])
            new = fieldwriter.paragraph(self.session, self.asked, ask, seen, seed, 2, self.show, firm=True)
            ending.paragraphs = [new]
            self.done.append("ended on what to do next")

    # --- Length ---

    def _fit_length(self) -> None:
        while self.article.words > self.asked.high and self._drop_spare():
            self.done.append("dropped a spare paragraph")
        for turn in range(2 * len(self.article.sections)):
            missing = self.asked.low - self.article.words
            if missing <= 0:
                return
            if not self._add(turn, missing):
                return
            self.done.append("added a paragraph")

    def _drop_spare(self) -> bool:
        """Drop the weakest paragraph that its section can do without; never one with a given fact, never a heading."""
        spare = []
        for section in self.article.sections[1:]:
            for paragraph in section.paragraphs[1:]:
                fits = self.article.words - count_words(paragraph) >= self.asked.low
                if fits and not self._is_given(paragraph):
                    spare.append((taste.merit(sentences(paragraph), about=self.asked.about), section, paragraph))
        if not spare:
            return False
        _, section, paragraph = min(spare, key=lambda found: found[0])
        section.paragraphs.remove(paragraph)
        return True

    def _add(self, turn: int, missing: int) -> bool:
        """One more paragraph, in the shortest section."""
        room = self.asked.high - self.article.words
        section = min(self.article.sections[1:-1], key=lambda part: part.words)
        count = min(max(round(missing / fieldwriter.SENTENCE) + 1, 2), 4)
        new = self._another(section, turn=len(section.paragraphs) + turn, sentences_=count)
        if not new or count_words(new) > room:
            return False
        section.paragraphs.append(new)
        return True
