"""`manage.py export`: texts as files that people and `manage.py import` can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.errors import CopydeskError
from content.models import User
from content.services import porting
from content.services.porting import exporting
from content.services.porting.entry import moment


class Command(BaseCommand):
    help = (
        "Writes texts as Markdown with front matter (a file each, in a folder or a .zip) or as one JSON document. "
        "manage.py import brings them back, here or elsewhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--posts", action="store_true", help="what is public, as readers see it")
        what.add_argument("--pieces", action="store_true", help="the newest text of every piece, of all platforms")
        what.add_argument("--all", action="store_true", help="both, each text once (default)")
        parser.add_argument("--format", choices=["markdown", "json"], help="default: by the name that --to gives")
        parser.add_argument("--to", default="-", help="a folder or a .zip for Markdown, a .json file, or - (default)")
        parser.add_argument("--since", default="", help="only what changed since this date, such as 2026-11-21")
        parser.add_argument("--user", default="", help="only what this person owns, by e-mail")
        parser.add_argument("--force", action="store_true", help="overwrite files that are there already")

    def handle(self, *args: Any, **options: Any) -> None:
        to = Path(options["to"])
        is_json = options["format"] == "json" or (not options["format"] and (str(to) == "-" or to.suffix == ".json"))
        if not is_json and str(to) == "-":
            raise CommandError("Markdown is a file for each text: name a folder or a .zip with --to.")
        records = self._records(options)
        try:
            if not is_json and to.suffix.lower() == ".zip":
                self._say(exporting.save_zip(records, to, force=options["force"]), to)
            elif not is_json:
                self._say(exporting.save_markdown(records, to, force=options["force"]), to)
            elif str(to) == "-":
                for part in porting.json.written(records):
                    self.stdout.write(part, ending="")
            else:
                exporting.save_json(records, to, force=options["force"])
                self.stderr.write(f"Written to {to}.", str)
        except CopydeskError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{to} cannot be written: {error.strerror}. Nothing is left of it.") from error

    def _say(self, files: int, to: Path) -> None:
        self.stderr.write(f"{files:,} file{'' if files == 1 else 's'} written to {to}.", str)

    def _records(self, options: dict[str, Any]) -> Any:
        owner = User.objects.filter(email__iexact=options["user"]).first() if options["user"] else None
        if options["user"] and owner is None:
            raise CommandError(f"There is no user {options['user']}.")
        since = moment(options["since"]) if options["since"] else None
        if options["since"] and since is None:
            raise CommandError(f"“{options['since']}” is no date. Write it like 2026-11-21.")
        found = exporting.posts if options["posts"] else exporting.pieces if options["pieces"] else exporting.everything
        return found(since=since, owner=owner)
