"""One stage's line to a model: tries again, stops at once, records what it used."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

from content.errors import ExternalError
from pipeline.providers.base import Reply, Request
from pipeline.providers.scripted import Scripted
from pipeline.providers.session import Session


@pytest.fixture
def provider() -> Scripted:
    return Scripted()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.providers.calling.backoff", lambda state: 0.01)


def request(**changes: object) -> Request:
    return Request(**{"model": "scripted", "messages": [{"role": "user", "content": "Write."}], **changes})  # type: ignore[arg-type]


def test_an_answer_is_recorded_so_that_it_can_be_asked_for_again(provider: Scripted) -> None:
    provider.script = lambda asked: "A plain answer."
    session = Session(provider, "scripted")

    reply = session.ask(request(seed=5, prompt="section", template="abc"))

    (call,) = session.record()["calls"]
    assert (call["output"], call["output_hash"]) == ("A plain answer.", reply.hash)
    assert (call["options"]["seed"], call["prompt"], call["template"]) == (5, "section", "abc")
    assert session.record()["tokens_out"] > 0


def test_the_text_so_far_grows(provider: Scripted) -> None:
    provider.script = lambda asked: "One two three four five six seven."
    heard: list[str] = []

    Session(provider, "scripted").ask(request(), on_text=heard.append)

    assert heard[-1] == "One two three four five six seven."
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(heard))


def test_what_may_pass_is_tried_three_times_and_said(provider: Scripted) -> None:
    faults = iter([ExternalError("Busy.", retryable=True), ExternalError("Busy.", retryable=True)])
    provider.script = lambda asked: next(faults, None) or "At last."
    said: list[tuple[str, str]] = []
    session = Session(provider, "scripted", say=lambda message, as_: said.append((message, as_)))

    assert session.ask(request()).text == "At last."
    assert said == [("Trying again, 2 of 3: Busy.", "retry"), ("Trying again, 3 of 3: Busy.", "retry")]


def test_after_the_third_time_it_is_an_error(provider: Scripted) -> None:
    provider.script = lambda asked: ExternalError("Busy.", retryable=True)

    with pytest.raises(ExternalError, match="Busy"):
        Session(provider, "scripted").ask(request())
    assert len(provider.asked) == 3


def test_what_will_not_pass_is_asked_once(provider: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No such model.", retryable=False)

    with pytest.raises(ExternalError):
        Session(provider, "scripted").ask(request())
    assert len(provider.asked) == 1


def test_several_are_asked_at_once_and_one_fault_spoils_only_itself(provider: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No.", retryable=False) if asked.seed == 2 else f"Seed {asked.seed}"
    session = Session(provider, "scripted")

    answers = session.ask_all([request(seed=n) for n in (1, 2, 3)])

    assert [a.text if isinstance(a, Reply) else a.message for a in answers] == ["Seed 1", "No.", "Seed 3"]


def test_stopping_does_not_wait_for_a_slow_model(provider: Scripted) -> None:
    provider.seconds = 30
    stop = threading.Event()

    class Stopped(Exception):
        pass

    def check() -> None:
        if stop.is_set():
            raise Stopped

    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()

    with pytest.raises(Stopped):
        Session(provider, "scripted", check=check).ask(request())

    # A model of 30 s was left alone in the time of a few looks.
    assert time.monotonic() - began < provider.seconds / 3


def test_an_answer_that_takes_too_long_is_cut_and_tried_again(provider: Scripted) -> None:
    provider.seconds = 1.0
    said: list[str] = []

    with pytest.raises(ExternalError, match="longer than"):
        Session(provider, "scripted", say=lambda message, as_: said.append(message)).ask(request(timeout=0.2))

    assert len(said) == 2


def test_the_installation_can_set_one_time_limit_for_all(provider: Scripted, settings: Any) -> None:
    settings.MODEL_TIMEOUT_SECONDS = 0.2
    provider.seconds = 1.0

    with pytest.raises(ExternalError, match="longer than 0 s"):
        Session(provider, "scripted").ask(request(timeout=60))


def test_no_model_is_asked_again_for_what_was_stopped_meanwhile(
    provider: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.providers.calling.backoff", lambda state: 600)
    provider.script = lambda asked: ExternalError("Busy.", retryable=True)
    paused = threading.Event()

    def check() -> None:
        if paused.is_set():
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Session(provider, "scripted", check=check, say=lambda message, as_: paused.set()).ask(request())

    for thread in threading.enumerate():
        if thread.name.startswith("call-"):
            thread.join()
    assert len(provider.asked) == 1


def test_a_bug_in_a_provider_rises(provider: Scripted) -> None:
    def broken(asked: Request) -> str:
        raise ZeroDivisionError

    provider.script = broken

    with pytest.raises(ZeroDivisionError):
        Session(provider, "scripted").ask(request())
