"""What every platform promises, asked of each one there is, and of one that a single new file brings."""

from __future__ import annotations

import json
from collections.abc import Iterator

import make
import pytest
from recipes import dropped_in

from content import checks, platforms
from content.platforms.base import Ask, Platform
from content.views.measuring import PLAIN, Measured

NEW = "tiktok"


@pytest.fixture(params=[*sorted(platforms.ALL), NEW])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    if request.param != NEW:
        yield platforms.get(request.param)
        return
    with dropped_in():
        yield platforms.get(NEW)


# Those that a model writes as one reply.
written = pytest.mark.parametrize(
    "platform", [*(slug for slug in sorted(platforms.ALL) if platforms.get(slug).Reply), NEW], indirect=True
)


def filled(platform: Platform) -> str:
    """The body of a reply in which every field says something."""
    assert platform.Reply is not None
    given = {}
    for name, field in platform.Reply.model_json_schema()["properties"].items():
        if field["type"] == "array":
            given[name] = [f"The {n} kettle boiled." for n in ("first", "second", "third")][: field.get("maxItems", 3)]
        else:
            given[name] = "It boiled for a minute."
    return platform.assemble(platform.Reply.model_validate(given))


def test_it_says_who_it_is(platform: Platform) -> None:
    assert platforms.ALL[platform.slug] is platform
    assert all((platform.name, platform.icon, platform.guidance, platform.default_word_count > 0))


def test_its_metadata_is_json_with_a_count_and_what_a_list_says(platform: Platform) -> None:
    kept = platform.metadata("A title", make.BODY)
    assert json.loads(json.dumps(kept)) == kept
    assert isinstance(kept["word_count"], int)
    assert kept["says"]


def test_its_look_is_json(platform: Platform) -> None:
    assert json.loads(json.dumps(platform.look("A title", make.BODY))) == platform.look("A title", make.BODY)


def test_its_faults_are_sentences(platform: Platform) -> None:
    faults = platform.faults("", "", Ask(platform=platform.slug, word_count=600, strict=True, keyword="kettle"))

    assert faults
    assert all(not fault[0].islower() and fault.endswith((".", "”")) for fault in faults)


def test_a_text_that_breaks_a_rule_does_not_pass(platform: Platform) -> None:
    ask = Ask(platform=platform.slug)
    for text in ("", "One.", "word " * 4000, "Yes. " + " ".join(f"#tag{n}" for n in range(30))):
        broken = [measure for measure in platform.measures("T", text, ask) if measure.hard and not measure.keeps]
        faults = platform.faults("T", text, ask)
        report = checks.run("T", text, ask)
        assert len(broken) <= len(faults)
        assert not (faults and report.passed)


@written
def test_a_reply_is_a_schema_that_every_provider_takes(platform: Platform) -> None:
    assert platform.Reply is not None
    schema = platform.Reply.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["required"] == list(schema["properties"])
    assert all(field["description"] for field in schema["properties"].values())
    assert not {"$ref", "anyOf", "pattern", "format", "default"} & set(json.dumps(schema).replace('"', " ").split())


@written
def test_its_beats_fill_its_reply(platform: Platform) -> None:
    assert platform.Reply is not None
    assert {beat.field for beat in platform.beats} <= set(platform.Reply.model_fields)


@written
def test_what_is_assembled_is_tidy_and_says_all(platform: Platform) -> None:
    body = filled(platform)
    assert platform.tidy(body) == body
    assert "boiled for a minute." in platform.plain(body) or "kettle boiled." in platform.plain(body)
    assert platform.copies("T", body)[0].text


@pytest.mark.parametrize("text", ["", "\x00", "#" * 5000, "[" * 5000, "日本語。" * 50, "👩‍👩‍👧" * 200, "> " * 3000])
def test_no_text_makes_it_or_a_check_stumble(platform: Platform, text: str) -> None:
    ask = Ask(platform=platform.slug, word_count=600)

    platform.faults(text, text, ask)
    platform.metadata(text, text)
    platform.look(text, text)
    platform.copies(text, platform.tidy(text))
    report = checks.run(text, text, ask)

    assert 0 <= report.score <= 10
    assert checks.Report.from_dict(json.loads(json.dumps(report.as_dict()))) == report


@pytest.mark.django_db
def test_a_piece_on_a_platform_of_one_file_is_measured_and_shown() -> None:
    with dropped_in():
        piece = make.social(NEW, body="Most people boil twice what they drink.\n\nFill one cup, and time it.")
        measured = Measured(piece, piece.title, piece.current.body)

        assert piece.current.says == "5 s spoken"
        assert measured.template == PLAIN
        assert measured.faults == ["The clip has 5.2 of at least 10 seconds. Add 4.8."]
        assert not piece.current.checks.passed


def test_a_platform_that_is_taken_away_is_gone() -> None:
    with dropped_in():
        assert NEW in platforms.ALL
    assert NEW not in platforms.ALL


def test_a_platform_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="fax"):
        platforms.get("fax")
