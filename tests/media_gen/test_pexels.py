"""Photographs from Pexels, by its real protocol on a door of this machine."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from vendors import pexels_door
from vendors.door import Door, Said, opened
from vendors.pexels_door import found, photo

from content.errors import ExternalError
from media_gen import sources
from media_gen.sources.base import Made, Request
from media_gen.sources.pexels import ranking, searching

KEY = "563492ad6f91700001000001"
Search = Callable[[dict[str, str]], Said]


@pytest.fixture
def memory(settings: Any, request: pytest.FixtureRequest) -> None:
    """What is remembered together, empty and for this test alone."""
    place = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": request.node.name}
    settings.CACHES = {**settings.CACHES, "shared": place}


@pytest.fixture
def pexels(settings: Any, memory: None) -> Iterator[Callable[[Search], Door]]:
    """Pexels on this machine; a test says what a search finds."""
    script: list[Any] = []
    with opened(lambda asked: script[0](asked)) as door:
        settings.PEXELS_URL, settings.PEXELS_KEY = door.address, KEY
        settings.IMAGES_FROM_LOOPBACK, settings.IMAGE_HOSTS = True, ["127.0.0.1"]

        def finds(search: Search) -> Door:
            script[:] = [pexels_door.answering(search)]
            return door

        yield finds


def look(prompt: str = "a copper kettle on a stove", **fields: Any) -> list[Made]:
    return list(sources.get("pexels")(Request(title="Kettles", prompt=prompt, **fields)))


def searches(door: Door) -> list[dict[str, str]]:
    return [pexels_door.asked_for(asked) for asked in door.asked if asked.path.startswith("/v1/search")]


def three(door: Door) -> Said:
    at = door.address
    return found(
        [
            photo(11, "Brown rocks during golden hour", at=at),
            photo(22, "A copper kettle on an old stove", at=at),
            photo(33, "Kettle beside a window", at=at, photographer="Ana  Lund"),
        ]
    )


def refused(**fields: Any) -> ExternalError:
    with pytest.raises(ExternalError) as refusal:
        look(**fields)
    return refusal.value


# --- What is found ---


def test_the_photo_that_fits_best_comes_with_whose_it_is(pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    (made,) = look("a photo of a copper kettle on a stove, soft light, 4k")

    assert (made.alt, made.credit) == ("A copper kettle on an old stove", "Photo by Deden Dicky Ramdhani on Pexels")
    assert made.credit_url == "https://www.pexels.com/photo/brown-rocks-during-golden-hour-22/"
    assert (made.width, made.height, made.image[8:12]) == (940, 627, b"WEBP")
    assert made.provenance == {
        "source": "pexels",
        "seed": 0,
        "prompt": "a photo of a copper kettle on a stove, soft light, 4k",
        "query": "copper kettle stove light",
        "id": 22,
        "url": made.credit_url,
        "photographer": "Deden Dicky Ramdhani",
        "photographer_url": "https://www.pexels.com/@drdeden88",
        "licence": "https://www.pexels.com/license/",
    }


def test_pexels_is_asked_in_its_own_way_and_the_photo_without_the_key(pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    look()

    asked, fetched = door.asked
    assert asked.headers["authorization"] == KEY
    assert searches(door) == [{"query": "copper kettle stove", "orientation": "landscape", "per_page": "80"}]
    assert fetched.path.startswith("/photos/22/pexels-photo-22.jpeg?auto=compress&cs=tinysrgb&dpr=2")
    assert "authorization" not in fetched.headers


def test_the_seed_is_the_rank_of_the_first_photo(pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    assert [made.provenance["id"] for made in look(count=2)] == [22, 33]
    assert [(made.provenance["id"], made.provenance["seed"]) for made in look(seed=2, count=4)] == [(11, 2)]
    assert "Pexels has 3 photos for “copper kettle stove”" in refused(seed=3).message


def test_each_photo_is_a_step_and_may_be_the_last(pexels: Any) -> None:
    door = pexels(lambda query: three(door))
    steps: list[tuple[int, int]] = []

    class Cancelled(Exception):
        pass

    def at_step(step: int, of: int, at_once: int = 1) -> None:
        steps.append((step, of))
        if step == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(sources.get("pexels")(Request(title="x", prompt="kettle", count=3), at_step=at_step))
    assert steps == [(0, 3), (1, 3), (2, 3)]
    assert len(door.asked) == 3  # a search and two photos


@pytest.mark.parametrize(
    ("size", "orientation"), [((0, 0), "landscape"), ((600, 900), "portrait"), ((800, 800), "square")]
)
def test_the_shape_that_is_wanted_is_asked_for(size: tuple[int, int], orientation: str, pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    look(width=size[0], height=size[1])

    assert searches(door)[0]["orientation"] == orientation


def test_small_photos_are_left_out(pexels: Any) -> None:
    door = pexels(lambda query: found([photo(1, "Kettle", at=door.address, width=1100), photo(2, "", at=door.address)]))

    assert [made.provenance["id"] for made in look("kettle", count=4)] == [2]


def test_fewer_words_are_tried_when_all_of_them_find_nothing(pexels: Any) -> None:
    door = pexels(lambda query: three(door) if query["query"] == "copper" else found([]))

    (made,) = look()

    assert [asked["query"] for asked in searches(door)] == ["copper kettle stove", "copper kettle", "copper"]
    assert made.provenance["query"] == "copper"


def test_the_title_is_looked_for_where_there_is_no_prompt(pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    list(sources.get("pexels")(Request(title="Why your kettle’s thermostat fails first")))

    assert searches(door)[0]["query"] == "kettle thermostat fails first"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A cozy, well-lit reading corner in the style of a magazine", ["cozy", "well-lit", "reading", "corner", "magazine"]),
        ("10 Reasons Why You Should Know This", []),
        ("Kettle kettle KETTLE", ["kettle"]),
        ("Wärmepumpe im Altbau", ["wärmepumpe", "im", "altbau"]),
        ("", []),
    ],
)  # fmt: skip
def test_only_words_that_can_be_seen_are_looked_for(text: str, words: list[str]) -> None:
    assert ranking.keywords(text) == words


# --- A day's memory, and the limit ---


def test_the_same_search_within_a_day_costs_no_request(pexels: Any) -> None:
    door = pexels(lambda query: three(door))

    look(seed=0)
    look(seed=1)
    look("A copper kettle on the stove!")
    look(width=600, height=900)

    assert len(searches(door)) == 2


def test_it_works_with_the_redis_of_this_installation_and_without_one(pexels: Any, settings: Any) -> None:
    door = pexels(lambda query: three(door))
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "KEY_PREFIX": door.address}
    settings.CACHES = {**settings.CACHES, "shared": {**redis, "LOCATION": settings.REDIS_URL}}
    look(), look()
    assert len(searches(door)) == 1

    settings.CACHES = {**settings.CACHES, "shared": {**redis, "LOCATION": "redis://127.0.0.1:9/0"}}
    look(), look()
    assert len(searches(door)) == 3


def test_after_the_last_answer_of_the_hour_pexels_is_left_alone(pexels: Any) -> None:
    door = pexels(lambda query: pexels_door.last_of_the_hour(three_photos(door)))

    assert look()  # what came is good
    refusal = refused(prompt="a window")
    look(seed=1)  # and what is remembered still is

    assert "its limit is reached" in refusal.message
    assert (refusal.retryable, 1700 < (refusal.retry_after or 0) <= 1800) == (False, True)
    assert len(searches(door)) == 1


def test_a_limit_that_ends_within_a_minute_is_waited_for(pexels: Any) -> None:
    door = pexels(lambda query: pexels_door.last_of_the_hour(three_photos(door), seconds=20))
    look()

    refusal = refused(prompt="a window")

    assert (refusal.retryable, 0 < (refusal.retry_after or 0) <= 20) == (True, True)


def test_one_request_too_many_is_remembered_too(pexels: Any) -> None:
    door = pexels(lambda query: pexels_door.too_often())

    first, second = refused(), refused()

    assert "its limit is reached" in first.message == second.message
    assert not first.retryable
    assert len(door.asked) == 1


def three_photos(door: Door) -> list[dict[str, Any]]:
    return list(json.loads(three(door).pieces[0])["photos"])


# --- What goes wrong ---


def test_without_a_key_nothing_is_asked(pexels: Any, settings: Any) -> None:
    door = pexels(lambda query: three(door))
    settings.PEXELS_KEY = ""

    assert refused().message == "Pexels needs a key: set COPYDESK_PEXELS_KEY and start again."
    assert (door.asked, sources.about("pexels").is_on()) == ([], False)


def test_a_wrong_key_is_said_to_be_wrong(pexels: Any, settings: Any) -> None:
    pexels(lambda query: found([]))
    settings.PEXELS_KEY = "wrong"

    refusal = refused()

    assert "does not take the key. Correct COPYDESK_PEXELS_KEY" in refusal.message
    assert not refusal.retryable


@pytest.mark.parametrize(
    ("said", "says", "retryable"),
    [
        (found([]), "Pexels has no large photo for “copper kettle stove”", False),
        (Said([b"<html>"], kind="text/html"), "no list of photos", True),
        (Said([b'{"photos": [{"id": "x"}]}'], kind="application/json"), "no list of photos", True),
        (Said([b'{"photos": null}'], kind="application/json"), "no list of photos", True),
        (Said([b'{"photos": ['], kind="application/json"), "no list of photos", True),
        (Said([b"{"], breaks=True, kind="application/json"), "cannot be reached", True),
        (Said(status=500), "out of order (500)", True),
        (Said(status=503), "out of order (503)", True),
        (Said(status=400), "refused the search (400)", False),
    ],
)
def test_whatever_pexels_answers_is_put_into_words(said: Said, says: str, retryable: bool, pexels: Any) -> None:
    pexels(lambda query: said)

    refusal = refused()

    assert says in refusal.message
    assert refusal.retryable is retryable


def test_a_pexels_that_is_slow_or_away_can_be_asked_again(
    pexels: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pexels(lambda query: found([]))
    monkeypatch.setattr(searching, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.PEXELS_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = refused()
    settings.PEXELS_URL = "http://127.0.0.1:9"
    away = refused()

    assert (slow.message, slow.retryable) == ("Pexels took longer than 0.2 s to answer.", True)
    assert (away.message, away.retryable) == ("Pexels cannot be reached.", True)


def test_a_prompt_without_a_word_to_look_for_says_so(pexels: Any) -> None:
    pexels(lambda query: found([]))

    with pytest.raises(ExternalError, match="Say in a few words"):
        list(sources.get("pexels")(Request(title="Why?", prompt="a photo of the")))


def test_a_photo_that_cannot_be_taken_is_passed_over(pexels: Any) -> None:
    elsewhere = {"large2x": "https://169.254.169.254/latest/meta-data"}
    door = pexels(
        lambda query: found([photo(1, "kettle", at=door.address, src=elsewhere), photo(2, "stove", at=door.address)])
    )

    assert [made.provenance["id"] for made in look("kettle stove", count=2)] == [2]


def test_when_no_photo_can_be_taken_the_reason_is_given(pexels: Any) -> None:
    elsewhere = {"large2x": "https://evil.example/kettle.jpg"}
    door = pexels(lambda query: found([photo(1, "kettle", at=door.address, src=elsewhere)]))

    assert "No photo from Pexels could be taken. Pictures may not be fetched from" in refused().message


def test_a_link_that_pexels_did_not_make_does_not_get_onto_a_page(pexels: Any) -> None:
    evil = {"url": "javascript:alert(1)", "photographer_url": "https://pexels.com.evil.example/", "alt": None}
    door = pexels(lambda query: found([photo(1, at=door.address, **evil, photographer="A\nB")]))

    (made,) = look("kettle")

    assert (made.credit, made.credit_url, made.alt) == ("Photo by A B on Pexels", "https://www.pexels.com/", "")
    assert made.provenance["photographer_url"] == "https://www.pexels.com/"
