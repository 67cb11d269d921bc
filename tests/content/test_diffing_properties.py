"""What holds for the difference of any two texts, and for the authors of any chain of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from content.services.diffing import (
    Author,
    Chain,
    Comparison,
    Cut,
    Edition,
    compare,
    dress,
    fits,
    marked,
    written,
)
from content.services.diffing.chain import walked

MODEL, TOMAS, MARA = Author("model", "llama3.1:8b"), Author("person", "Tomás"), Author("person", "Mara")
HANDS = [MODEL, TOMAS, MARA]

PARTS = [
    "# Title",
    "## Part",
    "### A smaller part ###",
    "Set out\n=======",
    "The old pipes were the worry of the house.",
    "The new pipes were no worry at all,  \nand nobody asked\\\nwhy.",
    'A **bold** [link](/x "t") and `code`, ~~gone~~ &amp; more.',
    "- one\n- two\n  - deep\n\n    and a second paragraph of it",
    "* one\n* two",
    "1. first of all the steps\n2) second",
    "- [ ] to do",
    "> said so\n> twice\n\n> and\nlazily on",
    "> - listed\n> ```\n> fenced\n> ```",
    "```py\ncode  here\n\n\tindented\n```",
    "~~~\nnever closed",
    "    four spaces\n\n    make code",
    "\tso does a tab",
    "| What | Cost |\n| --- | ---: |\n| Gas | £1 |",
    "---",
    "* * *",
    "-\t\ttabbed item",
    "<div>\n\nraw\n</div>",
    "日本語です。漢字、かな。",
    "👩‍👧‍👦 and 🏳️‍🌈 are one each",
    "e\u0301 cafe\u0301 अनुच्छेद ก็",
    "\u202eright to left\u202c עברית",
    "[ref]: /somewhere",
    "word",
    "?",
    "\x00 \x0b \u2028 \ufffd",
    "",
    "   ",
]
ENDS = ["\n\n", "\n", "\r\n\r\n", "\r\n", "\r", "\n \t\n\n", "\n\n\n"]
MARKDOWN = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(ENDS)), max_size=9).map(
    lambda parts: "".join(f"{part}{end}" for part, end in parts)
)
MARKS = st.text(alphabet="ab .,\n\r\t-#>*_`|[]()!1'’é漢👩\u200d👧\u0301\u00a0~=+\\<", max_size=120)
ANY = st.one_of(MARKDOWN, MARKS, st.text(max_size=120))
UNHURRIED = settings(deadline=None)  # a busy machine is no fault
CHAINS = st.lists(st.tuples(st.sampled_from(HANDS), ANY), min_size=1, max_size=5)


def editions(chain: list[tuple[Author, str]], *, plain: bool) -> list[Edition]:
    return [Edition(number, author, body, plain) for number, (author, body) in enumerate(chain, 1)]


def old_side(found: Comparison) -> str:
    return "".join(span.text for span in found.exact if span.op != "ins")


def new_side(found: Comparison) -> str:
    return "".join(span.text for span in found.exact if span.op != "del")


def applied(old: str, found: Comparison) -> str:
    """The old text with the difference carried out on it, as a program would: what it takes out has to stand there."""
    at, made = 0, []
    for span in found.exact:
        if span.op != "ins":
            assert old.startswith(span.text, at)
            at += len(span.text)
        if span.op != "del":
            made.append(span.text)
    assert at == len(old)
    return "".join(made)


@UNHURRIED
@given(ANY, ANY, st.booleans())
@example("a\r\n\r\n> b\r\n> c", "a\n\n> b c", False)
@example("-\ttab", "- tab", False)
@example("\x00", "\ufffd", False)
def test_a_difference_applied_to_the_first_text_gives_the_second_exactly(old: str, new: str, plain: bool) -> None:
    assert applied(old, compare(old, new, plain=plain)) == new


@UNHURRIED
@given(ANY, ANY, st.booleans())
def test_each_side_of_a_difference_is_its_text_exactly(old: str, new: str, plain: bool) -> None:
    found = compare(old, new, plain=plain)

    assert (old_side(found), new_side(found)) == (old, new)


@UNHURRIED
@given(ANY, st.booleans())
def test_comparing_a_text_with_itself_is_empty(body: str, plain: bool) -> None:
    found = compare(body, body, plain=plain)

    assert (found.added, found.removed, found.places, found.only_unseen) == (0, 0, 0, False)
    assert all(span.op == "keep" for span in found.exact)


@UNHURRIED
@given(CHAINS, st.booleans())
def test_authorship_covers_every_character_of_the_newest_text_once(
    chain: list[tuple[Author, str]], plain: bool
) -> None:
    history = editions(chain, plain=plain)
    *_, newest = walked(history)
    spans = list(written(newest, {edition.number: edition.author for edition in history}))

    assert "".join(span.text for span in spans) == chain[-1][1]
    assert {span.author for span in spans} <= {author for author, _ in chain}
    assert all(one.author != other.author for one, other in pairwise(spans))


@UNHURRIED
@given(CHAINS, st.booleans(), st.data())
def test_a_difference_along_a_chain_is_as_exact_as_one_of_two(
    chain: list[tuple[Author, str]], plain: bool, data: st.DataObject
) -> None:
    history = editions(chain, plain=plain)
    against = data.draw(st.integers(1, len(history)))

    assert applied(chain[against - 1][1], marked(history, against)) == chain[-1][1]


@UNHURRIED
@given(CHAINS, st.booleans(), st.data())
def test_a_restored_text_differs_in_nothing_and_has_the_authors_it_had(
    chain: list[tuple[Author, str]], plain: bool, data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, len(chain)))
    history = [*editions(chain, plain=plain), Edition(len(chain) + 1, MARA, chain[number - 1][1], plain)]

    found = marked(history, number)

    assert (found.added, found.removed, found.places) == (0, 0, 0)
    assert all(span.op == "keep" for span in found.exact)


@UNHURRIED
@given(st.lists(st.sampled_from(PARTS[4:]), min_size=2, max_size=7), st.data())
def test_moving_loses_no_text_and_each_end_knows_the_other(parts: list[str], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(parts))
    old, new = "\n\n".join(parts), "\n\n".join(shuffled)

    found = compare(old, new)

    assert applied(old, found) == new
    left = {(block.moved.number, block.moved.was) for block in found.blocks if block.moved and block.left}
    came = {(block.moved.number, block.moved.was) for block in found.blocks if block.moved and block.came}
    assert left == came
    for block in found.blocks:
        if block.came:  # what it had and what it has are both in sight
            assert "".join(span.text for span in block.edits if span.op != "del") == block.new


SENTENCES = [
    "Old pipes carry less water than anyone thinks.",
    "A wall that faces west takes the driving rain.",
    "Nobody climbs up to look at slates before they fall.",
    "Doors swell each winter and shrink again by June.",
]


@UNHURRIED
@given(st.permutations(SENTENCES))
def test_paragraphs_in_another_order_are_moved_and_not_written_anew(order: list[str]) -> None:
    found = compare("\n\n".join(SENTENCES), "\n\n".join(order))

    assert (found.added, found.removed) == (0, 0)
    assert bool(found.places) == (order != SENTENCES)


@UNHURRIED
@given(CHAINS, st.booleans())
def test_hands_that_were_kept_fit_their_text_and_no_other(chain: list[tuple[Author, str]], plain: bool) -> None:
    walking = Chain()
    for number, (_, body) in enumerate(chain, 1):
        kept = walking.add(Cut.of(body, number, plain=plain))
    again = Cut.of(chain[-1][1], plain=plain)

    assert fits(again, kept)
    dress(again, kept)
    assert [line.hands for line in again.lines] == [line.hands for line in walking.newest.lines]
    assert not fits(Cut.of(f"{chain[-1][1]}\n\nOne more.", plain=plain), kept)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_other_line_ends_are_no_change_that_shows(end: str) -> None:
    found = compare("One.\n\n- two\n- three", f"One.{end}{end}- two{end}- three")

    assert found.places == 0
    assert found.only_unseen == (end != "\n")
