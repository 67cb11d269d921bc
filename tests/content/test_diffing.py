"""Old and new in one reading, with the hand that wrote each word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.platforms.text import blocks
from content.services.diffing import Author, Block, Comparison, Edition, compare, marked, shares

MODEL = Author("model", "llama3.1:8b")
TOMAS = Author("person", "Tomás")
MARA = Author("person", "Mara")


def written(comparison: Comparison) -> list[str]:
    """As an editor's marks: [out] and {in}."""
    shape = {"keep": "{}", "ins": "{{{}}}", "del": "[{}]"}
    return ["".join(shape[span.op].format(span.text) for span in block.spans) for block in comparison.blocks]


def test_a_changed_phrase_is_taken_out_and_put_in_as_a_whole():
    old = "It was bold, to ensure the homeowner understood that a heat pump was not a viable solution. Later it went."
    new = "It was bold, to say no. Later it went."
    assert written(compare(old, new)) == [
        "It was bold, to [ensure the homeowner understood that a heat pump was not a viable solution]{say no}. Later it went."
    ]


def test_an_inserted_word_brings_the_space_after_it():
    assert written(compare("panels for the room", "deeper panels for the room")) == ["{deeper }panels for the room"]
    assert written(compare("two new panels", "two new deeper panels")) == ["two new {deeper }panels"]


def test_a_crumb_between_two_changes_is_not_kept():
    old = "We will certainly deliver the finest possible results for you this year, as we did before."
    new = "We will ship the good parts for you this year, as we did before."
    assert written(compare(old, new))[0].startswith(
        "We will [certainly deliver the finest possible results]{ship the good parts}"
    )


def test_a_new_paragraph_is_one_place():
    old = "First one here.\n\nLast one here."
    new = "First one here.\n\nA wholly new thought about pipes.\n\nLast one here."
    comparison = compare(old, new)
    assert written(comparison) == ["First one here.", "{A wholly new thought about pipes.}", "Last one here."]
    assert (comparison.added, comparison.removed, comparison.places) == (6, 0, 1)


def test_a_heading_that_was_rewritten_stays_in_its_place():
    comparison = compare("## Understanding Heat Loss\n\nText stays.", "## Start with the sum\n\nText stays.")
    assert written(comparison) == ["[Understanding Heat Loss]{Start with the sum}", "Text stays."]
    assert comparison.blocks[0].kind == "h2"


def test_a_moved_paragraph_leaves_what_it_passed_alone():
    parts = ["The first of them is long enough.", "The second tells of something else.", "A mover that goes up top."]
    comparison = compare("\n\n".join(parts), "\n\n".join([parts[2], parts[0], parts[1]]))
    assert written(comparison) == [f"{{{parts[2]}}}", parts[0], parts[1], f"[{parts[2]}]"]


def test_a_block_that_only_changed_its_form_says_what_it_was():
    (block,) = compare("A line of its own", "## A line of its own").blocks
    assert (block.kind, block.was, block.changed) == ("h2", "p", True)


def test_lists_quotations_code_and_rules_keep_their_kind():
    body = "# T\n\n1. one\n   - in\n\n> said\n\n```\nx = 1\n```\n\n---"
    comparison = compare(body, body)
    assert [block.kind for block in comparison.blocks] == ["h1", "li", "li", "quote", "code", "hr"]
    assert [(block.level, block.marker) for block in comparison.blocks[1:3]] == [(1, "1."), (2, "-")]
    assert comparison.places == 0


def test_equal_texts_have_no_changes_and_empty_ones_no_blocks():
    assert not any(block.changed for block in compare("Same.", "Same.").blocks)
    assert compare("", "") == Comparison((), 0, 0, 0)


HISTORY = [
    Edition(1, MODEL, "# Pumps\n\nThe boiler is in a skip and the house is warm.\n\nEvery home is unique, of course."),
    Edition(
        2, TOMAS, "# Pumps\n\nThe boiler is in a skip and the whole house is warm.\n\nThe old pipes were the worry."
    ),
    Edition(
        3, MARA, "# Pumps\n\nThe boiler is in a skip and the whole house is warm.\n\nThe old pipes were the real worry."
    ),
]


def test_every_word_keeps_its_author_through_the_chain():
    comparison = marked(HISTORY)
    spans = [(span.text, span.author) for block in comparison.blocks for span in block.spans]
    assert spans == [
        ("Pumps", MODEL),
        ("The boiler is in a skip and the ", MODEL),
        ("whole ", TOMAS),
        ("house is warm.", MODEL),
        ("The old pipes were the ", TOMAS),
        ("real ", MARA),
        ("worry.", TOMAS),
    ]
    assert comparison.blocks[1].authors == (MODEL, TOMAS)


