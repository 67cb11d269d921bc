"""A django-q2 cluster that knows the type of task `tiny`."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
sys.argv = ["manage.py", "qcluster"]

import django  # noqa: E402

django.setup()

import tiny  # noqa: E402
from django.core.management import call_command  # noqa: E402

tiny.install()
call_command("qcluster")
