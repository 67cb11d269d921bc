"""What every platform promises, asked of each one there is."""

from __future__ import annotations

import json

import make
import pytest

from content import checks, platforms
from content.platforms.base import Ask, Platform


@pytest.fixture(params=sorted(platforms.ALL))
def platform(request: pytest.FixtureRequest) -> Platform:
    return platforms.get(request.param)


def test_it_says_who_it_is(platform: Platform) -> None:
    assert platforms.ALL[platform.slug] is platform
    assert all((platform.name, platform.icon, platform.guidance, platform.default_word_count > 0))


def test_its_metadata_is_json(platform: Platform) -> None:
    assert json.loads(json.dumps(platform.metadata("A title", make.BODY)))


def test_its_faults_are_sentences(platform: Platform) -> None:
    faults = platform.faults("", "", Ask(platform=platform.slug, word_count=600, strict=True, keyword="kettle"))

    assert faults
    assert all(not fault[0].islower() and fault.endswith((".", "”")) for fault in faults)


@pytest.mark.parametrize("text", ["", "\x00", "#" * 5000, "[" * 5000, "日本語。" * 50, "👩‍👩‍👧" * 200, "> " * 3000])
def test_no_text_makes_it_or_a_check_stumble(platform: Platform, text: str) -> None:
    ask = Ask(platform=platform.slug, word_count=600)

    platform.faults(text, text, ask)
    platform.metadata(text, text)
    report = checks.run(text, text, ask)

    assert 0 <= report.score <= 10
    assert checks.Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report


def test_a_platform_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="fax"):
        platforms.get("fax")
