"""`run_daily`: a person's daily run from the command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import make
import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from content.errors import ExternalError
from pipeline import providers
from pipeline.models import Schedule, Stage, Task, TaskType
from pipeline.worker import drain

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def working(settings: Any) -> Iterator[Any]:
    """A worker beside the command, with the scripted model."""
    settings.PROVIDER = settings.MODEL = "scripted"
    model = providers.get("scripted")
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            drain()
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    yield model
    stop.set()
    worker.join()
    model.script = None  # type: ignore[attr-defined]


def call(*args: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("run_daily", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_asks_for_what_the_persons_settings_say() -> None:
    owner = make.admin()
    Schedule.objects.create(owner=owner, count=2, platforms=["x"])

    said, _ = call()

    task = Task.objects.get(type=TaskType.DAILY_WORKFLOW, owner=owner)
    assert f"Task {task.pk} is queued" in said
    assert (task.params["count"], task.params["platforms"]) == (2, ["x"])


def test_it_waits_and_says_what_came_out(working: Any) -> None:
    owner = make.creator()

    said, _ = call("--user", owner.email, "--count", "2", "--platforms", "x", "linkedin", "--wait")

    assert "] 100 %" not in said, "a completed task shows what came out, not a bar"
    assert "2 ideas, 4 pieces. They wait for you at /desk/" in said


def test_it_says_what_was_not_made(working: Any) -> None:
    make.admin()
    working.script = lambda request: (
        ExternalError("The account is empty.", retryable=False)
        if "posts" in (request.schema or {}).get("properties", {})
        else providers.scripted.Turn()  # type: ignore[attr-defined]
    )

    said, errors = call("--count", "1", "--wait")

    assert "1 idea, 2 of 3 pieces" in said
    assert "for X: The account is empty." in errors


def test_a_run_that_fails_ends_with_an_error(working: Any) -> None:
    make.admin()
    working.script = lambda request: ExternalError("The account is empty.", retryable=False)

    with pytest.raises(CommandError, match=r"Failed. The account is empty."):
        call("--wait")


def test_nonsense_is_refused_in_words() -> None:
    make.admin()

    with pytest.raises(CommandError, match="platforms: There is no “fax” to choose"):
        call("--platforms", "fax")
    with pytest.raises(CommandError, match="There is no user nobody@example.org"):
        call("--user", "nobody@example.org")
    assert not Stage.objects.exists()
