"""Papers, inks and pencils: the house's own, or a brand's with contrast made sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

READS = 4.5  # WCAG 2.2, 1.4.3: letters on their paper
SEEN = 3.0  # WCAG 2.2, 1.4.11: drawings
INK, SHEET, NEWSPRINT = "#191713", "#fcfbf7", "#f2efe7"


@dataclass(frozen=True)
class Ground:
    """A paper and what is printed on it: letters, a tone near the paper, and the one colour that speaks."""

    name: str
    paper: str
    letters: str
    quiet: str
    pencil: str


HOUSE = (
    Ground("ink", INK, NEWSPRINT, "#45413a", "#ff8278"),
    Ground("newsprint", NEWSPRINT, INK, "#cdc6b7", "#b5101c"),
    Ground("blue", "#16357f", SHEET, "#3f5da6", "#9ab8ff"),
    Ground("wash", "#e7e3d8", INK, "#c3bba9", "#1c46b8"),
    Ground("red", "#8d0d17", SHEET, "#b04550", "#f5dfd9"),
)


@lru_cache(maxsize=8)
def grounds(colours: tuple[str, ...]) -> tuple[Ground, ...]:
    """The house's grounds, or for each brand colour one in it and one on newsprint that is printed with it.

    A colour that would be hard to read is made darker or lighter until it is not; its hue stays.
    """
    if not colours:
        return HOUSE
    found = []
    for number, colour in enumerate(colours):
        others = [other for other in (*colours[number + 1 :], *colours[:number]) if contrast(other, colour) >= SEEN]
        letters = max((INK, SHEET), key=lambda ink: contrast(ink, colour))
        paper = until(colour, letters, READS, towards="#000000" if letters == SHEET else "#ffffff")
        pencil = next((other for other in others if contrast(other, paper) >= SEEN), None)
        pencil = pencil or until(mix(paper, letters, 0.45), paper, SEEN, towards=letters)
        found.append(Ground(colour, paper, letters, mix(paper, letters, 0.2), pencil))
        light = (NEWSPRINT, "#e7e3d8")[number % 2]
        found.append(
            Ground(f"{colour} on newsprint", light, INK, mix(light, INK, 0.17), until(colour, light, SEEN, towards=INK))
        )
    found.append(
        Ground(f"{colours[0]} on ink", INK, NEWSPRINT, "#45413a", until(colours[0], INK, READS, towards=NEWSPRINT))
    )
    return tuple(found)


def until(colour: str, beside: str, ratio: float, *, towards: str) -> str:
    """`colour`, moved towards another as little as gives it that contrast to the one beside it."""
    for step in range(51):
        moved = mix(colour, towards, step / 50)
        if contrast(moved, beside) >= ratio:
            return moved
    return towards


def mix(one: str, other: str, share: float) -> str:
    """`share` of the other colour in the first."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in _channels(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(colour: str) -> Sequence[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
