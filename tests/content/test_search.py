"""Searching what is public: the best first, the words marked, and nothing that anybody types breaks it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import make
import pytest
from caller import api
from django.db import connection, transaction
from django.utils import timezone

from content.errors import CopydeskError, Invalid
from content.models import Post, Status
from content.services import fragments, publishing, search, snippets
from content.services.reading import Filters
from content.services.search import find

pytestmark = pytest.mark.django_db
SEARCH = "/api/v1/posts/search/"
NUMBERS = iter(range(10**6))


@pytest.fixture
def owner() -> Any:
    return make.creator()


@pytest.fixture
def write(owner: Any) -> Any:
    """Makes a live post of these words, without the desk’s road to it."""

    def written(title: str = "Plain", body: str = "Nothing here.", **fields: Any) -> Post:
        number = next(NUMBERS)
        piece = make.piece(status=Status.WRITING, owner=owner)
        now = timezone.now()
        post = Post(
            piece=piece,
            version_number=1,
            slug=f"post-{number}",
            title=title,
            body=body,
            **{
                "excerpt": "",
                "author": "Mara Lind",
                "reviewer": "Jon",
                "published_at": now,
                "updated_at": now,
                **fields,
            },
        )
        for name, value in fragments.of(post).items():
            setattr(post, name, value)
        post.save()
        return post

    return written


def titles(typed: str, **filters: Any) -> list[str]:
    return [hit.title for hit in find(typed, filters=Filters(**filters)).hits]


def test_words_are_found_in_any_of_their_forms(write: Any) -> None:
    write("Kettles", "We were insulating it with happiness.")

    for typed in ("kettle", "KETTLES", "insulation", "insulated kettle", "happy"):
        assert titles(typed) == ["Kettles"], typed
    assert titles("kettle bicycle") == []


def test_the_title_weighs_more_than_the_excerpt_and_that_more_than_the_body(write: Any) -> None:
    write("In the body", "A boiler, said the plumber. It is long enough to be a body.")
    write("In the excerpt", excerpt="A boiler")
    write("The boiler", published_at=timezone.now() - timedelta(days=900))

    assert titles("boiler") == ["The boiler", "In the excerpt", "In the body"]


def test_quotes_or_and_minus_mean_what_they_mean_elsewhere(write: Any) -> None:
    write("One", "A heat pump hums.")
    write("Two", "Pump up the heat.")
    write("Three", "A gas boiler hums.")

    assert titles('"heat pump"') == ["One"]
    assert sorted(titles("heat pump")) == ["One", "Two"]
    assert sorted(titles("boiler or pump")) == ["One", "Three", "Two"]
    assert titles("hums -gas") == ["One"]
    assert sorted(titles('pump -"heat pump"')) == ["Two"]


def test_where_nothing_has_the_words_the_last_one_may_be_unfinished(write: Any) -> None:
    write("Cold walls", "A thermostat and cavity walls.")
    write("A carpet", "It lies on the floor.")

    found = find("cavity thermo")
    assert [hit.title for hit in found.hits] == ["Cold walls"]
    assert found.by_beginnings
    assert "A <mark>thermostat</mark> and <mark>cavity</mark> walls" in found.hits[0].snippet_html
    write("A car", "It stands in the street.")
    assert titles("car") == ["A car"]
    assert titles('"thermo"') == titles("xyzzy thermo") == titles("in") == []


def test_nothing_is_found_that_is_not_public(write: Any) -> None:
    write("Kettle of tomorrow", published_at=timezone.now() + timedelta(days=1))
    write("Kettle withdrawn", withdrawn_at=timezone.now())
    post = make.post(title="Kettle gone")
    publishing.unpublish(post.piece, by=make.editor())
    for status in (Status.GENERATED, Status.READY):
        make.piece(status=status, title="Kettle at the desk")

    found = find("kettle")

    assert (found.count, found.hits) == (0, [])
    assert found.facets == {"category": [], "tag": [], "author": []}


def test_matches_are_counted_by_category_tag_and_author(write: Any) -> None:
    write("Kettle 1", category="Home Repair", tags=["Tools", "tea"])
    write("Kettle 2", category="home repair", tags=["tools"], author="Åsa Berg")
    write("Kettle 3", tags=["!!!"])

    facets = find("kettle").facets

    def counts(kind: str) -> list[tuple[str, int]]:
        return [(facet.slug, facet.count) for facet in facets[kind]]

    assert counts("category") == [("home-repair", 2)]
    assert counts("tag") == [("tools", 2), ("tea", 1)]
    assert counts("author") == [("mara-lind", 2), ("åsa-berg", 1)]
    assert titles("kettle", category="Home Repair", tag="TEA") == ["Kettle 1"]
    assert titles("kettle", author="åsa berg") == ["Kettle 2"]


def test_of_a_common_word_the_newest_and_those_with_it_in_the_title_are_ranked(write: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(search, "NEWEST_MATCHES", 3)
    monkeypatch.setattr(search, "TITLES", 2)
    write("Old kettle", published_at=timezone.now() - timedelta(days=9))
    for number in range(6):
        write(f"Post {number}", "A kettle.", published_at=timezone.now() - timedelta(days=5, hours=-number))

    found = find("kettle")

    assert (found.count, found.is_capped) == (4, True)
    assert [hit.title for hit in found.hits] == ["Old kettle", "Post 5", "Post 4", "Post 3"]
    assert [hit.title for hit in find("kettle", limit=2, offset=2).hits] == ["Post 4", "Post 3"]
    assert not find("old kettle").is_capped


# --- Marks ---


def test_the_words_are_marked_where_most_of_them_stand(write: Any) -> None:
    write("Kettles & co", f"{'Filler words here. ' * 40}The happiness kettle sings. {'More of it. ' * 40}A kettle.")

    (hit,) = find("happy kettles").hits

    assert hit.title_html == "<mark>Kettles</mark> &amp; co"
    assert "The <mark>happiness</mark> <mark>kettle</mark> sings." in hit.snippet_html
    assert hit.snippet_html.startswith("… ")
    assert hit.snippet_html.endswith(" …")
    assert len(re.sub("<.*?>", "", hit.snippet_html)) <= snippets.AROUND + 4


def test_only_words_that_were_looked_for_are_marked(write: Any) -> None:
    write("Car care", "A carpet, a car, the cars, a scar and “Car”. Skies, sky, skim, 2.1 and 2.15.")

    assert (
        find("car")
        .hits[0]
        .snippet_html.startswith("A carpet, a <mark>car</mark>, the <mark>cars</mark>, a scar and “<mark>Car</mark>”.")
    )
    assert "<mark>Skies</mark>, <mark>sky</mark>, skim" in find("sky").hits[0].snippet_html
    assert "<mark>2.1</mark> and" in find("2.1").hits[0].snippet_html


EVIL = [
    "</mark><script>alert(1)</script> kettle <mark>kettle</mark>",
    "kettle\x01<mark>\x02</mark>",
    'kettle" onmouseover="alert(1)',
    "&lt;mark&gt; kettle &amp;lt;script&amp;gt;",
    "<<mark>mark>kettle<</mark>/mark>",
    "İstanbul ŉ kettle ﬃ KETTLE ǰ <b>kettles</b>",
]


@pytest.mark.parametrize("text", EVIL)
def test_no_text_can_bring_a_mark_or_a_script_of_its_own(text: str) -> None:
    looked = snippets.Looked(frozenset({"kettl", "mark", "script", "lt", "b", "amp"}))
    read = snippets.Text(text, looked)
    snippets.learn(looked, [read])

    for made in (read.marked(), read.snippet()):
        without = made.replace("<mark>", "").replace("</mark>", "")
        assert not set("<>\"'") & set(without)
        assert made.count("<mark>") == made.count("</mark>") > 0
        assert "<mark><mark>" not in made
    plain = read.marked().replace("<mark>", "").replace("</mark>", "")
    assert snippets.escape(text) == plain


def test_a_marked_answer_is_safe_all_the_way(write: Any) -> None:
    for text in EVIL:
        write(
            text.replace("\x01", "").replace("\x02", ""),
            text.replace("\x01", "").replace("\x02", ""),
            excerpt="<b>kettle",
        )

    for row in api().get(SEARCH, {"q": "kettle or mark or script", "limit": 100}).json()["results"]:
        for name in ("title_html", "snippet_html"):
            assert not re.search(r"<(?!/?mark>)", row[name])


# --- By HTTP ---


def test_the_api_pages_by_offset_as_far_as_matches_are_ranked(write: Any) -> None:
    for number in range(5):
        write(f"Kettle {number}")

    first = api().get(SEARCH, {"q": "kettle", "limit": 2}).json()
    second = api().get(first["next"]).json()
    third = api().get(second["next"]).json()

    assert [first["count"], first["count_is_capped"], first["previous"], third["next"]] == [5, False, None, None]
    rows = [row["slug"] for page in (first, second, third) for row in page["results"]]
    assert len(set(rows)) == 5
    assert api().get(third["previous"]).json()["results"] == second["results"]
    assert api().get(SEARCH, {"q": "kettle", "offset": 10**9}).json()["results"] == []
    assert len(api().get(SEARCH, {"q": "kettle", "limit": 1000}).json()["results"]) == 5


def test_a_search_can_be_kept_and_asked_about_again(write: Any, django_assert_max_num_queries: Any) -> None:
    write("Kettle")
    first = api().get(SEARCH, {"q": "kettle"})

    assert first["Cache-Control"].startswith("public, ")
    assert api().get(SEARCH, {"q": "kettle"}, HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304
    with django_assert_max_num_queries(2):
        api().get(SEARCH, {"q": "kettle"})


@pytest.mark.parametrize(
    "query", [{}, {"q": ""}, {"q": " a "}, {"q": "x" * 201}, {"q": "-kettle"}, {"q": "a -b or -c"}]
)
def test_what_cannot_be_looked_for_is_refused(query: dict[str, str]) -> None:
    refused = api().get(SEARCH, query)

    assert (refused.status_code, list(refused.json()["fields"])) == (400, ["q"])
    assert "Cache-Control" not in refused


def test_small_words_alone_find_nothing() -> None:
    make.post(title="The kettle")

    assert find("to be or not to be").count == 0


# --- Whatever anybody types ---

PIECES = [
    *(
        "kettle",
        "boil",
        "the",
        "or",
        "OR",
        "and",
        "not",
        "-",
        "--",
        '"',
        '""',
        "'",
        "''",
        "\\",
        "\\\\",
        "(",
        ")",
        "&",
        "|",
    ),
    *("!", "<->", "<2>", ":*", ":A", "*", "%", "%s", "{", "}", "{query}", "$1", ";", "--x", "/*", "*/", "\x00", "\x1f"),
    *(
        "\ud800",
        "\udfff",
        "\u202e",
        "مرحبا",
        "שלום",
        "北京",
        "🫖",
        "👩‍👩‍👧",
        "e\u0301",
        "İ",
        "ß",
        "ﬃ",
        "\u200b",
        "�",
        "½",
        "١٢",
    ),
    *(
        "(a+)+$",
        "((((((",
        "[[:alpha:]]*",
        ".*" * 9,
        "'; DROP TABLE content_post; --",
        "1.2.3.4",
        "a@b.c",
        "http://x.y/z?q=1",
    ),
    *(
        "a-b-c-d",
        "x'y",
        "O’Neil",
        "<mark>",
        "<script>",
        "&lt;",
        "E'\\''",
        "$$",
        "null",
        "NaN",
        "-kettle",
        '-"a b"',
        "a" * 64,
    ),
]
STOP = "the a of to and in is it you that he was for on are with as I his they be at one have this from"


def typed_by_anybody(number: int) -> Iterator[str]:
    rng = random.Random(20261118)
    yield from PIECES
    yield from (
        STOP,
        "x" * 10_000,
        '"' * 201,
        "(" * 10_000,
        "a " * 5000,
        "-a " * 60,
        "a or " * 40,
        ' "a" ' * 30,
        "\x00" * 20,
    )
    for _ in range(number):
        joined = rng.choice(["", " ", " ", " or ", " -", '"', "\t"])
        made = joined.join(rng.choices(PIECES, k=rng.randint(1, 12)))
        yield made if rng.random() < 0.3 else made[:200]


def test_ten_thousand_strings_that_anybody_could_type_are_queries_or_refused(write: Any) -> None:
    write("Kettle", "Boil the kettle, O’Neil said: 1.2.3.4 and 北京 🫖 http://x.y/z?q=1 a@b.c x'y.")
    sound, refused = [], 0
    for typed in typed_by_anybody(10_000):
        try:
            sound.append(search.clean(typed))
        except Invalid:
            refused += 1
    assert len(sound) > 8000
    assert refused > 100

    with connection.cursor() as cursor:  # each as a query, and looked for; what PostgreSQL refuses would raise
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE vector @@ words) FROM content_post, "
            "unnest(%s::text[]) AS typed, websearch_to_tsquery('english', typed) AS words",
            [sound],
        )
        read, found = cursor.fetchone()
    assert read == len(sound)
    assert 100 < found < read


def test_each_search_asks_five_times_at_most_and_looks_for_matches_under_a_time_out(write: Any) -> None:
    write("Kettle <b>", "Boil the kettle, O’Neil said: 1.2.3.4 and 北京 🫖 http://x.y/z?q=1 a@b.c x'y.")
    asked: list[str] = []

    def noted(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    answered = 0
    with connection.execute_wrapper(noted):
        for typed in typed_by_anybody(1000):
            asked.clear()
            try:
                found = find(typed, limit=5)
            except Invalid:
                assert len(asked) <= 1
                continue
            answered += 1
            # As it stands, with its last word unfinished, for those few whole, and for stems of bodies and excerpts.
            assert len(asked) <= 5
            signs = ("SET LOCAL statement_timeout", "WHERE id = ANY", "FROM unnest")
            assert all(any(sign in sql for sign in signs) for sql in asked)
            assert not any(re.search(r"<(?!/?mark>)", hit.title_html + hit.snippet_html) for hit in found.hits)
    assert answered > 500


def test_hostile_strings_break_nothing_by_http(write: Any) -> None:
    write("Kettle")
    client = api()
    for typed in typed_by_anybody(100):
        answer = client.get(SEARCH, {"q": typed.encode("utf-8", "replace")})
        assert answer.status_code in {200, 400}, typed
        assert answer.json()
    for raw in ("%ED%A0%80kettle", "%00kettle", "%FF%FEkettle", "kettle&q=boil", "kettle%0d%0aX: y", "%25%73"):
        assert client.get(f"{SEARCH}?q={raw}").status_code in {200, 400}


@pytest.mark.django_db(transaction=True)
def test_a_search_that_takes_too_long_goes_on_by_another_way_and_is_refused_in_the_end(
    write: Any, monkeypatch: Any
) -> None:
    write("Kettle", "It boils.")
    slow = "SELECT id FROM content_post CROSS JOIN pg_sleep(9) WHERE vector @@ {query} AND {where}"
    too_slow, (_, by_index, among_newest) = ((slow, 1), (slow, 1)), search.PLANS

    monkeypatch.setattr(search, "PLANS", (*too_slow, by_index))
    assert titles("kettle") == ["Kettle"]
    monkeypatch.setattr(search, "PLANS", (*too_slow, among_newest))
    found = find("kettle")
    assert (found.count, found.is_capped) == (1, True)
    monkeypatch.setattr(search, "PLANS", too_slow)
    with pytest.raises(CopydeskError, match="too long") as refused:
        find("kettle")
    assert (refused.value.status, refused.value.code) == (400, "too_broad")


def test_the_time_out_is_that_searchs_alone(write: Any) -> None:
    write("Kettle")
    with transaction.atomic(), connection.cursor() as cursor:
        find("kettle")
        for name in ("statement_timeout", "enable_seqscan"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone()[0] in {"0", "on"}
