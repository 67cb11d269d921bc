"""The hosted providers with their real SDKs, at doors that answer in every way that a vendor can."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from vendors import anthropic_door, openai_door
from vendors.door import Asked, Door, Said, opened, refused, wait_for
from vendors.fixtures import anthropic, openai

from content.errors import ExternalError
from pipeline import providers
from pipeline.providers import hosted
from pipeline.providers.base import Declined, Reply, Request

__all__ = ["anthropic", "openai"]

SCHEMA = {
    "type": "object",
    "title": "Note",
    "properties": {
        "text": {"type": "string", "minLength": 5, "maxLength": 60, "title": "Text"},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}, "default": []},
    },
    "required": ["text"],
    "$defs": {"Tag": {"type": "object", "properties": {"word": {"type": "string"}}}},
}
HOSTED = pytest.mark.parametrize("name", ["openai", "anthropic"])
DOORS: dict[str, Any] = {"openai": openai_door, "anthropic": anthropic_door}
MODELS = {"openai": "gpt-6-sol", "anthropic": "claude-sonnet-5-5"}


@pytest.fixture(autouse=True)
def _nothing_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted, "_unfit", {})


@pytest.fixture
def door(request: pytest.FixtureRequest, name: str) -> Door:
    found: Door = request.getfixturevalue(name)
    return found


def ask(name: str, **changes: Any) -> Reply:
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is tea?"}]
    request = Request(**{"model": MODELS[name], "messages": messages, "seed": 7, "timeout": 20, **changes})
    *_, last = providers.get(name).stream(request)
    assert last.reply is not None
    return last.reply


def refusal(name: str, **changes: Any) -> ExternalError:
    with pytest.raises(ExternalError) as raised:
        ask(name, **changes)
    return raised.value


def failed(name: str, status: int, **headers: str) -> Said:
    """How this vendor words an error of that status."""
    if name == "openai":
        return openai_door.error(status, "Something about it.", **headers)
    kinds = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error"}
    return anthropic_door.error(status, kinds.get(status, "api_error"), "Something about it.", **headers)


# --- What is asked ---


def test_openai_is_asked_for_the_schema_itself_as_strict_mode_takes_it(openai: Door) -> None:
    openai.script = lambda asked: openai_door.written(['{"text": "Tea."}'])

    ask("openai", model="llama-3", schema=SCHEMA)

    shape = openai.last["response_format"]["json_schema"]
    assert (openai.last["response_format"]["type"], shape["strict"]) == ("json_schema", True)
    assert shape["schema"]["required"] == ["text", "tags"]
    assert shape["schema"]["additionalProperties"] is False
    assert shape["schema"]["$defs"]["Tag"]["required"] == ["word"]
    text = shape["schema"]["properties"]["text"]
    assert text == {"type": "string", "description": "At least 5 characters. At most 60 characters."}


def test_a_server_without_schemas_is_asked_for_json_with_the_schema_in_the_prompt(openai: Door) -> None:
    def script(asked: Asked) -> Said:
        if asked.body.get("response_format", {}).get("type") == "json_schema":
            return openai_door.error(400, "This response_format type is unavailable now")
        return openai_door.written(['{"text": "Tea."}'])

    openai.script = script

    assert ask("openai", model="llama-3", schema=SCHEMA).text == '{"text": "Tea."}'
    assert openai.last["response_format"] == {"type": "json_object"}
    assert '"maxLength": 60' in openai.last["messages"][-1]["content"]
    ask("openai", model="llama-3", schema=SCHEMA)
    assert len(openai.asked) == 3  # the second question knows already


def test_a_server_that_knows_no_json_at_all_is_asked_by_prompt_alone(openai: Door) -> None:
    def script(asked: Asked) -> Said:
        if "response_format" in asked.body:
            return openai_door.error(422, "Extra inputs are not permitted: response_format")
        return openai_door.written(['{"text": "Tea."}'])

    openai.script = script

    assert ask("openai", model="llama-3", schema=SCHEMA).text == '{"text": "Tea."}'


def test_what_a_model_does_not_take_is_left_out_and_remembered(openai: Door) -> None:
    def script(asked: Asked) -> Said:
        for name in ("temperature", "max_tokens"):
            if name in asked.body:
                return openai_door.error(
                    400, f"Unsupported parameter: '{name}'.", param=name, code="unsupported_parameter"
                )
        return openai_door.written(["Tea."])

    openai.script = script

    assert ask("openai", model="house-model").text == "Tea."
    assert "max_completion_tokens" in openai.last
    ask("openai", model="house-model")
    assert len(openai.asked) == 4


def test_a_request_that_is_refused_for_what_it_says_is_not_asked_again(openai: Door) -> None:
    openai.script = lambda asked: openai_door.error(400, "This model's maximum context length is 8192 tokens.")

    fault = refusal("openai", model="llama-3")

    assert "maximum context length is 8192" in str(fault)
    assert (fault.retryable, len(openai.asked)) == (False, 1)


def test_openais_thinking_models_get_room_to_think_and_no_temperature(openai: Door, settings: Any) -> None:
    ask("openai", model="gpt-6-sol", max_tokens=500)

    assert not {"temperature", "seed"} & openai.last.keys()
    assert (openai.last["max_tokens"], openai.last["reasoning_effort"]) == (4500, "low")


def test_anthropic_is_asked_as_its_messages_api_documents(anthropic: Door) -> None:
    reply = ask("anthropic", schema=SCHEMA, max_tokens=500)

    assert anthropic.asked[-1].headers["authorization"] == "Bearer sk-ant-test-1234567890"
    assert anthropic.last["system"] == "Be brief."
    assert anthropic.last["messages"] == [{"role": "user", "content": "What is tea?"}]
    assert anthropic.last["max_tokens"] == 4500
    assert anthropic.last["output_config"]["effort"] == "low"
    assert anthropic.last["output_config"]["format"]["type"] == "json_schema"
    assert anthropic.last["output_config"]["format"]["schema"]["additionalProperties"] is False
    assert not {"temperature", "seed"} & anthropic.last.keys()
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ('{"text": "A kettle on a stove."}', 25, 15)


def test_an_older_claude_gets_a_temperature_and_the_schema_by_prompt(anthropic: Door) -> None:
    def script(asked: Asked) -> Said:
        if "output_config" in asked.body:
            said = "output_config: Extra inputs are not permitted"
            return anthropic_door.error(400, "invalid_request_error", said)
        return anthropic_door.written(['{"text": "Tea."}'])

    anthropic.script = script

    assert ask("anthropic", model="claude-opus-4-6", schema=SCHEMA).text == '{"text": "Tea."}'
    assert anthropic.last["temperature"] == 0.7
    assert "JSON Schema" in anthropic.last["messages"][-1]["content"]


# --- What goes wrong ---


@HOSTED
def test_a_key_that_is_not_taken_says_which_and_is_never_shown(name: str, door: Door) -> None:
    door.script = lambda asked: failed(name, 401)

    fault = refusal(name)

    assert f"Correct {name.upper()}_API_KEY" in str(fault)
    assert "sk-" not in str(fault)
    assert not fault.retryable


@HOSTED
@pytest.mark.parametrize(("status", "says"), [(403, "may not use"), (404, "does not have the model")])
def test_a_model_that_is_not_for_us_is_not_worth_another_try(name: str, status: int, says: str, door: Door) -> None:
    door.script = lambda asked: failed(name, status)

    fault = refusal(name)

    assert says in str(fault)
    assert MODELS[name] in str(fault)
    assert not fault.retryable


@HOSTED
@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_what_may_pass_is_worth_another_try_and_the_sdk_makes_none(name: str, status: int, door: Door) -> None:
    door.script = lambda asked: failed(name, status)

    assert refusal(name).retryable
    assert len(door.asked) == 1


@HOSTED
def test_the_wait_that_a_vendor_asks_for_is_passed_on(name: str, door: Door) -> None:
    door.script = lambda asked: failed(name, 429, Retry_After="7")

    assert refusal(name).retry_after == 7


def test_the_wait_may_be_a_date_or_milliseconds_and_is_a_minute_at_most() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)

    assert hosted.retry_after({"retry-after": soon}) == pytest.approx(20, abs=2)
    assert hosted.retry_after({"retry-after-ms": "1500"}) == 1.5
    assert hosted.retry_after({"retry-after": "86400"}) == 60
    assert hosted.retry_after({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}) == 0
    assert hosted.retry_after({"retry-after": "later"}) is None
    assert hosted.retry_after({"retry-after": "nan"}) is None
    assert hosted.retry_after({}) is None


def test_no_credit_is_not_a_limit_that_passes(openai: Door, anthropic: Door) -> None:
    openai.script = lambda asked: openai_door.error(
        429, "You exceeded your current quota.", kind="insufficient_quota", code="insufficient_quota"
    )
    anthropic.script = lambda asked: anthropic_door.error(
        400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."
    )

    for name in MODELS:
        fault = refusal(name)
        assert "no credit" in str(fault)
        assert not fault.retryable


@HOSTED
def test_an_answer_that_is_cut_off_is_worth_another_try(name: str, door: Door) -> None:
    whole = DOORS[name].written(["Tea ", "is ", "a leaf."])
    for kept in (1, 3):
        door.script = lambda asked, kept=kept: Said(whole.pieces[:kept], breaks=True)  # type: ignore[misc]
        assert refusal(name).retryable
        door.script = lambda asked, kept=kept: Said(whole.pieces[:kept])  # type: ignore[misc]
        assert "in the middle" in str(refusal(name))


@HOSTED
@pytest.mark.parametrize(
    "garbage", [b"data: {not json\n\n", b"event: x\ndata: \xff\xfe\n\n", b"<html>busy</html>", b""]
)
def test_garbage_is_an_error_and_no_bug(name: str, garbage: bytes, door: Door) -> None:
    named = b"event: message_start\n" if garbage.startswith(b"data") else b""
    door.script = lambda asked: Said([named + garbage])

    assert refusal(name).retryable


@HOSTED
def test_a_silent_model_is_given_up_after_the_attempts_time(name: str, door: Door) -> None:
    door.script = lambda asked: Said(DOORS[name].written(["Tea."]).pieces, pause=30)
    began = time.monotonic()

    fault = refusal(name, timeout=1)

    assert "too long" in str(fault)
    assert fault.retryable
    assert time.monotonic() - began < 15


def test_nobody_at_the_address_is_worth_another_try(settings: Any) -> None:
    settings.OPENAI_BASE_URL, settings.ANTHROPIC_BASE_URL = "http://127.0.0.1:9/v1", "http://127.0.0.1:9"
    settings.ANTHROPIC_API_KEY = "sk-ant-test"

    for name in MODELS:
        fault = refusal(name)
        assert "cannot be reached" in str(fault)
        assert fault.retryable


def test_an_error_in_the_middle_of_a_stream_says_what_it_was(openai: Door, anthropic: Door) -> None:
    opening = openai_door.written(["Tea "]).pieces[:2]
    broken = openai_door.event({"error": {"message": "The server had an error", "type": "server_error", "code": None}})
    openai.script = lambda asked: Said([*opening, broken])
    overload = anthropic_door.event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    anthropic.script = lambda asked: Said([anthropic_door.start(), overload])

    assert "The server had an error" in str(refusal("openai"))
    fault = refusal("anthropic")
    assert "overloaded" in str(fault)
    assert fault.retryable


def test_who_declines_is_not_asked_again(openai: Door, anthropic: Door) -> None:
    anthropic.script = lambda asked: anthropic_door.written([], reason="refusal")
    answers: list[Callable[[], Said]] = [
        lambda: openai_door.declined("I can't help with that."),
        lambda: openai_door.written(["Tea"], finish="content_filter"),
    ]
    for answer in answers:
        openai.script = lambda asked, answer=answer: answer()  # type: ignore[misc]
        assert isinstance(refusal("openai"), Declined)

    assert isinstance(refusal("anthropic"), Declined)


def test_an_answer_that_hits_the_cap_is_marked_as_cut(openai: Door, anthropic: Door) -> None:
    openai.script = lambda asked: openai_door.written(["Tea is"], finish="length")
    anthropic.script = lambda asked: anthropic_door.written(["Tea is"], reason="max_tokens")

    assert all(ask(name).cut for name in MODELS)


def test_a_server_that_counts_nothing_is_counted_for(openai: Door) -> None:
    openai.script = lambda asked: openai_door.written(["Tea is a leaf that one pours water on."], usage=False)

    reply = ask("openai")

    assert (reply.tokens_in, reply.tokens_out) == (5, 9)


@HOSTED
def test_closing_the_iterator_hangs_up(name: str, door: Door) -> None:
    door.script = lambda asked: DOORS[name].written(["word " * 400] * 400, pause=0.02)
    request = Request(model=MODELS[name], messages=[{"role": "user", "content": "Much"}], timeout=20)
    stream = providers.get(name).stream(request)
    next(stream)

    stream.close()  # type: ignore[attr-defined]

    assert wait_for(door.left.is_set)


# --- What it takes ---


def test_without_a_key_it_says_which_one_is_missing(settings: Any) -> None:
    settings.OPENAI_API_KEY = settings.OPENAI_BASE_URL = settings.ANTHROPIC_API_KEY = ""

    assert "Set OPENAI_API_KEY" in str(refusal("openai"))
    assert "Set ANTHROPIC_API_KEY" in str(refusal("anthropic"))


@HOSTED
def test_without_its_package_it_says_what_installs_it(name: str, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)

    fault = refusal(name)

    assert "make hosted" in str(fault)
    assert not fault.retryable


def test_no_sdk_is_loaded_before_it_is_asked() -> None:
    code = (
        "import sys, django; django.setup()\n"
        "from pipeline import providers, worker\n"
        "from pipeline.providers.session import Session\n"
        "[providers.get(name).configured() for name in providers.NAMES]\n"
        "print([name for name in ('openai', 'anthropic', 'httpx2') if name in sys.modules])"
    )
    run = [sys.executable, "-c", code]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}

    assert subprocess.run(run, capture_output=True, text=True, check=True, env=env).stdout.strip() == "[]"


def test_only_openais_models_that_write_are_offered(
    openai: Door, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "whisper-1" in {card.name for card in providers.get("openai").models()}  # a server's own business

    monkeypatch.setattr("pipeline.providers.openai.is_openais_own", lambda: True)

    assert [card.name for card in providers.get("openai").models()] == ["gpt-4o-mini", "gpt-6-sol"]


def test_one_provider_that_is_down_hides_no_other(anthropic: Door, settings: Any) -> None:
    settings.PROVIDER, settings.OPENAI_BASE_URL = "scripted", "http://127.0.0.1:9/v1"

    found = providers.models()

    assert [card.name for card in found.cards if card.provider != "ollama"] == [
        "scripted",
        "anthropic/claude-sonnet-5-5",
    ]
    assert "cannot be reached" in found.refusals["openai"]


# --- Ollama, at the same kind of door ---


@pytest.mark.parametrize("status", [429, 503])
def test_ollama_may_ask_for_a_wait_too(settings: Any, status: int) -> None:
    with opened(lambda asked: refused(status, {"error": "server busy"}, Retry_After="3")) as door:
        settings.OLLAMA_HOST = door.address
        fault = refusal_of_ollama()

    assert (fault.retryable, fault.retry_after) == (True, 3)


@pytest.mark.parametrize("line", [b"<html>", b"[]\n", b'{"message": 7}\n'])
def test_garbage_from_ollama_is_an_error_and_no_bug(settings: Any, line: bytes) -> None:
    tags = refused(200, {"models": []})
    with opened(lambda asked: tags if asked.path == "/api/tags" else Said([line])) as door:
        settings.OLLAMA_HOST = door.address
        assert refusal_of_ollama().retryable


def refusal_of_ollama() -> ExternalError:
    with pytest.raises(ExternalError) as raised:
        list(
            providers.get("ollama").stream(Request(model="llama3.1:8b", messages=[{"role": "user", "content": "Tea?"}]))
        )
    return raised.value
