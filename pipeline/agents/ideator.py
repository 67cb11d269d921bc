"""The ideator: what is worth writing about today, and none of it told in the last 30 days."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from content.errors import ExternalError
from content.platforms.text import sentences
from pipeline.providers.base import Request
from pipeline.providers.embedding import embed
from pipeline.providers.session import Session

from . import closeness, ideafields, prompts
from .asking import says_wrong
from .closeness import Told
from .guided import seed_of
from .proposing import Proposal, Wanted

__all__ = ["Proposal", "Wanted", "propose"]

ROUNDS = 3
SHOWN = 60  # used ideas that a prompt names, newest first; the others are only compared with
LONGEST_TITLE = 100


class One(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=8, max_length=LONGEST_TITLE)
    description: str = Field(min_length=30, max_length=600)
    category: str = Field(min_length=2, max_length=40)


class Ideas(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ideas: list[One] = Field(min_length=1, max_length=20)


@dataclass
class Board:
    """What is accepted so far, and what was refused as too close. `on_ideas` hears of those that are accepted."""

    wanted: Wanted
    on_ideas: Callable[[list[Proposal]], None]
    accepted: list[Proposal] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    _vectors: list[list[float]] | None = None  # of what is used and accepted, in that order

    @property
    def missing(self) -> int:
        return self.wanted.count - len(self.accepted)

    @property
    def others(self) -> list[tuple[str, str]]:
        """What an idea must not be close to."""
        return [*self.wanted.used, *((kept.title, kept.description) for kept in self.accepted)]

    def offer(self, *proposals: Proposal) -> list[Proposal]:
        """Take those of these ideas that are not close to one that is used or accepted, as long as any is missing."""
        taken = [proposal for proposal in proposals if self.missing > 0 and self._take(proposal)]
        if taken:
            self.on_ideas(taken)
        return taken

    def _take(self, proposal: Proposal) -> bool:
        topic = " ".join((*self.wanted.topics, proposal.category))
        mine = Told(proposal.title, proposal.description, topic)
        near = closeness.nearest(mine, (Told(title, description, topic) for title, description in self.others))
        if near or self._means_the_same(proposal):
            self.refused.append(proposal.title)
            return False
        self.accepted.append(proposal)
        return True

    def _means_the_same(self, proposal: Proposal) -> bool:
        """By an embedding model, where one is set; what is new is embedded once."""
        known = self._vectors or []
        texts = [
            f"{title}. {said}" for title, said in [*self.others[len(known) :], (proposal.title, proposal.description)]
        ]
        vectors = embed(texts)
        if not vectors:
            return False
        *more, mine = vectors
        self._vectors = [*known, *more]
        return closeness.means_the_same(mine, self._vectors)


def propose(
    session: Session,
    wanted: Wanted,
    on_ideas: Callable[[list[Proposal]], None] = lambda proposals: None,
    kept: Sequence[Proposal] = (),
) -> list[Proposal]:
    """So many ideas, no two alike and none like a used one; `kept` are those of a run that was cut off.

    What is too close is asked for again, with what to leave out, three rounds in all. Then there are fewer, at least one,
    and the log says so; without a single one, `ExternalError`.
    """
    board = Board(wanted, on_ideas, list(kept))
    ask = ideafields.ask if session.profile.by_fields else _ask
    fault = ""
    for turn in range(ROUNDS):
        if board.missing <= 0:
            break
        fault = ask(session, wanted, board, turn)
        if fault:
            session.log("warn", f"Ideas: {fault}")
        elif board.missing > 0 and turn + 1 < ROUNDS:
            session.log(
                "info",
                f"{board.missing} of {wanted.count} ideas are still missing: others were too close. Asking again.",
            )
    if not board.accepted:
        raise ExternalError(f"The model had no new idea in {ROUNDS} rounds. {fault}".strip(), retryable=True)
    if board.missing > 0:
        session.log(
            "warn",
            f"{len(board.accepted)} of {wanted.count} ideas: the model has no other that is new and can be used.",
        )
    return board.accepted[: wanted.count]


def _ask(session: Session, wanted: Wanted, board: Board, turn: int) -> str:
    """One call for all that is missing; what is wrong with the answer, or nothing."""
    prompt = prompts.load("ideator.propose")
    messages = prompt.messages(
        date=wanted.date,
        count=board.missing,
        topics=_lines(wanted.topics),
        keywords=", ".join(wanted.keywords),
        audience=wanted.audience,
        tone=wanted.tone,
        used=_lines(_used(wanted, board)),
        excluded=_lines(board.refused),
    )
    answer = session.ask(
        Request(
            model=session.model,
            messages=messages,
            schema=_schema(board.missing),
            temperature=wanted.temperature,
            seed=seed_of(wanted.seed, "ideas", turn, len(board.accepted)),
            max_tokens=wanted.max_tokens,
            timeout=30 + wanted.max_tokens * session.profile.seconds_per_token,
            prompt=prompt.name,
            template=prompt.hash,
        )
    )
    if answer.cut:
        return "the answer was cut off at its cap."
    try:
        found = Ideas.model_validate_json(answer.text).ideas
    except ValidationError as error:
        return f"{says_wrong(error)}."
    board.offer(
        *(Proposal(_line(one.title).rstrip(" ."), _line(one.description), _line(one.category)) for one in found)
    )
    return ""


def _schema(count: int) -> dict[str, Any]:
    """Exactly so many ideas, for a provider that holds its model to it; another one that sends more or fewer is taken
    at its word."""
    schema = Ideas.model_json_schema()
    schema["properties"]["ideas"] |= {"minItems": count, "maxItems": count}
    return schema


def _used(wanted: Wanted, board: Board) -> list[str]:
    """Used ideas, newest first, and those that this run has: a title and the first sentence of what it says."""
    told = [*((one.title, one.description) for one in board.accepted), *wanted.used][:SHOWN]
    return [f"{title}: {sentences(description)[0]}" if description.strip() else title for title, description in told]


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)


def _line(text: str) -> str:
    return " ".join(text.split())
