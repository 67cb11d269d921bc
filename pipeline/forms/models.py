"""The models among which a form lets one choose, each with what it would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from pipeline import providers
from pipeline.providers.base import ModelCard
from pipeline.providers.catalogue import profile
from pipeline.services import asking, speed
from pipeline.services.estimating import Estimate, History, Size

SHOWN = 8  # the others stand behind “more”


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen, with what it would take."""

    number: int
    card: ModelCard
    estimate: Estimate
    chosen: bool
    among: Models

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def note(self) -> str:
        return _note(self.card, self.among.speeds)


class Models:
    """Those on offer, the configured one first, then those that have a history here, then those with a price."""

    def __init__(self, task_type: str, wanted: str, size: Size) -> None:
        self.history = History(task_type)
        self.offer = asking.offer()
        self.size = size
        self.wanted = self._called(wanted or settings.MODEL)

    def _called(self, wanted: str) -> str:
        """As the cards call it: Ollama adds “:latest” to a name without a tag."""
        names = {card.name for card in self.offer.models}
        return f"{wanted}:latest" if wanted not in names and f"{wanted}:latest" in names else wanted

    @cached_property
    def speeds(self) -> Mapping[tuple[str, str], float]:
        """Looked up for the page only, not on every key."""
        return speed.seen()

    @property
    def estimate(self) -> Estimate:
        """Of the chosen model."""
        return self.history.estimate(self.wanted, self.size)

    @property
    def refusals(self) -> dict[str, str]:
        """Of the providers that do not answer, while others do: {provider: why}."""
        return {name.capitalize(): why for name, why in self.offer.refusals.items()} if self.offer.models else {}

    @cached_property
    def choices(self) -> list[Choice]:
        cards = [*self.offer.models, *self._silent()]
        wanted = self.wanted if any(card.name == self.wanted for card in cards) else ""
        estimates = {card.name: self.history.estimate(card.name, self.size) for card in cards}

        def rank(card: ModelCard) -> tuple[bool, bool, bool, bool, str]:
            known = estimates[card.name]
            is_ours = card.name == self._called(settings.MODEL)
            return (not is_ours, card.name != wanted, not known.tasks, known.cost is None, card.name)

        # By name and not by rank: what a row of the open page says is brought up to date by its number, and the rank
        # changes with the choice.
        numbers = {name: number for number, name in enumerate(sorted(card.name for card in self.offer.models), 1)}
        cards.sort(key=rank)
        return [
            Choice(numbers.get(card.name, 0), card, estimates[card.name], card.name == (wanted or cards[0].name), self)
            for card in cards
        ]

    def _silent(self) -> list[ModelCard]:
        """The one that was wanted, where its provider does not say now whether it has it."""
        provider, _ = providers.resolve(self.wanted)
        if self.offer.has(self.wanted) or not self.offer.models or provider not in self.offer.refusals:
            return []
        return [ModelCard(name=self.wanted, provider=provider)]

    @property
    def is_unknown(self) -> bool:
        """Somebody asks for one that nobody here has, as far as that can be told now."""
        return bool(self.choices) and not any(choice.name == self.wanted for choice in self.choices)

    @property
    def shown(self) -> list[Choice]:
        return self.choices[:SHOWN]

    @property
    def more(self) -> list[Choice]:
        return self.choices[SHOWN:]


def _note(card: ModelCard, speeds: Mapping[tuple[str, str], float]) -> str:
    """What is known of a model, briefly: “Ollama, 4.9 GB, 8,192 tokens of context, 31 tokens a second here”."""
    provider, model = providers.resolve(card.name)
    rate = f"{seen:.0f} tokens a second here" if (seen := speeds.get((provider, model))) else ""
    if told := profile(model, provider).note:
        return f"{told} {rate.capitalize()}".strip()
    size = f"{card.size / 1e9:.1f} GB" if card.size >= 1e8 else f"{card.size / 1e6:.0f} MB" if card.size else ""
    context = f"{card.context:,} tokens of context" if card.context else ""
    return ", ".join(part for part in (card.provider.capitalize(), size, context, rate) if part)
