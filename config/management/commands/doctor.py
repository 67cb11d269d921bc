"""`manage.py doctor`: what is wrong, and what to do."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.doctor import examine


class Command(BaseCommand):
    help = "Checks every service that Copydesk needs and says what to do. Exits with 1 when something fails."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a list of {name, verdict, says, advice}")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = []
        for finding in examine():
            findings.append(finding)
            if not options["json"]:
                self.stdout.write(f"{finding.verdict:5} {finding.name:13} {finding.says}")
                if finding.advice:
                    self.stdout.write(f"{'':5} {'':13} → {finding.advice}")
        if options["json"]:
            self.stdout.write(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=1))
        failed = [finding.name for finding in findings if finding.verdict == "fail"]
        if failed:
            raise CommandError(f"Not well: {', '.join(failed)}.", returncode=1)
