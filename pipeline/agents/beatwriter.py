"""A social piece by a model that fills one short field at a time: the platform says what to ask for, beat by beat.

One candidate at a time, and the next one only while none is good: many pieces are written at once, so that the model is
busy anyhow, and what is written and not taken costs every one of them.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from string import Template
from typing import Any

from pydantic import BaseModel

from content.platforms.base import Beat
from content.platforms.text import sentences
from pipeline.providers.session import Session

from . import guided, hashtags, prompts, subject
from .assigned import Assigned
from .guided import Field, NothingUsable, Seen, Shape, plain, seed_of
from .subject import Subject
from .taste import roots

Show = Callable[[str, str], None]
TRIES = 2  # candidates for one question
GOOD = -0.75  # a candidate of this merit is taken at once
PLAIN = -1.6  # the same for one sentence that need not name the topic, because those around it do
LONGEST_SUBJECT = 60  # characters: it stands in many sentences


def reply(session: Session, asked: Assigned, shape: type[BaseModel], seed: int, show: Show) -> dict[str, Any]:
    """The values of a reply, as far as the model had them in it: a beat without a usable answer is left out."""
    writer = _Writer(session, asked, shape, seed, show)
    for at, beat in enumerate(asked.platform.beats):
        if not beat.spare or writer.falls_short():
            writer.play(beat, at)
    return writer.values


class _Writer:
    def __init__(self, session: Session, asked: Assigned, shape: type[BaseModel], seed: int, show: Show) -> None:
        self.session, self.asked, self.shape, self.seed, self.show = session, asked, shape, seed, show
        self.subject = subject_of(asked)
        self.about = " ".join((self.subject.phrase, asked.title, *asked.keywords))
        self.names = guided.names_in(
            f"x {self.subject.phrase}", f"x {asked.category}", *(f"x {k}" for k in asked.keywords)
        )
        told = sentences(asked.description)
        self.places = {**self.subject.words, "idea": plain(told[0]) if told else ""}
        self.seen = Seen()
        # A part that the model has nothing for stays empty; whether that may be is the platform's to say.
        self.values: dict[str, Any] = {name: [] if is_list(shape, name) else "" for name in shape.model_fields}
        if "hashtags" in shape.model_fields:
            self.values["hashtags"] = hashtags.of(self.subject, asked.category, *asked.keywords)

    def play(self, beat: Beat, at: int) -> None:
        """Ask for one beat, in one way after the other until one is answered well."""
        turn = seed_of(self.seed, beat.field) % len(beat.asks)
        for number, (question, opening) in enumerate(beat.asks[turn:] + beat.asks[:turn]):
            try:
                text = self._answer(beat, f"{beat.field}-{at}", question, opening, seed_of(self.seed, at, number))
            except NothingUsable:
                continue
            self.seen.add(text)
            self._put(beat.field, text)
            return

    def falls_short(self) -> bool:
        """Whether what there is comes to less than its platform wants."""
        platform, ask = self.asked.platform, self.asked.ask
        try:
            body = platform.tidy(platform.assemble(self.shape.model_construct(**self.values)))
        except (AttributeError, ValueError):
            return True
        measures = platform.measures(self.asked.title, body, ask)
        return any(one.hard and one.low is not None and one.value < one.low for one in measures)

    def _answer(self, beat: Beat, block: str, question: str, opening: str, seed: int) -> str:
        literal = plain(Template(opening).substitute(self.places))
        wanted = Field(
            prompt=prompts.load("fieldwriter.answer"),
            values={
                "question": plain(Template(question).substitute(self.places)),
                "count": ("no", "one", "two", "three", "four", "five")[beat.sentences],
                "audience": self.asked.audience,
            },
            shape=Shape(beat.sentences, f"{literal} " if literal else "", beat.shortest, beat.longest),
            about=self.about,
            names=self.names,
            seed=seed,
            fewest=min(beat.sentences, 2),
            firm=bool(literal),
        )
        written = guided.write(
            self.session,
            wanted,
            self.seen,
            candidates=1,
            rounds=TRIES,
            good=PLAIN if beat.sentences == 1 and not roots(literal) & roots(self.subject.phrase) else GOOD,
            on_text=lambda text: self.show(block, text),
        )
        return fitted(written.text, beat.most)

    def _put(self, field: str, text: str) -> None:
        if is_list(self.shape, field):
            self.values[field].append(text)
        else:
            self.values[field] = f"{self.values[field]} {text}".strip()


def subject_of(asked: Assigned) -> Subject:
    """What the piece is about, as a phrase: the idea's category where its title names it, else the title."""
    category = roots(asked.category)
    named = category and category <= roots(asked.title)
    found = subject.of(asked.category if named else asked.title)
    return found if len(found.phrase) <= LONGEST_SUBJECT else subject.of(found.parts[0][:LONGEST_SUBJECT])


def fitted(text: str, most: int) -> str:
    """The text without its last sentences, until it has at most so many characters; 0 is no limit."""
    lines = sentences(text)
    while most and len(lines) > 1 and len(" ".join(lines)) > most:
        lines = lines[:-1]
    return " ".join(lines)


def is_list(shape: type[BaseModel], field: str) -> bool:
    return typing.get_origin(shape.model_fields[field].annotation) is list
