"""What a check says of a text, and what all of them say together."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, Self

from content import platforms
from content.platforms import Ask
from content.platforms.text import Block, blocks, listing

Level = Literal["pass", "warn", "fail"]
THRESHOLD = 7.0
# What a hard fault leaves of the score: a perfect text with one of them stands at 6.8, below the mark.
HARD_KEEPS = 0.68

_NAMES = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Finding:
    """What one check found: points, and a sentence for the editor.

    `quotes` are exact substrings of the body, to be marked in it. A `hard` finding that fails keeps the text
    from passing, however good the rest is. `out_of` is 0 where nothing was asked: it then counts for nothing.
    """

    name: str
    label: str
    points: float
    out_of: float
    message: str
    level: Level
    quotes: tuple[str, ...] = ()
    hard: bool = False

    @property
    def lost(self) -> float:
        return self.out_of - self.points


@dataclass(frozen=True)
class Report:
    """All findings on one text, and the score from 0 to 10 that they come to."""

    score: float
    findings: tuple[Finding, ...]
    threshold: float
    passed: bool

    @classmethod
    def of(cls, findings: tuple[Finding, ...], threshold: float) -> Self:
        """Points won of points to be won, times what each failed hard finding leaves."""
        out_of = sum(finding.out_of for finding in findings)
        broken = sum(finding.hard and finding.level == "fail" for finding in findings)
        share = sum(finding.points for finding in findings) / out_of if out_of else 1.0
        score = round(min(max(10 * share * HARD_KEEPS**broken, 0.0), 10.0), 1)
        return cls(score, findings, threshold, score >= threshold and not broken)

    @property
    def issues(self) -> tuple[Finding, ...]:
        """What lost points, worst first."""
        lost = [f for f in self.findings if f.lost > 0]
        return tuple(sorted(lost, key=lambda f: (f.hard and f.level == "fail", f.lost), reverse=True))

    @property
    def open(self) -> tuple[Finding, ...]:
        """What a person should look at: warned of or failed, worst first."""
        return tuple(finding for finding in self.issues if finding.level != "pass")

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` reads it back."""
        found = [{**asdict(finding), "quotes": list(finding.quotes)} for finding in self.findings]
        return {"score": self.score, "threshold": self.threshold, "passed": self.passed, "findings": found}

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Self:
        found = tuple(Finding(**{**finding, "quotes": tuple(finding["quotes"])}) for finding in d["findings"])
        return cls(d["score"], found, d["threshold"], d["passed"])


class Check(Protocol):
    """One thing looked at. `platforms` are the slugs it makes sense on; None is all of them."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def out_of(self) -> float: ...
    @property
    def platforms(self) -> tuple[str, ...] | None: ...

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        """Never raises, whatever the text."""


def found(
    check: Check,
    share: float,
    message: str,
    *,
    quotes: tuple[str, ...] = (),
    hard: bool = False,
    level: Level | None = None,
) -> Finding:
    """A finding worth that share (0 to 1) of the check's points."""
    share = min(max(share, 0.0), 1.0)
    level = level or ("pass" if share >= 0.8 else "warn" if share >= 0.3 else "fail")
    return Finding(check.name, check.label, round(check.out_of * share, 1), check.out_of, message, level, quotes, hard)


def not_asked(check: Check, message: str) -> Finding:
    """A finding that counts for nothing, because there was nothing to hold the text to."""
    return Finding(check.name, check.label, 0.0, 0.0, message, "pass")


def is_plain(ask: Ask) -> bool:
    """Whether the text is pasted somewhere as it stands; on our own site it is Markdown."""
    return not platforms.get(ask.platform).public


def read(body: str, ask: Ask) -> tuple[Block, ...]:
    """The body's blocks as the readers of its platform see them."""
    return listing(platforms.get(ask.platform).plain(body)) if is_plain(ask) else blocks(body)


def prose(body: str, ask: Ask) -> list[Block]:
    """The blocks that are read as running text."""
    return [block for block in read(body, ask) if block.kind in ("p", "li", "quote")]


def headline(title: str, ask: Ask) -> str:
    """The title where it goes out with the text; elsewhere it is only the desk's name for it."""
    return title if platforms.get(ask.platform).titled else ""


def number(n: int) -> str:
    """A number as this desk prints it: in words below ten."""
    return _NAMES[n] if 0 <= n < len(_NAMES) else f"{n:,}"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def several(n: int, noun: str, verb: str = "") -> str:
    """ "1 figure has", "2 figures have"."""
    plural = {"has": "have", "is": "are", "was": "were", "breaks": "break", "goes": "go"}
    one, many = f"1 {noun} {verb}", f"{n:,} {noun}s {plural.get(verb, verb)}"
    return (one if n == 1 else many).rstrip()


def listed(quotes: list[str], most: int = 3) -> str:
    """ "“a”, “b” and 2 more"; a long quotation is cut."""
    shown = [f"“{quote if len(quote) <= 60 else quote[:57].rstrip() + '…'}”" for quote in quotes[:most]]
    rest = len(quotes) - len(shown)
    return ", ".join(shown) + (f" and {rest:,} more" if rest else "")
