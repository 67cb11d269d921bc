"""What is known of models: how to ask them, how much they can hold, and what they cost."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from .naming import resolve

PRICES = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000
LOCAL = {"ollama", "scripted"}  # they run on machines that are paid for already
_SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


@dataclass(frozen=True)
class Profile:
    """How to work with a model.

    `by_fields`: it can fill one short field at a time and nothing larger; each field is then asked for
    `candidates` times and the best is kept. A capable model is asked for a whole object or section at once.
    `seconds_per_token` is a cautious bound for time-outs, not a speed; 0 where a vendor's machines answer, which get the
    30 s that everyone gets. `at_once` calls of it run in one process, the others wait in line; 0 is no limit.
    `thinks`: it thinks before it answers, which comes out of the same cap: so many tokens of room are added.
    `samples`: it takes a temperature and a seed; the newest hosted models refuse them.
    """

    pattern: str
    by_fields: bool = False
    candidates: int = 1
    context: int = 8192
    seconds_per_token: float = 0.25
    starter: bool = False
    note: str = ""
    at_once: int = 0
    thinks: int = 0
    samples: bool = True


# Patterns of “provider/model”; the first that fits counts.
PROFILES = (
    Profile(
        "*/smollm2:135m*",
        by_fields=True,
        candidates=3,
        context=2048,
        seconds_per_token=0.5,
        starter=True,
        note="Starter model. It proves the road works; it does not write well.",
        at_once=4,  # the starter server's slots
    ),
    Profile("*/smollm*", by_fields=True, candidates=3, context=2048),
    Profile("openai/gpt-[5-9]*", context=128_000, seconds_per_token=0, thinks=4000, samples=False),
    Profile("openai/o[1-9]*", context=128_000, seconds_per_token=0, thinks=4000, samples=False),
    Profile("openai/*", context=128_000, seconds_per_token=0),
    Profile("anthropic/claude-3*", context=200_000, seconds_per_token=0),
    Profile("anthropic/claude-*-4-[0-6]*", context=200_000, seconds_per_token=0),
    Profile("anthropic/claude-*-4-20*", context=200_000, seconds_per_token=0),
    Profile("anthropic/*", context=200_000, seconds_per_token=0, thinks=4000, samples=False),
    Profile("*"),
)


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: Decimal
    output: Decimal


@dataclass(frozen=True)
class Listed:
    """A line of prices.toml."""

    context: int
    price: Price


def profile(model: str, provider: str = "") -> Profile:
    """How to work with a provider's model, or with the one that `model` names in full."""
    name = _full(model, provider).lower()
    return next(known for known in PROFILES if fnmatch(name, known.pattern))


def context(model: str, provider: str = "") -> int:
    """How many tokens it holds, question and answer together."""
    listed = _listed(model, provider)
    return listed.context if listed else profile(model, provider).context


def price(model: str, provider: str = "") -> Price | None:
    """What it costs, nothing where it runs at home; None when that is not known."""
    if _full(model, provider).partition("/")[0] in LOCAL:
        return Price(Decimal(0), Decimal(0))
    listed = _listed(model, provider)
    return listed.price if listed else None


def cost(tokens_in: int, tokens_out: int, model: str, provider: str = "") -> Decimal | None:
    """US dollars for so many tokens; None when the model's price is not known."""
    found = price(model, provider)
    return (tokens_in * found.input + tokens_out * found.output) / MILLION if found else None


@cache
def prices() -> dict[str, Listed]:
    """{“provider/model”: what prices.toml says of it}"""
    told = tomllib.loads(PRICES.read_text(), parse_float=Decimal)
    return {
        line["name"]: Listed(line["context"], Price(Decimal(line["input"]), Decimal(line["output"])))
        for line in told["model"]
    }


def is_openais_own() -> bool:
    """Whether “openai/…” is at OpenAI itself: another server at OPENAI_BASE_URL has other prices and manners."""
    return not settings.OPENAI_BASE_URL or urlsplit(settings.OPENAI_BASE_URL).hostname == "api.openai.com"


def _listed(model: str, provider: str) -> Listed | None:
    name = _full(model, provider).lower()
    if name.startswith("openai/") and not is_openais_own():
        return None
    return prices().get(name) or prices().get(_SNAPSHOT.sub("", name))


def _full(model: str, provider: str) -> str:
    return "/".join((provider, model) if provider else resolve(model))