def test_against_the_original_the_removed_words_belong_to_the_model():
    comparison = marked(HISTORY, against=1)
    removed = [span for block in comparison.blocks for span in block.spans if span.op == "del"]
    assert [(span.text, span.author) for span in removed] == [("Every home is unique, of course.", MODEL)]
    assert (comparison.added, comparison.removed) == (8, 6)


def test_against_itself_nothing_is_marked():
    assert marked(HISTORY, against=3) == marked(HISTORY)


def test_an_unknown_version_is_refused():
    with pytest.raises(LookupError, match="no version 9"):
        marked(HISTORY, against=9)


def test_shares_are_percentages_of_words_largest_first():
    assert [author for author, _ in shares(HISTORY)] == [MODEL, TOMAS, MARA]
    assert sum(share for _, share in shares(HISTORY)) == pytest.approx(100)
    assert dict(shares(HISTORY))[MARA] == pytest.approx(100 / 20)
    assert shares([]) == []


def test_who_restores_a_version_has_not_written_it():
    restored = [*HISTORY, Edition(4, MARA, HISTORY[0].body)]
    assert shares(restored) == [(MODEL, 100.0)]


def test_who_moves_and_touches_a_paragraph_has_not_written_it():
    first, second = HISTORY[0].body.split("\n\n")[1:]
    long = "A third paragraph that is much longer than the others, so that it stays and the other one is what moves."
    before = Edition(1, MODEL, f"{first}\n\n{long}\n\n{second}")
    after = Edition(2, TOMAS, f"{long}\n\n{second}\n\n{first.replace('warm', 'hot')}")
    assert [share for _, share in shares([before, after])] == [pytest.approx(100 * 37 / 38), pytest.approx(100 / 38)]


def test_nothing_written_shows_nothing():
    assert marked([]) == Comparison((), 0, 0, 0)


def sources(body: str) -> list[tuple[str, str]]:
    return [(block.kind, block.source) for block in blocks(body) if block.source]


def side(shown: tuple[Block, ...], *, new: bool) -> list[str]:
    return [text for block in shown if (text := block.new if new else block.old)]


PARAGRAPHS = [
    "# Title",
    "## Part",
    "The old pipes were the worry.",
    "The new pipes were no worry at all.",
    "A **bold** [link](/x) and more.",
    "- one",
    "- two",
    "1. first",
    "> said so",
    "```\ncode  here\n```",
    "---",
    "日本語です。",
    "word",
    "?",
    "",
]
MARKDOWN = st.lists(st.sampled_from(PARAGRAPHS), max_size=12).map("\n\n".join)
ANY_TEXT = st.one_of(MARKDOWN, st.text(max_size=200), st.text(alphabet="ab .\n-#>'’é\u00a0", max_size=200))


@given(ANY_TEXT, ANY_TEXT)
def test_both_texts_can_be_read_back_from_the_marks(old, new):
    shown = compare(old, new).blocks
    assert side(shown, new=True) == [source for _, source in sources(new)]
    assert side(shown, new=False) == [source for _, source in sources(old)]
    assert all(span.text for block in shown for span in block.spans)


@given(st.lists(st.tuples(st.sampled_from([MODEL, TOMAS, MARA]), ANY_TEXT), min_size=1, max_size=5), st.data())
def test_authorship_covers_the_newest_text_once(chain, data):
    history = [Edition(number, author, body) for number, (author, body) in enumerate(chain, 1)]
    against = data.draw(st.sampled_from([None, *(edition.number for edition in history)]))
    shown = marked(history, against).blocks
    hands = {author for author, _ in chain}

    assert side(shown, new=True) == [source for _, source in sources(history[-1].body)]
    assert all(span.author in hands for block in shown for span in block.spans)
    if against is not None:
        assert side(shown, new=False) == [source for _, source in sources(history[against - 1].body)]


def test_a_text_of_one_author_is_all_theirs_whatever_the_length():
    body = "\n\n".join(f"Paragraph {n} says something." for n in range(400))
    assert shares([Edition(1, MODEL, body)]) == [(MODEL, 100.0)]


def test_texts_too_long_to_compare_word_by_word_still_read_back():
    old = " ".join(f"a{n}" for n in range(9_000))
    new = " ".join(f"b{n}" for n in range(9_000)) + " a8999"
    (block, *rest) = compare(old, new).blocks
    assert "".join(part.old for part in (block, *rest)) == old
    assert "".join(part.new for part in (block, *rest)) == new


# --- Plain text ----------------------------------------------------------------------------------------------

THREAD = "First post, * starred *\nand a second line.\n\n---\n\nSecond post #one #two"


def test_a_plain_text_is_cut_at_blank_lines_and_keeps_its_line_breaks():
    comparison = compare(THREAD, THREAD, plain=True)

    assert [(block.kind, block.new) for block in comparison.blocks] == [
        ("p", "First post, * starred *\nand a second line."),
        ("hr", "---"),
        ("p", "Second post #one #two"),
    ]


