"""Memory of every process together, idle, with the starter model loaded: proportional set size."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from installation import Installation, proportional_memory

BOUND_MIB = 900
MEBIBYTE = 1024 * 1024


def run(installation: Installation, report: Callable[..., None], options: argparse.Namespace) -> None:
    time.sleep(5)  # let the processes that have just started settle
    by_kind = {kind: proportional_memory(pids) / MEBIBYTE for kind, pids in installation.processes().items()}
    total = sum(by_kind.values())
    parts = ", ".join(f"{kind} {mib:.0f}" for kind, mib in sorted(by_kind.items(), key=lambda item: -item[1]))
    report("memory idle, MiB", f"{total:.0f} (≤ {BOUND_MIB}): {parts}", total <= BOUND_MIB, round(total, 1))
