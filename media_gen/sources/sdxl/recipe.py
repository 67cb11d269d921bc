"""What exactly is to be made: the request, with what the settings say where it says nothing, checked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.conf import settings

from content.errors import ExternalError
from media_gen.sources.base import Request

SMALLEST, LARGEST = 64, 2048  # pixels a side; the models were trained on about a million pixels
UNIT = 8  # a side is a multiple of it: the picture is made at an eighth of its size and then enlarged
SEEDS = 2**63  # what a generator of torch takes
MOST_AT_ONCE = 64


@dataclass(frozen=True)
class Way:
    """How noise becomes a picture: a scheduler of diffusers, and what goes with it where nobody says otherwise.

    `kind` is empty for the scheduler that the model came with. A `guidance` of 1 or less heeds no negative prompt and
    costs half.
    """

    steps: int
    guidance: float
    kind: str = ""
    spacing: str = ""
    most_steps: int = 150


# The figures are those of the models' own cards: LCM-SDXL, SDXL Turbo, SDXL Lightning.
WAYS = {
    "": Way(steps=30, guidance=5.0),
    "lcm": Way(steps=4, guidance=1.0, kind="LCMScheduler", most_steps=50),
    "turbo": Way(steps=2, guidance=0.0, kind="EulerAncestralDiscreteScheduler", spacing="trailing"),
    "lightning": Way(steps=4, guidance=0.0, kind="EulerDiscreteScheduler", spacing="trailing"),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out."""

    model: str
    device: str
    scheduler: str
    prompt: str
    negative: str
    width: int
    height: int
    steps: int
    guidance: float
    seed: int
    count: int

    @classmethod
    def of(cls, request: Request) -> Recipe:
        """Raises ExternalError, which names the setting or the field that is wrong."""
        if not settings.SDXL:
            raise _wrong("No image model is set up. Set COPYDESK_SDXL to the folder of an SDXL model.")
        if request.model not in ("", settings.SDXL):
            raise _wrong(f"Pictures are made by {settings.SDXL} here; “{request.model}” is not set up.")
        if settings.SDXL_SCHEDULER not in WAYS:
            known = ", ".join(name for name in WAYS if name)
            raise _wrong(f"COPYDESK_SDXL_SCHEDULER is “{settings.SDXL_SCHEDULER}”; it may be empty or one of: {known}.")
        way = WAYS[settings.SDXL_SCHEDULER]
        usual = _size(settings.SDXL_SIZE)
        width, height = request.width or usual[0], request.height or usual[1]
        for side in (width, height):
            if side % UNIT or not SMALLEST <= side <= LARGEST:
                raise _wrong(
                    f"A picture of {width} × {height} pixels cannot be made: each side must be a multiple of {UNIT} "
                    f"from {SMALLEST} to {LARGEST}."
                )
        steps = request.steps or settings.SDXL_STEPS or way.steps
        if not 1 <= steps <= way.most_steps:
            raise _wrong(f"{steps} steps cannot be made: it takes 1 to {way.most_steps}.")
        if not 1 <= request.count <= MOST_AT_ONCE:
            raise _wrong(f"{request.count} pictures cannot be asked for at once: 1 to {MOST_AT_ONCE}.")
        if not 0 <= request.seed < SEEDS - request.count:
            raise _wrong("A seed is a whole number from 0 to 9,223,372,036,854,775,000.")
        guidance = way.guidance if settings.SDXL_GUIDANCE is None else settings.SDXL_GUIDANCE
        return cls(
            model=settings.SDXL,
            device=settings.SDXL_DEVICE,
            scheduler=settings.SDXL_SCHEDULER,
            prompt=request.prompt or request.title,
            negative=request.negative if guidance > 1 else "",
            width=width,
            height=height,
            steps=steps,
            guidance=guidance,
            seed=request.seed,
            count=request.count,
        )

    @property
    def way(self) -> Way:
        return WAYS[self.scheduler]


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d{1,5})\s*[x×]\s*(\d{1,5})\s*", text)
    if not found:
        raise _wrong(f"COPYDESK_SDXL_SIZE is “{text}”; it is written like 1344x768.")
    return int(found[1]), int(found[2])


def _wrong(says: str) -> ExternalError:
    return ExternalError(says, retryable=False)
