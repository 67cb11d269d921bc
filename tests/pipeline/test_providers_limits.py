"""Waiting for one's turn: the gate of a process, the bucket of an installation, and the names and prices of models."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import redis
from vendors.door import Asked, Said, opened, refused, wait_for

from content.errors import ExternalError
from pipeline import providers
from pipeline.providers import bucket, catalogue, embedding
from pipeline.providers.base import Reply, Request
from pipeline.providers.calling import Line
from pipeline.providers.gate import Gate
from pipeline.providers.scripted import Scripted, Turn
from pipeline.providers.session import Session
from pipeline.providers.waiting import Stopwatch


def deaf(place: int) -> None:
    """Nobody listens."""


def request(**changes: Any) -> Request:
    return Request(**{"model": "scripted", "messages": [{"role": "user", "content": "Write."}], **changes})


# --- The gate ---


def test_the_lowest_rank_goes_first_and_of_one_rank_who_came_first() -> None:
    gate, served, stop = Gate(1), [], threading.Event()
    assert gate.enter(0, stop, deaf)
    waiting = []
    for name, rank in (("b1", 2), ("a1", 1), ("b2", 2), ("a2", 1)):

        def serve(name: str = name, rank: int = rank) -> None:
            if gate.enter(rank, stop, deaf):
                served.append(name)
                gate.leave()

        waiting.append(threading.Thread(target=serve))
        waiting[-1].start()
        assert wait_for(lambda: len(gate._line) == len(waiting))

    gate.leave()

    for thread in waiting:
        thread.join(10)
    assert served == ["a1", "a2", "b1", "b2"]


def test_no_more_run_at_once_than_are_let_in_and_no_place_is_lost() -> None:
    gate, stop, inside, most = Gate(3), threading.Event(), [], []

    def work(rank: int) -> None:
        hurry = threading.Event()
        if rank % 4 == 0:
            threading.Timer(0.01, hurry.set).start()  # a session that stops, in line or just behind the door
        if gate.enter(rank, hurry if rank % 4 == 0 else stop, deaf):
            try:
                inside.append(rank)
                most.append(len(inside))
                time.sleep(0.002)
            finally:
                inside.remove(rank)
                gate.leave()

    with ThreadPoolExecutor(40) as pool:
        list(pool.map(work, range(200)))

    assert max(most) == 3
    assert (gate.busy, gate._line) == (0, [])


def test_who_is_stopped_in_line_leaves_it_and_the_next_moves_up() -> None:
    gate, stop, told = Gate(1), threading.Event(), []
    gate.enter(0, stop, deaf)
    first = threading.Event()
    leaver = threading.Thread(target=gate.enter, args=(1, first, deaf))
    leaver.start()
    assert wait_for(lambda: len(gate._line) == 1)
    other = threading.Thread(target=gate.enter, args=(2, stop, told.append))
    other.start()
    assert wait_for(lambda: 2 in told)

    first.set()

    leaver.join(10)
    assert wait_for(lambda: told[-1] == 1)
    assert gate.busy == 1
    gate.leave()
    other.join(10)
    assert gate.busy == 1


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two calls of the scripted model run at once."""
    door = Gate(2)
    monkeypatch.setattr(Line, "at_once", 2)
    monkeypatch.setattr("pipeline.providers.calling.gate", lambda *names: door)


def test_waiting_in_line_is_neither_the_models_time_nor_the_attempts(narrow: None) -> None:
    provider = Scripted()
    provider.seconds = 0.4
    session = Session(provider, "scripted")

    answers = session.ask_all([request(seed=n, timeout=0.9) for n in range(8)])

    assert all(isinstance(answer, Reply) for answer in answers)  # the last waited longer than its 0.9 s
    assert session.seconds >= 4 * 0.4
    alone = Session(Scripted(), "scripted")
    alone.ask(request(timeout=0.9))
    assert alone.seconds < 0.4


