"""What a platform is, and what was asked of a text that goes there."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, Self

from pydantic import BaseModel


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


@dataclass(frozen=True)
class Measure:
    """One figure beside its limits: what the desk shows while one types, and what the rule judges, are this one thing.

    `low` and `high` are both allowed themselves; None is no limit. `unit` is a plural noun ("words"). A `hard`
    measure that is out of its limits is a fault.
    """

    name: str
    label: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    hard: bool = True

    @property
    def keeps(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)


@dataclass(frozen=True)
class Beat:
    """One short part of a reply, for a model that can fill one small field at a time.

    `field` is where it goes in the platform's `Reply`; where that is a list, each beat of the same field adds one, else
    they are joined. `asks` are pairs of a question and the literal opening of its answer (may be empty); they are
    tried in turn until one is answered well. Both are templates: `$t` is what the idea is about, `$s` the same without
    its readers, `$S` at a sentence's start, `$is`, `$does` and `$goes` agree with it, and `$idea` is the first sentence
    of what the idea says. `sentences` of at most `longest` words are wanted, together at most `most` characters (0 is
    no limit). A `spare` beat is asked for only while the text falls short of a limit of its platform.
    """

    field: str
    asks: tuple[tuple[str, str], ...]
    sentences: int = 1
    shortest: int = 6
    longest: int = 34
    most: int = 0
    spare: bool = False


@dataclass(frozen=True)
class Copy:
    """One thing that a button copies: its `label` ("Copy post 2") and the text."""

    label: str
    text: str


class Platform(Protocol):
    """One place a text can go to. `guidance` tells a writer what reads well there.

    A platform whose text is made from one reply (the daily run) has a `Reply`, a Pydantic model that a capable model
    fills at once and a small one `beats` by beat; `assemble` makes the body of it. A body is plain text that a person
    can edit: whatever the preview and the figures need is read back out of it.
    """

    slug: str
    name: str
    icon: str
    guidance: str
    default_word_count: int
    public: bool  # goes to our own public site; elsewhere a person pastes it
    titled: bool  # the title goes out with the text; else it is only the desk's name for it
    hint: str  # how its marks are typed, for the line under the editor
    preview: str  # the template that shows it as its readers will see it; empty: as an article
    Reply: type[BaseModel] | None
    beats: tuple[Beat, ...]

    def assemble(self, reply: Any) -> str:
        """The body that a `Reply` makes. It may still break a rule: ask `faults`."""

    def tidy(self, body: str) -> str:
        """The body as this platform keeps it, the same in whatever way its marks were typed; loses no word."""

    def faults(self, title: str, body: str, ask: Ask) -> list[str]:
        """Every broken hard rule, as a sentence that an editor understands and a model can act upon."""

    def measures(self, title: str, body: str, ask: Ask) -> list[Measure]:
        """The figures that its rules judge by, in the order in which they are shown."""

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        """The figures this platform keeps with a text; JSON-able. `word_count` is always one, `says` the one to show
        in a list ("Thread of 4", "41 s spoken", "214 words")."""

    def look(self, title: str, body: str) -> dict[str, Any]:
        """What the preview template needs beside the text: folds, posts, sections with their seconds."""

    def copies(self, title: str, body: str) -> list[Copy]:
        """What a person copies to paste it there, whole first."""

    def plain(self, body: str) -> str:
        """The text as it is read there, without markup."""
