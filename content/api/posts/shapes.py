"""What `posts/` answers with, for the OpenAPI document; the JSON itself is made when a post is published."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class PostLine(serializers.Serializer):
    """A post in a list. `fields` in the query string leaves out all others, `include` adds what the article has."""

    slug = serializers.CharField()
    url = serializers.URLField(help_text="The article on this site")
    title = serializers.CharField()
    excerpt = serializers.CharField()
    category = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    author = serializers.CharField()
    cover = serializers.DictField(
        help_text="{url, alt, width, height, credit, credit_url, hint, variants: [{url, width, height, type}]}; empty without"
    )
    word_count = serializers.IntegerField()
    read_minutes = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class PostWhole(PostLine):
    """One article."""

    body = serializers.CharField(help_text="Markdown, without the title")
    html = serializers.CharField(help_text="Clean HTML of the body")
    headings = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), help_text="[{id, text}]"
    )
    reviewer = serializers.CharField(help_text="Who approved it")
    made_with = serializers.CharField(help_text="The model that wrote the first text; empty when people wrote it all")


LINE = tuple(PostLine().fields)
WHOLE = tuple(PostWhole().fields)


class Some(serializers.Serializer):
    """Nothing is required of one who may ask for some names only."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields


class ListedPost(Some, PostWhole):
    """A post in a list: with no `fields` and no `include`, all from `slug` to `updated_at`."""


class OnePostAnswer(Some, PostWhole):
    """One article; with `fields`, only these of it."""


class FoundPost(PostLine):
    """A post that has what was looked for."""

    rank = serializers.FloatField(help_text="How well it fits; the title weighs most, then the excerpt, then the body")
    title_html = serializers.CharField(help_text="The title as safe HTML: escaped, the words in <mark>")
    snippet_html = serializers.CharField(help_text="Where the words are, as safe HTML: escaped, the words in <mark>")


class Facet(serializers.Serializer):
    name = serializers.CharField()
    slug = serializers.CharField()
    count = serializers.IntegerField()


class Facets(serializers.Serializer):
    category = Facet(many=True)
    tag = Facet(many=True)
    author = Facet(many=True)


class PostsPage(serializers.Serializer):
    results = ListedPost(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(help_text="How many there are on all pages")


class SearchPage(serializers.Serializer):
    results = FoundPost(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    count = serializers.IntegerField(help_text="How many were found, and can be paged through")
    count_is_capped = serializers.BooleanField(
        help_text="There are more: of common words, only the newest and those with the words in their title are ranked"
    )
    facets = Facets(help_text="How many of those counted are of each category, tag and author; the 20 most common")
    by_beginnings = serializers.BooleanField(
        help_text="Nothing has the last word as it stands; these have words that begin like it"
    )


EXAMPLE: dict[str, Any] = {
    "slug": "a-kettle-that-lasts",
    "url": "https://example.org/posts/a-kettle-that-lasts/",
    "title": "A kettle that lasts",
    "excerpt": "Most kettles are thrown away while they still boil.",
    "category": "Repair",
    "tags": ["kettles", "tools"],
    "author": "Mara Lind",
    "cover": {"url": "https://example.org/media/5f0c.webp", "alt": "A kettle", "width": 1200, "height": 675},
    "word_count": 612,
    "read_minutes": 3,
    "published_at": "2026-11-18T09:30:00Z",
    "updated_at": "2026-11-18T09:30:00Z",
}
EXAMPLE_WHOLE = {
    **EXAMPLE,
    "body": "Most kettles are thrown away while they still boil.\n\n## Find the part that fails\n\n…",
    "html": '<p>Most kettles are thrown away while they still boil.</p>\n<h2 id="find-the-part">…</h2>\n',
    "headings": [{"id": "find-the-part", "text": "Find the part that fails"}],
    "reviewer": "Jon Berg",
    "made_with": "llama3.1:8b",
}
EXAMPLE_PAGE = {
    "results": [EXAMPLE],
    "next": "https://example.org/api/v1/posts/?cursor=YWZ0ZXIg",
    "previous": None,
    "count": 41,
}
EXAMPLE_SEARCH = {
    "results": [
        {
            **EXAMPLE,
            "rank": 0.61,
            "title_html": "A <mark>kettle</mark> that lasts",
            "snippet_html": "Most <mark>kettles</mark> are thrown away while they still boil. …",
        }
    ],
    "next": None,
    "previous": None,
    "count": 1,
    "count_is_capped": False,
    "facets": {
        "category": [{"name": "Repair", "slug": "repair", "count": 1}],
        "tag": [{"name": "kettles", "slug": "kettles", "count": 1}, {"name": "tools", "slug": "tools", "count": 1}],
        "author": [{"name": "Mara Lind", "slug": "mara-lind", "count": 1}],
    },
    "by_beginnings": False,
}
