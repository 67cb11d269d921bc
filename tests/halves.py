"""`make test`: the tests in two halves at once, each with servers of its own, and one count at the end.

One pytest keeps less than one core busy: it waits for PostgreSQL, for Chromium and for the starter model.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parent
FIRST = ("pipeline", "faults", "flows")  # the others are the second half, whatever is added


def main(more: list[str]) -> int:
    folders = sorted(path.name for path in TESTS.iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    halves = ([name for name in folders if name in FIRST], [name for name in folders if name not in FIRST])
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        second = _pytest(halves[1], [*more, "-p", "no:cacheprovider"], said)
        first = _pytest(halves[0], more, subprocess.PIPE)
        assert first.stdout
        counts: Counter[str] = Counter()
        last = ""
        for line in first.stdout:
            print(line, end="", flush=True)
            last = line
        counts += _counted(last)
        codes = [first.wait(), second.wait()]
        said.seek(0)
        for line in said:
            print(line, end="", flush=True)
            last = line
        counts += _counted(last)
    told = ", ".join(f"{number} {what}" for what, number in counts.items())
    print(f"===== {told} in {time.monotonic() - began:.2f}s =====")
    return max(codes)


def _pytest(folders: list[str], more: list[str], output: object) -> subprocess.Popen[str]:
    paths = [str(TESTS / name) for name in folders]
    command = [sys.executable, "-m", "pytest", *paths, *more]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, text=True)  # type: ignore[call-overload]


def _counted(summary: str) -> Counter[str]:
    """{“passed”: 1119, …} of pytest's last line."""
    return Counter(
        {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|skipped|errors?)", summary)}
    )


sys.exit(main(sys.argv[1:]))
