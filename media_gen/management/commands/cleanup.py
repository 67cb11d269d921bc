"""`manage.py cleanup`: what nobody needs any more goes."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from content.errors import ExternalError
from media_gen.services import cleanup


class Command(BaseCommand):
    help = (
        "Remove previews that nobody chose for COPYDESK_PREVIEW_DAYS, and files of pictures that nothing refers to. "
        "The clock does it once a day. Exits with 1 when a storage cannot be reached."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would go")
        parser.add_argument("--json", action="store_true", help="print a list of {where, name, size, why, image}")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = cleanup.clean(dry_run=options["dry_run"])
        except ExternalError as error:
            raise CommandError(error.message, returncode=1) from error
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(one) for one in removed], indent=1))
            return
        for one in removed:
            of = f", picture {one.image}" if one.image else ""
            self.stdout.write(f"{one.where:9} {one.name}  {_bytes(one.size):>9}  {one.why}{of}")
        files = [one for one in removed if one.size]
        says = f"{len(files)} file{'' if len(files) == 1 else 's'}, {_bytes(sum(one.size for one in files))}"
        self.stdout.write(f"Would remove {says}. Nothing was changed." if options["dry_run"] else f"Removed {says}.")


def _bytes(size: int) -> str:
    return filesizeformat(size).replace("\xa0", " ")
