"""One Strapi, as its settings describe it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.text import slugify

from pipeline.publishers.base import Article

from . import dialects


@dataclass(frozen=True)
class Target:
    """The settings of COPYDESK_STRAPI_<NAME>_…; `fields` is {our name: theirs}, where theirs may be {field, collection,
    by} of a relation."""

    name: str
    url: str
    token: str = field(repr=False)
    version: int
    collection: str
    status: str
    fields: dict[str, Any]
    public_url: str
    desk_url: str
    locale: str

    @property
    def dialect(self) -> dialects.Dialect:
        return dialects.DIALECTS[self.version](self)

    @property
    def path(self) -> str:
        return f"/api/{self.collection}"

    def setting(self, name: str) -> str:
        """What the environment calls it."""
        return f"COPYDESK_STRAPI_{self.name.upper().replace('-', '_')}_{name}"

    def field(self, ours: str) -> str:
        """Their name of a field that is sent as it stands; empty where it is not sent, or is a relation."""
        theirs = self.fields.get(ours, "")
        return theirs if isinstance(theirs, str) else ""

    def facts(self) -> dict[str, Any]:
        """What decides, beside the article, what is sent."""
        return {name: value for name, value in asdict(self).items() if name != "token"}

    def slug_of(self, article: Article) -> str:
        """Strapi takes no letters outside ASCII in an address; where nothing else is left, the mark is one."""
        return slugify(article.slug) or article.external_id

    def public_url_of(self, slug: str) -> str:
        return self.public_url.replace("{slug}", slug)[:500]

    def desk_url_of(self, document: str) -> str:
        return self.desk_url.replace("{id}", document)[:500]
