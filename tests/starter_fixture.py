"""The real starter model in a process of its own, once per session. `conftest.py` takes `starter_url` from here."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def running_starter(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a server on a free port and wait until it can serve; yields its address and process."""
    command = [sys.executable, "-m", "pipeline.starter", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        said = process.stdout.readline()  # empty once the process has ended, whose own words are on stderr
        if not said.startswith("ready "):
            pytest.fail(f"the starter model did not start: {said or process.wait()}")
        yield said.split()[1], process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            process.kill()


@pytest.fixture(scope="session")
def starter_url() -> Iterator[str]:
    """ "http://127.0.0.1:PORT" of a starter server; `COPYDESK_TEST_STARTER_URL` names one that runs already."""
    given = os.environ.get("COPYDESK_TEST_STARTER_URL")
    if given:
        yield given.rstrip("/")
        return
    with running_starter() as (url, _):
        yield url
