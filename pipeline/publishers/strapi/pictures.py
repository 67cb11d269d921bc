"""The cover in Strapi's media library: sent once, then attached by its number there."""

from __future__ import annotations

import json
import mimetypes
from typing import Any

from pipeline.publishers.base import Errand, Picture

from .client import Client, Refused

NOT_ALLOWED = 403  # a token that may upload need not be allowed to look


def attached(client: Client, picture: Picture | None, errand: Errand) -> Any:
    """What the field of the cover is set to: the picture's number there, None for none."""
    if picture is None:
        return None
    known = errand.pictures.get(picture.url)
    if known is not None and _is_there(client, known):
        return known
    number = _found(client, picture.name)
    if number is None:
        number = _sent(client, picture)
        errand.say(f"Picture sent: {picture.name} is number {number} there.")
    errand.pictures = {**errand.pictures, picture.url: number}
    errand.keep()
    return number


def _is_there(client: Client, number: Any) -> bool:
    try:
        client.get(f"/api/upload/files/{number}")
    except Refused as refused:
        if refused.answered not in (404, NOT_ALLOWED):
            raise
        return refused.answered == NOT_ALLOWED
    return True


def _found(client: Client, name: str) -> Any:
    """Its number, if an earlier try sent it and got no answer; its name says what is in it."""
    try:
        rows = client.listing("/api/upload/files", {"filters[name][$eq]": name, "sort": "id:asc"})
    except Refused as refused:
        if refused.answered != NOT_ALLOWED:
            raise
        return None
    # Strapi 4 of some ages does not filter here, and gives all of them.
    return next((row["id"] for row in rows if row.get("name") == name), None)


def _sent(client: Client, picture: Picture) -> Any:
    about = {"name": picture.name, "alternativeText": picture.alt, "caption": picture.credit}
    kind = mimetypes.guess_type(picture.name)[0] or "application/octet-stream"
    return client.upload((picture.name, picture.read(), kind), json.dumps(about))
