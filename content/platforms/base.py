"""What a platform is, and what was asked of a text that goes there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Ask:
    """What was asked of one text. Only the platform is always known; an empty field asks for nothing.

    `tolerance` is in percent of `word_count`, held to 5-20. `facts` are lines a person gave, `sources` URLs or
    quoted passages: a claim found in either is supported. `banned` are phrases this desk does not print.
    """

    platform: str = "blog"
    word_count: int | None = None
    tolerance: int = 10
    strict: bool = False
    keyword: str = ""
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    audience: str = ""
    tone: str = ""
    style: str = ""
    banned: tuple[str, ...] = ()
    topic: str = ""

    @property
    def word_range(self) -> tuple[int, int] | None:
        """The fewest and the most words that keep to what was asked, both included."""
        if not self.word_count:
            return None
        tolerance = min(max(self.tolerance, 5), 20)
        return -(-self.word_count * (100 - tolerance) // 100), self.word_count * (100 + tolerance) // 100

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Self:
        """From stored JSON: unknown keys and nulls are passed over, lists become tuples."""
        known = {field.name for field in fields(cls)}
        given: dict[str, Any] = {key: value for key, value in d.items() if key in known and value is not None}
        lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
        return cls(**given | lists)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` reads it back."""
        return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()}


class Platform(Protocol):
    """One place a text can go to. `guidance` tells a writer what reads well there."""

    slug: str
    name: str
    icon: str
    guidance: str
    default_word_count: int
    public: bool  # goes to our own public site; elsewhere a person pastes it

    def faults(self, title: str, body: str, ask: Ask) -> list[str]:
        """Every broken hard rule, as a sentence that an editor understands and a model can act upon."""

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        """The figures this platform keeps with a text; JSON-able."""

    def plain(self, body: str) -> str:
        """The text as it is read there, without markup."""
