"""`manage.py prepare`: the tables, and a first person who may sign in."""

import json
import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from config.embedded.data import write_private
from config.supervisor.preparation import FIRST_USER
from content.models import User
from content.services import fragments

DEFAULT_EMAIL = "editor@copydesk.local"


class Command(BaseCommand):
    help = (
        "Migrates the database and, where nobody has an account yet, makes an admin from COPYDESK_EMAIL and "
        "COPYDESK_PASSWORD or with a random password. `up` runs this."
    )

    # `up` has not started what the checks would look at, and the website makes them anyway.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        fragments.renew()
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise grumbles in every log without it
        with transaction.atomic():
            if User.objects.exists():
                return
            email = os.environ.get("COPYDESK_EMAIL") or DEFAULT_EMAIL
            given = os.environ.get("COPYDESK_PASSWORD")
            made = None if given else readable_password()
            User.objects.create_superuser(email=email, password=given or made)
            # A file, not a line of output: `up` shows it once it is ready, and no log keeps it. It is written
            # before the commit, so there is no account whose password nobody was told.
            write_private(settings.DATA_DIR / FIRST_USER, json.dumps({"email": email, "password": made}))


def readable_password() -> str:
    """Four groups of three syllables, such as `tirumo-kasela-…`: 74 random bits that can be read aloud."""

    def syllable() -> str:
        return secrets.choice("bdfghjklmnprstv") + secrets.choice("aeiou")

    return "-".join("".join(syllable() for _ in range(3)) for _ in range(4))
