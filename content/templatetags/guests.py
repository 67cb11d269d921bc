"""Who is asked about a piece without having an account, for its page."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from content.models import GuestLink, Piece, User
from content.services import guest_links

register = template.Library()


@dataclass(frozen=True)
class Asked:
    """One link; its address only for who asked. With it one decides, and no rule for reviewers would hold."""

    link: GuestLink
    url: str


@register.simple_tag
def guests_of(piece: Piece, user: User) -> list[Asked]:
    """Those that wait for their guest, for people who may decide; nothing for others."""
    if not user.reviews:
        return []
    return [
        Asked(link, guest_links.url_of(link) if link.asked_by_id == user.pk else "") for link in guest_links.of(piece)
    ]


@register.simple_tag
def guest_days() -> list[tuple[int, bool]]:
    """(days, usual?) to choose from."""
    return [(days, days == guest_links.USUAL_DAYS) for days in (1, 3, guest_links.USUAL_DAYS, guest_links.MOST_DAYS)]
