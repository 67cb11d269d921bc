"""Run the generation record of a piece's versions again."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from content.errors import CopydeskError, Invalid
from content.models import Piece, User, Version
from content.services import accounts
from pipeline.models import Task, TaskStatus
from pipeline.services import replaying

LOOK_EVERY_SECONDS = 0.5
DIFFERENT, CANNOT = 1, 2


class Command(BaseCommand):
    help = (
        "Make the calls again that wrote a version of PIECE, by the worker, and say whether the same came of it. "
        "Exit code 0: the same, or, without --wait, queued. 1: different. 2: it cannot be replayed, and why."
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)  # --version is ours

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("piece", type=int, help="its number, as in its address at the desk")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--version", type=int, help="one version's number (default: the newest by a model)")
        which.add_argument("--all", action="store_true", help="every version that a model wrote")
        parser.add_argument("--user", default="", help="whose tasks they are, by e-mail (default: the first admin)")
        parser.add_argument("--wait", action="store_true", help="stay until they have ended, and say what came of them")
        parser.add_argument("--json", action="store_true", help="answer in JSON, refusals too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            person = accounts.acting(options["user"])
            asked = [(version, self._asked(version, person)) for version in self._versions(person, options)]
            if options["wait"]:
                self._follow([task for _, task in asked if isinstance(task, Task)])
        except OperationalError as error:
            says = f"PostgreSQL does not answer: {str(error).splitlines()[0]}"
            raise self._refusal(options, "unavailable", says) from error
        except CopydeskError as error:
            raise self._refusal(options, error.code, error.message) from error
        except KeyboardInterrupt:
            self.stderr.write("The replays go on without you.")
            raise SystemExit(130) from None
        told = [_told(version, task) for version, task in asked]
        self.stdout.write(json.dumps(told, ensure_ascii=False) if options["json"] else "\n".join(map(_line, told)))
        if code := _code(told):
            raise SystemExit(code)

    def _versions(self, person: User, options: dict[str, Any]) -> list[Version]:
        piece = Piece.objects.visible_to(person).filter(pk=options["piece"]).first()
        if piece is None:
            raise Invalid(f"There is no piece {options['piece']}.")
        versions = piece.versions.select_related("by", "piece").order_by("number")
        if options["version"] is not None:
            found = list(versions.filter(number=options["version"]))
        else:
            found = list(versions.filter(by=None))[0 if options["all"] else -1 :]
        if not found:
            which = "by a model" if options["version"] is None else str(options["version"])
            raise Invalid(f"“{piece}” has no version {which}.")
        return found

    def _asked(self, version: Version, person: User) -> Task | CopydeskError:
        """Its task; with others, one that cannot be replayed is only told of."""
        try:
            return replaying.replay(version, by=person)
        except Invalid as refusal:
            return refusal

    def _follow(self, asked: list[Task]) -> None:
        shown = ""
        while waiting := list(Task.objects.filter(pk__in=[task.pk for task in asked]).active()):
            line = f"{len(asked) - len(waiting)} of {len(asked)} done. {waiting[0]}: {waiting[0].doing}"
            if line != shown:
                self.stderr.write(line)
                shown = line
            time.sleep(LOOK_EVERY_SECONDS)
        for task in asked:
            task.refresh_from_db()

    def _refusal(self, options: dict[str, Any], code: str, detail: str) -> CommandError:
        if options["json"]:
            self.stdout.write(json.dumps({"code": code, "detail": detail}, ensure_ascii=False))
        return CommandError(detail, returncode=CANNOT)


def _told(version: Version, task: Task | CopydeskError) -> dict[str, Any]:
    told: dict[str, Any] = {"piece": version.piece_id, "version": version.number}
    if isinstance(task, CopydeskError):
        return {**told, "status": "refused", "says": task.message, "same": None}
    told |= {"task_id": task.pk, "status": task.status, "same": None, "says": task.error or task.doing}
    if task.status == TaskStatus.COMPLETED:
        names = ("says", "same", "calls", "different", "of_version", "models", "doubts", "seconds")
        told |= {name: task.result[name] for name in names}
    return told


def _line(told: dict[str, Any]) -> str:
    """“Version 3: Same, word for word (12 calls, 8.2 s, task 41)”"""
    line = f"Version {told['version']}: {told['says']}"
    if told["same"] is None:
        return f"{line} (task {told['task_id']}, {told['status']})" if "task_id" in told else line
    changed = [
        f"  {one['model']} is another model by now: {one['then'][:12]} then, {one['now'][:12]} now"
        for one in told["models"]
        if one["then"] and one["now"] and one["then"] != one["now"]
    ]
    calls = f"{told['calls']} call{'s' * (told['calls'] != 1)}"
    return "\n".join([f"{line} ({calls}, {told['seconds']} s, task {told['task_id']})", *changed])


def _code(told: list[dict[str, Any]]) -> int:
    """2 if one cannot be replayed or failed, else 1 if one came out otherwise, else 0; what is queued counts as well."""
    if any(one["status"] in ("refused", TaskStatus.FAILED, TaskStatus.CANCELLED) for one in told):
        return CANNOT
    return DIFFERENT if any(one["same"] is False for one in told) else 0
