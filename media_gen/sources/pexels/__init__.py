"""Photographs from Pexels: looked for by words, fetched, and kept with whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import structlog
from django.conf import settings
from PIL import Image

from content.errors import ExternalError, Invalid
from media_gen.intake import decoding, fetching
from media_gen.sources.base import About, AtStep, Made, Request, unheard

from . import ranking, searching
from .searching import Photo

log = structlog.get_logger(__name__)

HOSTS = ("images.pexels.com",)
LICENCE = "https://www.pexels.com/license/"

about = About(
    "Pexels",
    "Looking on Pexels",
    needs="Set COPYDESK_PEXELS_KEY; a key is free at pexels.com/api.",
    is_on=lambda: bool(settings.PEXELS_KEY),
    by_prompt=True,
)


def make(request: Request, *, at_step: AtStep = unheard) -> Iterator[Made]:
    """The photographs that fit the prompt best, or the title without one; the seed is the rank of the first to give.

    Fewer than were asked for where Pexels has no more, `ExternalError` where it has none at that rank.
    """
    began = perf_counter()
    at_step(0, request.count)
    query, photos = _found(request)
    if request.seed >= len(photos):
        raise ExternalError(
            f"Pexels has {len(photos)} photos for “{query}” that are large enough, and this would be number "
            f"{request.seed + 1}. Look for something else.",
            retryable=False,
        )
    failure: ExternalError | Invalid | None = None
    given = 0
    for rank, photo in enumerate(photos[request.seed : request.seed + request.count], start=request.seed):
        try:
            picture = decoding.decode(fetching.fetch(photo.src.large2x, hosts=_hosts()))
        except (ExternalError, Invalid) as error:  # the others may be whole
            log.warning("a photo that could not be taken", photo=photo.id, error=error.message)
            failure = error
            continue
        yield _made(photo, picture, request, query=query, rank=rank, seconds=perf_counter() - began)
        began = perf_counter()
        given += 1
        at_step(given, request.count)
    if failure and not given:
        retryable = isinstance(failure, ExternalError) and failure.retryable
        raise ExternalError(f"No photo from Pexels could be taken. {failure.message}", retryable=retryable) from failure


def _found(request: Request) -> tuple[str, list[Photo]]:
    """The first words that find anything, and what they find, the best first."""
    words = ranking.keywords(request.prompt) or ranking.keywords(request.title)
    if not words:
        raise ExternalError("Say in a few words what the photo shall show.", retryable=False)
    for query in ranking.broader(words):
        photos = ranking.ranked(searching.search(query, orientation=_orientation(request)), words)
        if photos:
            return query, photos
    raise ExternalError(f"Pexels has no large photo for “{' '.join(words)}”. Look for something else.", retryable=False)


def _orientation(request: Request) -> str:
    if request.width and request.width == request.height:
        return "square"
    return "portrait" if request.height > request.width else "landscape"


def _hosts() -> tuple[str, ...]:
    """Pexels's own, and those that the operator allows besides: a mirror, or a stand-in."""
    return (*HOSTS, *settings.IMAGE_HOSTS)


def _made(photo: Photo, picture: Image.Image, request: Request, *, query: str, rank: int, seconds: float) -> Made:
    provenance: dict[str, Any] = {
        "source": "pexels",
        "seed": rank,
        "prompt": request.prompt,
        "query": query,
        "id": photo.id,
        "url": photo.url,
        "photographer": photo.photographer,
        "photographer_url": photo.photographer_url,
        "licence": LICENCE,
    }
    return Made(
        image=decoding.encode(picture),
        width=picture.width,
        height=picture.height,
        seconds=seconds,
        provenance=provenance,
        alt=photo.alt,
        credit=f"Photo by {photo.photographer} on Pexels",
        credit_url=photo.url,
    )
