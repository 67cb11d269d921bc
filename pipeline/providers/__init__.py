"""Model providers: one file each, found by name. `get("ollama")` is `pipeline/providers/ollama.py`'s `provider`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module

from django.conf import settings

from content.errors import ExternalError, Invalid

from .base import ModelCard, Provider
from .naming import NAMES, called, resolve

__all__ = ["NAMES", "Offers", "available", "called", "get", "models", "offers", "resolve"]


@dataclass(frozen=True)
class Offers:
    """The models of all providers that answer now, under the names by which they are asked for, and why the other
    providers say nothing: {provider: sentence}."""

    cards: tuple[ModelCard, ...]
    refusals: dict[str, str]


def get(name: str) -> Provider:
    """The provider called `name`, imported when it is first asked for; the vendor's own package later still."""
    if name not in NAMES:
        raise Invalid(f"There is no model provider called “{name}”.")
    provider: Provider = import_module(f"{__name__}.{name}").provider
    return provider


def available() -> list[str]:
    """The providers that are set up here, first the one that new tasks go to."""
    first, _ = resolve(settings.MODEL)
    return [first, *(name for name in NAMES if name != first and get(name).configured())]


def models() -> Offers:
    """What can be asked for now; one provider that is down hides no other."""
    cards: list[ModelCard] = []
    refusals: dict[str, str] = {}
    for name in available():
        try:
            found = get(name).models()
        except ExternalError as error:
            refusals[name] = error.message
        else:
            cards += [replace(card, name=called(name, card.name)) for card in found]
    return Offers(tuple(cards), refusals)


def offers(name: str) -> bool | None:
    """Whether there is such a model; None when its provider cannot be asked now."""
    provider, model = resolve(name)
    try:
        names = {card.name for card in get(provider).models()}
    except ExternalError:
        return None
    return bool({model, f"{model}:latest"} & names)