def test_nothing_in_a_plain_text_is_read_as_markdown():
    body = "Above a rule\n---\n# not a title\n- no list\n1. nor this\n    no code\n> no quotation"

    (block,) = compare(body, body, plain=True).blocks

    assert (block.kind, block.new) == ("p", body)


def test_a_part_of_a_script_is_a_heading_with_its_mark_in_sight():
    blocks = compare("## Hook\n\nLook at this.", "## Hook\n\nLook at that.", plain=True).blocks

    assert [(block.kind, block.new) for block in blocks] == [("h2", "## Hook"), ("p", "Look at that.")]


def test_a_changed_post_of_a_thread_is_one_place_with_its_author():
    history = [
        Edition(1, MODEL, THREAD, plain=True),
        Edition(2, TOMAS, THREAD.replace("Second post", "Last post"), plain=True),
    ]

    comparison = marked(history, against=1)

    assert written(comparison)[2] == "[Second]{Last} post #one #two"
    assert (comparison.added, comparison.removed, comparison.places) == (1, 1, 1)


@given(st.text(alphabet=" \n-#*ab👩‍👧漢", max_size=60), st.text(alphabet=" \n-#*ab👩‍👧漢", max_size=60))
def test_no_word_of_a_plain_text_is_lost_between_two_versions(old, new):
    comparison = compare(old, new, plain=True)

    assert "".join("".join(block.old for block in comparison.blocks).split()) == "".join(old.split())
    assert "".join("".join(block.new for block in comparison.blocks).split()) == "".join(new.split())


# --- Moves, forms, code --------------------------------------------------------------------------------------


def test_a_paragraph_that_was_edited_on_its_way_shows_only_the_edit():
    parts = ["The first of them is long enough.", "The second tells of something else.", "A mover that goes up top."]
    comparison = compare("\n\n".join(parts), "\n\n".join(["A mover that went up top.", parts[0], parts[1]]))

    came, left = comparison.blocks[0], comparison.blocks[-1]
    assert "".join({"keep": "{}", "ins": "{{{}}}", "del": "[{}]"}[s.op].format(s.text) for s in came.edits) == (
        "A mover that [goes]{went} up top."
    )
    assert (came.moved, left.moved) == (came.moved, came.moved)
    assert (came.moved.was, came.moved.now, came.moved.way) == (3, 1, "up")
    assert (comparison.added, comparison.removed, comparison.places) == (1, 1, 2)


def test_a_section_that_moved_is_one_move():
    lead = ["The first of them is long enough.", "And what follows it is no shorter."]
    section = ["## Pipes", "The old pipes were the worry of the house.", "Nobody had looked at them for years."]
    comparison = compare("\n\n".join([*section, *lead, *lead]), "\n\n".join([*lead, *lead, *section]))

    came = [block for block in comparison.blocks if block.came]
    assert {block.moved.number for block in comparison.blocks if block.moved} == {1}
    assert [block.moved.is_first for block in came] == [True, False, False]
    assert comparison.places == 1


def test_two_short_lines_that_are_alike_by_chance_did_not_move():
    comparison = compare("Yes.\n\nA paragraph that stays where it was.", "A paragraph that stays where it was.\n\nYes.")

    assert not any(block.moved for block in comparison.blocks)


@pytest.mark.parametrize(
    ("old", "new", "was"),
    [
        ("- one thing", "1. one thing", ("li", 1, "-")),
        ("- one\n- two things", "- one\n  - two things", ("li", 1, "-")),
        ("### one thing", "#### one thing", ("h3", 3, "")),
        ("> one thing", "one thing", ("quote", 0, "")),
    ],
)
def test_another_form_of_the_same_words_is_told(old, new, was):
    comparison = compare(old, new)
    block = comparison.blocks[-1]

    assert (block.was, block.was_level, block.was_marker) == was
    assert (comparison.places, comparison.added, comparison.removed) == (1, 0, 0)


def test_a_third_item_that_became_the_fourth_was_not_changed():
    comparison = compare("1. one\n2. two", "1. new here\n2. one\n3. two")

    assert [block.changed for block in comparison.blocks] == [True, False, False]


def test_code_is_compared_row_by_row():
    old = "```\ndef loss(area):\n    return area\nprint(loss(2))\n```"
    new = "```\ndef loss(area, u):\n    check(u)\n    return area\nprint(loss(2))\n```"

    assert written(compare(old, new)) == [
        "def loss(area{, u}):{\n    check(u)}\n    return area\nprint(loss(2))",
    ]


def test_marks_typed_in_another_way_are_no_change_but_are_said():
    comparison = compare("* one\n* two\n\n\nEnd.", "- one\n- two\n\nEnd.")

    assert (comparison.places, comparison.only_unseen) == (0, True)
