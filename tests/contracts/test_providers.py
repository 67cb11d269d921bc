"""What every model provider promises, asked of each one there is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from vendors.fixtures import anthropic, openai

from content.errors import ExternalError, Invalid
from pipeline import providers
from pipeline.providers.base import Provider, Request

__all__ = ["anthropic", "openai"]

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string", "pattern": "^[A-Z][a-z ]{5,60}[.]$"}},
    "required": ["text"],
    "additionalProperties": False,
}


@pytest.fixture(params=providers.NAMES)
def provider(request: pytest.FixtureRequest) -> Provider:
    """Each provider with something behind it: the starter model speaks for Ollama, a door on loopback for a vendor."""
    request.getfixturevalue({"ollama": "starter"}.get(request.param, request.param))
    return providers.get(request.param)


def ask(provider: Provider, **changes: Any) -> Request:
    model = provider.models()[0].name
    messages = [{"role": "user", "content": "Write one sentence about tea."}]
    return Request(**{"model": model, "messages": messages, "max_tokens": 60, "seed": 7, **changes})


def test_an_answer_comes_in_chunks_and_ends_with_the_whole(provider: Provider) -> None:
    *chunks, last = list(provider.stream(ask(provider)))

    assert last.reply is not None
    assert "".join(chunk.text for chunk in chunks) == last.reply.text
    assert last.reply.text.strip()
    assert (last.reply.provider, last.reply.digest != "") == (provider.name, True)
    assert last.reply.tokens_in > 0
    assert last.reply.tokens_out > 0
    assert last.reply.seconds >= 0


def test_a_schema_binds_the_answer(provider: Provider) -> None:
    *_, last = provider.stream(ask(provider, schema=SCHEMA, max_tokens=120))

    assert last.reply is not None
    assert set(json.loads(last.reply.text)) == {"text"}


def test_closing_the_stream_in_the_middle_is_quiet(provider: Provider) -> None:
    stream = provider.stream(ask(provider, max_tokens=400))
    next(stream)

    stream.close()  # type: ignore[attr-defined]

    assert list(stream) == []


def test_it_says_what_can_be_asked_for(provider: Provider) -> None:
    cards = provider.models()

    assert cards
    assert all(card.name and card.provider == provider.name for card in cards)


def test_what_it_offers_has_a_profile_and_a_name_that_finds_it_again(provider: Provider) -> None:
    for card in provider.models():
        name = providers.called(provider.name, card.name)

        assert providers.resolve(name) == (provider.name, card.name)
        assert card.context >= 2048


def test_it_is_known_whether_a_model_is_there(provider: Provider) -> None:
    offered = providers.called(provider.name, provider.models()[0].name)

    assert providers.offers(offered) is True
    assert providers.offers(f"{provider.name}/made-up") is False


def test_the_starter_writes_the_same_with_the_same_seed(starter: str) -> None:
    ollama = providers.get("ollama")
    texts = set()
    for _ in range(2):
        *_, last = ollama.stream(ask(ollama, schema=SCHEMA))
        assert last.reply
        texts.add(last.reply.text)

    assert len(texts) == 1


def test_a_missing_model_is_a_refusal_that_says_what_to_do(starter: str) -> None:
    with pytest.raises(ExternalError, match="ollama pull nonesuch") as refusal:
        list(providers.get("ollama").stream(ask(providers.get("ollama"), model="nonesuch")))

    assert not refusal.value.retryable


def test_no_model_at_the_address_is_worth_another_try(settings: Any) -> None:
    settings.OLLAMA_HOST = "http://127.0.0.1:9"

    with pytest.raises(ExternalError, match="No model answers") as refusal:
        list(
            providers.get("ollama").stream(Request(model="any:latest", messages=[{"role": "user", "content": "Hello"}]))
        )

    assert refusal.value.retryable


@pytest.mark.parametrize("name", ["nonesuch", "base", "session", "hosted", "../secrets", "os.path", ""])
def test_a_provider_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        providers.get(name)
