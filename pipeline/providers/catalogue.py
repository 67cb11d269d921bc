"""What is known of models: how to ask them, and how much they can hold."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch


@dataclass(frozen=True)
class Profile:
    """How to work with a model.

    `by_fields`: it can fill one short field at a time and nothing larger; each field is then asked for
    `candidates` times and the best is kept. A capable model is asked for a whole object or section at once.
    `seconds_per_token` is a cautious bound for time-outs, not a speed.
    """

    pattern: str
    by_fields: bool = False
    candidates: int = 1
    context: int = 8192
    seconds_per_token: float = 0.25
    starter: bool = False
    note: str = ""


PROFILES = (
    Profile(
        "smollm2:135m*",
        by_fields=True,
        candidates=3,
        context=2048,
        seconds_per_token=0.5,
        starter=True,
        note="Starter model. It proves the road works; it does not write well.",
    ),
    Profile("smollm*", by_fields=True, candidates=3, context=2048),
    Profile("scripted*"),
    Profile("*"),
)


def profile(model: str) -> Profile:
    """The first profile whose pattern fits the model's name."""
    return next(known for known in PROFILES if fnmatch(model.lower(), known.pattern))
