"""Prompts live beside their agents as Markdown: one `## part` for each thing that is asked, `## system` for all."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

_HEADING = re.compile(r"^## +(.+?) *$", re.M)


@dataclass(frozen=True)
class Prompt:
    """One part of a prompt file, with the file's system part. `name` is "writer.section"."""

    name: str
    system: str
    user: str

    @property
    def hash(self) -> str:
        """Names this wording, whatever it is filled with: 16 hexadecimal digits."""
        return hashlib.sha256(f"{self.system}\n\n{self.user}".encode()).hexdigest()[:16]

    def messages(self, **values: Any) -> list[dict[str, str]]:
        """The messages, each `$place` filled. A place without a value is a bug and raises KeyError.

        A line that has a place and is left with nothing in it is dropped, so that an empty field says nothing.
        """
        return [
            {"role": role, "content": _filled(text, values)}
            for role, text in (("system", self.system), ("user", self.user))
            if text
        ]


def _filled(text: str, values: dict[str, Any]) -> str:
    lines = []
    for line in text.splitlines():
        places = Template(line).get_identifiers()
        if places and not any(str(values[place]).strip() for place in places):
            continue
        lines.append(Template(line).substitute(values))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@cache
def parts(file: str) -> dict[str, str]:
    """The parts of `<file>.md`, by heading."""
    text = Path(__file__).with_name(f"{file}.md").read_text("utf-8")
    _, *found = _HEADING.split(text)
    return {name: body.strip() for name, body in zip(found[::2], found[1::2], strict=True)}


def load(name: str) -> Prompt:
    """The prompt called "file.part"."""
    file, _, part = name.partition(".")
    found = parts(file)
    return Prompt(name, found.get("system", ""), found[part])
