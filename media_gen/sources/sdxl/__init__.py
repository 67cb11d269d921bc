"""Pictures made on this machine by a Stable Diffusion XL model, through diffusers.

`torch` takes seconds and half a gigabyte to import, and hangs in a process that is forked after it was used. So it
comes in with `studio`, when the first picture is made: in a worker, after its fork.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings

from content.errors import ExternalError
from media_gen.sources.base import About, AtStep, Made, Request, unheard

from .recipe import Recipe

about = About(
    "SDXL",
    "Loading the image model",
    needs="Set COPYDESK_SDXL to a model’s folder.",
    is_on=lambda: bool(settings.SDXL),
    by_prompt=True,
    by_negative=True,
    on_device=True,
    digital_source_type="trainedAlgorithmicMedia",
    first_seed=lambda: secrets.randbelow(2**31),  # so that two pieces with one prompt do not get one picture
)


def make(request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]:
    """Make the pictures side by side, as many at a time as fit, and give those of a batch when all of it is done.

    Each picture starts from noise of its own seed that is drawn on the processor, so it does not depend on the device,
    on its place in the batch or on the others in it. The same request on the same machine gives the same bytes; another
    batch size or device rounds differently, and a few pixels may be off by a shade.
    """
    recipe = Recipe.of(request)
    try:
        from . import studio
    except ImportError as missing:
        raise ExternalError(
            "The packages that make pictures are not installed. Run: make images", retryable=False
        ) from missing
    yield from studio.pictures(recipe, at_step)
