"""How a piece stands with its readers, for the pages of the desk that say so."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django import template
from django.conf import settings

from content.models import FormerAddress, Piece, Post, User
from content.services import preview_links
from media_gen.models import Image
from media_gen.services import candidates
from pipeline.forms import publishing as typed
from pipeline.models import Delivery, DeliveryState, Task
from pipeline.services import deliveries, publishing

register = template.Library()


class Readership:
    """What readers have of a piece, what is planned, and what other places have. Each is read when it is asked for."""

    def __init__(self, piece: Piece, user: User) -> None:
        self.piece, self.user = piece, user

    @cached_property
    def post(self) -> Post | None:
        return Post.objects.filter(piece=self.piece).first()

    @property
    def live(self) -> Post | None:
        return self.post if self.post and not self.post.withdrawn_at else None

    @cached_property
    def plan(self) -> Task | None:
        return publishing.plan(self.piece)

    @property
    def goes_out(self) -> str:
        """“on Thursday at 09:00 (Lisbon time)”, by the clock of whoever looks."""
        return typed.says(self.user, self.plan.run_after) if self.plan and self.plan.run_after else ""

    @cached_property
    def missed(self) -> Task | None:
        """The date that passed without it going out."""
        return publishing.missed(self.piece)

    @property
    def missed_at(self) -> str:
        return typed.says(self.user, self.missed.run_after) if self.missed and self.missed.run_after else ""

    @cached_property
    def planned_version(self) -> int:
        assert self.plan is not None
        of_it = self.piece.versions.filter(hash=self.plan.params.get("version_hash")).order_by("-number")
        return of_it.values_list("number", flat=True).first() or 0

    @property
    def is_void(self) -> bool:
        """What was planned may not go out any more."""
        return self.plan is not None and publishing.is_void(self.plan, self.piece)

    @property
    def on(self) -> Any:
        """The day and time that the form begins with: those planned, else tomorrow morning."""
        if self.plan and self.plan.run_after:
            return typed.local(self.user, self.plan.run_after)
        return typed.proposed(self.user)

    @cached_property
    def place(self) -> str:
        return typed.place(self.user)

    @cached_property
    def picture(self) -> Image | None:
        """The one that would go out."""
        return candidates.default(self.piece)

    @cached_property
    def former(self) -> list[str]:
        """The addresses that it had before, newest first."""
        left = FormerAddress.objects.filter(post__piece=self.piece).order_by("-pk")
        return list(left.values_list("slug", flat=True))

    @cached_property
    def links(self) -> list[preview_links.Link]:
        return preview_links.of(self.piece)

    @property
    def usual_days(self) -> int:
        return int(settings.PREVIEW_LINK_DAYS)

    @property
    def days(self) -> list[int]:
        """How long a link may last, to choose from."""
        return sorted({1, 3, 7, 30, self.usual_days})

    @cached_property
    def deliveries(self) -> list[Delivery]:
        return deliveries.of(self.piece)

    @property
    def has_failed_somewhere(self) -> bool:
        return any(one.state == DeliveryState.FAILED for one in self.deliveries)


@register.simple_tag
def readership(piece: Piece, user: User) -> Readership:
    return Readership(piece, user)
