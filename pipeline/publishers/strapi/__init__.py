"""Strapi 5 and 4, by their REST API: create, update, picture, draft or published, withdraw."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings

from content.errors import ExternalError
from pipeline.publishers.base import Article, Delivered, Errand, Publisher

from . import pictures, relations
from .client import Client, Refused
from .target import Target

SINGLE = ("title", "slug", "excerpt", "body", "author", "reviewer", "category", "url", "read_minutes")


def targets() -> list[Publisher]:
    """Those of COPYDESK_STRAPI."""
    return [Strapi(Target(name=name, **facts)) for name, facts in settings.STRAPI.items()]


class Strapi:
    def __init__(self, target: Target) -> None:
        self.target = target
        self.name = f"strapi/{target.name}"

    def digest(self, article: Article) -> str:
        cover = article.cover and [article.cover.url, article.cover.alt, article.cover.credit]
        about = [self.target.facts(), article.external_id, self._fields(article), list(article.tags), cover]
        return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()

    def deliver(self, article: Article, errand: Errand) -> Delivered:
        with Client(self.target, errand.check) as client:
            data = self._fields(article)
            data |= relations.of(client, article)
            if field := self.target.field("cover"):
                data[field] = pictures.attached(client, article.cover, errand)
            data = self.target.dialect.stamped(data, article.published_at)
            self._write(client, article.external_id, data, errand)
        slug = self.target.slug_of(article)
        return Delivered(self.target.desk_url_of(errand.document_id), self.target.public_url_of(slug))

    def withdraw(self, external_id: str, errand: Errand) -> None:
        """In Strapi 5 the article is deleted: its REST API has no way to take back what is published, and a draft by
        itself cannot be left. In Strapi 4 it becomes a draft."""
        with Client(self.target, errand.check) as client:
            # By what it is marked with, too: an answer may have been lost that would have said its id.
            for document in dict.fromkeys([errand.document_id, *self._found(client, external_id)]):
                if document:
                    self.target.dialect.withdraw(client, document)
                    errand.say(f"Withdrawn: {document}.")
        errand.document_id = self.target.dialect.kept_after_withdrawal(errand.document_id)
        errand.keep()

    def look(self) -> str:
        with Client(self.target) as client:
            client.get(self.target.path, {"pagination[pageSize]": 1})
        return f"Strapi {self.target.version} at {self.target.url}, {self.target.collection}, {self.target.status}"

    def _fields(self, article: Article) -> dict[str, Any]:
        """The article under the names that the target has for its parts, without what lies there by itself."""
        target = self.target
        found = {field: getattr(article, name) for name in SINGLE if (field := target.field(name))}
        if field := target.field("slug"):
            found[field] = target.slug_of(article)
        if field := target.field("tags"):
            found[field] = list(article.tags)
        for name in ("published_at", "updated_at"):
            if field := target.field(name):
                found[field] = getattr(article, name).isoformat()
        return found | {target.field("external_id"): article.external_id}

    def _write(self, client: Client, external_id: str, data: dict[str, Any], errand: Errand) -> None:
        """Update it where it is, else create it. Whether it is there is asked right before: the last try may have made
        it and got no answer, and Strapi itself takes two articles with one external id."""
        dialect, article = self.target.dialect, f"{self.target.collection} {errand.document_id}"
        if errand.document_id:
            try:
                dialect.update(client, errand.document_id, data)
            except Refused as refused:
                if refused.answered != 404:
                    raise
                errand.say(f"{article} is not there any more.")
            else:
                errand.say(f"Updated, {self.target.status}: {article}.")
                return
        if not self._update_found(client, external_id, data, errand):
            self._create(client, external_id, data, errand)

    def _update_found(self, client: Client, external_id: str, data: dict[str, Any], errand: Errand) -> bool:
        found = self._found(client, external_id)
        if not found:
            return False
        if len(found) > 1:
            errand.say(
                f"{len(found)} articles there are marked {external_id}: {', '.join(found)}. The first is kept up."
            )
        self._remember(errand, found[0])
        self.target.dialect.update(client, found[0], data)
        errand.say(f"Found there and updated, {self.target.status}: {self.target.collection} {found[0]}.")
        return True

    def _create(self, client: Client, external_id: str, data: dict[str, Any], errand: Errand) -> None:
        try:
            made = self.target.dialect.create(client, data)
        except Refused as refused:
            # Perhaps a try that nobody heard of came through after it was looked for.
            is_rival = refused.answered == 400 and "must be unique" in refused.said
            if is_rival and self._update_found(client, external_id, data, errand):
                return
            raise
        self._remember(errand, made)
        errand.say(f"Created, {self.target.status}: {self.target.collection} {made}.")

    def _found(self, client: Client, external_id: str) -> list[str]:
        """Its ids there, the oldest first, among drafts and what is published."""
        field = self.target.field("external_id")
        try:
            return self.target.dialect.find(client, self.target.path, field, external_id)
        except Refused as refused:
            if refused.answered == 400 and f"Invalid key {field}" in refused.said:
                raise ExternalError(
                    f"Strapi has no field “{field}” in {self.target.collection}, and without it nothing keeps "
                    "articles from being made twice. Add it there as a text, or name another in "
                    f"{self.target.setting('FIELDS')}.",
                    retryable=False,
                ) from refused
            raise

    def _remember(self, errand: Errand, document: str) -> None:
        errand.document_id = document
        errand.keep()
