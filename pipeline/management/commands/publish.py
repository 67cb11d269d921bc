"""Publish a piece from the command line, now or at a date, or take it back."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from content.errors import CopydeskError, Invalid
from content.models import Piece, User
from content.services import accounts
from content.services import publishing as by_hand
from pipeline.forms import publishing as typed
from pipeline.services import publishing
from pipeline.services.publishing import Out, Picture


class Command(BaseCommand):
    help = (
        "Publish the approved text of PIECE, or mark that a social piece was published by hand. "
        "Exit code 0: done. 1: refused, and why. 2: it was asked in a way that makes no sense."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("piece", type=int, help="its number, as in its address at the desk")
        parser.add_argument("--at", default="", help="a day and time, such as 2026-11-26T09:00; the person's own clock")
        parser.add_argument("--as", dest="email", default="", help="who does it, by e-mail (default: the first admin)")
        parser.add_argument("--picture", default="default", help="the number of one of its pictures, or none")
        parser.add_argument("--slug", default="", help="the address that you would like for it")
        parser.add_argument("--url", default="", help="where a social piece can be read")
        parser.add_argument("--unpublish", action="store_true", help="take it back instead; its text stays approved")
        parser.add_argument("--json", action="store_true", help="answer in JSON, refusals too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = accounts.acting(options["email"])
            piece = Piece.objects.visible_to(person).select_related("current", "idea", "owner").get(pk=options["piece"])
            told, says = self._done(piece, person, options)
        except OperationalError as error:
            raise self._refusal(
                options, "unavailable", f"PostgreSQL does not answer: {str(error).splitlines()[0]}"
            ) from error
        except Piece.DoesNotExist as error:
            raise self._refusal(options, "not_found", f"There is no piece {options['piece']}.") from error
        except CopydeskError as error:
            faults = [says for found in error.extra.get("fields", {}).values() for says in found]
            raise self._refusal(options, error.code, " ".join([error.message, *faults])) from error
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else says)

    def _done(self, piece: Piece, by: User, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """What was done, for a program and for a person."""
        if not piece.on.public:
            return self._by_hand(piece, by, options)
        if options["unpublish"]:
            return _told(publishing.unpublish(piece, by=by), "is off the public site, and still approved. It was at")
        about = {"picture": _picture(options["picture"]), "slug": options["slug"]}
        if not options["at"]:
            return _told(publishing.publish(piece, by=by, **about), "is public at")
        at = _moment(by, options["at"])
        task = publishing.schedule(piece, at=at, by=by, **about)
        says = f"“{piece}” goes out {typed.says(by, at)}, by task {task.pk}: {task.get_absolute_url()}"
        return {"post": None, "task_id": task.pk, "at": at.isoformat()}, says

    def _by_hand(self, piece: Piece, by: User, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        if options["at"] or options["slug"]:
            raise Invalid(f"{piece.on.name} pieces are published there by hand.")
        if options["unpublish"]:
            by_hand.unmark(piece, by=by)
            return {"post": None}, f"“{piece}” is not marked as published any more."
        by_hand.mark_published(piece, by=by, url=options["url"])
        return {"post": None, "url": piece.marked_url}, f"“{piece}” is marked as published on {piece.on.name}."

    def _refusal(self, options: dict[str, Any], code: str, detail: str) -> CommandError:
        if options["json"]:
            self.stdout.write(json.dumps({"code": code, "detail": detail}, ensure_ascii=False))
        return CommandError(detail)


def _told(out: Out, says: str) -> tuple[dict[str, Any], str]:
    told: dict[str, Any] = {"post": {"slug": out.post.slug, "url": out.post.url}}
    lines = [f"“{out.post}” {says} {out.post.url}"]
    if out.warning:
        told["warning"] = out.warning
        lines.append(out.warning)
    if out.task:
        told["task_id"] = out.task.pk
        lines.append(f"Other places follow: {out.task.get_absolute_url()}")
    return told, "\n".join(lines)


def _picture(wanted: str) -> Picture:
    if wanted in ("default", "none"):
        return "default" if wanted == "default" else None
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 16):
        raise Invalid("--picture takes the number of one of its pictures, or none.")
    return int(wanted)


def _moment(person: User, said: str) -> datetime:
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise Invalid("--at takes a day and time, such as 2026-11-26T09:00 or 2026-11-26T09:00+01:00.") from error
    return moment if moment.tzinfo else typed.here(person, moment)
