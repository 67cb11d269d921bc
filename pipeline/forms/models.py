"""The models among which a form lets one choose, each with what it would take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.conf import settings

from pipeline import providers
from pipeline.providers.base import ModelCard
from pipeline.providers.catalogue import profile
from pipeline.services import asking
from pipeline.services.estimating import Estimate, History, Size

SHOWN = 8  # the others stand behind “more”


@dataclass(frozen=True)
class Choice:
    """A model that can be chosen, with what it would take."""

    number: int
    name: str
    note: str
    estimate: Estimate
    chosen: bool


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

        cards.sort(key=rank)
        return [
            Choice(number, card.name, _note(card), estimates[card.name], card.name == (wanted or cards[0].name))
            for number, card in enumerate(cards, 1)
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


def _note(card: ModelCard) -> str:
    """What is known of a model, briefly: “Ollama, 4.9 GB, 8,192 tokens of context”."""
    if told := profile(card.name).note:
        return told
    size = f"{card.size / 1e9:.1f} GB" if card.size >= 1e8 else f"{card.size / 1e6:.0f} MB" if card.size else ""
    context = f"{card.context:,} tokens of context" if card.context else ""
    return ", ".join(part for part in (card.provider.capitalize(), size, context) if part)
