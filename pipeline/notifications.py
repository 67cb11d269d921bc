"""Telling people: stored first, shown at the desk, and sent by mail where they want that (`services/mail.py`).

Below the runner, like `events.py`, because a task tells of its own end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from content import platforms
from content.models import HouseRules, Piece, Role, User
from pipeline.models import Kind, Notification, Preferences, Task, TaskStatus, TaskType

WATCHED_SECONDS = 30  # so long a person may be taken to look on


def tell(
    user: User,
    kind: Kind,
    *,
    key: str,
    title: str,
    text: str = "",
    address: str = "",
    task: Task | None = None,
) -> None:
    """Tell `user` once for each `key`, where they want to be told of this `kind`.

    `title` is a whole sentence, `text` what there is to say beside it, `address` a page of the desk. Call it inside
    the transaction of the thing itself, so that neither stands without the other.
    """
    wants = Preferences.objects.of(user)
    in_app, by_mail = kind in wants.in_app, kind in wants.by_mail and settings.MAIL_IS_ON
    if not (in_app or by_mail):
        return
    told = Notification(
        owner=user,
        kind=kind,
        key=key,
        title=_one_line(title)[:300],
        text=text,
        address=address[:200],
        task=task,
        in_app=in_app,
        mail_due_at=Now() if by_mail else None,
    )
    Notification.objects.bulk_create([told], ignore_conflicts=True)


def run_ended(task: Task) -> None:
    """A task of any type has completed or failed: tell its owner, and whoever has to decide on what it made.

    Called inside the transaction of the end, with `status`, `result`, `error` and `recovery` set. Each end of a task
    is told of once: one that was tried again is a new end.
    """
    # The events of a task are numbered under its lock, so the number is the same for the same end, and only for it.
    key = f"task-{task.pk}-{Task.objects.values_list('last_seq', flat=True).get(pk=task.pk)}"
    if task.status == TaskStatus.FAILED:
        _about_failure(task, key)
    elif task.status == TaskStatus.COMPLETED and task.type == TaskType.DAILY_WORKFLOW:
        _about_run(task, key)
    elif task.status == TaskStatus.COMPLETED and task.type == TaskType.IMAGE_GENERATION:
        _about_what_was_watched(task, key, to="piece-pictures")
    elif task.status == TaskStatus.COMPLETED and task.type == TaskType.PUBLISH:
        _about_publishing(task, key)
    elif task.status == TaskStatus.COMPLETED and task.type == TaskType.REPLAY:
        _about_what_was_watched(task, key, to="piece")
    elif task.status == TaskStatus.COMPLETED:
        _about_piece(task, key)


def _about_failure(task: Task, key: str) -> None:
    says = " ".join(part for part in (task.error, task.recovery) if part)
    title = f"“{task}” has failed."
    tell(task.owner, Kind.FAILED, key=key, title=title, text=says, address=task.get_absolute_url(), task=task)


def _about_run(task: Task, key: str) -> None:
    result: dict[str, Any] = task.result or {}
    ideas, made, failed = (int(result.get(name) or 0) for name in ("ideas", "pieces", "failed"))
    address = task.get_absolute_url()
    if failed:
        title = f"{_count(ideas, 'idea')}, {made} of {_count(made + failed, 'piece')}: “{task}” is done, with gaps."
        text = "\n".join(_failure(said) for said in result.get("failures", ()))
        tell(task.owner, Kind.PARTIAL, key=key, title=title, text=text, address=address, task=task)
    else:
        title = f"{_count(ideas, 'idea')}, {_count(made, 'piece')}: “{task}” is done."
        tell(task.owner, Kind.FINISHED, key=key, title=title, address=address, task=task)
    if made:
        title = f"{_count(made, 'piece')} by {task.owner} {'waits' if made == 1 else 'wait'} for review."
        for reviewer in _other_deciders(task.owner):
            tell(reviewer, Kind.WAITING, key=key, title=title, address=address, task=task)


def _about_piece(task: Task, key: str) -> None:
    for piece in task.pieces:
        if not piece.waits:
            continue
        of_it, address = f"{key}-{piece.pk}", piece.get_absolute_url()
        title = f"{piece.on.name}: “{piece}” waits for review."
        for person in [task.owner, *_other_deciders(task.owner)]:
            whose = f"Asked for by {task.owner}." if person != task.owner else _figures(piece)
            tell(person, Kind.WAITING, key=of_it, title=title, text=whose, address=address, task=task)


def _about_what_was_watched(task: Task, key: str, *, to: str) -> None:
    """Whoever asked watches it come; one who waited long may have gone on to something else. `to` is the page of the
    piece where it is found."""
    if task.started_at and timezone.now() - task.started_at > timedelta(seconds=WATCHED_SECONDS):
        title, address = f"{task.result['says']}: {task}.", reverse(to, args=[task.result["piece_id"]])
        if task.type == TaskType.REPLAY:
            address = f"{address}?version={task.result['version']}&panel=provenance#replay"
        tell(task.owner, Kind.FINISHED, key=key, title=title, address=address, task=task)


def _about_publishing(task: Task, key: str) -> None:
    """What went out at a date, and what is not where it was to be; one that asked a moment ago knows the rest."""
    result: dict[str, Any] = task.result or {}
    says, address = f"{result.get('says', 'Published')}: “{result['post']['title']}”.", task.get_absolute_url()
    if result.get("failed"):
        text = "\n".join(f"{place['target']}: {place['error']}" for place in result["targets"] if place["error"])
        tell(task.owner, Kind.PARTIAL, key=key, title=says, text=text, address=address, task=task)
    elif task.run_after:
        tell(task.owner, Kind.FINISHED, key=key, title=says, address=address, task=task)


def _other_deciders(owner: User) -> Iterable[User]:
    """The others who have to look at it: nobody where the owner may decide."""
    if owner.reviews and not HouseRules.in_force().needs_second_person:
        return []
    return User.objects.filter(is_active=True, role__in=[Role.EDITOR, Role.ADMIN]).exclude(pk=owner.pk)


def _failure(said: dict[str, Any]) -> str:
    """“Instagram, “A kettle that lasts”: The model took too long.”"""
    known = platforms.ALL.get(str(said.get("platform")))
    return f"{known.name if known else said.get('platform', '')}, “{said.get('title', '')}”: {said.get('error', '')}"


def _figures(piece: Piece) -> str:
    """“LinkedIn post, 214 words, score 8.1.” of the text that waits."""
    version = piece.current
    if version is None:
        return ""
    says = [str(version.facts.get("says") or ""), f"score {version.score:.1f}" if version.score is not None else ""]
    line = ", ".join(part for part in says if part)
    return f"{line[:1].upper()}{line[1:]}." if line else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _one_line(text: str) -> str:
    """A title is a mail's subject too, and a line break in one would begin a header of its own."""
    return " ".join(text.split())
