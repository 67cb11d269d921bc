"""What a version can be compared with, and what each of those is to the piece."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from content.models import Version
from content.services.diffing import Comparison

NAMED = ("the AI original", "the one before", "what is live")


@dataclass(frozen=True)
class Choice:
    """A version that the shown one can be compared with; `name` is empty for most."""

    number: int
    name: str
    changed: Comparison | None = None

    def __str__(self) -> str:
        return f"{self.number}, {self.name}" if self.name else str(self.number)

    @property
    def rank(self) -> int:
        """Its place among those that have a name."""
        return NAMED.index(self.name.split(",")[0])


def offered(versions: Iterable[Version], shown: int, named: Sequence[int | None]) -> list[Choice]:
    """All but the shown one, in the order in which they come; `named` are the numbers of those with a name, in theirs."""
    names = list(zip(NAMED, named, strict=True))
    return [
        Choice(version.number, ", ".join(name for name, number in names if number == version.number))
        for version in versions
        if version.number != shown
    ]
