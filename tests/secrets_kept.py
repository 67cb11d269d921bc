"""A newsroom in which everything that nobody approved says a word that readers must never see."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import drawn
import make
from django.utils import timezone

from content.models import FormerAddress, GuestLink, Piece, Post, Status, Version
from content.services import editing, guest_links, preview_links, publishing, review
from media_gen import storage
from media_gen.models import Image
from pipeline import events, notifications
from pipeline.models import Delivery, DeliveryState, Kind, Task

MARK = "quarble"  # how each secret begins; no other word of these tests does
PUBLIC = "Kittiwake"  # in the title of what is public
_numbers = itertools.count(1)


def secret(where: str) -> str:
    """A word of its own, so that a leak says where it is from; only letters and digits, so that no way of writing it
    in an address, in JSON or in HTML hides it."""
    return f"{MARK}{where}{next(_numbers)}"


@dataclass
class Newsroom:
    """What the addresses are filled with. `blobs` are bytes of pictures that nobody chose."""

    public: Post = field(init=False)
    slugs: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of categories, tags and authors
    blobs: list[bytes] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    live_link: tuple[str, Version] = field(init=False)
    dead_guests: list[str] = field(default_factory=list)
    live_guest: tuple[str, Version] = field(init=False)

    @property
    def pieces(self) -> list[int]:
        """Some of each kind: at the desk nobody gets as far as to be told one from another."""
        kinds = Piece.objects.order_by("status", "platform", "deleted_at", "pk").distinct(
            "status", "platform", "deleted_at"
        )
        return [piece.pk for piece in kinds]


def newsroom() -> Newsroom:
    made = Newsroom()
    _public_and_edited(made)
    _drafts(made)
    _withdrawn(made)
    _not_yet(made)
    _pictures(made)
    _machine(made)
    _links(made)
    _guests(made)
    return made


def _person(**fields: Any) -> Any:
    return make.editor(email=f"{secret('email')}@example.org", name=fields.pop("name", "Mara Lindqvist"), **fields)


def _text(where: str) -> dict[str, Any]:
    """What a version may hold, with a secret in each."""
    return {
        "title": f"Draft {secret(where)}",
        "body": f"{make.BODY}\n\n## Section {secret(where)}\n\nNobody approved {secret(where)}.\n",
        "facts": {
            "slug": secret(where),
            "excerpt": f"In short: {secret(where)}.",
            "tags": [secret(where)],
            "image_prompt": secret(where),
            "author": secret(where),
            "made_with": secret(where),
        },
        "record": {"calls": [{"model": secret("model"), "prompt": secret("prompt"), "output": secret("output")}]},
        "note": secret("note"),
    }


def _idea(where: str, **fields: Any) -> Any:
    said = {"title": f"Idea {secret(where)}", "description": secret(where), "category": secret(where)}
    return make.idea(**{"owner": _person(), **said, **fields})


def _public_and_edited(made: Newsroom) -> None:
    """Public, and edited since; another one edited and approved since. Readers have the older text of both."""
    for title in (f"{PUBLIC} one", f"{PUBLIC} two"):
        about = make.idea(owner=_person(), title=title, description=secret("description"), category="Birds")
        post = make.post(title=title, idea=about, owner=about.owner)
        who = _person(name="Tomás Ferreira")
        newer = editing.add_version(post.piece, stage="edit", by=who, moves_to=Status.EDITED, **_text("edited"))
        decide = review.approve if title.endswith("two") else review.request_changes
        decide(newer, by=who, feedback=f"Say less of {secret('feedback')}.")
        made.public = post
    publishing.move(made.public.piece, by=_person(), slug="kittiwakes")
    made.slugs += ["kittiwakes", "kittiwake-one", "kittiwake-two"]
    made.names += ["birds", "Birds", "mara-lindqvist"]


def _drafts(made: Newsroom) -> None:
    """In every status before the last, on every platform, and deleted."""
    for status in (Status.GENERATED, Status.EDITED, Status.REVIEWED, Status.READY, Status.REJECTED):
        about = _idea(str(status))
        piece = make.piece(idea=about, owner=about.owner, title=about.title)
        newest = editing.add_version(piece, stage="draft", model="smollm2:135m", **_text(str(status)))
        if status == Status.READY:
            review.approve(newest, by=_person(), feedback=secret("feedback"))
        elif status != Status.GENERATED:
            Piece.objects.filter(pk=piece.pk).update(status=status)
        made.slugs.append(newest.facts["slug"])
        made.names += [about.category, newest.facts["tags"][0], newest.facts["author"]]
    make.piece(idea=_idea("writing"), status=Status.WRITING, title=secret("writing"))
    for platform in ("linkedin", "x", "instagram"):
        piece = make.social(platform, idea=_idea(platform), body=f"{make.SOCIAL[platform]}\n\n{secret(platform)}")
        Piece.objects.filter(pk=piece.pk).update(
            marked_url=f"https://{secret('marked')}.example/", came_from=secret("from")
        )
    deleted = make.piece(idea=_idea("deleted"), title=secret("deleted"))
    Piece.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())


def _withdrawn(made: Newsroom) -> None:
    about = _idea("withdrawn")
    piece = make.piece(idea=about, title=f"Gone {secret('withdrawn')}", owner=about.owner, status=Status.WRITING)
    text = editing.add_version(piece, stage="draft", moves_to=Status.GENERATED, **_text("withdrawn"))
    who = _person(name=secret("reviewer"))
    review.approve(text, by=who)
    publishing.publish(piece, by=who, slug="once-public")  # its address was public, and is known
    publishing.move(piece, by=who, slug="public-then")
    publishing.unpublish(piece, by=who)
    made.slugs += ["once-public", "public-then"]
    made.names += [about.category, text.facts["tags"][0], text.facts["author"]]


def _not_yet(made: Newsroom) -> None:
    """A post with a date that has not come."""
    about = _idea("future")
    piece = make.piece(idea=about, title=f"Soon {secret('future')}", owner=about.owner, status=Status.WRITING)
    text = editing.add_version(piece, stage="draft", moves_to=Status.GENERATED, **_text("future"))
    who = _person()
    review.approve(text, by=who)
    post = publishing.publish(piece, by=who)
    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() + timedelta(days=30))
    FormerAddress.objects.create(slug="soon", post=post)
    made.slugs += ["soon", post.slug]
    made.names += [about.category, text.facts["tags"][0], text.facts["author"]]


def _pictures(made: Newsroom) -> None:
    """Candidates: of a draft, and of what is public."""
    for seed, piece in enumerate([Piece.objects.filter(status=Status.GENERATED).first(), made.public.piece], 1):
        assert piece
        picture = drawn.candidate(piece, seed=seed)
        said = {"alt": secret("alt"), "credit": secret("credit"), "made": {"prompt": secret("prompt")}}
        Image.objects.filter(pk=picture.pk).update(**said)
        made.files.append(picture.preview)
        made.blobs.append(storage.read(storage.PREVIEWS, picture.preview))


def _machine(made: Newsroom) -> None:
    """Tasks with their events and notifications, and what another system has."""
    owner = _person()
    task = make.task(owner=owner, topic=f"Topic {secret('topic')}", brief=secret("brief"))
    Task.objects.filter(pk=task.pk).update(name=secret("task"), error=secret("error"))
    events.emit(task, "log", source="model", level="info", message=secret("event"))
    notifications.tell(owner, next(iter(Kind)), key="1", title=secret("notification"), text=secret("notification"))
    Delivery.objects.create(
        post=made.public, target="main", state=DeliveryState.FAILED, error=secret("delivery"),
        external_id=secret("delivery"), desk_url=f"https://{secret('delivery')}.example/",
    )  # fmt: skip


def _links(made: Newsroom) -> None:
    """One that opens a draft, and those that open nothing: past their time, forged, of a deleted piece."""
    who = _person()
    drafts = [piece.current for piece in Piece.objects.filter(status=Status.GENERATED, platform="blog")[:2]]
    version = drafts[0]
    assert version
    made.live_link = (_token(preview_links.make(version, by=who).url), version)
    over = preview_links.Link(version, who, timezone.now() - timedelta(seconds=1))
    another = Version.objects.filter(piece__status=Status.READY).latest("pk")
    signed = made.live_link[0].rsplit(":", 1)[-1]
    payload = _token(preview_links.Link(another, who, timezone.now() + timedelta(days=9)).url).rsplit(":", 1)[0]
    of_deleted = Version.objects.exclude(piece__deleted_at=None).latest("pk")
    made.dead_links = [
        _token(over.url),
        f"{payload}:{signed}",  # the words of another piece's link with the signature of this one's
        made.live_link[0][:-1],
        made.live_link[0].rsplit(":", 1)[0],
        _token(preview_links.Link(of_deleted, who, timezone.now() + timedelta(days=9)).url),
        str(version.pk),
        version.hash,
    ]


def _guests(made: Newsroom) -> None:
    """Links of guests: one that opens a draft, and those that open nothing."""
    who = _person(name="Mara Lindqvist")
    waiting = [
        piece.current for piece in Piece.objects.filter(status=Status.GENERATED, platform="blog", deleted_at=None)
    ]
    link, over, taken = (
        guest_links.make(version, by=who, name="Nora Feld")
        for version in (waiting[0], waiting[0], waiting[0])
        if version
    )
    made.live_guest = (_token(guest_links.url_of(link)), link.version)
    GuestLink.objects.filter(pk=over.pk).update(ends_at=timezone.now() - timedelta(seconds=1))
    guest_links.take_back(taken, by=who)
    signed = made.live_guest[0].rsplit(":", 1)[-1]
    made.dead_guests = [
        *(_token(guest_links.url_of(dead)) for dead in (over, taken)),
        f"{over.pk}:{signed}",
        made.live_guest[0][:-1],
        str(link.pk),
        made.live_link[0],
    ]


def _token(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]
