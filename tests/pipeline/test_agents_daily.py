"""Ideas and social pieces: none close to another, none that breaks a rule, whoever writes them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import override_settings

from content import platforms
from content.errors import ExternalError
from content.platforms.base import Ask
from content.platforms.text import sentences
from pipeline.agents import beatwriter, closeness, guided, hashtags, ideafields, ideator, sifting, subject, transformer
from pipeline.agents.assigned import Assigned
from pipeline.agents.closeness import Told
from pipeline.agents.ideator import Proposal, Wanted
from pipeline.providers import ollama
from pipeline.providers.base import Request
from pipeline.providers.scripted import Answer, Scripted
from pipeline.providers.session import Session
from pipeline.starter.schema import require_usable

SOCIAL = [platform for platform in platforms.ALL.values() if platform.Reply]
TOPICS = [
    "remote work",
    "data privacy for startups",
    "strength training after 40",
    "Kubernetes",
    "C++ vs Rust: 10 tips",
    "Café life in Zürich, Bern & Basel",
    'The "right" way to fold a [fitted] sheet',
    "Why cities plant trees?",
    "睡眠",
    "$100 budgets",
]
IDEAS = [
    (
        "Put the meeting in writing first",
        "A page that everybody reads saves half the meeting. Here is what goes on it.",
    ),
    (
        "Say no to the second monitor",
        "One screen keeps one thing in view. A week without the other one shows what it cost.",
    ),
    ("Walk before the first call", "Ten minutes outside replace the commute. The day then has a beginning."),
    ("Share the bad news early", "Silence reads as calm until it breaks. A short note each Friday keeps trust."),
    ("Close the door at five", "Evenings leak away in small replies. A ritual at the end of the day holds them."),
]


def told(script: Callable[[Request], Answer], model: str) -> tuple[Session, Scripted, list[str]]:
    provider, log = Scripted(), []
    provider.script = script
    session = Session(provider=provider, model=model, log=lambda level, message: log.append(message))
    return session, provider, log


def able(script: Callable[[Request], Answer]) -> tuple[Session, Scripted, list[str]]:
    return told(script, "scripted")


def small(script: Callable[[Request], Answer]) -> tuple[Session, Scripted, list[str]]:
    return told(script, "smollm2:135m")


def one_by_one(*answers: str) -> Callable[[Request], Answer]:
    """These answers in turn, the last one for ever."""
    left = list(answers)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


def as_ideas(*pairs: tuple[str, str]) -> str:
    return json.dumps({"ideas": [{"title": t, "description": d, "category": "Work"} for t, d in pairs]})


def asked_of(request: Request) -> str:
    return request.messages[-1]["content"]


def thread(*posts: str) -> str:
    return json.dumps({"posts": list(posts), "hashtags": ["RemoteWork"]})


def assigned(slug: str = "x", **changes: object) -> Assigned:
    base = {"title": "Put the meeting in writing first", "description": IDEAS[0][1], "category": "Remote work"}
    return Assigned(platforms.get(slug), Ask(platform=slug), **{**base, **changes})  # type: ignore[arg-type]


# --- Closeness ---


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("Put the meeting in writing first", "Put the meeting in writing, first!", True),
        ("Writing the meeting first", "Close the door at five", False),
        ("Remote work: a quiet room", "Remote work: the first week", False),
    ],
)
def test_two_ideas_are_close_by_their_words_and_not_by_their_topic(one: str, other: str, near: bool) -> None:
    assert closeness.near(Told(one, topic="remote work"), Told(other, topic="remote work")) is near


def test_another_title_over_the_same_description_is_close() -> None:
    again = Told("Why writing beats talking", IDEAS[0][1])

    assert closeness.near(again, Told(*IDEAS[0]))


def test_ideas_of_one_category_are_not_close_for_that() -> None:
    told = [Told(title, description, "work") for title, description in IDEAS]

    assert not any(closeness.near(a, b) for at, a in enumerate(told) for b in told[at + 1 :])


# --- Ideas by a capable model ---


def test_all_ideas_are_asked_for_in_one_call() -> None:
    session, provider, _ = able(one_by_one(as_ideas(*IDEAS)))
    seen: list[Proposal] = []

    found = ideator.propose(
        session,
        Wanted(
            5, ("remote work",), keywords=("meetings",), date="Monday 2 March 2026", used=(("An old idea", "Told."),)
        ),
        on_ideas=seen.extend,
    )

    (request,) = provider.asked
    assert found == seen
    assert [idea.title for idea in found] == [title for title, _ in IDEAS]
    for said in ("5 ideas", "2 March 2026", "remote work", "meetings", "An old idea"):
        assert said in asked_of(request)
    assert request.temperature == 0.8


def test_what_is_close_to_another_or_to_a_used_one_is_asked_for_again_by_name_and_never_by_category() -> None:
    twin = ("Put the meeting in writing, first", "Another text about a thing that nobody has seen.")
    old = ("Say no to a second monitor", "One screen is enough for most people who write.")
    session, provider, _ = able(
        one_by_one(as_ideas(IDEAS[0], twin, IDEAS[1], IDEAS[2]), as_ideas(IDEAS[4], IDEAS[0]), as_ideas(IDEAS[0]))
    )

    found = ideator.propose(session, Wanted(4, ("remote work",), used=(old,)))

    assert [idea.title for idea in found] == [IDEAS[n][0] for n in (0, 2, 4)]
    assert "2 ideas" in asked_of(provider.asked[1])
    again = asked_of(provider.asked[1])
    excluded = again[again.index("too close") :]
    assert twin[0] in excluded
    assert IDEAS[1][0] in excluded
    assert "Work" not in excluded


def test_after_three_rounds_there_are_fewer_ideas_and_the_log_says_so() -> None:
    session, provider, log = able(one_by_one(as_ideas(IDEAS[0])))

    found = ideator.propose(session, Wanted(5, ("remote work",)))

    assert len(found) == 1
    assert len(provider.asked) == 3
    assert any("1 of 5 ideas" in line for line in log)


def test_without_a_single_idea_it_says_why() -> None:
    session, _, _ = able(one_by_one("{oops"))

    with pytest.raises(ExternalError, match="no new idea in 3 rounds"):
        ideator.propose(session, Wanted(5, ("remote work",)))


def test_garbage_is_asked_for_again() -> None:
    session, provider, _ = able(one_by_one("{oops", as_ideas(*IDEAS)))

    assert len(ideator.propose(session, Wanted(5, ("remote work",)))) == 5
    assert len(provider.asked) == 2


def test_ideas_of_a_run_that_was_cut_off_are_kept_and_only_the_others_are_asked_for() -> None:
    session, provider, _ = able(one_by_one(as_ideas(*IDEAS[2:])))
    kept = [Proposal(title, description, "Work") for title, description in IDEAS[:2]]
    seen: list[Proposal] = []

    found = ideator.propose(session, Wanted(5, ("remote work",)), on_ideas=seen.extend, kept=kept)

    assert found[:2] == kept
    assert len(found) == 5
    assert len(seen) == 3
    assert "3 ideas" in asked_of(provider.asked[0])


def test_an_embedding_model_finds_the_same_idea_in_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if " one" in text.lower() else [0.0, 1.0] for text in texts]

    monkeypatch.setattr(ideator, "embed", embed)
    session, provider, _ = able(one_by_one(as_ideas(IDEAS[1], IDEAS[2]), as_ideas(IDEAS[3])))

    found = ideator.propose(session, Wanted(1, ("remote work",), used=(("No second desk", "You need only one."),)))

    assert [idea.title for idea in found] == [IDEAS[2][0]]
    assert len(provider.asked) == 1


# --- Pieces by a capable model ---


def test_a_reply_that_keeps_the_rules_is_one_call() -> None:
    session, provider, _ = able(one_by_one(thread("Write it down before you meet.", "Then meet for ten minutes.")))

    made = transformer.write(session, assigned(tone="dry", note="Shorter, please."))

    assert made.body == "Write it down before you meet.\n\n---\n\nThen meet for ten minutes. #RemoteWork"
    assert made.attempts == [{"attempt": 1, "faults": []}]
    (request,) = provider.asked
    assert platforms.get("x").guidance in asked_of(request)
    assert "dry" in asked_of(request)
    assert "Shorter, please." in asked_of(request)


def test_who_watches_sees_the_text_grow_and_not_its_braces() -> None:
    session, _, _ = able(one_by_one(thread("Write it down before you meet.", 'Say "no" more often.')))
    seen: list[str] = []

    transformer.write(session, assigned(), lambda field, text: seen.append(text))

    assert seen[-1] == 'Write it down before you meet.\n\nSay "no" more often.\n\nRemoteWork'
    assert not any("{" in text or "posts" in text for text in seen)


def test_a_reply_that_breaks_a_rule_is_asked_for_again_with_the_fault() -> None:
    long = " ".join(["Words that go on and on."] * 20)
    session, provider, _ = able(one_by_one("not json", thread("Write it down.", long), thread("Write it down.")))

    made = transformer.write(session, assigned())

    assert [bool(one["faults"]) for one in made.attempts] == [True, True, False]
    assert made.attempts[1]["faults"][0] in asked_of(provider.asked[2])
    assert "Post 2" in asked_of(provider.asked[2])


def test_three_replies_that_break_a_rule_are_an_error_that_says_which() -> None:
    session, provider, _ = able(one_by_one(thread("Write it down.", " ".join(["Words that go on and on."] * 20))))

    with pytest.raises(ExternalError, match="Three tries.*Post 2") as raised:
        transformer.write(session, assigned())

    assert raised.value.code == "rules"
    assert not raised.value.retryable
    assert len(provider.asked) == 3


@pytest.mark.parametrize(
    "post",
    [
        "Write to [name] before you meet.",
        "Ask {topic} before you meet.",
        "Start today, because the best time for it is the",
        "Meet 🎉🎉🎉🎉🎉🎉🎉🎉 early.",
    ],
)
def test_a_placeholder_a_cut_sentence_and_emoji_soup_are_asked_for_again(post: str) -> None:
    session, provider, _ = able(one_by_one(thread(post), thread("Write it down before you meet.")))

    made = transformer.write(session, assigned())

    assert made.body.startswith("Write it down")
    assert len(provider.asked) == 2


# --- A small model ---


@pytest.mark.parametrize("platform", SOCIAL, ids=lambda platform: platform.slug)
@pytest.mark.parametrize("topic", TOPICS)
def test_every_pattern_of_a_beat_is_portable_whatever_the_topic(platform: platforms.Platform, topic: str) -> None:
    session, provider, _ = small(lambda request: "{}")
    asked = Assigned(platform, Ask(platform=platform.slug), topic, f"About {topic}. It has a $place.", category=topic)

    with pytest.raises(ExternalError):
        transformer.write(session, asked)

    assert provider.asked
    for request in provider.asked:
        assert request.schema is not None
        require_usable(dict(request.schema))
        assert "$" not in request.messages[-1]["content"].replace("$100", "").replace("$place", "")


def test_the_subject_is_the_category_that_the_title_names_else_the_title() -> None:
    named = assigned(title="A common mistake in remote work: too many calls", category="Remote work")
    other = assigned(title="How to bake bread", category="Food")

    assert beatwriter.subject_of(named).phrase == "remote work"
    assert beatwriter.subject_of(other).phrase == "baking bread"


@pytest.mark.parametrize(
    ("topic", "tags"),
    [
        ("data privacy for startups", ["#DataPrivacy", "#Startups"]),
        ("strength training after 40", ["#StrengthTraining"]),
        ("Café culture in Zürich", ["#CaféCulture", "#Zürich"]),
        ("睡眠 at night", ["#Night"]),
    ],
)
def test_hashtags_are_made_of_the_subject(topic: str, tags: list[str]) -> None:
    assert hashtags.of(subject.of(topic)) == tags


def test_a_text_is_shortened_by_whole_sentences() -> None:
    text = "One short line. Another short line. A third one."

    assert beatwriter.fitted(text, 36) == "One short line. Another short line."
    assert beatwriter.fitted(text, 3) == "One short line."
    assert sentences(beatwriter.fitted(text, 0)) == sentences(text)


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("the lack of a plan.", "A common mistake in remote work: the lack of a plan"),
        ("that you work too long.", "A common mistake in remote work: you work too long"),
        (
            "the lack of a plan that everybody in the team can read before the first week of it begins.",
            "A common mistake in remote work: the lack of a plan that everybody in the team can read",
        ),
        ("patience.", ""),
        ("that everybody in the whole big team reads all of these very long and very old mails.", ""),
    ],
)
def test_a_title_is_what_the_model_answered_to_a_side(answer: str, title: str) -> None:
    opening = "A common mistake in remote work is "

    assert ideafields.titled(opening + answer, opening) == title


def test_a_name_that_the_topic_gives_may_be_said() -> None:
    line = "A common mistake in café culture in Zürich is a cup without a saucer."

    names = guided.names_in("x café culture in Zürich")

    assert sifting.keepable(line, longest=30, about="café culture in Zürich", names=names) == [line]


def test_the_starter_model_has_an_idea_and_writes_it_for_x(starter_url: str) -> None:
    session = Session(provider=ollama.provider, model="smollm2:135m")

    with override_settings(OLLAMA_HOST="", STARTER_URL=starter_url):
        (idea,) = ideator.propose(session, Wanted(1, ("home cooking",), seed=3))
        told = {"title": idea.title, "description": idea.description, "category": idea.category}
        made = transformer.write(session, assigned(**told))

    assert "home cooking" in idea.title
    assert 2 <= len(sentences(idea.description)) <= 3
    assert platforms.get("x").faults(idea.title, made.body, Ask(platform="x")) == []
    assert "#HomeCooking" in made.body
