"""`manage.py verify_audit`: that nothing in the trail was altered."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from content.errors import Invalid
from content.services import chain, pinned

TOLD = 20


class Command(BaseCommand):
    help = (
        "Hashes every row of the audit trail anew and follows the chain. Exits with 0 when it is whole, and with 1 when "
        "something was altered: then the first altered row is named. What it finds is shown on the audit page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--lane", type=int, help="only this lane of the chain")
        parser.add_argument("--texts", action="store_true", help="also the text of every version and decision")
        parser.add_argument("--anchor", action="store_true", help="print one line to keep where nobody here can write")
        parser.add_argument("--against", metavar="FILE", help="such a line, or a file of them: it must still hold")
        parser.add_argument(
            "--json", action="store_true", help="print {whole, rows, blanked, seconds, first, findings, …}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            kept = [chain.anchored(line) for line in self._lines(options["against"])]
        except Invalid as error:
            raise CommandError(error.message, returncode=2) from error
        result = chain.verify(lane=options["lane"], against=kept, told=self._progress)
        if options["texts"]:
            pinned.verify(result)
        if options["lane"] is None:
            chain.note(result, full=True)
        if options["json"]:
            self._print_json(result, anchor=options["anchor"])
        elif options["anchor"] and result.whole:
            self.stdout.write(chain.anchor(result.heads))
        else:
            self._print(result)
        if not result.whole:
            raise CommandError(str(result.first), returncode=1)

    def _lines(self, given: str | None) -> list[str]:
        if not given:
            return []
        text = given if given.startswith(chain.ANCHOR) else self._read(given)
        return [line for line in text.splitlines() if line.strip()]

    def _read(self, name: str) -> str:
        try:
            return sys.stdin.read() if name == "-" else Path(name).read_text()
        except OSError as error:
            raise CommandError(f"{name}: {error.strerror}.", returncode=2) from error

    def _progress(self, rows: int) -> None:
        if self.stderr.isatty() and rows % 50_000 == 0:
            self.stderr.write(f"{rows:,} rows …", ending="\r")

    def _print(self, result: chain.Result) -> None:
        shown = sorted(result.findings, key=lambda one: one.at)[:TOLD]
        for finding in shown[1:]:
            self.stdout.write(str(finding))
        says = f"{result.rows:,} rows in {len(result.heads)} lanes, {result.blanked:,} of them blanked"
        if result.texts:
            says += f"; {result.texts:,} texts"
        self.stdout.write(f"{says}; {result.seconds:.1f} s. {'Whole.' if result.whole else 'Altered:'}")

    def _print_json(self, result: chain.Result, *, anchor: bool) -> None:
        first = result.first
        told: dict[str, Any] = {
            "whole": result.whole,
            "rows": result.rows,
            "lanes": len(result.heads),
            "blanked": result.blanked,
            "texts": result.texts,
            "seconds": round(result.seconds, 2),
            "first": dataclasses.asdict(first) if first else None,
            "findings": [dataclasses.asdict(finding) for finding in result.findings],
        }
        if anchor:
            told["anchor"] = chain.anchor(result.heads)
        self.stdout.write(json.dumps(told, indent=1))
