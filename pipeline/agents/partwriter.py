"""Revising with a model that fills one short field at a time: the parts that the note is about are written again, and
everything else stays word for word.

Such a model cannot follow an instruction; it can answer a question in which the note's words stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from content.platforms.text import is_labels, sentences
from pipeline.providers.session import Session

from . import angles, beatwriter, guided, prompts, subject, taste
from .angles import Ask
from .assigned import Revising
from .fieldwriter import as_sentence
from .guided import Field, NothingUsable, Seen, Shape, plain, seed_of

Show = Callable[[str], None]
MOST = 3  # parts written again for one note
LONGEST_NOTE = 240  # characters of it that stand in a question
SHORTEST_QUOTE = 8  # characters; less is a word, which stands in many places
_BLANK = re.compile(r"(\n[ \t]*\n)")
_QUOTED = re.compile(r"[“\"‘]([^“”\"‘’]+)[”\"’]")
_NUMBERED = re.compile(
    r"\b(?:paragraph|post|part|tweet) (?:no\. ?|number )?(\d{1,2})\b|\b(second|third|fourth|fifth)\b", re.I
)
_ORDINALS = {"second": 2, "third": 3, "fourth": 4, "fifth": 5}
_FIRST = re.compile(r"\b(?:first|opening|opens|intro|introduction|hook|beginning|begins|start|starts)\b", re.I)
_LAST = re.compile(r"\b(?:last|ending|ends|end|conclusion|closing|takeaway|call to action)\b", re.I)
_EXAMPLE = re.compile(r"\b(?:examples?|concrete|specific|vague|abstract)\b", re.I)
_TAGS = re.compile(r"(?:\s+#\w+)+\s*$")


def revise(session: Session, asked: Revising, attempt: int, faults: Sequence[str], show: Show) -> tuple[str, list[str]]:
    """The text with those parts written again; what is wrong with it is for its platform to say.

    `NothingUsable` where the model had nothing for any of them.
    """
    parts = _BLANK.split(asked.body.strip())
    prose = [at for at, part in enumerate(parts) if _is_prose(part)]
    trouble: NothingUsable | None = None
    changed = 0
    for at in meant(asked.note, parts, prose, asked):
        others = [parts[other] for other in prose if other != at]
        try:
            parts[at] = _again(session, asked, parts[at], _asks(asked, at, prose), others, attempt, show)
            changed += 1
        except NothingUsable as error:
            trouble = error
            session.log("warn", f"Left a part as it was: {error}")
    if not changed and trouble:
        raise trouble
    return "".join(parts), []


def meant(note: str, parts: Sequence[str], prose: Sequence[int], asked: Revising) -> list[int]:
    """Which parts a note is about: those that it quotes, else those that it names by their place or their heading, else
    those that share its words, else the weakest one. In reading order."""
    if not prose:
        return []
    quotes = [quote.strip() for quote in _QUOTED.findall(note) if len(quote.strip()) >= SHORTEST_QUOTE]
    found = [at for at in prose if any(quote in parts[at] for quote in quotes)]
    found = found or _placed(note, prose) + _under_heading(note, parts, prose)
    found = found or _sharing(note, parts, prose, asked)
    found = found or [min(prose, key=lambda at: taste.merit(sentences(parts[at]), about=_about(asked)))]
    return sorted(dict.fromkeys(found))[:MOST]


def _placed(note: str, prose: Sequence[int]) -> list[int]:
    found = [prose[0]] if _FIRST.search(note) else []
    for number, word in _NUMBERED.findall(note):
        place = int(number) if number else _ORDINALS[word.lower()]
        found += [prose[place - 1]] if 0 < place <= len(prose) else []
    return found + ([prose[-1]] if _LAST.search(note) else [])


def _under_heading(note: str, parts: Sequence[str], prose: Sequence[int]) -> list[int]:
    said, found, named = taste.roots(note), [], False
    for at, part in enumerate(parts):
        if part.startswith("#"):
            heading = taste.roots(part) if part.startswith("##") else frozenset()
            named = bool(heading) and len(heading & said) > len(heading) / 2
        elif named and at in prose:
            found.append(at)
    return found


def _sharing(note: str, parts: Sequence[str], prose: Sequence[int], asked: Revising) -> list[int]:
    """The part that has most of the note's words, without those of the topic, which are everywhere."""
    own = taste.roots(note) - taste.roots(_about(asked))
    shared = {at: len(own & taste.roots(parts[at])) for at in prose}
    best = max(shared.values())
    return [at for at in prose if shared[at] == best][:1] if best > 1 else []


def _is_prose(part: str) -> bool:
    """A paragraph that can be written again: no heading, list, parting line, scene or line of tags."""
    text = part.strip()
    return bool(text) and not (text.startswith(("#", "- ", "* ", ">", "---", "|", "Scene:", "1.")) or is_labels(text))


def _asks(asked: Revising, at: int, prose: Sequence[int]) -> list[Ask]:
    """The questions that this part could answer, best first."""
    if _EXAMPLE.search(asked.note):
        return list(angles.EXAMPLES)
    if at == prose[0]:
        return list(angles.OPENING)
    if at == prose[-1]:
        return list(angles.ENDING.asks)
    usual = [ask for angle in angles.ANGLES.values() for ask in angle.asks[:1]] + list(angles.MORE)
    turn = seed_of(asked.seed, at) % len(usual)
    return (usual[turn:] + usual[:turn])[:4]


def _again(
    session: Session, asked: Revising, old: str, asks: Sequence[Ask], others: Sequence[str], attempt: int, show: Show
) -> str:
    """This part in other words, of about its length, with the tags that end it."""
    tags = _TAGS.search(old)
    stands = old[: tags.start()] if tags else old
    given = [
        as_sentence(fact) for fact in asked.ask.facts if as_sentence(fact) in stands
    ]  # a person's, and not to change
    about, wanted = subject.of(asked.ask.topic or asked.title), min(max(len(sentences(stands)), 1), 4)
    trouble: NothingUsable | None = None
    turn = attempt - 1
    for number, ask in enumerate([*asks[turn:], *asks[:turn]]):
        filled = ask.fill(about)
        question = f"{plain(filled.question)} Keep in mind: {plain(asked.note)[:LONGEST_NOTE]}"
        field = Field(
            prompt=prompts.load("fieldwriter.answer"),
            values={
                "question": question if question.endswith((".", "!", "?")) else f"{question}.",
                "count": ("no", "one", "two", "three", "four")[wanted],
                "audience": asked.ask.audience,
            },
            shape=Shape(wanted, f"{plain(filled.opening)} "),
            about=f"{_about(asked)} {asked.note[:LONGEST_NOTE]}",
            names=guided.names_in(f"x {about.phrase}", f"x {asked.ask.keyword}"),
            seed=seed_of(asked.seed, attempt, number, stands),
            fewest=min(wanted, 2),
        )
        try:
            written = guided.write(session, field, Seen(list(others)), on_text=show)
        except NothingUsable as error:
            trouble = error
            continue
        text = beatwriter.fitted(written.text, max(len(stands), 120))
        return " ".join([*given, text]) + (tags[0] if tags else "")
    assert trouble is not None, "there is always a question"
    raise trouble


def _about(asked: Revising) -> str:
    return " ".join(filter(None, (asked.ask.topic or asked.title, asked.ask.keyword)))
