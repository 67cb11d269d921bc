"""The blog's rules, and the counting that every platform shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content import platforms
from content.platforms import Ask
from content.platforms.readability import grade, syllables
from content.platforms.text import blocks, count_words, mentions, sentences, stem, strip_markdown

BLOG = platforms.get("blog")
GOOD = "# Heat pumps\n\nWhat it took.\n\n## One\n\nText.\n\n## Two\n\nText.\n\n## Three\n\n- An item.\n"


def test_every_platform_is_found_under_its_own_slug():
    assert "blog" in platforms.ALL
    assert all(platform.slug == slug for slug, platform in platforms.ALL.items())


def test_an_unknown_platform_is_told_which_there_are():
    with pytest.raises(KeyError, match="no platform “fax”.*blog"):
        platforms.get("fax")


def test_a_post_that_keeps_the_rules_has_no_faults():
    assert BLOG.faults("Heat pumps", GOOD, Ask(keyword="heat pump")) == []


@pytest.mark.parametrize(
    ("body", "ask", "fault"),
    [
        (GOOD.replace("# Heat pumps\n", "", 1), Ask(), "There is no title in the text"),
        (GOOD + "\n# Another\n\nText.", Ask(), "There are 2 title lines"),
        (GOOD.replace("## Three", "### Three"), Ask(), "There are 2 section headings"),
        (GOOD.replace("## Two\n\nText.", "## Two"), Ask(), "The section “Two” is empty"),
        (GOOD + "\n## Last", Ask(), "The section “Last” is empty"),
        (GOOD, Ask(keyword="lime plaster"), "“lime plaster” is in neither the title nor the first paragraph"),
        (GOOD, Ask(word_count=100, strict=True), "The text has 12 words. It must have 90 to 110."),
    ],
)
def test_a_broken_rule_is_said_as_an_instruction(body, ask, fault):
    assert [said for said in BLOG.faults("", body, ask) if said.startswith(fault)]


def test_the_word_range_is_a_rule_only_when_strict():
    assert BLOG.faults("Heat pumps", GOOD, Ask(word_count=100)) == []


def test_a_section_with_subsections_is_not_empty():
    body = GOOD.replace("## Two\n\nText.", "## Two\n\n### Inner\n\nText.")
    assert BLOG.faults("Heat pumps", body, Ask()) == []


def test_the_keyword_may_stand_in_the_first_paragraph_and_in_the_plural():
    body = GOOD.replace("Heat pumps", "Warmth").replace("What it took", "What Heat Pumps took")
    assert BLOG.faults("Warmth", body, Ask(keyword="heat pump")) == []


def test_metadata_counts_what_a_reader_sees():
    assert BLOG.metadata("Heat pumps", GOOD) == {
        "word_count": 12,
        "says": "12 words",
        "headings": ["One", "Two", "Three"],
        "reading_grade": None,
        "read_minutes": 1,
    }


def test_the_range_asked_for_includes_both_ends():
    assert Ask(word_count=1500).word_range == (1350, 1650)
    assert Ask(word_count=1500, tolerance=50).word_range == (1200, 1800)
    assert Ask().word_range is None


def test_what_was_asked_survives_storage():
    ask = Ask(word_count=700, facts=("a", "b"), banned=("synergy",), strict=True)
    assert Ask.from_dict(ask.as_dict()) == ask
    assert Ask.from_dict({"topic": "x", "colour": "red", "keyword": None}) == Ask(topic="x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("It’s a well-known 1,512 at 2.1 kW", 7),
        ("one — two–three", 3),
        ("**bold** [a link](https://example.com/a/b) `code` ![unseen](x.png)", 4),
        ("日本語です", 5),
        ("읽기 쉬운 글", 3),
        ("🙂 * · —", 0),
        ("a\x00b \x07 c", 2),
        ("| a | b |\n|---|---|\n| 1 | 2 |", 4),
    ],
)
def test_words_are_counted_as_a_reader_would(text, words):
    assert count_words(text) == words


def test_markdown_is_stripped_to_what_is_read():
    body = "# A *title*\n\nSee [this](/x)\nand `that`.\n\n- one\n- two\n\n> said\n\n---\n\n<b>not markup</b>"
    assert strip_markdown(body) == "A title\n\nSee this and that.\n\none\ntwo\n\nsaid\n\n<b>not markup</b>"


def test_lists_keep_their_depth_and_markers():
    items = [(block.level, block.marker, block.text) for block in blocks("3. a\n   - b\n\n     more\n4. c")]
    assert items == [(1, "3.", "a"), (2, "-", "b"), (2, "", "more"), (1, "4.", "c")]


def test_sentences_do_not_end_at_abbreviations_or_decimals():
    text = "Dr. Lee used 2.1 kW, e.g. in May. “Really?” she asked. The U.S. team left! Done"
    assert sentences(text) == (
        "Dr. Lee used 2.1 kW, e.g. in May.",
        "“Really?” she asked.",
        "The U.S. team left!",
        "Done",
    )


def test_a_phrase_is_found_whole_and_in_any_case():
    assert mentions("Why HEAT pumps hum", "heat pump")
    assert not mentions("Cheat pumps hum", "heat pump")
    assert not mentions("anything", "")


def test_words_of_one_family_share_a_stem():
    assert len({stem(word) for word in ("bakes", "baking", "baked", "baker")}) == 1


@pytest.mark.parametrize(
    ("word", "beats"), [("a", 1), ("about", 2), ("city", 2), ("table", 2), ("used", 1), ("kilowatt", 3)]
)
def test_syllables_are_heard_at_both_ends_of_a_word(word, beats):
    assert syllables(word) == beats


def test_harder_prose_has_a_higher_grade():
    easy = "The cat sat on the mat. It was a warm day and the sun was out. We all went in for tea with her. " * 3
    hard = (
        "The institutional ramifications of decentralised governance necessitate a comprehensive reconsideration of the "
        "administrative responsibilities that municipal authorities have traditionally exercised in the region. "
    ) * 3
    assert grade(easy) < 3 < 14 < grade(hard)


@pytest.mark.parametrize(
    "body", ["", "Too short.", "Der Kessel ist weg und das Haus ist wärmer als zuvor gewesen. " * 9]
)
def test_no_grade_is_given_where_it_would_mean_nothing(body):
    assert grade(body) is None


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=400), st.text(max_size=20))
def test_no_text_can_break_the_rules_reader(body, keyword):
    ask = Ask(keyword=keyword, word_count=100, strict=True)
    assert all(isinstance(fault, str) and fault for fault in BLOG.faults("T", body, ask))
    assert BLOG.metadata("T", body)["word_count"] == count_words(body)


@given(st.text(alphabet="#*_`[]()<>|-> \n1.a&\\~!\t", max_size=200))
def test_no_heap_of_markup_can_break_the_reader(body):
    assert count_words(body) >= 0
    assert strip_markdown(body).count("\n\n\n") == 0 or "```" in body or "    " in body or "\t" in body or "~~~" in body
