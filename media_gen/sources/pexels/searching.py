"""Asking Pexels: one search, remembered for a day, and the limit that its answers speak of.

https://www.pexels.com/api/documentation/ (read 2026-11): 200 requests an hour, the key bare in `Authorization`, the
headers of the limit on good answers only, not on the refusal itself; answers may be kept for 24 hours.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import structlog
from django.conf import settings
from django.core.cache import caches
from pydantic import BaseModel, ValidationError, field_validator
from redis.exceptions import RedisError

from content.errors import ExternalError

log = structlog.get_logger(__name__)

SECONDS = 10
PER_PAGE = 80  # the most that one answer holds
DAY = 24 * 3600
HOUR = 3600
PATIENCE = 60  # seconds; a limit that ends later is not waited for
PEXELS = "https://www.pexels.com/"
RESTING = "pexels:resting-until"


class Sizes(BaseModel):
    large2x: str  # 1880 pixels wide, or 1300 high


class Photo(BaseModel):
    """A photograph as Pexels describes it; `width` and `height` are the original's."""

    id: int
    width: int
    height: int
    url: str
    photographer: str
    photographer_url: str = PEXELS
    alt: str = ""
    src: Sizes

    @field_validator("url", "photographer_url")
    @classmethod
    def _leads_to_pexels(cls, url: str) -> str:
        """It becomes a link on public pages, so it leads nowhere else."""
        parts = urlsplit(url)
        there = parts.scheme == "https" and f".{parts.hostname}".endswith(".pexels.com") and len(url) <= 500
        return url if there else PEXELS

    @field_validator("photographer", "alt", mode="before")
    @classmethod
    def _one_line(cls, text: Any) -> Any:
        return " ".join((text or "").split())[:170] if isinstance(text, str | None) else text


class Found(BaseModel):
    photos: list[Photo]


def search(query: str, *, orientation: str) -> list[Photo]:
    """Up to 80 photographs in Pexels's own order; the same words within a day cost no request."""
    if not settings.PEXELS_KEY:
        raise ExternalError("Pexels needs a key: set COPYDESK_PEXELS_KEY and start again.", retryable=False)
    key = "pexels:" + hashlib.sha256(f"{settings.PEXELS_URL}|{orientation}|{query}".encode()).hexdigest()
    kept = _recall(key)
    if kept is not None:
        return Found.model_validate(kept).photos
    _require_rested()
    found = _asked({"query": query, "orientation": orientation, "per_page": str(PER_PAGE)})
    _remember(key, found.model_dump(), DAY)
    return found.photos


def _asked(params: dict[str, str]) -> Found:
    url, headers = f"{settings.PEXELS_URL}/v1/search", {"Authorization": settings.PEXELS_KEY}
    try:
        answer = httpx.get(url, params=params, headers=headers, timeout=SECONDS)
    except httpx.TimeoutException as error:
        raise ExternalError(f"Pexels took longer than {SECONDS} s to answer.", retryable=True) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ExternalError("Pexels cannot be reached.", retryable=True) from error
    if answer.status_code != 200:
        raise _refusal(answer)
    _note_limit(answer.headers)
    try:
        return Found.model_validate_json(answer.content)
    except ValidationError as error:
        raise ExternalError("Pexels answered something that is no list of photos.", retryable=True) from error


def _refusal(answer: httpx.Response) -> ExternalError:
    status = answer.status_code
    if status in (401, 403):
        return ExternalError(
            "Pexels does not take the key. Correct COPYDESK_PEXELS_KEY and start again.", retryable=False
        )
    if status == 429:
        told = answer.headers.get("Retry-After", "")
        return _resting(time.time() + (int(told[:9]) if told.isdecimal() else HOUR))
    if status >= 500 or status == 408:
        return ExternalError(f"Pexels is out of order ({status}).", retryable=True)
    return ExternalError(f"Pexels refused the search ({status}).", retryable=False)


# --- The limit ---


def _note_limit(headers: Mapping[str, str]) -> None:
    """Remember, for all workers, when the answer that just came was the last one of this hour."""
    left, until = headers.get("X-Ratelimit-Remaining", ""), headers.get("X-Ratelimit-Reset", "")
    if left.isdecimal() and int(left) == 0:
        _rest(int(until[:12]) if until.isdecimal() else time.time() + HOUR)


def _require_rested() -> None:
    until = _recall(RESTING)
    if until is not None and until > time.time():
        raise _resting(until)


def _resting(until: float) -> ExternalError:
    known = _recall(RESTING)
    until = known if known is not None and known > time.time() else until
    _rest(until)
    wait = max(until - time.time(), 1)
    at = datetime.fromtimestamp(until, UTC)
    return ExternalError(
        f"Pexels gives no more answers until {at:%H:%M} UTC on {at:%d %B}: its limit is reached.",
        retryable=wait <= PATIENCE,
        retry_after=wait,
    )


def _rest(until: float) -> None:
    _remember(RESTING, until, max(until - time.time(), 1))


# --- What is remembered, where there is a Redis; without one every search is asked ---


def _recall(key: str) -> Any:
    try:
        return caches["shared"].get(key)
    except (RedisError, OSError) as error:
        log.warning("nothing remembered of Pexels", error=type(error).__name__)
        return None


def _remember(key: str, value: Any, seconds: float) -> None:
    try:
        caches["shared"].set(key, value, int(seconds))
    except (RedisError, OSError) as error:
        log.warning("nothing to be remembered of Pexels", error=type(error).__name__)
