"""Erasing a person: what points at them goes, what they decided and wrote stays, under a pseudonym."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from content.errors import InvalidMove, NotAllowed
from content.models import Decision, Post, Role, User
from content.models.user import person_erased
from content.services import audit, fragments
from content.services.chain import ERASED


@dataclass(frozen=True)
class Erased:
    """What is left of a person, and in how many places they were named: lines of the trail, public articles."""

    pseudonym: str
    lines: int
    posts: int


@transaction.atomic
def erase(person: User, *, by: User | None) -> Erased:
    """Make a person nobody: name, e-mail address and sessions go, and the names in the trail. It cannot be undone.

    `by` is an admin, or None for the operator's command. Raises `NotAllowed`, or `InvalidMove` where they were erased
    before, or where nobody could administer the desk any more. The texts that they wrote are not searched for names.
    """
    if by is not None and by.role != Role.ADMIN:
        raise NotAllowed("Only an admin erases a person.")
    admins = list(User.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk"))
    person = User.objects.select_for_update().get(pk=person.pk)
    pseudonym = f"Former {person.get_role_display().lower()} {person.pk}"
    if person.name == pseudonym:
        raise InvalidMove(f"“{pseudonym}” was erased already.")
    if admins == [person]:
        raise InvalidMove(f"{person} is the only admin. Make somebody else an admin first.")
    name, posts = str(person), _rename_in_posts(person, pseudonym)
    _forget_sessions(person)
    _forget_account(person, pseudonym)
    audit.record(ERASED, person, by=by, posts=posts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT trail_forget(%s)", [person.pk])
        lines = int(cursor.fetchone()[0])
    person_erased.send(sender=User, person=person, name=name)
    return Erased(pseudonym, lines, posts)


def _rename_in_posts(person: User, pseudonym: str) -> int:
    """Readers are told the pseudonym too. Imported articles keep the author that they came with."""
    named, byline = 0, person.byline
    decided = Decision.objects.filter(by=person).values("piece")
    wrote = Q(piece__owner=person, author=byline)
    for post in Post.objects.filter(wrote | Q(piece__in=decided, reviewer=byline)).select_related("piece"):
        if post.piece.owner_id == person.pk and post.author == byline:
            post.author = pseudonym
        if post.reviewer == byline:
            post.reviewer = pseudonym
        post.updated_at = timezone.now()
        made = fragments.of(post)
        columns = {"author": post.author, "reviewer": post.reviewer, "updated_at": post.updated_at, **made}
        named += Post.objects.filter(pk=post.pk).update(**columns)
    return named


def _forget_sessions(person: User) -> None:
    """Their refresh tokens hold the address; that they are worth nothing any more follows from the password."""
    OutstandingToken.objects.filter(user=person).delete()


def _forget_account(person: User, pseudonym: str) -> None:
    seen = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(person.pk))
    seen.update(object_repr=pseudonym)
    person.name, person.email = pseudonym, f"former-{person.pk}@erased.invalid"
    person.is_active = person.is_staff = person.is_superuser = False
    person.last_login = None
    person.set_unusable_password()  # ends every session, in the browser and of the API
    person.groups.clear()
    person.user_permissions.clear()
    person.save()
