"""kill -9 of anything, in the middle of a task: it finishes, once."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator

import pytest
from installation import Installation

from config.embedded import throwaway

# Each answer takes this long, so that there is a middle to kill in.
PACE = "0.6"


PROMPT = {
    "COPYDESK_PROVIDER": "scripted",
    "COPYDESK_MODEL": "scripted",
    "COPYDESK_SCRIPTED_SECONDS": PACE,
    "COPYDESK_LEASE_SECONDS": "3",
    "COPYDESK_HEARTBEAT_SECONDS": "0.5",
    "COPYDESK_CLUSTER_HUNG_AFTER_SECONDS": "8",
}


@pytest.fixture(scope="module")
def copydesk() -> Iterator[Installation]:
    with throwaway() as data, Installation(data.path, **PROMPT) as installation:
        yield installation


def finished_once(copydesk: Installation, pk: int) -> None:
    """It is completed, each stage has one output, no version and no event is there twice."""
    task = copydesk.until(pk, "completed", "failed", "cancelled", seconds=150)
    assert (task["status"], task["percent"]) == ("completed", 100), task["error"]
    events = copydesk.get(f"tasks/{pk}/events/")
    events = events["results"] if isinstance(events, dict) else events
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    counts = Counter(event["type"] for event in events)
    assert counts["complete"] == 1
    per_stage = Counter(event["stage"] for event in events if event["type"] == "stage_complete")
    assert set(per_stage.values()) == {1}
    (content,) = task["content"]
    versions = copydesk.get(f"content/{content['id']}/versions/")["results"]
    stages = Counter(version["stage"] for version in versions)
    assert set(stages.values()) == {1}, stages
    assert stages["format"] == 1


@pytest.mark.parametrize("victim", ["worker", "cluster", "web", "valkey", "postgres", "clock"])
def test_a_task_survives_the_death_of(victim: str, copydesk: Installation) -> None:
    pk = copydesk.ask(f"What a kettle tells about its {victim}")
    copydesk.until_stage(pk, "draft")
    processes = copydesk.processes()

    if victim == "worker":
        for pid in processes["cluster"]:
            if pid != copydesk.cluster():
                os.kill(pid, signal.SIGKILL)
    elif victim == "cluster":
        os.killpg(os.getpgid(copydesk.cluster()), signal.SIGKILL)
    else:
        os.kill(processes[victim][0], signal.SIGKILL)

    finished_once(copydesk, pk)


def test_a_task_survives_the_death_of_everything() -> None:
    with throwaway() as data:
        with Installation(data.path, **PROMPT) as copydesk:
            pk = copydesk.ask("What is left after a power cut")
            copydesk.until_stage(pk, "draft")
            for pids in copydesk.processes().values():
                for pid in pids:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue

        with Installation(data.path, **PROMPT) as copydesk:
            finished_once(copydesk, pk)


def test_a_cancelled_task_is_still_within_two_seconds(copydesk: Installation) -> None:
    pk = copydesk.ask("A text that nobody needs any more")
    copydesk.until_stage(pk, "draft")

    copydesk.post(f"tasks/{pk}/cancel/")

    task = copydesk.task(pk)
    assert task["status"] == "cancelled"
    before = copydesk.get(f"tasks/{pk}/events/")
    copydesk.until(copydesk.ask("The next one, asked at once"), "completed")
    assert copydesk.get(f"tasks/{pk}/events/") == before
