"""Phrases that everyone has read before, and those that this desk does not print."""

import re
from functools import lru_cache
from pathlib import Path

from content.platforms import Ask
from content.platforms.text import count_plain, quotable

from .base import Finding, found, headline, listed, read

_LINES = Path(__file__).with_suffix(".txt").read_text("utf-8").splitlines()
STOCK = tuple(line.strip() for line in _LINES if line.strip() and not line.startswith("#"))


@lru_cache(maxsize=2000)
def pattern(phrase: str) -> re.Pattern[str]:
    """The phrase as whole words, in any case; “…” in it stands for up to three words."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in phrase.split("…")]
    return re.compile(r"(?<!\w)" + r"(?:\s+[\w’'-]+){0,3}?\s+".join(parts) + r"(?!\w)", re.I)


def hits(text: str, phrases: tuple[str, ...]) -> list[str]:
    """Every place in the text where one of the phrases stands, as it stands there."""
    plain = text.replace("’", "'")
    lowered = plain.lower()
    found_here: list[str] = []
    for phrase in phrases:
        wanted = " ".join(phrase.replace("’", "'").split())
        # A plain search first: a hundred patterns over a long text would be read a hundred times.
        if wanted and wanted.lower().split("…")[0].strip() in lowered:
            found_here += [text[m.start() : m.end()] for m in pattern(wanted).finditer(plain)]
    return found_here


class Cliches:
    name = "cliches"
    label = "Banned phrases"
    out_of = 1.5
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        text = "\n\n".join([headline(title, ask), *(block.text for block in read(body, ask))])
        banned = hits(text, ask.banned)
        stock = hits(text, STOCK)
        if banned:
            message = f"This desk does not print {listed(list(dict.fromkeys(banned)))}. Say it otherwise."
            return found(self, 0, message, quotes=quotable(body, banned + stock), hard=True)
        if not stock:
            return found(self, 1, "None found.")
        per_page = len(stock) * 600 / max(count_plain(text), 300)
        message = f"Worn phrases: {listed(list(dict.fromkeys(stock)))}. Say what you mean."
        return found(self, 1 - 0.16 * per_page, message, quotes=quotable(body, stock))


check = Cliches()
