"""Pytest plugin, loaded before Django's: real PostgreSQL and Valkey for the whole run.

Addresses that are in the environment already (DATABASE_URL and REDIS_URL) are used as they are, but for those that a
run in several processes has started for itself: each of these has servers of its own.
"""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

_open = ExitStack()


def _start() -> None:
    inherited = "COPYDESK_TEST_SERVERS" in os.environ
    if inherited or not os.environ.get("DATABASE_URL") or not os.environ.get("REDIS_URL"):
        from config.embedded import ephemeral

        os.environ.update(_open.enter_context(ephemeral()))
        os.environ["DATABASE_URL"] = os.environ.pop("COPYDESK_OWNER_URL")  # the tests make databases of their own
        os.environ["COPYDESK_TEST_SERVERS"] = "our own"
    if inherited or "COPYDESK_DATA" not in os.environ:
        os.environ["COPYDESK_DATA"] = _open.enter_context(tempfile.TemporaryDirectory(prefix="copydesk-data-"))
    os.environ.setdefault("COPYDESK_SECRET_KEY", "only-for-tests-" + "0" * 50)
    os.environ.setdefault("COPYDESK_RATE", "100000/min")
    os.environ.setdefault("COPYDESK_TASK_RATE", "100000/hour")
    os.environ.setdefault("COPYDESK_SIGNIN_RATE", "100000/min")
    os.environ.setdefault("COPYDESK_LOG_LEVEL", "WARNING")
    # Playwright's synchronous API runs an event loop in the thread of the test.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    os.environ.pop("OLLAMA_HOST", None)
    Path(os.environ["COPYDESK_DATA"], "static").mkdir(parents=True, exist_ok=True)


_start()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    _open.close()
