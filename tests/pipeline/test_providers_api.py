"""The list of models over HTTP, and what the scripted one answers when nobody tells it what to say."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import make
import pytest
from caller import api
from django.utils import timezone
from vendors.door import Door
from vendors.fixtures import anthropic

from content import platforms
from content.platforms.base import Ask
from pipeline.models import Stage, StageStatus
from pipeline.providers.base import Request
from pipeline.providers.filler import filler
from pipeline.providers.scripted import Scripted

__all__ = ["anthropic"]

pytestmark = pytest.mark.django_db


def fill(schema: dict[str, Any], seed: int = 1) -> Any:
    messages = [{"role": "user", "content": "Write."}]
    return json.loads(filler(Request(model="scripted", messages=messages, schema=schema, seed=seed)))


def test_each_model_comes_with_its_price_and_the_speed_seen_here(scripted: Scripted, anthropic: Door) -> None:
    task = make.task(model="scripted")
    Stage.objects.filter(task=task).update(
        status=StageStatus.DONE, tokens_out=300, model_seconds=6, finished_at=timezone.now() - timedelta(hours=1)
    )

    lines = {line["name"]: line for line in api(make.creator()).get("/api/v1/models/").json()["results"]}

    own, hosted = lines["scripted"], lines["anthropic/claude-sonnet-5-5"]
    assert (own["price_in"], own["price_out"], own["tokens_per_second"], own["chosen"]) == (0, 0, 50, True)
    assert (hosted["price_in"], hosted["price_out"], hosted["context"]) == (2, 10, 1_000_000)
    assert (hosted["tokens_per_second"], hosted["chosen"], hosted["provider"]) == (None, False, "anthropic")


def test_a_provider_that_is_down_is_named_beside_the_others(scripted: Scripted, settings: Any) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"

    page = api(make.creator()).get("/api/v1/models/").json()

    assert "scripted" in {line["name"] for line in page["results"]}
    away = {line["provider"]: line["detail"] for line in page["unavailable"]}
    assert "cannot be reached" in away["openai"]


@pytest.mark.parametrize("slug", [slug for slug, platform in platforms.ALL.items() if platform.Reply])
def test_filler_is_a_valid_piece_on_every_platform(slug: str) -> None:
    platform = platforms.ALL[slug]
    assert platform.Reply

    for seed in range(200):
        reply = platform.Reply.model_validate(fill(platform.Reply.model_json_schema(), seed))
        body = platform.tidy(platform.assemble(reply))
        assert platform.faults("A title", body, Ask(platform=slug)) == []


def test_filler_has_as_many_ideas_as_are_wanted_and_no_two_titles_alike() -> None:
    idea = {"type": "object", "properties": {"title": {"type": "string", "minLength": 8, "maxLength": 80}}}
    schema = {"type": "object", "properties": {"ideas": {"type": "array", "items": idea, "minItems": 10}}}

    titles = [one["title"] for seed in range(30) for one in fill(schema, seed)["ideas"]]

    assert len(titles) == 300
    assert len(set(titles)) >= 299


@pytest.mark.parametrize(
    "pattern", ["^[A-Z][a-z ]{5,60}[.]$", r"^\d{4}-\d{2}$", "^(yes|no)$", "^[^#]+$", r"^Use (a|the) \w{3,}!$"]
)
def test_filler_keeps_to_a_pattern(pattern: str) -> None:
    assert re.search(pattern, fill({"type": "string", "pattern": pattern}))


def test_filler_keeps_to_lengths_counts_and_choices() -> None:
    schema = {
        "type": "object",
        "properties": {
            "short": {"type": "string", "maxLength": 12},
            "long": {"type": "string", "minLength": 900, "maxLength": 1000},
            "kind": {"enum": ["a", "b"]},
            "always": {"const": 7},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "integer", "minimum": 4}]},
            "list": {"type": "array", "items": {"type": "string"}, "minItems": 5, "maxItems": 5},
        },
    }

    made = fill(schema)

    assert len(made["short"]) <= 12
    assert 900 <= len(made["long"]) <= 1000
    assert made["kind"] in {"a", "b"}
    assert (made["always"], made["maybe"], len(set(made["list"]))) == (7, 4, 5)
