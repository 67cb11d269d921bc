"""The reviser: the text as it stands, with an editor's note worked in, and never one that breaks a rule of its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from content.platforms.text import blocks, count_words
from pipeline.providers.base import Request
from pipeline.providers.session import Session

from . import partwriter, prompts
from .asking import TEMPERATURE
from .assigned import Revising
from .guided import seed_of
from .transformer import Made, RulesBroken, unfit
from .writer import unfenced

__all__ = ["Made", "Revising", "revise", "title_of"]

Show = Callable[[str], None]
TRIES = 3
_FENCE = re.compile(r"<(?=/?(?:text|note|material)\b)", re.I)


def quiet(text: str) -> None:
    """Nobody watches."""


def revise(session: Session, asked: Revising, show: Show = quiet) -> Made:
    """The next text; `show` gets it as it grows.

    A reply that breaks a rule is asked for again with its faults, three times in all; then `RulesBroken`. A small model
    writes only those parts again that the note is about.
    """
    draft = partwriter.revise if session.profile.by_fields else _whole
    attempts = []
    faults: list[str] = []
    for attempt in range(1, TRIES + 1):
        body, faults = draft(session, asked, attempt, faults, show)
        body = asked.platform.tidy(body)
        faults = faults or _faults(asked, body)
        attempts.append({"attempt": attempt, "faults": faults})
        if not faults:
            return Made(body, attempts)
        more = f" Asking again ({attempt + 1} of {TRIES})." if attempt < TRIES else ""
        session.log("warn", f"revision: {' '.join(faults[:3])}{more}")
    raise RulesBroken(f"Three tries to revise it, and the last one: {' '.join(faults[:3])}", retryable=False)


def title_of(asked: Revising, body: str) -> str:
    """The title that goes with `body`: that which stands in it, where a title goes out with the text."""
    if not asked.platform.titled:
        return asked.title
    return next((block.text for block in blocks(body) if block.kind == "h1" and block.text), asked.title)[:300]


def _faults(asked: Revising, body: str) -> list[str]:
    """What speaks against this text: it is the old one, or less of it, or breaks a rule that the old one kept.

    What is pasted elsewhere has to keep every rule, since nobody could publish it otherwise.
    """
    platform = asked.platform
    if body.strip() == platform.tidy(asked.body).strip():
        return ["Nothing was changed. Do what the note asks for."]
    if count_words(body) < count_words(asked.body) / 4:
        return ["Most of the text is gone. Answer with the whole text."]
    before = platform.faults(asked.title, asked.body, asked.ask) if platform.public else []
    broken = platform.faults(title_of(asked, body), body, asked.ask)
    old = unfit(platform, asked.body)
    return (broken if len(broken) > len(before) else []) + [one for one in unfit(platform, body) if one not in old]


def _whole(session: Session, asked: Revising, attempt: int, faults: Sequence[str], show: Show) -> tuple[str, list[str]]:
    """One call for the whole text, and what is wrong with it in itself."""
    ask, prompt = asked.ask, prompts.load("reviser.whole")
    messages = prompt.messages(
        platform=asked.platform.name,
        topic=ask.topic or asked.title,
        audience=ask.audience,
        tone=ask.tone,
        keyword=ask.keyword,
        low=asked.low or "",
        high=asked.high or "",
        facts="\n".join(f"- {fact}" for fact in ask.facts),
        body=_within(asked.body),
        note=_within(asked.note),
        guidance=asked.platform.guidance,
    )
    if faults:
        listed = "\n".join(f"- {fault}" for fault in faults)
        messages[-1]["content"] += "\n\n" + prompts.load("reviser.again").messages(faults=listed)[-1]["content"]
    # Twice the tokens that English has: other scripts take more of them.
    tokens = 400 + max(2 * asked.high, len(asked.body) // 2)
    answer = session.ask(
        Request(
            model=session.model,
            messages=messages,
            temperature=TEMPERATURE,
            seed=seed_of(asked.seed, attempt),
            max_tokens=tokens,
            timeout=30 + tokens * session.profile.seconds_per_token,
            prompt=prompt.name,
            template=prompt.hash,
        ),
        on_text=show,
    )
    if answer.cut:
        return "", ["The answer was cut off at its cap. Keep it as long as the text was."]
    return re.sub(r"\A<text>\s*|\s*</text>\Z", "", unfenced(answer.text)), []


def _within(text: str) -> str:
    """Words that cannot end the place where they stand, and begin to speak for us."""
    return _FENCE.sub("‹", text)
