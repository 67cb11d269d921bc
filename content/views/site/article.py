"""One article, and what else there is to read on its subject."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from content.models import FormerAddress, Post
from content.views.site import answers, sections

RELATED = 3
TAGS = 5  # of an article that are looked at for others like it
FACTS = ("slug", "digest", "category", "category_slug", "tag_slugs", "published_at", "updated_at", "withdrawn_at")
BODIES = ("head_html", "article_html")

# A few of each tag and some of the category, newest first and by an index each; then those that have most in common.
_LIKE = """
    (SELECT id FROM content_post WHERE {shares} AND id <> %s
     AND published_at <= STATEMENT_TIMESTAMP() AND withdrawn_at IS NULL
     ORDER BY published_at DESC, id DESC LIMIT {few})
"""
_RELATED = """
    SELECT digest, line_html FROM content_post WHERE id IN ({candidates})
    ORDER BY (SELECT count(*) FROM unnest(tag_slugs) shared WHERE shared = ANY(%s)) DESC,
             category_slug = %s DESC, published_at DESC, id DESC
    LIMIT {most}
"""


@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponseBase:
    """One article; 410 once it was withdrawn, and at a former address the way to the one it has now."""
    # Who has it already is asked about it again by its ETag, and then the bodies are read only if they are new.
    bodies = () if "If-None-Match" in request.headers else BODIES
    found = _named(slug, *bodies)
    if found.withdrawn_at:
        return render(request, "410.html", status=410)
    if found.published_at > timezone.now():
        raise Http404("There is no such article.")
    if found.slug != slug:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    categories, related = sections.categories(), _related(found)

    def make() -> str:
        if not bodies:
            found.refresh_from_db(fields=BODIES)
        lines = [line for _, line in related]
        body = found.article_html + (render_to_string("content/site/_related.html", {"lines": lines}) if lines else "")
        return answers.framed(found.head_html, body, categories, found.category_slug)

    digests = [digest for digest, _ in related]
    return answers.kept(request, make, of=[found.digest, categories, *digests], changed=_changed(found))


def _named(slug: str, *bodies: str) -> Post:
    """The post that has this slug or had it, public or not."""
    if "\x00" in slug:
        raise Http404("There is no such article.")
    found = Post.objects.only(*FACTS, *bodies).filter(slug=slug).first()
    if found is None:
        former = FormerAddress.objects.select_related("post").only("slug", *(f"post__{name}" for name in FACTS))
        found = next((one.post for one in former.filter(slug=slug)), None)
    if found is None:
        raise Http404("There is no such article.")
    return found


def _changed(found: Post) -> datetime:
    return max(found.updated_at, found.published_at)


def _related(found: Post) -> list[tuple[str, str]]:
    """Digest and line of the live posts that have most in common with this one."""
    tags = list(found.tag_slugs[:TAGS])
    candidates = [(_LIKE.format(shares="tag_slugs @> ARRAY[%s]::varchar[]", few=RELATED * 2), tag) for tag in tags]
    if found.category_slug:
        candidates.append((_LIKE.format(shares="category_slug = %s", few=RELATED * 4), found.category_slug))
    if not candidates:
        return []
    asked = [value for _, shared in candidates for value in (shared, found.pk)]
    one_of = " UNION ALL ".join(query for query, _ in candidates)
    with connection.cursor() as cursor:
        cursor.execute(
            _RELATED.format(candidates=one_of, most=RELATED), [*asked, list(found.tag_slugs), found.category_slug]
        )
        return list(cursor.fetchall())