def test_a_long_wait_in_line_is_said_with_the_place(narrow: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.providers.waiting.SAID_AFTER_SECONDS", 0.1)
    provider, said = Scripted(), []
    provider.seconds = 1.0
    hog = Session(provider, "scripted")
    busy = threading.Thread(target=hog.ask_all, args=([request(), request()],))
    busy.start()
    assert wait_for(lambda: len(provider.asked) == 2)

    Session(provider, "scripted", rank=5, say=lambda *told: said.append(told)).ask(request())

    busy.join(20)
    assert said == [("1st in line for the model", "queued"), ("The model is at work", "running")]


def test_a_stage_that_is_stopped_in_line_asks_nothing_and_leaks_nothing(narrow: None) -> None:
    provider = Scripted()
    provider.seconds = 1.0
    busy = threading.Thread(target=Session(provider, "scripted").ask_all, args=([request(), request()],))
    busy.start()
    assert wait_for(lambda: len(provider.asked) == 2)
    ends = time.monotonic() + 0.3

    def check() -> None:
        if time.monotonic() > ends:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Session(provider, "scripted", check=check).ask_all([request(), request(), request()])

    busy.join(20)
    assert Session(provider, "scripted").ask(request(timeout=20)).text
    assert len(provider.asked) == 3


# --- The bucket ---


@pytest.fixture
def limited(settings: Any) -> Iterator[redis.Redis]:
    settings.PER_MINUTE = {**settings.PER_MINUTE, "scripted": 240}  # four a second, and sixty at once
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.delete("copydesk:per-minute:scripted")
    yield client
    client.delete("copydesk:per-minute:scripted")


def test_many_threads_together_keep_to_the_limit_and_none_waits_longer_than_its_turn(limited: redis.Redis) -> None:
    waits: list[float] = []
    stop = threading.Event()
    stop.wait = lambda seconds=None: waits.append(seconds or 0.0) or False  # type: ignore[method-assign,func-returns-value]

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: bucket.wait("scripted", stop, deaf), range(100)))

    assert sum(wait == 0 for wait in waits) >= 60
    late = sorted(wait for wait in waits if wait)
    assert late[-1] == pytest.approx(len(late) / 4, abs=2)  # the fortieth after the burst waits ten seconds
    assert len({round(wait, 2) for wait in late}) == len(late)  # no two have the same turn


def test_the_wait_for_a_limit_is_said_and_ends_when_the_stage_does(limited: redis.Redis, settings: Any) -> None:
    settings.PER_MINUTE["scripted"] = 4  # one at once, then one in 15 s
    provider, said = Scripted(), []
    Session(provider, "scripted").ask(request())
    began = time.monotonic()

    def check() -> None:
        if said:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Session(provider, "scripted", check=check, say=lambda *told: said.append(told)).ask(request())

    assert said == [("Waiting for scripted's limit, 15 s", "queued")]
    assert time.monotonic() - began < 10
    assert len(provider.asked) == 1
    # Its turn was given back: the next waits no longer than it would have.
    assert wait_for(lambda: float(limited.hget("copydesk:per-minute:scripted", "tokens") or -1) > -0.5)


