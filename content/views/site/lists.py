"""Lists of articles: the front page, categories, tags, authors and the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from content.models import Post
from content.models.post import PostQuerySet, slug_of
from content.views.site import answers, sections
from content.views.site.paging import Page, page_of

LEADS = 5  # on the front page: one large, four beside it
OF_A_LEAD = ("title", "excerpt", "category", "category_slug", "author", "author_slug", "cover", "read_minutes")


@dataclass(frozen=True)
class Heading:
    """What stands over a list. `current` is the category whose place in the navigation is marked."""

    name: str
    about: str
    current: str = ""
    months: list[date] = field(default_factory=list)


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """The newest articles: one large, some beside it, the others as a list."""
    page = page_of(Post.objects.live(), request, *OF_A_LEAD)
    # Without a picture the lead is short, and a long column beside it would hang over nothing.
    beside = LEADS if page.posts and page.posts[0].cover.get("url") else LEADS - 2
    leads = [] if page.key else page.posts[:beside]
    context = {"lead": leads[0] if leads else None, "beside": leads[1:], "earlier": page.posts[len(leads) :]}
    return _listed(request, "content/site/home.html", page, context)


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The articles of one category."""

    def heading(post: Post) -> Heading:
        return Heading(post.category, f"Articles on {post.category}", current=slug)

    return _section(request, Post.objects.live().filter(category_slug=_known(slug)), heading, "category")


@require_safe
def tag(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The articles that carry one tag."""

    def heading(post: Post) -> Heading:
        name = next((name for name in post.tags if slug_of(name) == slug), slug)
        return Heading(name, f"Articles tagged “{name}”")

    return _section(request, Post.objects.live().filter(tag_slugs__contains=[_known(slug)]), heading, "tags")


@require_safe
def author(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The articles by one person."""

    def heading(post: Post) -> Heading:
        return Heading(post.author, f"Articles by {post.author}")

    return _section(request, Post.objects.live().filter(author_slug=_known(slug)), heading, "author")


@require_safe
def archive(request: HttpRequest) -> HttpResponseBase:
    """Every month in which something was published, and every category."""
    months, categories = sections.months(), sections.categories()
    years = [(year, sorted(group)) for year, group in groupby(months, lambda month: month.year)]
    context = {"years": years, "every": categories, "canonical": answers.whole(request.path)}
    newest = max((one.newest for one in categories), default=None)
    return answers.kept(
        request,
        lambda: answers.page("content/site/archive.html", context, categories),
        of=[months, categories],
        changed=newest,
    )


@require_safe
def period(request: HttpRequest, year: str, month: str = "") -> HttpResponseBase:
    """The articles of a year or of a month, as the site's clock has it."""
    first = _day(int(year), int(month or 1))
    end = _day(int(year) + (month in {"", "12"}), int(month or 12) % 12 + 1)
    posts = Post.objects.live().filter(published_at__gte=first, published_at__lt=end)
    name = f"{first:%B %Y}" if month else f"{first.year:04}"
    known = [] if month else [one for one in reversed(sections.months()) if one.year == first.year]
    return _section(request, posts, lambda post: Heading(name, f"Articles of {name}", months=known), "category")


def _day(year: int, month: int) -> datetime:
    if not 1 < year < 9999:
        raise Http404("There is no such year.")
    return datetime(year, month, 1, tzinfo=timezone.get_default_timezone())


def _known(slug: str) -> str:
    """A slug that PostgreSQL can look up."""
    if "\x00" in slug:
        raise Http404("There is no such page.")
    return slug


def _section(
    request: HttpRequest, posts: PostQuerySet, heading: Callable[[Post], Heading], *more: str
) -> HttpResponseBase:
    """A page of a section; one that has no live post is not there."""
    page = page_of(posts, request, *more)
    # After the last page there is nothing, but its address may have been good before something was withdrawn.
    example = page.posts[0] if page.posts else posts.only(*more).first()
    if example is None:
        raise Http404("There is nothing to read here.")
    return _listed(request, "content/site/section.html", page, {"heading": heading(example)})


def _listed(request: HttpRequest, template: str, page: Page, context: dict[str, Any]) -> HttpResponseBase:
    categories = sections.categories()
    canonical = answers.whole(request.path) + (f"?before={page.key}" if page.key else "")
    said = {"page": page, "earlier": page.posts, "canonical": canonical, "front": reverse("home"), **context}
    made_of = [
        page.key,
        page.older,
        page.newer,
        context.get("heading"),
        categories,
        *(one.digest for one in page.posts),
    ]
    return answers.kept(
        request,
        lambda: answers.page(template, said, categories),
        of=made_of,
        changed=answers.newest(page.posts),
    )
