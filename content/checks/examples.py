"""Does the text show, or only tell?"""

from content.platforms import Ask
from content.platforms.text import count_plain, sentences

from .base import Finding, found, is_plain, listed, read, several
from .concrete import evidence

DENSE = 1.8  # concrete things in a hundred words, where a text reads as written by someone who was there


class Examples:
    name = "examples"
    label = "Examples"
    out_of = 2.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        sections: list[tuple[str, int]] = []
        name, seen, total, length = "The opening", 0, 0, 0
        started = False
        for block in read(body, ask):
            if block.kind in ("h1", "h2"):
                if started:
                    sections.append((name, seen))
                name, seen, started = (block.text if block.kind == "h2" else name), 0, False
            elif block.kind == "code":
                seen, started = seen + 2, True
            elif block.text and not block.heading:
                here = sum(evidence(line) for line in sentences(block.text))
                seen, total, length, started = (
                    seen + here,
                    total + here,
                    length + count_plain(block.text),
                    True,
                )
        if started:
            sections.append((name, seen))
        if not sections:
            return found(self, 0, "There is nothing to read yet.")
        bare = [name for name, seen in sections if seen == 0]
        density = 100 * total / max(length, 1)
        share = 0.4 * (1 - len(bare) / len(sections)) + 0.6 * min(1.0, density / DENSE)
        if bare:
            where = "" if is_plain(ask) else f" in {listed(bare)}"
            message = f"No example, name or figure{where}. Show one thing that happened."
        elif share < 0.8:
            things = several(total, "concrete thing")
            message = f"Few examples: {things} in {length:,} words. Name who, where, how much."
        else:
            shows = "It" if is_plain(ask) else "Every section"
            message = f"{shows} shows something concrete, {total:,} things in {length:,} words."
        return found(self, share, message)


check = Examples()
