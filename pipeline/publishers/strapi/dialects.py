"""Where Strapi 5 and 4 differ: what an article is called by, how draft or published is said, how it is withdrawn.

Both were read in their documentation; 5 was run (5.54).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from .client import Client, Refused

if TYPE_CHECKING:
    from .target import Target

MOST_FOUND = 5


class Dialect(Protocol):
    def __init__(self, target: Target) -> None: ...

    def stamped(self, data: dict[str, Any], published_at: datetime) -> dict[str, Any]:
        """What is to be written, with whether it is published where that is a field of it."""
        ...

    def find(self, client: Client, path: str, field: str, value: str) -> list[str]:
        """The ids of those whose `field` is exactly `value`, drafts too, the oldest first."""
        ...

    def create(self, client: Client, data: dict[str, Any], path: str = "") -> str: ...

    def update(self, client: Client, document: str, data: dict[str, Any]) -> None: ...

    def withdraw(self, client: Client, document: str) -> None: ...

    def kept_after_withdrawal(self, document: str) -> str:
        """Its id, if it is still there."""
        ...


class Five:
    """An article is called by its documentId: the id of its row changes when it is published. A write that does not say
    draft or published publishes."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.where = {"locale": target.locale} if target.locale else {}

    def stamped(self, data: dict[str, Any], published_at: datetime) -> dict[str, Any]:
        return data

    def find(self, client: Client, path: str, field: str, value: str) -> list[str]:
        found: list[str] = []
        for status in ("draft", "published"):
            asked: dict[str, Any] = {f"filters[{field}][$eq]": value, "status": status, "fields[0]": "documentId"}
            asked |= {"sort": "createdAt:asc", "pagination[pageSize]": MOST_FOUND}
            found += [str(row["documentId"]) for row in client.rows(path, {**asked, **self.where})]
        return list(dict.fromkeys(found))

    def create(self, client: Client, data: dict[str, Any], path: str = "") -> str:
        made = client.write("POST", path or self.target.path, self._said(), data)
        return str(made["documentId"])

    def update(self, client: Client, document: str, data: dict[str, Any]) -> None:
        client.write("PUT", f"{self.target.path}/{document}", self._said(), data)

    def withdraw(self, client: Client, document: str) -> None:
        client.delete(f"{self.target.path}/{document}", self.where)

    def kept_after_withdrawal(self, document: str) -> str:
        return ""

    def _said(self) -> dict[str, Any]:
        return {"status": self.target.status, **self.where}


class Four:
    """An article is called by the id of its row; it is a draft while it has no publishedAt."""

    def __init__(self, target: Target) -> None:
        self.target = target

    def stamped(self, data: dict[str, Any], published_at: datetime) -> dict[str, Any]:
        said = published_at.isoformat() if self.target.status == "published" else None
        return {**data, "publishedAt": said}

    def find(self, client: Client, path: str, field: str, value: str) -> list[str]:
        asked: dict[str, Any] = {f"filters[{field}][$eq]": value, "publicationState": "preview"}
        asked |= {"sort": "id:asc", "pagination[pageSize]": MOST_FOUND}
        if self.target.locale:
            asked["locale"] = self.target.locale
        return [str(row["id"]) for row in client.rows(path, asked)]

    def create(self, client: Client, data: dict[str, Any], path: str = "") -> str:
        where = {"locale": self.target.locale} if self.target.locale else {}
        made = client.write("POST", path or self.target.path, {}, {**data, **where})
        return str(made["id"])

    def update(self, client: Client, document: str, data: dict[str, Any]) -> None:
        client.write("PUT", f"{self.target.path}/{document}", {}, data)

    def withdraw(self, client: Client, document: str) -> None:
        try:
            client.write("PUT", f"{self.target.path}/{document}", {}, {"publishedAt": None})
        except Refused as refused:
            if refused.answered != 404:
                raise

    def kept_after_withdrawal(self, document: str) -> str:
        return document


DIALECTS: dict[int, type[Dialect]] = {5: Five, 4: Four}
