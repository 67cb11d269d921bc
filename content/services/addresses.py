"""The addresses of posts: unique, kept for good, and never taken from another post."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.text import slugify

from content.errors import Invalid
from content.models import FormerAddress, Post

LONGEST = 100  # characters that a person may ask for; a suffix finds room beside them
RESERVED = {"search"}  # posts/search/ is another address of the API


def base_of(wanted: str) -> str:
    """The slug that this title or wish asks for."""
    return slugify(wanted, allow_unicode=True)[:LONGEST].strip("-_") or "post"


def asked(typed: str) -> str:
    """The slug that a person typed, in any spelling; `Invalid` for one that nothing can be made of."""
    slug = slugify(typed, allow_unicode=True).strip("-_")
    if not slug:
        raise Invalid("That makes no address.", {"slug": ["An address needs at least one letter or figure."]})
    if len(slug) > LONGEST:
        says = f"At most {LONGEST} characters, this has {len(slug)}."
        raise Invalid("That address is too long.", {"slug": [says]})
    return slug


def free_for(wanted: str, *, besides: int = 0) -> Iterator[str]:
    """Slugs for what is wanted that are free now, best first. The unique index decides: whoever was faster has it.

    One that led to another post before is taken; `besides` is the post whose own do not count.
    """
    base = base_of(wanted)
    for suffix in range(1, 1000):
        slug = base if suffix == 1 else f"{base}-{suffix}"
        if slug not in RESERVED and not is_taken(slug, besides=besides):
            yield slug


def is_taken(slug: str, *, besides: int = 0) -> bool:
    """Whether it leads, or led, to another post. The newer table last: a post that moves writes both at once."""
    if Post.objects.exclude(pk=besides).filter(slug=slug).exists():
        return True
    return FormerAddress.objects.exclude(post=besides).filter(slug=slug).exists()


def warning(wanted: str, slug: str) -> str:
    """What a person is told whose wish was taken, so that the post got a suffix; empty where it was not."""
    base = base_of(wanted)
    if not re.fullmatch(rf"{re.escape(base)}-\d+", slug):
        return ""
    why = "means something else here" if base in RESERVED else "belongs to another article"
    return f"The address “{base}” {why}, so this one is at “{slug}”."
