"""Tables and the first user, before anything serves; skipped when nothing can have changed since the last start."""

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from config.embedded import DataDir
from config.embedded.data import PROJECT, write_private
from config.embedded.postgres import wheel_program
from config.supervisor.child import Child
from config.supervisor.supervisor import Supervisor

PREPARE_SECONDS = 600.0  # a migration may rewrite a large table
DECIDING = (
    "*/migrations/*.py",
    "config/settings.py",
    "content/services/fragments.py",
    "content/services/typesetting.py",
    "content/services/rendering.py",
    "content/templatetags/newsstand.py",
    "templates/content/site/_*.html",
)
SHOWN = ("COPYDESK_URL", "COPYDESK_SITE_NAME", "COPYDESK_AI_NOTE", "COPYDESK_TIME_ZONE")  # settings in what is set
RULING = ("COPYDESK_OWNER_URL", "COPYDESK_AUDIT_DAYS")  # settings that the database is told
FIRST_USER = "first_user.json"  # written by manage.py prepare, shown once and deleted by `up`


def prepare(data: DataDir, environment: dict[str, str], supervisor: Supervisor) -> None:
    """Run `manage.py prepare`, unless code and database are as the last run left them. Raises StartFailed.

    Asking Django would cost seconds at every start; comparing what it would read costs hundredths.
    """
    stamp = data.path / "prepared.json"
    code = code_fingerprint(environment)
    if stamp.exists() and json.loads(stamp.read_text()) == {"code": code, "applied": applied(environment)}:
        return
    command = [sys.executable, "manage.py", "prepare"]
    supervisor.run_once(Child.of_command("prepare", command, environment, PROJECT), PREPARE_SECONDS)
    write_private(stamp, json.dumps({"code": code, "applied": applied(environment)}))


def code_fingerprint(environment: Mapping[str, str]) -> str:
    """Of everything that decides which migrations there are, ours, the settings, and the installed packages; and of
    what decides how public articles are set, which `prepare` then sets anew."""
    mark = hashlib.sha256(json.dumps([environment.get(name) for name in (*SHOWN, *RULING)]).encode())
    for file in sorted(file for pattern in DECIDING for file in PROJECT.glob(pattern)):
        mark.update(str(file.relative_to(PROJECT)).encode() + b"\0" + file.read_bytes())
    packages = sorted(folder.name for folder in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    mark.update("\n".join(packages).encode())
    return mark.hexdigest()


def applied(environment: dict[str, str]) -> str:
    """Of the migrations that this database has had. Empty tables and a foreign address form read as "none"."""
    psql = wheel_program()[1].with_name("psql")
    question = "SELECT app, name FROM django_migrations ORDER BY 1, 2"
    answer = subprocess.run(
        [str(psql), "-XAtqc", question, environment["DATABASE_URL"]],
        env=os.environ | {"PGCONNECT_TIMEOUT": "5"},
        capture_output=True,
        check=False,
    )
    return hashlib.sha256(answer.stdout).hexdigest() if answer.returncode == 0 else "none"
