"""The transformer: one idea becomes one text for one platform, and never one that breaks a rule of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from content.checks.complete import breaks_off, dangles
from content.checks.leftovers import blanks
from content.errors import ExternalError
from content.platforms.base import Platform
from pipeline.providers.base import Request
from pipeline.providers.session import Session

from . import beatwriter, prompts
from .asking import says_wrong
from .assigned import Assigned
from .guided import seed_of

__all__ = ["Assigned", "Made", "RulesBroken", "write"]

Show = Callable[[str, str], None]
TRIES = 3
MOST_EMOJI = 6
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)("\s*:?|$)')
_EMOJI = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u2b55]")
_TAGS = re.compile(r"(?:\s*#\w+)+\s*$")


class RulesBroken(ExternalError):
    """What the model wrote breaks a rule of the platform, however often it was asked."""

    code = "rules"


@dataclass(frozen=True)
class Made:
    """A body that keeps to every rule, and what was at fault with each try: [{attempt, faults}]."""

    body: str
    attempts: list[dict[str, Any]]


def quiet(field: str, text: str) -> None:
    """Nobody watches."""


def write(session: Session, asked: Assigned, show: Show = quiet) -> Made:
    """One valid piece; `show` gets the text of each of its parts as it grows, with the part's name.

    A reply that breaks a rule is asked for again with its faults, three times in all; then `RulesBroken`.
    """
    shape = asked.platform.Reply
    if shape is None:
        raise ValueError(f"{asked.platform.name} is not written in one reply.")
    draft = _by_beats if session.profile.by_fields and asked.platform.beats else _whole
    attempts: list[dict[str, Any]] = []
    faults: list[str] = []
    for attempt in range(1, TRIES + 1):
        reply, faults = draft(session, asked, shape, attempt, faults, show)
        body = asked.platform.tidy(asked.platform.assemble(reply)) if reply is not None else ""
        if reply is not None:
            faults = [*asked.platform.faults(asked.title, body, asked.ask), *unfit(asked.platform, body)]
        attempts.append({"attempt": attempt, "faults": faults})
        if not faults:
            return Made(body, attempts)
        more = f" Asking again ({attempt + 1} of {TRIES})." if attempt < TRIES else ""
        session.log("warn", f"{asked.platform.name}: {' '.join(faults[:3])}{more}")
    raise RulesBroken(
        f"Three tries for {asked.platform.name}, and the last one: {' '.join(faults[:3])}", retryable=False
    )


def unfit(platform: Platform, body: str) -> list[str]:
    """What no platform forbids and no reader should see: places left to be filled in, cut sentences, emoji soup."""
    plain = platform.plain(body)
    found = [
        f"There is a placeholder: “{blank[:40]}”. Write what belongs there." for blank in blanks(plain, in_prose=True)
    ]
    found += [
        f"A sentence breaks off: “…{end[-40:]}”. Finish it."
        for end in map(_untagged, plain.split("\n\n"))
        if _is_cut(end)
    ]
    emoji = len(_EMOJI.findall(plain))
    if emoji > MOST_EMOJI:
        found.append(f"There are {emoji} emoji. Use at most {MOST_EMOJI}.")
    return found[:5]


def _untagged(paragraph: str) -> str:
    return _TAGS.sub("", paragraph).strip()


def _is_cut(text: str) -> bool:
    """Whether a paragraph stops inside a sentence. Only an open end counts: a line of a list needs no full stop."""
    return bool(text) and breaks_off(text) and (text[-1] in ",;–—-(" or dangles(text))


def _whole(
    session: Session, asked: Assigned, shape: type[BaseModel], attempt: int, faults: Sequence[str], show: Show
) -> tuple[BaseModel | None, list[str]]:
    """One call for everything; the reply, or why what came is none."""
    prompt = prompts.load("transformer.reply")
    messages = prompt.messages(
        platform=asked.platform.name,
        title=asked.title,
        description=asked.description,
        category=asked.category,
        keywords=", ".join(asked.keywords),
        audience=asked.audience,
        tone=asked.tone,
        note=asked.note,
        guidance=asked.platform.guidance,
    )
    if faults:
        messages[-1]["content"] += "\n\n" + _again(faults)
    answer = session.ask(
        Request(
            model=session.model,
            messages=messages,
            schema=_schema(shape),
            temperature=asked.temperature,
            seed=seed_of(asked.seed, attempt),
            max_tokens=asked.max_tokens,
            timeout=30 + asked.max_tokens * session.profile.seconds_per_token,
            prompt=prompt.name,
            template=prompt.hash,
        ),
        on_text=lambda raw: show("reply", growing(raw)),
    )
    if answer.cut:
        return None, ["The answer was cut off at its cap. Keep it shorter."]
    try:
        return shape.model_validate_json(answer.text), []
    except ValidationError as error:
        return None, [f"{says_wrong(error)}."]


@cache
def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema()


def growing(raw: str) -> str:
    """The texts in an object that is still being written, without its keys."""
    parts = [(text, end.startswith('"'), end.endswith(":")) for text, end in _STRING.findall(raw)]
    # What has not ended yet may be a key; with a space in it, it is none.
    texts = [text for text, ended, key in parts if not key and (ended or " " in text)]
    return "\n\n".join(text.replace("\\n", "\n").replace('\\"', '"') for text in texts if text)


def _by_beats(
    session: Session, asked: Assigned, shape: type[BaseModel], attempt: int, faults: Sequence[str], show: Show
) -> tuple[BaseModel | None, list[str]]:
    """Beat by beat; code puts them together, so that what can be counted on is right by its making."""
    values = beatwriter.reply(session, asked, shape, seed_of(asked.seed, asked.platform.slug, attempt), show)
    try:
        return shape.model_validate(values), []
    except ValidationError as error:
        return None, [f"{says_wrong(error)}."]


def _again(faults: Iterable[str]) -> str:
    return prompts.load("transformer.again").messages(faults="\n".join(f"- {fault}" for fault in faults))[-1]["content"]
