"""What Pexels sends: a search's photographs as JSON with the headers of its limit, and the photographs themselves."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image

from .door import Asked, Said, refused

LIMIT = {"X-Ratelimit-Limit": "20000", "X-Ratelimit-Remaining": "19684", "X-Ratelimit-Reset": "1590529646"}


def photo(
    number: int, alt: str = "", *, at: str, width: int = 5184, height: int = 3456, **changes: Any
) -> dict[str, Any]:
    """One of a search's photographs; `at` is where its files are."""
    file = f"{at}/photos/{number}/pexels-photo-{number}.jpeg"
    made: dict[str, Any] = {
        "id": number,
        "width": width,
        "height": height,
        "url": f"https://www.pexels.com/photo/brown-rocks-during-golden-hour-{number}/",
        "photographer": "Deden Dicky Ramdhani",
        "photographer_url": "https://www.pexels.com/@drdeden88",
        "photographer_id": 1378810,
        "avg_color": "#978E82",
        "src": {
            "original": file,
            "large2x": f"{file}?auto=compress&cs=tinysrgb&dpr=2&h=650&w=940",
            "large": f"{file}?auto=compress&cs=tinysrgb&h=650&w=940",
            "medium": f"{file}?auto=compress&cs=tinysrgb&h=350",
            "small": f"{file}?auto=compress&cs=tinysrgb&h=130",
            "portrait": f"{file}?auto=compress&cs=tinysrgb&fit=crop&h=1200&w=800",
            "landscape": f"{file}?auto=compress&cs=tinysrgb&fit=crop&h=627&w=1200",
            "tiny": f"{file}?auto=compress&cs=tinysrgb&dpr=1&fit=crop&h=200&w=280",
        },
        "liked": False,
        "alt": alt,
    }
    return {**made, **changes}


def found(photos: Sequence[dict[str, Any]], **limit: str) -> Said:
    """The answer to a search; `X_Ratelimit_Remaining="0"` changes a header of the limit."""
    body = {"total_results": len(photos), "page": 1, "per_page": 80, "photos": list(photos)}
    headers = LIMIT | {name.replace("_", "-"): value for name, value in limit.items()}
    return Said([json.dumps(body).encode()], headers=headers, kind="application/json; charset=utf-8")


def last_of_the_hour(photos: Sequence[dict[str, Any]], *, seconds: int = 1800) -> Said:
    return found(photos, X_Ratelimit_Remaining="0", X_Ratelimit_Reset=str(int(time.time()) + seconds))


def wrong_key() -> Said:
    return Said([b"Unauthorized"], 401, kind="text/plain")


def too_often() -> Said:
    """Without the headers of the limit, which come with good answers only."""
    return refused(429, {"status": 429, "code": "Rate limit exceeded"})


def file(shade: int = 120) -> Said:
    kept = io.BytesIO()
    Image.new("RGB", (940, 627), (shade % 256, 90, 60)).save(kept, "JPEG")
    return Said([kept.getvalue()], kind="image/jpeg")


def asked_for(asked: Asked) -> dict[str, str]:
    """What was searched for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()}


def answering(search: Callable[[dict[str, str]], Said]) -> Callable[[Asked], Said]:
    """A script for a door: searches are answered by `search`, photographs are there."""

    def script(asked: Asked) -> Said:
        path = urlsplit(asked.path).path
        if path.startswith("/photos/"):
            return file(int(path.split("/")[2]))
        if path != "/v1/search":
            return refused(404, {"status": 404, "code": "Not Found"})
        if asked.headers.get("authorization") != "563492ad6f91700001000001":
            return wrong_key()
        return search(asked_for(asked))

    return script
