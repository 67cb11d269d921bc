"""The writer for a model that fills one short field at a time: the code lays out, the model answers questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from pipeline.providers.session import Session

from . import angles, guided, headlines, prompts
from .angles import Ask
from .assignment import Article, Assignment, Fact, Section
from .guided import Field, NothingUsable, Seen, Shape, plain, seed_of
from .subject import capital

Show = Callable[[str], None]
SENTENCE = 17  # words in a usual one
PARAGRAPH = 58
FIRM = {"opening", "ending"}  # here the literal opening carries the topic or the call to action
OPENING, ENDING = 55, 50  # words that the first and the last paragraph are given


def quiet(text: str) -> None:
    """Nobody watches."""


def outline(session: Session, asked: Assignment) -> Article:
    """Title and headings, no paragraphs yet."""
    each = 120 if asked.word_count <= 900 else 190 if asked.word_count <= 2000 else 300
    count = min(max(round((asked.word_count - OPENING - ENDING) / each), 3), 11)
    seed = seed_of(asked.seed, asked.topic, "outline")
    chosen = angles.plan(asked.style, count, seed, asked.subject)
    sections = [Section(angle.heading(asked.subject, seed >> at), angle=angle.name) for at, angle in enumerate(chosen)]
    ending = Section(angles.ENDING.heading(asked.subject, seed >> 7), angle=angles.ENDING.name)
    return Article(headlines.title(session, asked), [Section("", angle="opening"), *sections, ending])


def section(
    session: Session, asked: Assignment, article: Article, at: int, facts: Iterable[Fact] = (), show: Show = quiet
) -> Section:
    """Section `at` of the article, written to its share of the words; `show` gets the paragraph as it grows."""
    wanted = article.sections[at]
    made = replace(wanted, paragraphs=[])
    before = article.sections[:at]
    seen = Seen([paragraph for part in before for paragraph in part.paragraphs])
    budget = _budget(asked, article, at)
    for fact in facts:
        made.paragraphs.append(_with_fact(session, asked, fact, seen, seed_of(asked.seed, at, fact.text), show))
        seen.add(made.paragraphs[-1])
    trouble: NothingUsable | None = None
    for turn, ask in enumerate(asks(wanted, asked, at)):
        left = budget - made.words
        if made.paragraphs and left < 0.6 * PARAGRAPH:
            break
        sentences = min(max(round(min(left, 1.3 * PARAGRAPH) / SENTENCE), 2), 4)
        try:
            text = paragraph(
                session, asked, ask, seen, seed_of(asked.seed, at, turn), sentences, show, firm=wanted.angle in FIRM
            )
        except NothingUsable as error:
            trouble = error  # another question may go better
            continue
        made.paragraphs.append(text)
        seen.add(text)
    if not made.paragraphs and trouble:
        raise trouble
    return made


def paragraph(
    session: Session,
    asked: Assignment,
    ask: Ask,
    seen: Seen,
    seed: int,
    sentences: int = 3,
    show: Show = quiet,
    *,
    firm: bool = False,
) -> str:
    """One paragraph that answers one question."""
    about = ask.fill(asked.subject)
    written = guided.write(
        session,
        Field(
            prompt=prompts.load("fieldwriter.answer"),
            values={"question": plain(about.question), "count": _number(sentences), "audience": asked.audience},
            shape=Shape(sentences=sentences, opening=plain(about.opening) + " "),
            about=asked.about,
            names=names(asked),
            seed=seed,
            firm=firm,
        ),
        seen,
        on_text=show,
    )
    return written.text


def _with_fact(session: Session, asked: Assignment, fact: Fact, seen: Seen, seed: int, show: Show) -> str:
    """A paragraph that states a fact in the words it was given, and what follows from it."""
    stated = as_sentence(fact.text)
    wanted = Field(
        prompt=prompts.load("fieldwriter.follow"),
        values={"fact": plain(stated), "t": plain(asked.subject.phrase), "count": "two"},
        shape=Shape(sentences=2, opening="Keep that in mind when you "),
        about=f"{asked.about} {fact.text}",
        names=names(asked),
        seed=seed,
        fewest=1,
    )
    try:
        written = guided.write(session, wanted, seen, on_text=lambda text: show(f"{stated} {text}"))
    except NothingUsable:
        return stated  # a fact can stand alone
    return f"{stated} {written.text}"


def as_sentence(fact: str) -> str:
    """A line of a brief, with a capital and a full stop."""
    text = capital(fact.strip().lstrip("-•* ").strip())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def asks(wanted: Section, asked: Assignment, at: int) -> list[Ask]:
    """The questions of a section, best first; every second section begins with an example."""
    if wanted.angle == "opening":
        return list(angles.OPENING)
    seed = seed_of(asked.seed, asked.topic)
    if wanted.angle == angles.ENDING.name:
        turn = seed % len(angles.ENDING.asks)
        return list(angles.ENDING.asks[turn:] + angles.ENDING.asks[:turn])
    first, *rest = angles.ANGLES[wanted.angle].asks
    example = angles.EXAMPLES[(seed + at) % len(angles.EXAMPLES)]
    own = [first, example, *rest] if at % 2 == 0 else [first, *rest, example]
    turn = at % len(angles.MORE)
    return own + list(angles.MORE[turn:] + angles.MORE[:turn])


def _budget(asked: Assignment, article: Article, at: int) -> int:
    """How many words this section may have, given what the ones before took."""
    if at == 0:
        return max(OPENING, asked.word_count // 15)
    if at == len(article.sections) - 1:
        return max(ENDING, asked.word_count - article.words)
    left = asked.word_count - article.words - ENDING
    return left // (len(article.sections) - 1 - at)


def names(asked: Assignment) -> list[str]:
    return guided.names_in(f"x {asked.subject.phrase}", f"x {asked.keyword}")


def _number(count: int) -> str:
    return ["no", "one", "two", "three", "four", "five"][count]
