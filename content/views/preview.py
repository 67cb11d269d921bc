"""What a preview link shows, to whoever has it: one version of one piece, and nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from content.errors import CopydeskError
from content.models import Version
from content.services import preview_links, typesetting
from content.views.measuring import Measured

# Nobody keeps it, finds it, or learns its address from where its reader goes next.
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Referrer-Policy": "no-referrer",
}


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The article as it would look, or the social text as its platform shows it; a plain page where the link has ended
    or never was one."""
    try:
        link = preview_links.read(token)
    except CopydeskError as refused:
        response = render(request, "content/preview_ended.html", {"refused": refused}, status=refused.status)
    else:
        response = render(request, "content/preview.html", {"link": link, **shown(link.version)})
    for name, value in HEADERS.items():
        response[name] = value
    return response


def shown(version: Version) -> dict[str, Any]:
    """What the templates that extend `content/shown.html` need to show this version."""
    piece = version.piece
    context: dict[str, Any] = {"version": version, "piece": piece}
    if piece.on.public:
        set_as_posts_are = typesetting.html_of(preview_links.draft(version))
        return {**context, "article": set_as_posts_are["article_html"], "is_public": preview_links.is_public(version)}
    return {**context, "measured": Measured(piece, version.title, version.body), "editing": True}
