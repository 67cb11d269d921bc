"""`manage.py erase_person`: what points at a person goes."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.errors import CopydeskError
from content.models import User
from content.services import erasure


class Command(BaseCommand):
    help = (
        "Erases a person: their account becomes a pseudonym, and their name, addresses and browsers are blanked in the "
        "trail, which stays whole. Their decisions and texts stay. It cannot be undone, so it asks for --yes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="of whom")
        parser.add_argument("--yes", action="store_true", help="really; without it only says what would happen")
        parser.add_argument("--json", action="store_true", help="print {pseudonym, lines, posts}")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email__iexact=options["email"]).first()
        if person is None:
            raise CommandError(f"Nobody here has the address {options['email']}.", returncode=1)
        if not options["yes"]:
            raise CommandError(f"This would erase {person}, account {person.pk}, for good. Add --yes.", returncode=1)
        try:
            erased = erasure.erase(person, by=None)
        except CopydeskError as refusal:
            raise CommandError(refusal.message, returncode=1) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(dataclasses.asdict(erased)))
            return
        lines, posts = f"{erased.lines} lines of the trail", f"{erased.posts} public articles"
        self.stdout.write(f"Erased. What stays is by “{erased.pseudonym}” now: {posts}. Blanked: {lines}.")
