"""`manage.py up`: run Copydesk on this machine."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.embedded.data import PROJECT
from config.supervisor.up import add_arguments


class Command(BaseCommand):
    help = (
        "Runs everything on this machine: PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL are set), the "
        "starter model (unless OLLAMA_HOST is set), the website, the worker and the clock. Ctrl-C stops it all."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the supervisor: it needs no Django, and would carry it in memory all day."""
        if options["data"]:
            options["data"] = os.path.abspath(options["data"])
        given = [f"--{name}={options[name]}" for name in ("port", "host", "data") if options[name] is not None]
        os.chdir(PROJECT)
        os.execv(sys.executable, [sys.executable, "-m", "config.supervisor", *given])
