"""The researcher: what is known and from where, and the angles that nobody answers for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from content.checks import claims
from pipeline.providers.session import Session

from . import asking, guided, prompts
from .angles import Ask
from .assignment import Assignment, Fact
from .guided import Seen, Shape, plain, seed_of

# What a small model is asked for its own ideas, one short sentence each.
_ASKS = (
    Ask("What is one important part of $t?", "One part of it is "),
    Ask("What do people forget about $t?", "People often forget "),
)


@dataclass
class Findings:
    """`facts` with their sources, `angles` that have none."""

    facts: list[Fact] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    @property
    def says(self) -> str:
        total = len(self.facts) + len(self.angles)
        sourced = sum(fact.source is not None for fact in self.facts)
        return f"{total} fact{'s' * (total != 1)}, {sourced or 'none'} with a source"


class Angles(BaseModel):
    angles: list[str] = Field(min_length=1, max_length=6)


def research(session: Session, asked: Assignment, known: Sequence[Fact]) -> Findings:
    """What is `known` already, and the model's own angles."""
    own = _by_fields(session, asked) if session.profile.by_fields else _at_once(session, asked, known)
    return Findings(list(known), [angle for angle in own if not any(True for _ in claims.claims(angle))])


def _at_once(session: Session, asked: Assignment, known: Sequence[Fact]) -> list[str]:
    facts = "\n".join(f"- {fact.text} (source: {fact.source})" for fact in known)
    values = {"topic": asked.topic, "audience": asked.audience, "facts": facts}
    found = asking.for_object(
        session, "researcher.angles", Angles, values, seed=seed_of(asked.seed, "research"), max_tokens=500
    )
    return [angle.strip() for angle in found.angles if angle.strip()]


def _by_fields(session: Session, asked: Assignment) -> list[str]:
    found: list[str] = []
    for turn, ask in enumerate(_ASKS):
        about = ask.fill(asked.subject)
        wanted = guided.Field(
            prompt=prompts.load("fieldwriter.answer"),
            values={"question": plain(about.question), "count": "one", "audience": asked.audience},
            shape=Shape(sentences=1, opening=plain(about.opening) + " "),
            about=asked.about,
            seed=seed_of(asked.seed, "research", turn),
            fewest=1,
            names=guided.names_in(f"x {asked.subject.phrase}"),
        )
        found += guided.gather(session, wanted, Seen(found))
    return found
