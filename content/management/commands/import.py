"""`manage.py import`: texts from other places."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.errors import CopydeskError
from content.models import User
from content.services import porting
from content.services.porting import importing

SAID = {
    importing.IMPORTED: "in",
    importing.PUBLISHED: "public",
    importing.HERE: "already here",
    importing.LEFT_OUT: "left out",
    importing.FAILED: "failed",
}


class Command(BaseCommand):
    help = (
        "Brings texts in: Markdown with front matter (a file, a folder or a .zip), Copydesk’s own JSON, a WordPress export "
        "(WXR) or a Ghost export (JSON). Each becomes an idea with a piece that waits for a decision. What came in before "
        "is not brought in again. Exits with 1 when one of them did not go in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="FILE|FOLDER")
        parser.add_argument("--from", dest="format", choices=list(porting.FORMATS), help="default: by what is in it")
        parser.add_argument(
            "--as", dest="person", required=True, metavar="EMAIL", help="who brings them in, and owns them"
        )
        parser.add_argument("--publish", action="store_true", help="approve and publish those that were public there")
        parser.add_argument("--pages", action="store_true", help="a site’s pages too, and not only its posts")
        parser.add_argument("--site", default="", help="the address that its relative links lead to")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, and change nothing")
        parser.add_argument(
            "--json", action="store_true", help="print {counts, texts: [{name, became, piece, url, says}]}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["person"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no user {options['person']}.")
        source, meter = Path(options["source"]), porting.Meter()
        if not source.exists():
            raise CommandError(f"There is no {source}.")
        stopped = ""
        self.counts: Counter[str] = Counter()
        if options["json"]:
            self.stdout.write('{"texts": [', ending="")
        try:
            form = porting.FORMATS[options["format"]] if options["format"] else porting.guess(source)
            wishes = porting.Wishes(site=options["site"], pages=options["pages"])
            outcomes = importing.bring_in(
                form.entries(source, wishes, meter), by=person, publish=options["publish"], rehearse=options["dry_run"]
            )
            self._print(outcomes, meter, options)
        except CopydeskError as error:
            stopped = error.message
        except OSError as error:
            stopped = f"{source} cannot be read: {error.strerror}."
        self._sum_up(stopped, options)

    def _print(self, outcomes: Iterator[importing.Outcome], meter: porting.Meter, options: dict[str, Any]) -> None:
        """A line for each text that somebody should know of (all, with -v 2), or all of them as JSON as they come."""
        first = True
        for one in outcomes:
            self.counts[one.became] += 1
            self.counts["trouble"] += one.failed
            if options["json"]:
                self.stdout.write(f"{'' if first else ','}\n{json.dumps(asdict(one), ensure_ascii=False)}", ending="")
                first = False
            elif one.says or options["verbosity"] > 1:
                self._clear()
                self.stdout.write(
                    f"{SAID[one.became]:12} {one.name}" + "".join(f"\n{'':12}   {said}" for said in one.says)
                )
            self._bar(meter)
        self._clear()

    def _sum_up(self, stopped: str, options: dict[str, Any]) -> None:
        trouble = self.counts.pop("trouble", 0)
        if options["json"]:
            tail = {"counts": dict(self.counts), "dry_run": options["dry_run"], "stopped": stopped}
            self.stdout.write(f"\n], {json.dumps(tail, ensure_ascii=False)[1:]}")
        else:
            counted = ", ".join(f"{self.counts[name]:,} {said}" for name, said in SAID.items() if self.counts[name])
            would = "Nothing was changed. It would be: " if options["dry_run"] else ""
            self.stdout.write(f"{would}{counted or 'no text found'}.")
        if stopped:
            raise CommandError(stopped)
        if trouble:
            raise CommandError(f"{trouble:,} of them did not go in as asked.")

    def _bar(self, meter: porting.Meter) -> None:
        if sys.stderr.isatty():
            filled = int(min(meter.share, 1) * 30)
            done = sum(self.counts.values()) - self.counts["trouble"]
            line = f"[{'█' * filled}{'░' * (30 - filled)}] {meter.share * 100:3.0f} %  {done:,} read"
            self.stderr.write(f"\r\x1b[K{line}", str, "")  # `str`: not in red, like what else goes to stderr
            self.stderr.flush()

    def _clear(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\x1b[K", str, "")
