"""The public site. It reads posts and nothing else; no cookie, no script, no session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from content.models import Post
from content.models.post import PostQuerySet

A_PAGE = 15
LEADS = 5  # on the front page: one large, four beside it
RELATED = 3

View = Callable[..., HttpResponse]


def public(view: View) -> View:
    """A page that anybody may keep for a minute, and ask about again by its ETag."""
    return cache_control(public=True, no_cache=True)(conditional_page(require_safe(view)))


@dataclass(frozen=True)
class Category:
    name: str

    @property
    def slug(self) -> str:
        return slugify(self.name, allow_unicode=True)

    @property
    def url(self) -> str:
        return reverse("category", args=[self.slug])


@public
def home(request: HttpRequest) -> HttpResponse:
    """The newest articles; `?before=` is the last one of the page before."""
    posts, older = _page(request, Post.objects.live())
    # Without a picture the lead is short, and a long column beside it would hang over nothing.
    beside = LEADS if posts and posts[0].cover.get("url") else LEADS - 2
    leads = posts[:beside] if "before" not in request.GET else []
    context = {"lead": leads[0] if leads else None, "beside": leads[1:], "earlier": posts[len(leads) :], "older": older}
    return _render(request, "content/home.html", context)


@public
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles of one category, newest first."""
    chosen = next((one for one in categories() if one.slug == slug), None)
    if chosen is None:
        raise Http404("There is no such category.")
    posts, older = _page(request, Post.objects.live().filter(category__in=_spellings(chosen)))
    return _render(request, "content/category.html", {"chosen": chosen, "earlier": posts, "older": older})


@public
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """One article; 410 once it was withdrawn."""
    if _named(slug).withdrawn_at:
        return render(request, "410.html", status=410)
    found = get_object_or_404(Post.objects.live(), slug=slug)
    chosen = Category(found.category) if found.category else None
    alike = Post.objects.live().filter(category__in=_spellings(chosen) if chosen else []).exclude(pk=found.pk)
    context = {"post": found, "chosen": chosen, "related": _light(alike)[:RELATED], "canonical": found.url}
    return _render(request, "content/article.html", context)


def _named(slug: str) -> Post:
    """The post of that slug, public or not; an address that PostgreSQL cannot even look up is not found either."""
    if "\x00" in slug:
        raise Http404("There is no such article.")
    return get_object_or_404(Post.objects.only("published_at", "withdrawn_at"), slug=slug)


def categories() -> list[Category]:
    """The categories that have something to read, by name. “Repair” and “repair” have one address: they are one."""
    by_slug: dict[str, Category] = {}
    for name in _names():
        one = Category(name)
        by_slug.setdefault(one.slug, one)
    return [one for slug, one in by_slug.items() if slug]


def _names() -> Iterable[str]:
    live = Post.objects.live().exclude(category="")
    return live.order_by("category").values_list("category", flat=True).distinct()


def _spellings(chosen: Category) -> list[str]:
    """Every way in which people wrote this category."""
    return [name for name in _names() if Category(name).slug == chosen.slug]


def _page(request: HttpRequest, posts: PostQuerySet) -> tuple[list[Post], str]:
    """One page of posts, and the slug after which the next page begins, empty on the last."""
    if before := request.GET.get("before"):
        last = _named(before)
        posts = posts.filter(Q(published_at__lt=last.published_at) | Q(published_at=last.published_at, pk__lt=last.pk))
    found = list(_light(posts)[: A_PAGE + 1])
    return found[:A_PAGE], found[A_PAGE - 1].slug if len(found) > A_PAGE else ""


def _light(posts: PostQuerySet) -> PostQuerySet:
    return posts.defer("body", "html", "headings").order_by("-published_at", "-pk")


def _render(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    before = request.GET.get("before")
    canonical = settings.SITE_URL + request.path + (f"?{urlencode({'before': before})}" if before else "")
    return render(request, template, {"categories": categories(), "canonical": canonical, **context})
