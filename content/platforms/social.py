"""What the platforms have in common whose texts are pasted: plain text, hashtags, rules that are figures."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from .base import Ask, Beat, Copy, Measure
from .text import count_plain, is_labels

_LINK = re.compile(r"(?:https?://|www\.)\S{1,4000}", re.I)
# “#1” is a number, “page#part” and “&#39;” are no tags; “#one#two” are two.
_TAGS = re.compile(r"(?<![\w&/])(?:[#＃]\w+)+")
_TAG = re.compile(r"[#＃](\d*[^\W\d]\w*)")
_REFUSED = re.compile("[\ufeff\ufffe\uffff]")  # byte order marks and non-characters, which X refuses


class Part(BaseModel):
    """A reply, or a part of one: every field is filled, and nothing else is said. So all providers can hold to it."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Rule:
    """A measure, and what to say when it is out of its limits. `who` is what has the figure: “The post”, “Post 2”."""

    who: str
    measure: Measure
    advice: str = ""

    @property
    def fault(self) -> str:
        value, low, high, unit = self.measure.value, self.measure.low, self.measure.high, self.measure.unit
        if high is not None and value > high:
            return f"{self.who} has {_figure(value)} of {_figure(high)} {unit}. {self.advice or _mend(value - high, 'Take out')}"
        missing = (low or 0) - value
        return f"{self.who} has {_figure(value)} of at least {_figure(low or 0)} {unit}. {self.advice or _mend(missing, 'Add')}"


def _mend(by: float, verb: str) -> str:
    return f"{verb} {_figure(by)}."


def _figure(number: float) -> str:
    return f"{int(number):,}" if number == int(number) else f"{number:,.1f}"


class Social:
    """A platform whose posts are plain text. One of them says its name, its `Reply`, how a body is assembled from it,
    its `rules` and what it keeps and shows; the rest is here."""

    slug = name = icon = guidance = ""
    default_word_count = 0
    public = False
    titled = False
    hint = "Plain text, pasted as it stands."
    preview = ""
    Reply: type[BaseModel] | None = None
    beats: tuple[Beat, ...] = ()

    def assemble(self, reply: Any) -> str:
        raise NotImplementedError

    def rules(self, body: str) -> list[Rule]:
        """The figures it is judged by."""
        raise NotImplementedError

    def oddities(self, body: str) -> list[str]:
        """What is wrong with its form, beside the figures; sentences."""
        return []

    def tidy(self, body: str) -> str:
        return paragraphs(body)

    def measures(self, title: str, body: str, ask: Ask) -> list[Measure]:
        return [rule.measure for rule in self.rules(body)]

    def faults(self, title: str, body: str, ask: Ask) -> list[str]:
        broken = [rule.fault for rule in self.rules(body) if rule.measure.hard and not rule.measure.keeps]
        return broken + self.oddities(body)

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        count = count_said(body)
        return {"word_count": count, "says": f"{count:,} words", "hashtags": hashtags(body)}

    def look(self, title: str, body: str) -> dict[str, Any]:
        return {}

    def copies(self, title: str, body: str) -> list[Copy]:
        return [Copy("Copy the post", body)]

    def plain(self, body: str) -> str:
        return body


def hashtags(text: str) -> list[str]:
    """The hashtags of a text, without their #, in order; a number is none, nor what stands in a link."""
    return [tag for run in _TAGS.findall(_LINK.sub(" ", text)) for tag in _TAG.findall(run)]


def tagged(words: Iterable[str]) -> str:
    """Tags as one line: “oak floors”, “#oakFloors” and “oak-floors” each become one word behind one #; none twice."""
    tags: dict[str, str] = {}
    for word in words:
        tag = "".join(part[:1].upper() + part[1:] if at else part for at, part in enumerate(re.findall(r"\w+", word)))
        if hashtags(f"#{tag}"):
            tags.setdefault(tag.casefold(), f"#{tag}")
    return " ".join(tags.values())


def said(text: str) -> str:
    """The text without lines that hold only hashtags: those are labels, and no words of it."""
    return "\n".join(line for line in text.split("\n") if not is_labels(line))


def count_said(text: str) -> int:
    """Words of a post, as they are counted everywhere for social text: a link and a tag in a sentence are one each,
    a line of nothing but hashtags is none."""
    return count_plain(said(text))


def characters(text: str) -> int:
    """Characters in the strictest way of counting, UTF-16 code units: most emoji are two or more.

    LinkedIn and Instagram publish their limits, and not what they count. A text that keeps a limit by this count keeps
    it by code points and by what a reader sees as one character, too.
    """
    return len(text) + sum(c > "\uffff" for c in text)


def paragraphs(body: str) -> str:
    """Paragraphs with one blank line between them and nothing blank at the ends of lines."""
    lines = "\n".join(line.strip() for line in _REFUSED.sub("", body).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def lines(text: str) -> str:
    """One part of a reply as one paragraph: its lines stay lines, blank ones go."""
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())


def hashtag_rule(text: str, who: str, most: int = 5) -> Rule:
    return Rule(who, Measure("hashtags", "Hashtags", len(hashtags(text)), None, most, "hashtags"))


def character_rule(text: str, who: str, most: int) -> Rule:
    return Rule(who, Measure("characters", "Characters", characters(text), None, most, "characters"))
