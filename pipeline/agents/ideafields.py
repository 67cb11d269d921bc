"""Ideas by a model that fills one short field at a time.

It says in a few sentences what it knows of a topic from one side (a common mistake, a first step); the title is that
side and what it answered, in its own words. What it said before is not put into its prompt, where a model of this size
would copy it: it is sifted out of its answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from content.checks.complete import dangles
from content.platforms.text import sentences
from pipeline.providers.session import Session

from . import guided, prompts, subject
from .angles import Ask
from .guided import Field, NothingUsable, Seen, Shape, plain, seed_of
from .proposing import Proposal, Wanted
from .subject import capital

if TYPE_CHECKING:
    from .ideator import Board

SIDES = (
    Ask("What is a common mistake in $t?", "A common mistake in $s is "),
    Ask("What is a small habit that helps with $t?", "A small habit that helps with $s is "),
    Ask("What is the hardest part of $t?", "The hardest part of $s is "),
    Ask("What do people forget about $t?", "One thing that people forget about $s is "),
    Ask("What is a good first step in $t?", "A good first step in $s is "),
    Ask("What is the best part of $t?", "The best part of $s is "),
    Ask("How do you save time on $t?", "One way to save time on $s is "),
    Ask("What is a common problem with $t?", "A common problem with $s is "),
    Ask("What is an easy way to begin with $t?", "An easy way to begin with $s is "),
    Ask("What is a benefit of $t?", "A quiet benefit of $s is "),
    Ask("What is a useful skill in $t?", "A useful skill in $s is "),
    Ask("How do you save money on $t?", "One way to save money on $s is "),
    Ask("How do you get better at $t?", "One way to get better at $s is "),
    Ask("What is worth writing down in $t?", "One thing worth writing down in $s is "),
    Ask("What is a good question to ask about $t?", "A good question to ask about $s is "),
    Ask("What is the most important tool in $t?", "A simple tool for $s is "),
)
EACH = 5  # sides that one idea may be tried from in a round
CANDIDATES = 1
TRIES = 2  # for one side
GOOD = -0.75  # a candidate of this merit is taken at once
LONGEST_TITLE = 100
SHORTEST_POINT, LONGEST_POINT = 2, 12  # words
_CLAUSE = re.compile(
    r"(?:, one|,)? (?:that|which|who|because|so|when|while|if|without|before|after|instead of|rather than) |, "
)


def ask(session: Session, wanted: Wanted, board: Board, turn: int) -> str:
    """One round: each missing idea from another topic and another side; what is wrong with it all, or nothing."""
    fault = ""
    start = seed_of(wanted.seed, "topics")
    for place in range(len(board.accepted), wanted.count):
        topic = wanted.topics[(start + place + turn) % len(wanted.topics)]
        first = seed_of(wanted.seed, topic, place, turn)
        for number in range(EACH):
            side = SIDES[(first + 5 * number) % len(SIDES)]
            try:
                proposal = _idea(session, wanted, board, topic, side, seed_of(first, number))
            except NothingUsable as error:
                fault = str(error)
                continue
            if proposal and board.offer(proposal):
                break
    return fault if board.missing else ""


def _idea(session: Session, wanted: Wanted, board: Board, topic: str, side: Ask, seed: int) -> Proposal | None:
    about = subject.of(topic)
    asked = side.fill(about)
    opening = plain(asked.opening)
    told = [*(one.description for one in board.accepted), *(description for _, description in wanted.used)]
    written = guided.write(
        session,
        Field(
            prompt=prompts.load("fieldwriter.answer"),
            values={"question": plain(asked.question), "count": "two", "audience": wanted.audience},
            shape=Shape(2, f"{opening} ", longest=34),
            about=" ".join((topic, *wanted.keywords)),
            names=guided.names_in(f"x {about.phrase}", *(f"x {word}" for word in wanted.keywords)),
            seed=seed,
            temperature=min(wanted.temperature, 0.8) / 2,  # above that, a model of this size loses its thread
            fewest=2,
            firm=True,
        ),
        Seen(told),
        candidates=CANDIDATES,
        rounds=TRIES,
        good=GOOD,
    )
    title = titled(sentences(written.text)[0], opening)
    return Proposal(title, written.text, capital(about.short)[:40]) if title else None


def titled(line: str, opening: str) -> str:
    """“A common mistake in remote work is the lack of a plan.” → “A common mistake in remote work: the lack of a plan”.

    Nothing if what was answered is too short or too long for a title.
    """
    point = line.removeprefix(opening.rstrip()).strip(" .")
    for lead in ("that ", "to ", "when ", "how to "):
        point = point.removeprefix(lead)
    label = opening.strip().removesuffix(" is")
    # What does not fit loses its last clause: “a plan that nobody reads” is “a plan”.
    ends = [len(point), *(clause.start() for clause in reversed(list(_CLAUSE.finditer(point))))]
    points = (point[:end] for end in ends)
    return next((f"{label}: {short}" for short in points if _fits(f"{label}: {short}", short)), "")


def _fits(title: str, point: str) -> bool:
    said = len(point.split())
    return SHORTEST_POINT <= said <= LONGEST_POINT and len(title) <= LONGEST_TITLE and not dangles(title)
