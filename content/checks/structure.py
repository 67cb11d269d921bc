"""Can a reader find the way? Title, sections, no empty or overfull part."""

from itertools import pairwise

from content.platforms import Ask
from content.platforms.blog import FEWEST_SECTIONS, empty_sections
from content.platforms.text import blocks, count_plain, quotable

from .base import Finding, found, listed, number, sentence

WALL = 160  # words in one paragraph; on a phone that is more than a screen


class Structure:
    name = "structure"
    label = "Structure"
    out_of = 1.0
    platforms = ("blog",)

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        parts = blocks(body)
        titles = sum(block.kind == "h1" for block in parts)
        sections = sum(block.kind == "h2" for block in parts)
        headings = [block for block in parts if block.heading]
        empty = empty_sections(parts)
        jumps = [b.text for a, b in pairwise(headings) if b.level > a.level + 1]
        walls = [block.text for block in parts if block.kind == "p" and count_plain(block.text) > WALL]
        says, share = [], 1.0
        if titles != 1:
            says.append(
                "There is no title line (#)." if not titles else f"{sentence(number(titles))} titles (#). Keep one."
            )
            share -= 0.5
        if sections < FEWEST_SECTIONS:
            says.append(f"{sentence(number(sections))} section{'s' * (sections != 1)} (##). Make at least three.")
            share -= 0.5
        if empty:
            says.append(f"Nothing stands under {listed(empty)}.")
            share -= 0.25 * len(empty)
        if jumps:
            says.append(f"A heading level is skipped before {listed(jumps)}.")
            share -= 0.2
        if walls:
            says.append(f"A paragraph of {count_plain(walls[0])} words: break it up.")
            share -= 0.2 * len(walls)
        if not says:
            says.append(f"One H1, {number(sections)} H2, no empty section.")
        return found(self, share, " ".join(says), quotes=quotable(body, walls))


check = Structure()
