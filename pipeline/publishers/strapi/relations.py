"""Categories, tags and authors that are entries of their own in Strapi: found there by name, else made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from pipeline.publishers.base import Article

from .client import Client


def of(client: Client, article: Article) -> dict[str, Any]:
    """{their field: which entries} of every field that the settings say is a relation."""
    found = {}
    for ours, theirs in client.target.fields.items():
        if isinstance(theirs, dict):
            value = getattr(article, ours)
            names = value if isinstance(value, Sequence) and not isinstance(value, str) else [value] if value else []
            entries = [_entry(client, theirs["collection"], theirs["by"], name) for name in names]
            found[theirs["field"]] = {"set": entries}
    return found


def _entry(client: Client, collection: str, field: str, name: str) -> Any:
    """The id of the entry of that name."""
    dialect, path = client.target.dialect, f"/api/{collection}"
    known = dialect.find(client, path, field, name)
    return known[0] if known else dialect.create(client, dialect.stamped({field: name}, timezone.now()), path)
