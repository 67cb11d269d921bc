"""What every image source takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """What is asked of a source: `count` pictures, the first by `seed`, the next by the seeds after it.

    `title`, `category` and `site` are what a card prints. `prompt` says what is to be seen, or looked for; `negative`
    what is not. `width`, `height` and `steps` of 0 are the source's own. `model` is a folder or a name the source knows.
    """

    title: str
    seed: int = 0
    count: int = 1
    category: str = ""
    site: str = ""
    prompt: str = ""
    negative: str = ""
    width: int = 0
    height: int = 0
    steps: int = 0
    model: str = ""

    def after(self, pictures: int) -> Request:
        """What is still to be made when so many are there."""
        return replace(self, seed=self.seed + pictures, count=self.count - pictures)


@dataclass(frozen=True)
class Made:
    """A finished picture: WebP bytes, its size in pixels, the seconds it took and how to make it again.

    `provenance` holds the seed of this very picture. `alt` is a proposal that a person may better; `credit` is the line
    that the licence asks for, `credit_url` where it leads.
    """

    image: bytes
    width: int
    height: int
    seconds: float
    provenance: dict[str, Any] = field(default_factory=dict)
    alt: str = ""
    credit: str = ""
    credit_url: str = ""


def unheard(step: int, steps: int, at_once: int = 1) -> None:
    """For callers that do not listen to progress and cannot cancel."""


class AtStep(Protocol):
    """Hears that `step` of `steps` is done for the next `at_once` pictures, those that are made side by side."""

    def __call__(self, step: int, steps: int, at_once: int = 1) -> None: ...


class Make(Protocol):
    """A source's one function: gives its pictures one by one, as they are ready.

    `at_step` is called as the work goes on; what it raises ends the work (that is how it is cancelled) and reaches the
    caller as it is. Raises `ExternalError` with a sentence for whoever asked.
    """

    def __call__(self, request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]: ...


@dataclass(frozen=True)
class About:
    """What is said of a source before it has made anything.

    `needs` says how to switch it on where `is_on()` is not true. `begins` is what it does before its first step.
    `by_prompt` sources draw or look for what a prompt says; `by_negative` ones also leave out what another says.
    `on_device` ones need the machine's device to themselves. `first_seed` is where the seeds of a piece begin.
    `digital_source_type` is the IPTC's word for how its pictures come about, empty where we cannot know.
    """

    name: str
    begins: str
    needs: str = ""
    is_on: Callable[[], bool] = lambda: True
    by_prompt: bool = False
    by_negative: bool = False
    on_device: bool = False
    digital_source_type: str = ""
    first_seed: Callable[[], int] = lambda: 0
