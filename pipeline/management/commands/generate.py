"""Ask for a blog post from the command line."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from content.errors import CopydeskError
from content.models import Role, User
from pipeline.models import Task
from pipeline.services import tasks


class Command(BaseCommand):
    help = "Ask for a blog post on TOPIC. It is queued at once and ends waiting for a person."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("topic")
        parser.add_argument("--words", type=int, default=1500, help="how long it is to be (default 1500)")
        parser.add_argument("--tone", default="")
        parser.add_argument("--model", default="", help="another model than the configured one")
        parser.add_argument("--user", default="", help="whose task it is, by e-mail (default: the first admin)")
        parser.add_argument("--wait", action="store_true", help="stay until it has ended, and show how far it is")

    def handle(self, *args: Any, **options: Any) -> None:
        params = {"topic": options["topic"], "word_count": options["words"], "model": options["model"]}
        if options["tone"]:
            params["tone"] = options["tone"]
        try:
            task = tasks.create("blog_post", params, owner=self._owner(options["user"]))
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

    def _owner(self, email: str) -> User:
        people = User.objects.filter(is_active=True)
        owner = people.filter(email__iexact=email).first() if email else people.filter(role=Role.ADMIN).first()
        if owner is None:
            raise CommandError(f"There is no user {email or 'with the role admin'}.")
        return owner

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
                time.sleep(0.5)
        except KeyboardInterrupt:
            self.stdout.write(f"\nTask {task.pk} goes on without you: {task.get_absolute_url()}")
            return
        self.stdout.write("\r\x1b[K" if sys.stdout.isatty() else "", ending="")
        if task.status != "completed":
            raise CommandError(f"{task.get_status_display()}. {task.error} {task.recovery}".strip())
        result = task.result
        self.stdout.write(f"{result.get('title')}: {result.get('word_count')} words, score {result.get('score')}.")
        for piece in task.pieces:
            self.stdout.write(f"Waiting for you at {piece.get_absolute_url()}")
