"""What the commands that ask for a task share: whose it is, asking, and staying until it has ended."""

from __future__ import annotations

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from content.errors import CopydeskError
from content.models import User
from content.services import accounts
from pipeline.models import Task
from pipeline.services import asking, tasks

LOOK_EVERY_SECONDS = 0.5


class AskingCommand(BaseCommand):
    """A command that asks for one task."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", default="", help="whose task it is, by e-mail (default: the first admin)")
        parser.add_argument("--wait", action="store_true", help="stay until it has ended, and show how far it is")

    def params(self, owner: User, options: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The type of task and what it is told."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            owner = accounts.acting(options["user"])
            task_type, params = self.params(owner, options)
            asking.check(task_type, params)
            task = tasks.create(task_type, params, owner=owner)
        except OperationalError as error:
            raise CommandError(
                f"PostgreSQL does not answer: {str(error).splitlines()[0]}\n"
                "Start it with make up; COPYDESK_DATA names its data if that is not var/."
            ) from error
        except CopydeskError as error:
            faults = error.extra.get("fields", {})
            raise CommandError(
                "\n".join([error.message, *(f"  {name}: {' '.join(says)}" for name, says in faults.items())])
            ) from error
        self.stdout.write(f"Task {task.pk} is queued: {task.get_absolute_url()}")
        if options["wait"]:
            self._follow(task)

    def report(self, task: Task) -> None:
        """Say what came out of a task that has completed."""
        raise NotImplementedError

    def _follow(self, task: Task) -> None:
        """A progress bar in a terminal, a line for each change elsewhere; exit code 1 if it does not complete."""
        shown = ""
        try:
            while True:
                task.refresh_from_db()
                if not task.is_active:
                    break
                filled = task.percent * 30 // 100
                line = f"[{'█' * filled}{'░' * (30 - filled)}] {task.percent:3d} %  {task.doing}"
                if line != shown:
                    shown = line
                    self.stdout.write(f"\r\x1b[K{line[:110]}" if sys.stdout.isatty() else line, ending="")
                    self.stdout.write("" if sys.stdout.isatty() else "\n", ending="")
                    self.stdout.flush()
                time.sleep(LOOK_EVERY_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write(f"\nTask {task.pk} goes on without you: {task.get_absolute_url()}")
            return
        self.stdout.write("\r\x1b[K" if sys.stdout.isatty() else "", ending="")
        if task.status != "completed":
            raise CommandError(f"{task.get_status_display()}. {task.error} {task.recovery}".strip())
        self.report(task)
