"""One stage's line to a model: tries again, stops at once, records what it used."""

from __future__ import annotations

import collections
import itertools
import random
import threading
import time
from typing import Any

import pytest
from tenacity import RetryCallState

from content.errors import ExternalError
from pipeline import providers
from pipeline.providers.base import Declined, Reply, Request
from pipeline.providers.calling import Chain, backoff
from pipeline.providers.scripted import Scripted, Turn
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


# --- Going on with another model ---


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Scripted:
    """Another model, which stands in for the first."""
    other = Scripted()
    other.name = "openai"
    real = providers.get
    monkeypatch.setattr("pipeline.providers.get", lambda name: other if name == "openai" else real(name))
    settings.FALLBACK, settings.PER_MINUTE = ["openai/house-model"], {}
    return other


def test_who_fails_for_good_is_replaced_and_the_record_says_by_whom(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No such model.", retryable=False)
    second.script = lambda asked: f"Written by {asked.model}."
    said: list[tuple[str, str]] = []
    logged: list[str] = []
    session = Session(
        provider, "scripted", say=lambda *told: said.append(told), log=lambda level, line: logged.append(line)
    )

    session.ask(request())
    session.ask(request())

    calls = session.record()["calls"]
    assert [(call["provider"], call["model"]) for call in calls] == [("openai", "house-model")] * 2
    assert calls[0]["output"] == "Written by house-model."
    assert said == [("Going on with openai/house-model: No such model.", "retry")]
    assert logged == ["No such model. Going on with openai/house-model."]
    assert len(provider.asked) == 1  # who has failed for good is not asked again by this stage


def test_another_is_asked_only_after_three_tries(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: ExternalError("Busy.", retryable=True)
    second.script = lambda asked: "At last."

    assert Session(provider, "scripted").ask(request()).text == "At last."
    assert (len(provider.asked), len(second.asked)) == (3, 1)


def test_several_calls_that_fail_at_once_go_on_together_and_say_it_once(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No.", retryable=False)
    said: list[tuple[str, str]] = []
    session = Session(provider, "scripted", say=lambda *told: said.append(told))

    answers = session.ask_all([request(seed=n) for n in range(5)])

    assert all(isinstance(answer, Reply) and answer.provider == "openai" for answer in answers)
    assert len(said) == 1


def test_a_bad_beginning_is_forgotten_when_another_goes_on(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: Turn("Half of it", cut_after=5, error=ExternalError("Broke.", retryable=False))
    second.script = lambda asked: "The whole of it."
    heard: list[str] = []

    Session(provider, "scripted").ask(request(), on_text=heard.append)

    assert heard[-1] == "The whole of it."


def test_what_a_model_declines_to_write_no_other_is_asked_for(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: Declined("It declined.")

    with pytest.raises(ExternalError, match="declined"):
        Session(provider, "scripted").ask(request())
    assert second.asked == []


def test_when_all_have_failed_the_last_ones_reason_is_given(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No such model.", retryable=False)
    second.script = lambda asked: ExternalError("No key.", retryable=False)

    with pytest.raises(ExternalError, match="No key"):
        Session(provider, "scripted").ask(request())


def test_a_model_that_is_asked_in_another_way_does_not_stand_in(provider: Scripted, second: Scripted) -> None:
    provider.script = lambda asked: ExternalError("No.", retryable=False)

    with pytest.raises(ExternalError, match="No"):
        Session(provider, "smollm2:135m").ask(request())  # asked by fields; the other is not
    assert second.asked == []


def test_a_slower_model_that_stands_in_gets_the_time_it_needs(provider: Scripted, settings: Any) -> None:
    settings.FALLBACK = ["scripted/slow"]
    hosted = Scripted()
    hosted.name = "openai"
    chain = Chain.of(hosted, "gpt-6-sol")

    first, slow = (line.fit(request(timeout=30, max_tokens=1000), chain.lines[0]) for line in chain.lines)

    assert (first.timeout, slow.timeout, slow.model) == (30, 280, "slow")


def test_a_wait_that_a_service_asks_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.set_exception((ExternalError, ExternalError("Busy.", retryable=True, retry_after=7), None))  # type: ignore[arg-type]

    assert 7 <= backoff(state) < 7.5
    state.set_exception((ExternalError, ExternalError("Busy.", retryable=True), None))  # type: ignore[arg-type]
    state.attempt_number = 3
    assert 4 <= backoff(state) < 4.5


def test_any_mixture_of_faults_ends_and_what_can_succeed_does(provider: Scripted) -> None:
    """Forty calls at once; of each, every try fails in its own way or answers."""
    lots = random.Random(7)
    turns = {
        "busy": Turn(error=ExternalError("429", retryable=True, retry_after=0.01)),
        "hangs": Turn(hangs=True),
        "cut": Turn("Half of it", cut_after=4),
        "refused": Turn(error=ExternalError("401", retryable=False)),
        "well": Turn("All of it."),
    }
    fates = {seed: lots.choices(list(turns), [3, 1, 2, 1, 4], k=3) for seed in range(40)}
    tries: collections.Counter[int] = collections.Counter()

    def script(asked: Request) -> Turn:
        assert asked.seed is not None
        tries[asked.seed] += 1
        return turns[fates[asked.seed][tries[asked.seed] - 1]]

    provider.script = script

    answers = Session(provider, "scripted").ask_all([request(seed=seed, timeout=0.5) for seed in fates])

    for (seed, fate), answer in zip(fates.items(), answers, strict=True):
        ends = next((at for at, name in enumerate(fate) if name in {"well", "refused"}), 2)
        assert tries[seed] == ends + 1
        assert isinstance(answer, Reply) == (fate[ends] == "well")
