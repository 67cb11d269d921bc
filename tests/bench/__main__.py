"""`make bench`: what the frame costs, side by side with the bare parts in the same run. Ratios count, not seconds."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from installation import Installation  # noqa: E402

MEBIBYTE = 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="", help="memory, overhead, feed, stages, daily, sdxl, approve, reads, trail or triage"
    )
    parser.add_argument("--posts", type=int, default=2, help="how many posts to write for the overhead")
    parser.add_argument("--json", default="", help="write the figures to this file too")
    options = parser.parse_args()
    figures: dict[str, object] = {}
    broken: list[str] = []

    def report(name: str, says: str, holds: bool, value: object) -> None:
        figures[name] = value
        print(f"{'ok  ' if holds else 'MISS'} {name:<34} {says}", flush=True)
        if not holds:
            broken.append(name)

    with tempfile.TemporaryDirectory(prefix="copydesk-bench-") as folder:
        os.chmod(folder, 0o755)
        with Installation(Path(folder) / "data") as installation:
            _join(installation)
            # Imported here: these read settings, which need the installation's addresses.
            from bench import admin, approve, daily, feed, memory, overhead, reading, reads, sdxl, stages, trail, triage

            gc.freeze()  # the listeners' own rubbish collection is not what is measured, theirs or the bare ones'

            parts = {
                "memory": memory,
                "overhead": overhead,
                "feed": feed,
                "stages": stages,
                "daily": daily,
                "sdxl": sdxl,
                "approve": approve,
                "reads": reads,
                "trail": trail,
                "triage": triage,
                "reading": reading,
                "admin": admin,  # after all others: it leaves a hundred thousand pieces behind
            }
            for name, measure in parts.items():
                if options.only in ("", name):
                    measure.run(installation, report, options)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1))
    print(f"{len(figures)} figures, {len(broken)} outside their bound{': ' if broken else ''}{', '.join(broken)}")
    return 1 if broken else 0


def _join(installation: Installation) -> None:
    """Let this process talk to the installation's own database and broker."""
    from config.embedded import DataDir

    for name in ("DATABASE_URL", "COPYDESK_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ["COPYDESK_DATA"] = str(installation.data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["COPYDESK_LOG_LEVEL"] = "WARNING"
    DataDir(installation.data).join_running()
    os.environ["DATABASE_URL"] = os.environ["COPYDESK_OWNER_URL"]  # some drop an index to fill a table
    import django

    django.setup()


sys.exit(main())
