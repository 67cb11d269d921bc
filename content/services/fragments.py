"""What readers get of a post, made once when it is published: its JSON and its HTML.

A request then only joins what lies here. What was made by other templates or for another address of the site is made
anew by `renew`, which every start calls.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from content.models import Post
from content.models.post import slug_of
from content.services import rendering, typesetting

REVISION = 1  # raise it when the shape of what is made here changes


def of(post: Post) -> dict[str, Any]:
    """The columns of a post that are made of its others."""
    found = {
        "text": rendering.words_of(post.body),
        "category_slug": slug_of(post.category),
        "tag_slugs": [slug for slug in dict.fromkeys(map(slug_of, post.tags)) if slug],
        "author_slug": slug_of(post.author),
    }
    line = line_of(post)
    whole = {**line, "body": post.body, "html": post.html, "headings": post.headings}
    whole |= {"reviewer": post.reviewer, "made_with": post.made_with}
    made = {"line_json": _json(line), "whole_json": _json(whole), **typesetting.html_of(post)}
    digest = hashlib.sha256("\0".join(made.values()).encode()).hexdigest()
    return {**found, **made, "digest": digest, "made_by": fingerprint()}


def line_of(post: Post) -> dict[str, Any]:
    """A post as one of a list, as the API gives it."""
    names = ("slug", "url", "title", "excerpt", "category", "tags", "author", "cover", "word_count", "read_minutes")
    return {name: getattr(post, name) for name in (*names, "published_at", "updated_at")}


def fingerprint() -> str:
    """What decides, beside the post, how its fragments look."""
    return hashlib.sha256(f"{REVISION} {settings.SITE_URL} {typesetting.fingerprint()}".encode()).hexdigest()[:16]


def renew() -> int:
    """Make anew what was made by other templates or settings; how many posts that were."""
    renewed = 0
    for post in Post.objects.exclude(made_by=fingerprint()).iterator(chunk_size=200):
        renewed += Post.objects.filter(pk=post.pk, updated_at=post.updated_at).update(**of(post))
    return renewed


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
