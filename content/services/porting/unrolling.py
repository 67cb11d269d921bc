"""JSON of any length, a list's item at a time: only one item is ever in memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .entry import MAX_ENTRY, Meter, Unreadable

CHUNK = 65_536
_SPACE = re.compile(r"[ \t\r\n]*")
Names = tuple[str, ...]


def unroll(path: Path, wanted: set[Names], meter: Meter | None = None) -> Iterator[tuple[Names, Any]]:
    """(names that lead there, value) of what stands under the wanted names, in the file's order; of a list, each item.

    ("db", "data", "posts") is the list in `{"db": [{"data": {"posts": […]}}]}`: lists on the way count for nothing.
    Raises `Unreadable` where the file is no JSON, is cut off, or one item is too large.
    """
    with path.open("rb") as raw:
        reader = _Reader(raw, path.stat().st_size, meter or Meter())
        yield from _value(reader, (), wanted)
        if reader.peek():
            raise reader.broken("something follows its end")


def _value(reader: _Reader, here: Names, wanted: set[Names]) -> Iterator[tuple[Names, Any]]:
    opening = reader.peek()
    if here in wanted:
        if opening == "[":
            for _ in reader.items("]"):
                yield here, reader.decode()
        else:
            yield here, reader.decode()
    elif not any(name[: len(here)] == here for name in wanted):
        reader.skip()
    elif opening == "{":
        for _ in reader.items("}"):
            name = reader.name()
            yield from _value(reader, (*here, name), wanted)
    elif opening == "[":
        for _ in reader.items("]"):
            yield from _value(reader, here, wanted)
    else:
        reader.decode()


class _Reader:
    def __init__(self, raw: io.BufferedReader, size: int, meter: Meter) -> None:
        self.raw, self.size, self.meter = raw, size, meter
        self.text = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        self.buffer, self.at, self.ended = "", 0, False
        self.decoder = json.JSONDecoder(parse_constant=self._constant)

    def peek(self) -> str:
        """The next character that is no space, empty at the end."""
        while True:
            found = _SPACE.match(self.buffer, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.buffer) or self.ended:
                return self.buffer[self.at : self.at + 1]
            self.fill()

    def take(self, expected: str) -> None:
        if self.peek() != expected:
            raise self.broken(f"“{expected}” is expected")
        self.at += 1

    def items(self, closing: str) -> Iterator[None]:
        """Stand before each item of the list or mapping that opens here, then behind it."""
        self.at += 1
        if self.peek() == closing:
            self.at += 1
            return
        while True:
            yield
            if self.peek() == closing:
                self.at += 1
                return
            self.take(",")

    def name(self) -> str:
        name = self.decode()
        if not isinstance(name, str):
            raise self.broken("a name is expected")
        self.take(":")
        return name

    def skip(self) -> None:
        """Pass over a value that nobody wants: of a list or mapping, an item at a time."""
        opening = self.peek()
        if opening == "{":
            for _ in self.items("}"):
                self.name()
                self.decode()
        elif opening == "[":
            for _ in self.items("]"):
                self.decode()
        else:
            self.decode()

    def decode(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.buffer, self.at)
                if end < len(self.buffer) or self.ended:  # “12” may be the beginning of “123”
                    self.at = end
                    return value
            except json.JSONDecodeError as error:
                if self.ended:
                    raise self.broken(error.msg) from error
            except RecursionError as error:
                raise self.broken("it is nested too deep") from error
            except ValueError as error:  # a number with thousands of digits
                raise self.broken("a number in it has too many digits") from error
            if len(self.buffer) - self.at > MAX_ENTRY:
                raise self.broken(f"one entry is larger than {MAX_ENTRY // 1_000_000} MB")
            self.fill()

    def fill(self) -> None:
        """Read on; as much again as lies there, so that a long item is not looked at too often."""
        kept = self.buffer[self.at :]
        try:
            more = self.text.read(max(CHUNK, len(kept)))
        except UnicodeDecodeError as error:
            raise Unreadable(f"The file is not UTF-8 (about byte {self.raw.tell():,}).") from error
        self.buffer, self.at, self.ended = kept + more, 0, not more
        self.meter.share = self.raw.tell() / max(self.size, 1)

    def broken(self, why: str) -> Unreadable:
        return Unreadable(f"The file is no proper JSON: {why.rstrip('.')} (about byte {self.raw.tell():,}).")

    def _constant(self, name: str) -> Any:
        raise self.broken(f"{name} is no JSON")
