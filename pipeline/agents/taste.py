"""What makes one candidate better than another: on the topic, new, concrete, without worn phrases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from content.checks import cliches, filler
from content.checks.concrete import evidence
from content.platforms.text import stem, words

GOOD = -0.9  # a candidate of this merit needs no second round
_COMMON = frozenset(
    """
    a an the and or but of to for with in at by from into as that which who is are was were be been has have had
    can could will would should may might must your their its his her this these those very more most less not
    no how when where what why if than because while such so like about over under between through during
    without within also even just only you it they there help helps make makes use using used it's don't you'll
    you're them one
    """.split()  # noqa: SIM905
)


@lru_cache(maxsize=4000)
def roots(text: str) -> frozenset[str]:
    """The stems of its words of content."""
    return frozenset(stem(word) for word in words(text) if len(word) > 2 and word not in _COMMON)


def alike(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard's measure: 1 is the same words."""
    return len(one & other) / len(one | other) if one and other else 0.0


def worn(text: str) -> bool:
    """Whether it has a phrase that everyone has read before."""
    return bool(cliches.hits(text, cliches.STOCK))


def merit(lines: Sequence[str], *, about: str, seen: Sequence[str] = ()) -> float:
    """How good a text is beside others for the same place; about -1 to 1.5, higher is better."""
    text = " ".join(lines)
    spoken, mine = words(text), roots(about)
    if not spoken:
        return -9.0
    on_topic = len(roots(text) & mine) / max(1, min(len(mine), 4))
    own = {stem(word) for word in words(about)}
    vague = sum(stem(word) in filler.VAGUE and stem(word) not in own for word in spoken) / len(spoken)
    again = max((alike(roots(text), roots(other)) for other in seen), default=0.0)
    worn = len(cliches.hits(text, cliches.STOCK))
    runs = list(zip(spoken, spoken[1:], spoken[2:], strict=False))
    loops = 1 - len(set(runs)) / len(runs) if runs else 0.0
    shown = min(sum(map(evidence, lines)), 3)
    return (min(on_topic, 1) if on_topic else -1) + 0.1 * shown - 4 * vague - 1.5 * again - 0.5 * worn - 4 * loops