def test_without_redis_calls_go_through_and_one_line_says_so(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PER_MINUTE, settings.REDIS_URL = {"scripted": 1}, "redis://127.0.0.1:9/0"
    lines: list[str] = []
    monkeypatch.setattr(bucket, "_missed", set())
    monkeypatch.setattr(bucket.log, "warning", lambda event, **more: lines.append(event), raising=False)

    answers = Session(Scripted(), "scripted").ask_all([request(seed=n) for n in range(3)])

    assert all(isinstance(answer, Reply) for answer in answers)
    assert lines == ["calls are not counted"]


def test_the_stopwatch_counts_time_with_anyone_inside_once() -> None:
    watch = Stopwatch()
    with watch, watch:
        time.sleep(0.05)
    time.sleep(0.05)

    assert 0.04 < watch.seconds < 0.09


# --- Names and prices ---


def test_a_name_says_its_provider_or_belongs_to_the_default_one(settings: Any) -> None:
    settings.PROVIDER, settings.MODEL = "ollama", "anthropic/claude-sonnet-5-5"

    assert providers.resolve("openai/gpt-6-sol") == ("openai", "gpt-6-sol")
    assert providers.resolve("hf.co/someone/model:q4") == ("ollama", "hf.co/someone/model:q4")
    assert providers.resolve("openai/") == ("ollama", "openai/")
    assert providers.resolve("") == ("anthropic", "claude-sonnet-5-5")
    assert providers.called("openai", "gpt-6-sol") == "openai/gpt-6-sol"
    assert providers.called("ollama", "llama3.1:8b") == "llama3.1:8b"
    assert providers.called("ollama", "openai/gpt") == "ollama/openai/gpt"


def test_only_what_is_set_up_is_offered(settings: Any) -> None:
    settings.PROVIDER, settings.OLLAMA_HOST, settings.STARTER_URL = "ollama", "", ""
    settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL, settings.ANTHROPIC_API_KEY = "", "", "sk-ant-test"

    assert providers.available() == ["ollama", "anthropic"]


def test_what_a_call_costs_is_known_to_the_cent_or_not_at_all(settings: Any) -> None:
    settings.OPENAI_BASE_URL = ""

    assert catalogue.cost(1_000_000, 100_000, "openai/gpt-6-sol") == Decimal("3")
    assert catalogue.cost(1000, 1000, "gpt-6-sol-2026-09-22", "openai") == Decimal("0.012")
    assert catalogue.cost(1000, 1000, "claude-haiku-4-5-20251001", "anthropic") == Decimal("0.006")
    assert catalogue.cost(1000, 1000, "gpt-6-cyber", "openai") is None
    assert catalogue.cost(1000, 1000, "llama3.1:8b", "ollama") == 0
    settings.OPENAI_BASE_URL = "http://127.0.0.1:8000/v1"
    assert catalogue.price("openai/gpt-6-sol") is None


def test_every_price_has_a_provider_a_context_and_costs_more_to_write_than_to_read() -> None:
    for name, listed in catalogue.prices().items():
        assert name.partition("/")[0] in providers.NAMES
        assert listed.context >= 100_000
        assert 0 < listed.price.input < listed.price.output


def test_a_session_adds_up_what_its_answers_cost_and_never_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pipeline.providers.session.cost", lambda i, o, model, name: Decimal(o) / 100 if o < 50 else None
    )
    provider = Scripted()
    provider.script = lambda asked: "word " * (asked.seed or 0)
    session = Session(provider, "scripted")

    replies = session.ask_all([request(seed=8), request(seed=16)])
    assert isinstance(replies[0], Reply)
    session.take(request(seed=8), replies[0], instead_of=1)

    assert session.cost == Decimal("0.30")
    assert session.record()["cost"] == 0.30
    assert session.record()["calls"][0]["cost"] == 0.10
    session.ask(request(seed=80))
    assert session.cost is None
    assert session.record()["cost"] is None
    assert session.record()["calls"][1]["cost"] is None


# --- The scripted model fails in every way ---


@pytest.mark.parametrize(
    "turn",
    [
        Turn(error=ExternalError("Busy.", retryable=True, retry_after=0.01)),
        Turn("A whole answer.", cut_after=4),
        Turn("A whole answer.", cut_after=4, error=ExternalError("Broke off.", retryable=True)),
        Turn(hangs=True),
    ],
)
def test_a_call_survives_a_fault_of_any_kind(turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.providers.calling.backoff", lambda state: 0.01)
    provider, heard = Scripted(), []
    turns = iter([turn, turn])
    provider.script = lambda asked: next(turns, Turn("All is well."))

    reply = Session(provider, "scripted").ask(request(timeout=0.3), on_text=heard.append)

    assert reply.text == heard[-1] == "All is well."
    assert len(provider.asked) == 3


# --- Embeddings ---


def test_texts_become_vectors_as_ollama_gives_them(settings: Any) -> None:
    def script(asked: Asked) -> Said:
        return refused(200, {"model": "nomic-embed-text", "embeddings": [[0.6, 0.8], [1.0, 0.0]], "total_duration": 14})

    with opened(script) as door:
        settings.OLLAMA_HOST, settings.EMBEDDER = door.address, "nomic-embed-text"

        assert embedding.embed(["tea", "coffee"]) == [[0.6, 0.8], [1.0, 0.0]]
        assert door.asked[0].path == "/api/embed"
        assert (door.last["model"], door.last["input"]) == ("nomic-embed-text", ["tea", "coffee"])


def test_without_an_embedder_there_are_no_vectors(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMBEDDER = ""
    assert embedding.embed(["tea"]) is None

    settings.EMBEDDER, settings.OLLAMA_HOST = "nomic-embed-text", "http://127.0.0.1:9"
    assert embedding.embed(["tea"]) is None
    with opened(lambda asked: refused(404, {"error": 'model "nomic-embed-text" not found'})) as door:
        settings.OLLAMA_HOST = door.address
        assert embedding.embed(["tea"]) is None
