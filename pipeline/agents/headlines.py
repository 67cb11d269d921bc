"""Titles for a small model's text: some that are grammatical by their making, some that the model found."""

from __future__ import annotations

import random
import re

from pipeline.providers.base import Reply
from pipeline.providers.session import Session

from . import angles, guided, prompts, sifting, taste
from .assignment import Assignment
from .guided import Field, Shape, plain, seed_of
from .subject import capital

FREE = 5  # candidates of the model
LONGEST = 70  # characters
_MADE = (
    "$S: where to begin",
    "$S, step by step",
    "A plain guide to $t",
    "Getting started with $t",
    "What to know about $t",
    "$S without the fuss",
    "First steps in $t",
    "$S: what works and what does not",
    "Making a start with $t",
    "The everyday side of $s",
)
_BY_STYLE = {
    "checklist": ("A checklist for $t", "$S: what to check"),
    "opinion": ("In favour of $t", "$S $is worth the trouble"),
    "story": ("What $s can teach you", "A first try at $t"),
    "case study": ("$S in practice", "How $s $goes in practice"),
}
# A topic in these words is a title already.
_TITLED = re.compile(r"^(?:how|why|what|when|where|who|should|is|are|\d+|two|three|four|five|six|seven|ten) ", re.I)


def title(session: Session, asked: Assignment) -> str:
    """The best title. The topic as it was typed is one of them, and stands where it reads as a title."""
    subject = asked.subject
    typed = capital(subject.name)
    if _TITLED.match(typed) and len(typed) <= LONGEST:
        return typed
    chance = random.Random(seed_of(asked.seed, asked.topic, "title"))
    own = [capital(angles.fill(text, subject)) for text in (*_MADE, *_BY_STYLE.get(asked.style.lower(), ()))]
    scored = [(worth(text, asked) + chance.uniform(0, 0.5), text) for text in own]
    free = _free(session, asked)
    scored += [(worth(text, asked) + 0.2 + chance.uniform(0, 0.3), text) for text in free]
    return max([*scored, (0.0, typed[:LONGEST])])[1]


def worth(text: str, asked: Assignment) -> float:
    """How well a title suits: it names the topic and the keyword, and is neither a stub nor too long for a list."""
    wanted, said = taste.roots(asked.subject.short), taste.roots(text)
    named = len(wanted & said) / max(1, len(wanted))
    if named < 0.6 or len(text) > LONGEST or len(text.split()) < 3:
        return -1.0
    keyword = (
        0.5 * (len(taste.roots(asked.keyword) & said) / max(1, len(taste.roots(asked.keyword)))) if asked.keyword else 0
    )
    return named + keyword - max(0, len(text) - 55) * 0.03


def _free(session: Session, asked: Assignment) -> list[str]:
    """What the model would call it, in sentence case; often nothing that can be used."""
    shape = Shape(sentences=0, shortest=4, longest=10)
    wanted = Field(
        prompt=prompts.load("fieldwriter.title"),
        values={"t": plain(asked.subject.phrase)},
        shape=shape,
        about=asked.about,
        seed=seed_of(asked.seed, "title"),
        temperature=0.5,
    )
    pattern, names = re.compile(shape.pattern), guided.names_in(f"x {asked.subject.phrase}", f"x {asked.keyword}")
    found = []
    for request, answer in guided.ask(session, wanted, FREE):
        if not isinstance(answer, Reply) or not (text := guided.parse(answer, pattern)):
            continue
        line = sentence_case(text, names)
        if not sifting.is_faulty(f"{line}.", shape.longest + 1, asked.about, names) and not taste.worn(line):
            found.append(line)
            session.take(request, answer)
    return list(dict.fromkeys(found))


def sentence_case(text: str, names: list[str]) -> str:
    """“The Quiet Garden” → “The quiet garden”; names keep their capitals."""
    known = {name.lower(): name for name in names}
    return capital(" ".join(known.get(word.lower().rstrip(":,"), word.lower()) for word in text.split()))
