"""The agents: plain values in, plain values out; a small model is never believed, always sifted."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator

import pytest

from content import checks
from content.errors import ExternalError
from content.platforms.base import Ask
from content.platforms.text import sentences
from pipeline.agents import angles, fieldwriter, guided, headlines, prompts, sifting, subeditor, subject, writer
from pipeline.agents.assignment import Article, Assignment, Fact, Section
from pipeline.agents.guided import Field, Seen, Shape
from pipeline.agents.repair import Repair
from pipeline.providers.base import Request
from pipeline.providers.scripted import Answer, Scripted
from pipeline.providers.session import Session
from pipeline.starter.schema import require_usable

TOPICS = [
    "Sourdough baking for beginners",
    "How to back up your photos (and find them again)",
    "Why cities plant trees?",
    'The "right" way to fold a [fitted] sheet',
    "C++ vs Rust: 10 tips",
    "Café life in Zürich, Bern & Basel",
]
_DO = ["carry", "lift", "hide", "rinse", "paint", "mend", "stack", "weigh", "borrow", "label", "soak"]
_WHAT = [
    "bucket",
    "ladder",
    "carpet",
    "hammer",
    "lantern",
    "basket",
    "kettle",
    "wagon",
    "blanket",
    "spade",
    "barrel",
    "pillow",
    "candle",
]
_WHERE = [
    "behind the shed",
    "under the stairs",
    "beside the river",
    "along the fence",
    "above the stove",
    "near the gate",
    "inside the cellar",
    "across the meadow",
    "against the wall",
    "below the window",
    "past the mill",
    "beyond the orchard",
    "around the pond",
    "off the balcony",
    "towards the bakery",
    "within the greenhouse",
    "opposite the station",
]
# No two of them have more than a few words in common, as long as a piece is short.
CALM = [f"{_DO[n % 11].capitalize()} the {_WHAT[n % 13]} {_WHERE[n % 17]} tonight" for n in range(143)]
OLD = [
    "A lidded pail under the sink saves many walks",
    "Coffee grounds please roses and keep slugs busy elsewhere",
    "Rain barrels fill themselves while nobody looks",
    "Two pallets and some wire make a good frame",
    "The robin waits until the spade goes away",
    "Loose twigs at the bottom let the air in",
    "Cooked rice calls rats, so it goes elsewhere",
    "Moss from the roof dries out within hours",
    "Children like to count beetles on a wet morning",
    "Steam rises from the middle on cold days",
    "Hair from the barber rots more slowly than wool",
    "A lamp helps when the evenings are dark",
    "Ash from the stove goes on in thin layers",
    "Nettles hurry everything along and cost nothing",
    "Gloves hang on a nail beside the gate",
]


def small(script: Callable[[Request], Answer]) -> tuple[Session, Scripted]:
    """A session with a model that fills one field at a time."""
    provider = Scripted()
    provider.script = script
    return Session(provider=provider, model="smollm2:135m"), provider


def able(script: Callable[[Request], Answer]) -> tuple[Session, Scripted]:
    provider = Scripted()
    provider.script = script
    return Session(provider=provider, model="scripted"), provider


def opening_of(request: Request) -> str:
    """The literal that the answer has to begin with."""
    assert request.schema is not None
    pattern = request.schema["properties"]["text"]["pattern"]
    return re.sub(r"\[(.)\]", r"\1", pattern[1:].split("[a-zA-Z0-9]")[0]) if not pattern.startswith("^[A-Z]") else ""


def calm() -> Callable[[Request], Answer]:
    """A small model on a good day: each answer keeps to its pattern and says something new."""
    numbers: Iterator[int] = itertools.count()

    def answer(request: Request) -> str:
        assert request.schema is not None
        pattern = request.schema["properties"]["text"]["pattern"]
        opening = opening_of(request)
        for count in range(1, 6):
            n = next(numbers)
            lines = [CALM[(n + 5 * k) % len(CALM)] for k in range(count)]
            first = f"{opening}{lines[0].lower() if opening else lines[0]}"
            text = ". ".join([first, *lines[1:]]) + "."
            if re.fullmatch(pattern, text):
                return json.dumps({"text": text})
        return json.dumps({"text": "Composting in a small garden"})

    return answer


def field(**changes: object) -> Field:
    values = {"question": "What is composting?", "count": "two", "audience": ""}
    base = {"prompt": prompts.load("fieldwriter.answer"), "values": values, "shape": Shape(sentences=2), "seed": 7}
    return Field(**{**base, "about": "composting in a garden", **changes})  # type: ignore[arg-type]


def says(*texts: str) -> Callable[[Request], Answer]:
    """These answers, one after the other, the last one for ever."""
    left = list(texts)
    return lambda request: json.dumps({"text": left.pop(0) if len(left) > 1 else left[0]})


@pytest.mark.parametrize(
    ("topic", "phrase"),
    [
        ("Sourdough baking for beginners", "sourdough baking for beginners"),
        ("How to plan a family camping trip", "planning a family camping trip"),
        ("How to bake bread?", "baking bread"),
        ("10 tips for better sleep", "better sleep"),
        ("Five ways to save money on heating", "saving money on heating"),
        ("A beginner's guide to composting", "composting"),
        ("Why sleep matters for runners", "sleep for runners"),
        ("Why cities plant trees", "understanding why cities plant trees"),
        ("NHS waiting lists", "NHS waiting lists"),
        ("Introduction to Python", "Python"),
        ("Python vs Rust for small tools", "choosing between Python and Rust for small tools"),
        ("Should you buy a heat pump?", "buying a heat pump"),
        ("Backups: what every office needs", "backups"),
    ],
)
def test_a_topic_becomes_a_phrase_that_fits_into_a_sentence(topic: str, phrase: str) -> None:
    assert subject.of(topic).phrase == phrase


def test_a_topic_of_several_things_takes_the_plural() -> None:
    assert angles.fill("$S $is, $s $goes", subject.of("Heat pumps in old houses")) == (
        "Heat pumps in old houses are, heat pumps in old houses go"
    )


def test_a_prompt_drops_the_lines_that_nobody_filled() -> None:
    messages = prompts.load("fieldwriter.answer").messages(question="What is it?", count="two", audience="")

    assert [message["role"] for message in messages] == ["system", "user"]
    assert "readers" not in messages[1]["content"]


def test_a_prompts_hash_names_its_wording_and_not_its_values() -> None:
    answer, title = prompts.load("fieldwriter.answer"), prompts.load("fieldwriter.title")

    assert answer.hash == prompts.load("fieldwriter.answer").hash != title.hash


@pytest.mark.parametrize("topic", TOPICS)
def test_every_pattern_is_portable_whatever_the_topic(topic: str) -> None:
    session, provider = small(lambda request: "{}")
    asked = Assignment(topic=topic, keyword='a "key" [word]')
    every = [*angles.OPENING, *angles.EXAMPLES, *angles.ENDING.asks]
    every += [ask for angle in angles.ANGLES.values() for ask in angle.asks]

    for ask in every:
        with pytest.raises(ExternalError):
            fieldwriter.paragraph(session, asked, ask, Seen(), 1)
    headlines.title(session, asked)

    assert provider.asked
    for request in provider.asked:
        assert request.schema is not None
        require_usable(dict(request.schema))


def test_an_answer_that_leaves_the_pattern_is_never_used() -> None:
    session, _ = small(says("composting, it is good", "Put the bin in a corner. Cover it with an old carpet tonight."))

    written = guided.write(session, field(), Seen())

    assert written.text.startswith("Put the bin")


def test_a_field_that_fails_is_asked_for_again_with_new_seeds_and_then_says_so() -> None:
    session, provider = small(says("no"))

    with pytest.raises(ExternalError, match="fieldwriter.answer.* in 6 tries"):
        guided.write(session, field(), Seen())

    seeds = [request.seed for request in provider.asked]
    assert len(set(seeds)) == len(seeds) == 6


def test_the_same_field_of_the_same_task_has_the_same_seeds() -> None:
    first, second = (small(says("no")) for _ in range(2))
    for session, _ in (first, second):
        with pytest.raises(ExternalError):
            guided.write(session, field(), Seen())

    assert sorted(r.seed or 0 for r in first[1].asked) == sorted(r.seed or 0 for r in second[1].asked)


@pytest.mark.parametrize(
    "line",
    [
        "The heap takes 12 weeks until it is ready for the beds.",
        "Last year I put mine beside the shed and it was fine.",
        "Sarah has a heap that is the envy of the whole street.",
        "Studies show that compost makes the beds twice as rich.",
        "We believe that everyone should have a heap of their own.",
        "When it comes to heaps, the bigger one is often better.",
        "As an AI language model there is not much to say here.",
        "The heap will snorfle when the middle of it grows warm.",
        "Put the bin into the corner of the garden that is the.",
    ],
)
def test_a_sentence_that_gives_the_machine_away_is_taken_out(line: str) -> None:
    good = ["Put the bin in a corner where rain can reach it.", "Cover the top with an old carpet before the frost."]

    assert sifting.keepable(" ".join([*good, line]), longest=28, about="composting") == good


def test_a_figure_of_the_topic_may_be_said() -> None:
    line = "Strength training after 40 asks for a longer warm start."

    assert sifting.keepable(line, longest=28, about="strength training after 40", names=["40"]) == [line]


def test_what_leans_on_a_sentence_that_fell_falls_with_it() -> None:
    text = "Studies show that heaps are good. It also helps the soil. Cover the top with an old carpet before winter comes."

    assert sifting.keepable(text, longest=28, about="heaps") == [
        "Cover the top with an old carpet before winter comes."
    ]


def test_what_the_piece_says_already_is_not_said_again() -> None:
    seen = ["Cover the top with an old carpet before the frost. Turn it in spring."]

    assert (
        sifting.keepable("Before the frost, cover the top with an old carpet.", longest=28, about="x", seen=seen) == []
    )


def test_the_better_of_several_candidates_is_taken_and_recorded() -> None:
    vague = "It is important to make use of the best things. You need to make good use of important things."
    session, _ = small(
        says(vague, "Composting turns kitchen peel into soil. Put the bin where the garden is wet.", vague)
    )

    written = guided.write(session, field(), Seen())

    assert written.text.startswith("Composting turns kitchen peel")
    assert (len(session.calls), session.spared) == (1, 2)
    assert session.calls[0]["prompt"] == "fieldwriter.answer"


def test_a_small_model_writes_a_whole_post_with_its_facts_in_it() -> None:
    session, _ = small(calm())
    fact = Fact("A bin of 200 litres costs 30 euros in Lund", "the brief")
    asked = Assignment("Composting in a small garden", word_count=300, low=200, high=400, facts=(fact,), seed=3)

    article = fieldwriter.outline(session, asked)
    for at in range(len(article.sections)):
        facts = [fact] if at == 1 else []
        article.sections[at] = fieldwriter.section(session, asked, article, at, facts)

    assert "A bin of 200 litres costs 30 euros in Lund." in article.markdown
    assert article.markdown.count("\n## ") >= 3
    assert all(section.paragraphs for section in article.sections)


def test_titles_and_headings_differ_from_task_to_task() -> None:
    session, _ = small(lambda request: "{}")
    plans = [fieldwriter.outline(session, Assignment("Composting in a small garden", seed=n)) for n in range(12)]

    assert len({plan.title for plan in plans}) >= 4
    assert len({tuple(section.heading for section in plan.sections) for plan in plans}) >= 6


def test_a_title_is_in_sentence_case_and_about_the_topic() -> None:
    session, _ = small(lambda request: json.dumps({"text": "Composting In A Small Garden With Children"}))

    title = headlines.title(session, Assignment("Composting in a small garden", seed=1))

    assert "omposting" in title
    assert title[1:] == title[1:].lower()


def article(words: int = 0) -> Article:
    """An article of five short sections, on composting."""
    paragraphs = [f"{OLD[n]}. {OLD[n + 1]}. {OLD[n + 2]}." for n in range(0, 15, 3)]
    names = ["", "What to have ready", "First things first", "What to look for", "What to do next"]
    keys = ["opening", "needs", "first", "signs", "ending"]
    sections = [Section(name, [text], key) for name, text, key in zip(names, paragraphs, keys, strict=True)]
    return Article("Composting in a small garden", sections)


def repaired(
    found: Article, asked: Assignment, script: Callable[[Request], Answer] | None = None
) -> tuple[Article, Repair]:
    session, _ = small(script or calm())
    ask = Ask(topic=asked.topic, word_count=asked.word_count, keyword=asked.keyword)
    repair = Repair(session, asked, found, checks.run(found.title, found.markdown, ask), 2)
    return repair.run(), repair


def test_a_text_that_is_too_short_gets_paragraphs_and_no_new_headings() -> None:
    before = article()
    asked = Assignment("Composting in a small garden", word_count=300, low=270, high=360)

    after, repair = repaired(before, asked)

    assert after.words > before.words
    assert [s.heading for s in after.sections] == [s.heading for s in before.sections]
    assert "added a paragraph" in repair.done


def test_a_text_that_is_too_long_loses_spare_paragraphs_and_no_heading() -> None:
    before = article()
    for section, at in zip(before.sections[1:4], (0, 4, 8), strict=True):
        section.paragraphs.append(f"{CALM[at]} too. {CALM[at + 1]} as well. {CALM[at + 2]} again.")
    asked = Assignment("Composting in a small garden", word_count=150, low=130, high=170)

    after, repair = repaired(before, asked)

    assert after.words < before.words
    assert [s.heading for s in after.sections] == [s.heading for s in before.sections]
    assert "dropped a spare paragraph" in repair.done


def test_an_unsupported_claim_goes_and_its_paragraph_stays() -> None:
    before = article()
    before.sections[2].paragraphs[0] += " Studies show that 75 % of all heaps fail."
    asked = Assignment("Composting in a small garden", word_count=150, low=100, high=400)

    after, _ = repaired(before, asked)

    assert "75 %" not in after.markdown
    assert OLD[6] in after.markdown


def test_a_keyword_that_is_missing_is_put_into_the_title() -> None:
    asked = Assignment("Composting in a small garden", word_count=150, low=100, high=400, keyword="hot bin")

    after, _ = repaired(article(), asked)

    assert after.title == "Hot bin: Composting in a small garden"


def test_nothing_that_a_person_gave_is_mended() -> None:
    fact = Fact("Studies show that 75 % of all heaps fail", "the brief")
    before = article()
    before.sections[2].paragraphs[0] += f" {fact.text}."
    asked = Assignment("Composting in a small garden", word_count=150, low=100, high=400, facts=(fact,))

    after, _ = repaired(before, asked)

    assert f"{fact.text}." in after.markdown


def test_an_article_is_read_back_from_its_markdown() -> None:
    whole = article()

    again = Article.from_markdown(whole.markdown)

    assert again.markdown == whole.markdown
    assert [section.heading for section in again.sections] == [section.heading for section in whole.sections]


def test_an_excerpt_is_whole_sentences_within_what_a_search_engine_shows() -> None:
    body = f"# Title\n\n{'. '.join(CALM[:6])}.\n"

    excerpt = subeditor.excerpt_of(body)

    assert len(excerpt) <= 160
    assert set(sentences(excerpt)) <= set(sentences(f"{'. '.join(CALM[:6])}."))


def test_the_tags_that_a_person_gave_stand() -> None:
    session, _ = small(calm())
    asked = Assignment("Composting in a small garden", tags=("garden", "soil"))

    assert subeditor.finish(session, asked, "Composting", article().markdown).tags == ("garden", "soil")


@pytest.mark.parametrize(
    ("topic", "tags"),
    [
        ("Cash flow in a small shop", ("cash flow", "small shop")),
        ("Teaching children about money", ("teaching children", "money")),
        ("Hiring your very first employee", ("hiring", "first", "employee")),
        ("Strength training after 40", ("strength training",)),
    ],
)
def test_tags_that_nobody_gave_come_from_the_topic(topic: str, tags: tuple[str, ...]) -> None:
    assert subeditor.made_tags(Assignment(topic)) == tags


def test_a_refinement_that_loses_half_of_the_text_is_not_taken() -> None:
    session, _ = able(lambda request: "# Short\n\nI have mended it.")
    body = article().markdown

    assert writer.refine(session, Assignment("Composting"), body, ["Too long."], 2) == body


def test_a_models_fence_and_repeated_heading_are_taken_off() -> None:
    text = "```markdown\n## What to have ready\n\nPut the bin in a corner.\n```"

    assert writer.paragraphs(text, "What to have ready") == ["Put the bin in a corner."]
