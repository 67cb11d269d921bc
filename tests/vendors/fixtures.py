"""Each hosted provider with a door of its own on loopback; `conftest.py` and the tests of providers take them from here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from . import anthropic_door, openai_door
from .door import Door, opened


@pytest.fixture
def openai(settings: Any) -> Iterator[Door]:
    """Speaks as OpenAI's own server does, at an address of its own."""
    with opened(openai_door.answering) as door:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = "sk-test-1234567890", f"{door.address}/v1"
        yield door


@pytest.fixture
def anthropic(settings: Any) -> Iterator[Door]:
    with opened(anthropic_door.answering) as door:
        settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL = "sk-ant-test-1234567890", door.address
        yield door
