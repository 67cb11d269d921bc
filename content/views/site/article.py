"""One article, and what else there is to read on its subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from content.models import FormerAddress
from content.services import prepared
from content.views.site import answers, sections

RELATED = 3
TAGS = 5  # of an article that are looked at for others like it
# A time costs more to read into Python than all else of its row.
FACTS = """
    id, slug, digest, category_slug, tag_slugs, withdrawn_at IS NOT NULL, published_at > STATEMENT_TIMESTAMP(),
    floor(extract(epoch FROM GREATEST(updated_at, published_at)))::bigint
"""
BODIES = "head_html, article_html"
# A few of each tag and some of the category, newest first and by an index each; then those that have most in common.
_RELATED = f"""
    SELECT digest, line_html FROM content_post WHERE id IN (
        SELECT newest.post_id FROM unnest(%s::varchar[]) AS tag, LATERAL (
            SELECT post_id FROM content_posttag
            WHERE slug = tag AND post_id <> %s AND published_at <= STATEMENT_TIMESTAMP()
            ORDER BY published_at DESC, post_id DESC LIMIT {RELATED * 2}
        ) AS newest
        UNION ALL
        (SELECT id FROM content_post WHERE category_slug = %s AND category_slug > '' AND id <> %s
         AND published_at <= STATEMENT_TIMESTAMP() AND withdrawn_at IS NULL
         ORDER BY published_at DESC, id DESC LIMIT {RELATED * 4})
    )
    ORDER BY (SELECT count(*) FROM unnest(tag_slugs) AS shared WHERE shared = ANY(%s::varchar[])) DESC,
             category_slug = %s DESC, published_at DESC, id DESC
    LIMIT {RELATED}
"""  # noqa: S608  # our own numbers


@dataclass(frozen=True)
class Found:
    """What decides how an article is answered. `changed` is in seconds since 1970; without its bodies they are ""."""

    pk: int
    slug: str
    digest: str
    category_slug: str
    tag_slugs: list[str]
    is_withdrawn: bool
    is_to_come: bool
    changed: int
    head_html: str = ""
    article_html: str = ""

    @classmethod
    def named(cls, slug: str, *, bodies: bool) -> Self:
        """The post that has this slug or had it, public or not."""
        if "\x00" in slug:
            raise Http404("There is no such article.")
        columns = f"{FACTS}, {BODIES}" if bodies else FACTS
        sql = f"SELECT {columns} FROM content_post WHERE slug = %s"  # noqa: S608  # our own names
        found = prepared.rows(sql, [slug])
        if not found and (former := FormerAddress.objects.filter(slug=slug).values_list("post__slug", flat=True)):
            found = prepared.rows(sql, [former[0]])
        if not found:
            raise Http404("There is no such article.")
        return cls(*found[0])


@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One article; 410 once it was withdrawn, and at a former address the way to the one it has now."""
    # Who has it already is asked about it again by its ETag, and then the bodies are read only if they are new.
    found = Found.named(slug, bodies="If-None-Match" not in request.headers)
    if found.is_withdrawn:
        return render(request, "410.html", status=410)
    if found.is_to_come:
        raise Http404("There is no such article.")
    if found.slug != slug:
        return HttpResponsePermanentRedirect(reverse("post", args=[found.slug]))
    categories, related = sections.categories(), _related(found)

    def make() -> str:
        whole = found if found.article_html else Found.named(slug, bodies=True)
        lines = [line for _, line in related]
        body = whole.article_html + (render_to_string("content/site/_related.html", {"lines": lines}) if lines else "")
        return answers.framed(whole.head_html, body, categories, whole.category_slug)

    digests = [digest for digest, _ in related]
    changed = datetime.fromtimestamp(found.changed, UTC)
    return answers.kept(request, make, of=[found.digest, categories, *digests], changed=changed)


def _related(found: Found) -> list[tuple[str, str]]:
    """Digest and line of the live posts that have most in common with this one."""
    tags, category = found.tag_slugs, found.category_slug
    if not (tags or category):
        return []
    values = [tags[:TAGS], found.pk, category, found.pk, tags, category]
    return [(digest, line) for digest, line in prepared.rows(_RELATED, values)]
