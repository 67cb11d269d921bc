"""What every kind of storage here can do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Stored:
    """A file of a storage: its name, its bytes, when it was last written. `is_broken`: what a killed write left."""

    name: str
    size: int
    at: datetime
    is_broken: bool = False


class Place(Protocol):
    """One of Django's storages, and what it lacks. `faults` are the exceptions of its vendor."""

    faults: tuple[type[Exception], ...]

    def holds(self, name: str, *, since: datetime) -> bool:
        """Whether this very file need not be written: it is there, and counts as written after `since`."""

    def listing(self) -> Iterator[Stored]:
        """Every file, in any order."""

    def look(self) -> str:
        """A sentence on where this is, once it was reached; else a fault."""

    def says(self, fault: Exception) -> str:
        """What is wrong, as the end of a sentence that begins with the name of the storage."""

    def save(self, name: str, content: Any) -> str: ...
    def open(self, name: str) -> Any: ...
    def url(self, name: str) -> str: ...
    def delete(self, name: str) -> None: ...
