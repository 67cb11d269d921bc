"""Writing with a model that can fill one short field at a time.

One field a call: a JSON object with one `text`, held to a portable pattern (lower-case words, a literal opening, a
number of sentences). Several candidates are asked for at once; what comes back is parsed, matched against the
pattern again (a backend may have dropped it), its faulty sentences are taken out, and the best is kept. A sentence
with a name or a figure that nobody gave is faulty: facts come from people, and the code puts them in literally.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from content.errors import ExternalError
from pipeline.providers.base import Reply, Request
from pipeline.providers.session import Session

from . import sifting, taste
from .prompts import Prompt

ROUNDS = 2  # of candidates for one question; a third costs more than asking another question
TEMPERATURE = 0.3
# What keeps a model of this size from looping; Ollama's names.
OPTIONS = {"top_k": 40, "top_p": 0.95, "min_p": 0.08, "repeat_penalty": 1.08, "repeat_last_n": 256}
# Capitals and figures are let through, and their sentences dropped later: where a grammar forbids the name or number
# that such a model is set on, it puts a wrong word in its place, and a wrong word cannot be told from a right one.
_WORD = "[a-zA-Z0-9][a-zA-Z0-9'%:-]{0,17}"
_FIRST = "[A-Z][a-zA-Z'-]{0,17}"


class NothingUsable(ExternalError):
    """The model answered, and nothing of it can be used: another question may go better."""

    code = "nothing_usable"


@dataclass(frozen=True)
class Shape:
    """What the text looks like: its literal `opening`, then `sentences` of at most `longest` words."""

    sentences: int = 3
    opening: str = ""
    shortest: int = 6
    longest: int = 28

    @property
    def pattern(self) -> str:
        if not self.sentences:  # a heading
            return f"^{_FIRST}(:? {_WORD}){{{self.shortest - 1},{self.longest - 1}}}$"
        tail = f"(,? {_WORD}){{{self.shortest - 1},{self.longest - 1}}}[.]"
        spent = len(self.opening.split())
        low, high = max(3, self.shortest - spent), max(6, self.longest - spent)
        first = f"{literal(self.opening)}{_WORD}(,? {_WORD}){{{low - 1},{high - 1}}}[.]" if spent else f"{_FIRST}{tail}"
        more = self.sentences - 1
        return f"^{first}( {_FIRST}{tail}){{{more},{more}}}$" if more else f"^{first}$"

    @property
    def max_tokens(self) -> int:
        """Enough for the longest text that the pattern takes; what reaches it is cut and dropped."""
        return 30 + len(self.opening) // 3 + int(max(self.sentences, 1) * self.longest * 1.6)


@dataclass(frozen=True)
class Field:
    """One short text to be written: how it is asked for, what it looks like, what it is `about`."""

    prompt: Prompt
    values: dict[str, Any]
    shape: Shape
    about: str
    seed: int
    temperature: float = TEMPERATURE
    fewest: int = 2  # sentences that must be left
    firm: bool = False  # the opening must be in it
    names: Sequence[str] = ()  # words with capitals or figures that may come: they are in the topic or the brief


@dataclass(frozen=True)
class Written:
    text: str
    merit: float


@dataclass
class Seen:
    """What the piece says already: a new paragraph should not say it again."""

    paragraphs: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        self.paragraphs.append(text)


def plain(text: str) -> str:
    """The text without the signs that a portable pattern cannot hold."""
    for sign in '\u201c\u201d\u2019"':
        text = text.replace(sign, "'")
    return " ".join("".join(c if c.isprintable() and c not in "\\[]^" else " " for c in text).split())


def literal(text: str) -> str:
    """`text` as it stands, in a portable pattern."""
    return "".join(f"[{c}]" if c in ".$*+?{}()|" else c for c in text)


def schema(pattern: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"text": {"type": "string", "pattern": pattern}},
        "required": ["text"],
        "additionalProperties": False,
    }


def seed_of(*parts: Any) -> int:
    """The same parts give the same seed, on every machine: a positive 31-bit number."""
    return zlib.crc32("\x1f".join(map(str, parts)).encode()) & 0x7FFFFFFF


def names_in(*texts: str) -> list[str]:
    """Words with a capital inside a sentence or with a digit: those that a sentence may have."""
    found: dict[str, None] = {}
    for text in texts:
        for at, word in enumerate(re.findall(r"[^\W_][\w'’-]*", plain(text))):
            if any(c.isdigit() for c in word) or word[1:] != word[1:].lower() or (at and word[0].isupper()):
                found[word] = None
    return list(found)[:12]


def growing(raw: str) -> str:
    """The text in an answer that is still being written."""
    start = raw.find('"text"')
    start = raw.find('"', start + 6 + raw[start + 6 :].find(":")) if start >= 0 else -1
    return raw[start + 1 :].rstrip('"}') if start > 0 else ""


def write(
    session: Session,
    wanted: Field,
    seen: Seen,
    *,
    candidates: int = 0,
    rounds: int = ROUNDS,
    good: float = taste.GOOD,
    on_text: Callable[[str], None] = lambda text: None,
) -> Written:
    """The best of what the model wrote for this field: it is asked for `candidates` at once, by default as many as its
    profile says, and again up to `rounds` times until one has the merit `good`.

    `NothingUsable` if it answered in vain, the model's own `ExternalError` if it did not answer at all.
    """
    pattern = re.compile(wanted.shape.pattern)
    best: tuple[Written, Request, Reply] | None = None
    asked = 0
    for attempt in range(rounds):
        answers = ask(session, wanted, candidates or session.profile.candidates, attempt, on_text)
        asked += len(answers)
        errors = [answer for _, answer in answers if isinstance(answer, ExternalError)]
        if len(errors) == len(answers):
            raise errors[0]
        for request, answer in answers:
            if isinstance(answer, ExternalError):
                continue
            text = parse(answer, pattern)
            written = judge(text, wanted, seen) if text else None
            if written and (best is None or written.merit > best[0].merit):
                best = (written, request, answer)
        if best and best[0].merit >= good:
            break
    if best is None:
        raise NothingUsable(
            f"The model gave no usable text for “{wanted.prompt.name}” in {asked} tries.", retryable=True
        )
    session.take(best[1], best[2], instead_of=asked - 1)
    return best[0]


def ask(
    session: Session,
    wanted: Field,
    candidates: int,
    attempt: int = 0,
    on_text: Callable[[str], None] = lambda text: None,
) -> list[tuple[Request, Reply | ExternalError]]:
    """One round of candidates, each with its own seed; `on_text` follows the first."""
    requests = [_request(session, wanted, seed_of(wanted.seed, attempt, n)) for n in range(candidates)]
    return list(zip(requests, session.ask_all(requests, on_text=lambda raw: on_text(growing(raw))), strict=True))


def gather(session: Session, wanted: Field, seen: Seen) -> list[str]:
    """All that can be used of one round of candidates, best first, no two alike; often empty, never an error."""
    pattern = re.compile(wanted.shape.pattern)
    good: list[tuple[float, str]] = []
    for request, answer in ask(session, wanted, session.profile.candidates):
        text = parse(answer, pattern) if isinstance(answer, Reply) else ""
        written = judge(text, wanted, seen) if text else None
        if written and isinstance(answer, Reply):
            session.take(request, answer)
            good.append((written.merit, written.text))
    kept: list[str] = []
    for _, text in sorted(good, reverse=True):
        if all(taste.alike(taste.roots(text), taste.roots(other)) < 0.4 for other in kept):
            kept.append(text)
    return kept


def parse(reply: Reply, pattern: re.Pattern[str]) -> str:
    """The text of an answer that is whole and keeps to the pattern, else nothing."""
    if reply.cut:
        return ""
    try:
        answer = json.loads(reply.text)
    except ValueError:
        return ""
    text = answer.get("text") if isinstance(answer, dict) else None
    return text if isinstance(text, str) and pattern.fullmatch(text) else ""


def judge(text: str, wanted: Field, seen: Seen) -> Written | None:
    """The text without its faulty sentences, and how good it is; None if too little is left."""
    kept = sifting.keepable(
        text,
        longest=wanted.shape.longest,
        about=wanted.about,
        names=wanted.names,
        seen=seen.paragraphs,
        firm=wanted.firm,
    )
    if len(kept) < wanted.fewest:
        return None
    missing = wanted.shape.sentences - len(kept) + 3 * (not text.startswith(kept[0]))
    return Written(" ".join(kept), taste.merit(kept, about=wanted.about, seen=seen.paragraphs) - 0.25 * missing)


def _request(session: Session, wanted: Field, seed: int) -> Request:
    tokens = wanted.shape.max_tokens
    return Request(
        model=session.model,
        messages=wanted.prompt.messages(**wanted.values),
        schema=schema(wanted.shape.pattern),
        temperature=wanted.temperature,
        seed=seed,
        max_tokens=tokens,
        timeout=30 + tokens * session.profile.seconds_per_token,
        options=OPTIONS,
        prompt=wanted.prompt.name,
        template=wanted.prompt.hash,
    )
