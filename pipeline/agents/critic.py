"""The critic: how a capable model reads the text. One more finding beside the deterministic checks, never the only one."""

from __future__ import annotations

from pydantic import BaseModel, Field

from content.checks.base import Finding
from content.platforms.text import quotable
from pipeline.providers.session import Session

from . import asking
from .assignment import Assignment
from .guided import seed_of

NAME = "critique"
OUT_OF = 1.5


class Fault(BaseModel):
    quote: str = Field(default="", max_length=300)
    problem: str = Field(min_length=3, max_length=400)


class Review(BaseModel):
    score: float = Field(ge=0, le=10)
    faults: list[Fault] = Field(default_factory=list, max_length=8)


def review(session: Session, asked: Assignment, body: str, attempt: int) -> Finding:
    """What the model says of the text, as a finding; quotes that do not stand in the text are left out."""
    values = {
        "topic": asked.topic,
        "audience": asked.audience,
        "word_count": asked.word_count,
        "facts": "\n".join(f"- {fact.text}" for fact in asked.given),
        "body": body,
    }
    said = asking.for_object(
        session, "critic.review", Review, values, seed=seed_of(asked.seed, "critic", attempt), max_tokens=900
    )
    share = said.score / 10
    message = " ".join(fault.problem.strip().rstrip(".") + "." for fault in said.faults[:3]) or "Nothing to mend."
    return Finding(
        name=NAME,
        label="Read by the model",
        points=round(OUT_OF * share, 1),
        out_of=OUT_OF,
        message=message,
        level="pass" if share >= 0.8 else "warn" if share >= 0.3 else "fail",
        quotes=quotable(body, [fault.quote for fault in said.faults if fault.quote.strip()]),
    )
