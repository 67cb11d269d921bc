"""What every test has: a clean database and queue, and the scripted provider at the models' door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import clearing
import pytest
from starter_fixture import starter_url
from tiny_sdxl import tiny_sdxl

from pipeline import providers, queue
from pipeline.providers.scripted import Scripted

__all__ = ["starter_url", "tiny_sdxl"]

clearing.install()


# The longest first: of the processes that share the tests, none is left alone with one of these at the end.
LONG = ["test_first_light.py", "test_kill.py", "test_up.py", "test_starter.py", "test_sdxl.py", "test_piece_page.py"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(autouse=True)
def _no_old_tickets(request: pytest.FixtureRequest) -> None:
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        queue.clear()


@pytest.fixture
def scripted(settings: Any) -> Iterator[Scripted]:
    """New tasks go to the scripted provider; tell it what to say with `scripted.script = function of a request`."""
    settings.PROVIDER, settings.MODEL = "scripted", "scripted"
    provider = providers.get("scripted")
    assert isinstance(provider, Scripted)
    yield provider
    provider.script, provider.seconds = None, 0.0
    provider.asked.clear()


@pytest.fixture
def starter(starter_url: str, settings: Any) -> str:
    """New tasks go to the starter model; its address."""
    settings.OLLAMA_HOST, settings.STARTER_URL = "", starter_url
    settings.PROVIDER, settings.MODEL = "ollama", "smollm2:135m"
    return starter_url


@pytest.fixture(autouse=True)
def _own_files(tmp_path: Path, settings: Any) -> None:
    """Pictures of a test land in its own folder."""
    places = {
        alias: {**place, "OPTIONS": {**place["OPTIONS"], "location": tmp_path / alias}}
        for alias, place in settings.STORAGES.items()
        if "location" in place.get("OPTIONS", {})
    }
    settings.STORAGES = {**settings.STORAGES, **places}
    settings.MEDIA_ROOT = tmp_path / "public"
