"""The addresses of posts: unique, kept for good, and never taken from another post."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.text import slugify

from content.models import FormerAddress, Post


def base_of(wanted: str) -> str:
    """The slug that this title or wish asks for."""
    return slugify(wanted, allow_unicode=True)[:100].strip("-_") or "post"


def free_for(wanted: str, *, besides: int = 0) -> Iterator[str]:
    """Slugs for what is wanted that are free now, best first. The unique index decides: whoever was faster has it.

    One that led to another post before is taken; `besides` is the post whose own do not count.
    """
    base = base_of(wanted)
    for suffix in range(1, 1000):
        slug = base if suffix == 1 else f"{base}-{suffix}"
        if Post.objects.exclude(pk=besides).filter(slug=slug).exists():
            continue
        if not FormerAddress.objects.exclude(post=besides).filter(slug=slug).exists():
            yield slug
