"""How the desk says where a picture comes from."""

from __future__ import annotations

from django import template

from content.templatetags.desk import seconds
from media_gen import sources
from media_gen.models import Image
from media_gen.services import candidates

register = template.Library()


@register.filter
def titled(image: Image) -> str:
    """What a candidate is called: what it shows, or, of a card, that it is one."""
    if image.source == candidates.CARD or not image.alt:
        return source_name(image.source)
    return image.alt


@register.filter
def source_name(source: str) -> str:
    """“SDXL”, “Pexels”, “Upload”."""
    return sources.about(source).name if source in sources.NAMES else source.capitalize()


@register.filter
def made_how(image: Image) -> list[str]:
    """What is known of how it came about: [“SDXL, seed 418 204”, “21.5 s, 30 steps”]."""
    made = image.made
    if image.source not in sources.NAMES:
        return [f"Uploaded by {image.by}" if image.by else "Uploaded", *([made["name"]] if made.get("name") else [])]
    where = "Drawn here" if image.source == candidates.CARD else source_name(image.source)
    if image.credit:
        return [where]
    seed = f", seed {spaced(made['seed'])}" if made.get("seed") is not None else ""
    steps = f", {made['steps']} steps" if made.get("steps") else ""
    return [f"{where}{seed}", f"{seconds(image.seconds)}{steps}"]


@register.filter
def spaced(number: int) -> str:
    """418204 → “418 204”, which can be read aloud and compared."""
    return f"{int(number):,}".replace(",", "\u202f")


@register.filter(name="in")
def is_in(value: object, those: object) -> bool:
    """Whether it is one of those; the tag `if` knows that word, an include's `with` does not."""
    return value in those  # type: ignore[operator]
