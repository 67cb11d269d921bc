"""Versions: every text that was ever stored, by whom it was written."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction

from content import checks, permissions
from content.checks.base import Report
from content.errors import Invalid, InvalidMove, Stale
from content.models import Approval, HouseRules, Piece, Status, User, Version, Words
from content.services import audit, authorship, comparing, diffing, rendering

MAX_BODY = 200_000  # characters; a book chapter. Longer texts are refused with a sentence, not by a time-out.


def judge(piece: Piece, title: str, body: str, **extra: Any) -> Report:
    """Score a text against what was asked of its piece, and what this desk does not print."""
    house = HouseRules.in_force()
    ask = replace(piece.asked, banned=house.banned)
    return checks.run(title, body, ask, threshold=house.pass_mark, **extra)


@transaction.atomic(savepoint=False)  # whoever adds a text in a transaction of theirs wants all of it or nothing
def add_version(
    piece: Piece,
    *,
    title: str,
    body: str,
    stage: str,
    by: User | None = None,
    model: str = "",
    note: str = "",
    report: Report | None = None,
    facts: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
    moves_to: str = "",
    is_locked: bool = False,
) -> Version:
    """Store the next version of `piece` and make it the current one; it is scored here unless `report` is given.

    With this text the piece comes to the status `moves_to`, if that is given, and nobody has decided on it.
    `is_locked` says that the caller has read `piece` with its row locked, in the transaction that is open.
    """
    if is_locked:
        locked = piece
    else:
        locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "idea").get(pk=piece.pk)
    title, body = tidied(locked, title, body)
    report = report or judge(locked, title, body)
    kept = dict(locked.current.facts) if locked.current else {}
    if locked.current and _quoted(kept.get("excerpt"), locked.current.body) and not _quoted(kept["excerpt"], body):
        kept["excerpt"] = rendering.article(title, body).excerpt  # the sentence it was taken from is gone
    version = Version.objects.create(
        piece=locked,
        number=(locked.current.number if locked.current else 0) + 1,
        title=title,
        body=body,
        stage=stage,
        by=by,
        model=model,
        note=note,
        facts={**kept, **locked.on.metadata(title, body), **(facts or {})},
        score=report.score,
        report=report.as_dict(),
        record=dict(record or {}),
    )
    authorship.keep(version, before=locked.current)
    if moves_to:
        locked.move_to(moves_to, approval=Approval.PENDING, current=version, title=title)
    else:
        locked.current, locked.title = version, title
        locked.save(update_fields=["current", "title", "updated_at"])
    Words.objects.cut(locked.pk, locked.idea.title, title, body)
    for name in ("current", "title", "updated_at", "status"):  # what the caller holds is as the row is now
        setattr(piece, name, getattr(locked, name))
    return version


def save_edit(piece: Piece, *, by: User, based_on: str, title: str, body: str, note: str = "") -> Version:
    """A person's text becomes the next version; an approval that stood is void.

    `based_on` is the hash of the version that the person started from. If it is no longer the newest, `Stale`
    is raised with the difference, and nothing is lost: the caller still holds the text. The trail is told of that, and
    of a piece that can not be edited, once all else is rolled back.
    """
    try:
        with transaction.atomic():
            return _save_edit(piece, by=by, based_on=based_on, title=title, body=body, note=note)
    except (Stale, InvalidMove) as refusal:
        newest = refusal.extra.get("newest")
        audit.record("edit.refused", piece, by=by, code=refusal.code, based_on=based_on[:64], newest=newest)
        raise


def _save_edit(piece: Piece, *, by: User, based_on: str, title: str, body: str, note: str) -> Version:
    permissions.require_writer(by, piece)
    locked = Piece.objects.select_for_update(of=("self",)).select_related("current", "current__by").get(pk=piece.pk)
    if locked.deleted_at:
        raise InvalidMove(f"“{piece}” was deleted.")
    current = locked.current
    if current is None or not locked.is_written:
        raise InvalidMove(f"“{piece}” is still being written. Wait for its task to end.")
    title, body = cleaned(locked, title, body)
    if based_on != current.hash:
        raise Stale(
            f"{current.author} saved version {current.number} while you were writing. Yours is kept below; "
            "compare, then save again.",
            newest=current.number,
            newest_hash=current.hash,
            difference=diffing.as_json(comparing.with_typed(current, body, by=by)),
        )
    if (title, body) == (current.title, current.body):
        return current
    version = add_version(
        locked, title=title, body=body, stage="edit", by=by, note=note, moves_to=Status.EDITED, is_locked=True
    )
    audit.record("piece.edited", locked, by=by, version=version.number)
    piece.refresh_from_db()
    return version


def restore(piece: Piece, number: int, *, by: User, based_on: str) -> Version:
    """An older text becomes the newest version; the ones between stay."""
    old = piece.versions.get(number=number)
    return save_edit(
        piece, by=by, based_on=based_on, title=old.title, body=old.body, note=f"Restored from version {number}"
    )


def tidied(piece: Piece, title: str, body: str) -> tuple[str, str]:
    """The text as it is stored: plain newlines, no control characters, nothing blank around it, its platform's marks
    in their places."""
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    return without_controls(title).strip(), piece.on.tidy(without_controls(body, keep="\n\t").strip())


def without_controls(text: str, keep: str = "") -> str:
    """The text without control characters and lone surrogates, which PostgreSQL or a browser would choke on.

    Joiners stay: an emoji family and many scripts are made with them.
    """
    return "".join(c for c in text if c in keep or unicodedata.category(c) not in {"Cc", "Cs"})


def cleaned(piece: Piece, title: str, body: str) -> tuple[str, str]:
    """A person's text, tidied; `Invalid` if there is nothing of it, or too much."""
    title, body = tidied(piece, title, body)
    fields: dict[str, list[str]] = {}
    if not title:
        fields["title"] = ["A piece needs a title."]
    elif len(title) > 300:
        fields["title"] = [f"At most 300 characters, this has {len(title)}."]
    if not body:
        fields["content_text"] = ["There is no text. To take the piece back, reject it."]
    elif len(body) > MAX_BODY:
        fields["content_text"] = [f"At most {MAX_BODY:,} characters, this has {len(body):,}."]
    if fields:
        raise Invalid("The text cannot be saved as it is.", fields)
    return title, body


def _quoted(excerpt: object, body: str) -> bool:
    """Whether the excerpt was taken from the text as it stands there."""
    return isinstance(excerpt, str) and bool(excerpt) and excerpt.rstrip("…") in " ".join(body.split())
