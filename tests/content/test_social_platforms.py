"""The figures under a social text are the ones it is judged by, and a person may type it in whatever way."""

from __future__ import annotations

import random
import re
import time
from collections import Counter

import pytest
from twitter_text import parse_tweet
from twitter_text.regexp.emoji import emoji_list

from content import platforms
from content.platforms import Ask
from content.platforms.linkedin import fold
from content.platforms.social import Social, characters, hashtags, tagged
from content.platforms.weighing import weigh

LINKEDIN, X, INSTAGRAM = (platforms.get(slug) for slug in ("linkedin", "x", "instagram"))
SOCIAL = [platform for platform in platforms.ALL.values() if isinstance(platform, Social)]
ASK = Ask()
SENTENCE = "We bled the radiators on Sunday and the back room warmed up by six. "

# Pieces of text with the weight that X's published rules give them, and the words they are.
WEIGHED = [
    *[(word, len(word)) for word in ("a", "radiator", "We", "bled", "café", "naïve,", "“quoted”", "it’s", "–", "1.5")],
    ("cafe\u0301", 4),  # composed before it is counted
    *[("…", 2), ("日", 2), ("日本語", 6), ("한국", 4), ("ありがとう", 10), ("。", 2), ("ｱ", 2)],
    *[(word, len(word)) for word in ("Привет", "שלום", "مرحبا", "हिन्दी")],
    ("\u202bאב\u202c", 6),  # marks of direction weigh 2
    *[
        (emoji, 2)
        for emoji in (
            "😀",
            "👍🏽",
            "👨‍👩‍👧‍👦",
            "🏳️‍🌈",
            "🇩🇪",
            "🇳🇿",
            "#️⃣",
            "1⃣",
            "☂",
            "☂️",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "👩🏿‍🚒",
            "🧑🏻‍🤝‍🧑🏽",
            "🫠",
            "©",
        )
    ],
    *[(link, 23) for link in ("https://example.com/a/b?c=d#e", "example.com", "http://例え.jp", "www.x.org/path")],
    *[(tag, len(tag)) for tag in ("#heatpumps", "#1", "@someone", "#été")],
]
MARKS = ["\n", "\n\n", "\n---\n", "\n\n----\n\n", "\n## Hook\n", "\n##value:\n", "\n# CTA\n", "\n## Call to Action ##\n", "\n## caption\n",
         "\nScene: a door\n", "\n**Scene 2:** a drill\n", "\n#one #two\n", "\r\n", "  ", "\n## Outro\n", "\t", " \ufeff"]  # fmt: skip


def text_of(draw: random.Random) -> str:
    """Something that somebody might have typed, or pasted from anywhere."""
    pieces = []
    for _ in range(draw.choice((3, 12, 60, 220))):
        pieces.append(SENTENCE if draw.random() < 0.05 else draw.choice(WEIGHED)[0])
        pieces.append(draw.choice(MARKS) if draw.random() < 0.12 else " ")
    return "".join(pieces)


def bare(text: str) -> Counter[str]:
    """The words of a text without the marks that make it a script."""
    text = re.sub(r"(?im)^[ \t]*#+[ \t]*(hook|value|cta|call to action|caption)[ \t#*:]*$", "", text)
    return Counter(re.findall(r"[^\W\d_]+", re.sub(r"(?im)^[*]*scene( \d+)?:[*]*", "", text)))


def test_on_thousands_of_texts_figures_and_faults_agree_and_nothing_is_lost() -> None:
    draw = random.Random(2026)
    for n in range(2_000):
        platform, text = SOCIAL[n % len(SOCIAL)], text_of(draw)
        body = platform.tidy(text)
        measures, kept = platform.measures("T", body, ASK), platform.metadata("T", body)

        broken = [measure for measure in measures if measure.hard and not measure.keeps]
        faults = platform.faults("T", body, ASK)
        assert len(faults) == len(broken) + len(platform.oddities(body)), text
        assert faults == [rule.fault for rule in platform.rules(body) if rule.measure in broken] + platform.oddities(
            body
        )

        assert platform.tidy(body) == body, text
        assert bare(body) == bare(text), text
        figures = {measure.name: measure.value for measure in measures}
        for name, value in {
            "words": kept["word_count"],
            "seconds": kept.get("duration_estimate"),
            "posts": kept.get("tweet_count"),
            "scenes": len(kept.get("scene_suggestions", ())),
        }.items():
            assert figures.get(name, value) == value, text
        tweets = kept.get("tweets", [])
        shown = platform.look("T", body).get("posts", [])
        assert [tweet["char_count"] for tweet in tweets] == [post["weight"] for post in shown], text
        for number, tweet in enumerate(tweets[:20], start=1):
            assert figures[f"post_{number}"] == tweet["char_count"], text


def test_ten_thousand_posts_weigh_what_their_parts_weigh() -> None:
    draw = random.Random(7)
    for _ in range(10_000):
        parts = draw.choices(WEIGHED, k=draw.randint(1, 40))
        text = " ".join(text for text, _ in parts)
        assert weigh(text) == sum(weight for _, weight in parts) + len(parts) - 1, text


def test_posts_weigh_what_the_library_says() -> None:
    draw = random.Random(8)
    listed = [entry.emoji for entry in emoji_list]
    assert all(weigh(emoji) == parse_tweet(emoji).weightedLength == 2 for emoji in listed)
    newer = ("🫠", "🧑🏻‍🤝‍🧑🏽")  # than the library's list
    plain = [text for text, _ in WEIGHED if text not in newer]
    plain += ["e.g.", "v1.2", "(x.com)", "@me.com", "#a.com", "a-b.co.uk/é"]
    for _ in range(1_000):
        text = "".join(draw.choice(listed if draw.random() < 0.3 else plain) + draw.choice(" \n") for _ in range(20))
        assert weigh(text) == parse_tweet(text).weightedLength, text


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        # From twitter-text's conformance suite, validate.yml.
        ("Hi http://test.co", 26),
        ("http://test.co", 23),
        ("285 chars-" + "xxxxxxxxxx-" * 25, 285),
        ("285 chars- http://www.twitter.com/jack " + "xxxxxxxxxx-" * 21 + "xxxxx", 23 + 12 + 236),
        ("https://www.twitter.com/aloha " * 10, 240),
        ("故人西辞黄鹤楼，烟花三月下扬州。" * 10, 320),
        ("😷" * 160, 320),
        ("A\u0301B", 2),
        ("A\ufb2c", 4),
        ("😷👾😡🔥💩", 10),
        # What the suite leaves out.
        ("👨‍👩‍👧‍👦" * 140, 280),
        ("🇩🇩", 4),  # no such flag
        ("日本語example.comテスト", 6 + 23 + 6),
        ("end.They went", 13),
        ("", 0),
    ],
)
def test_a_post_weighs_what_x_says(text: str, weight: int) -> None:
    assert weigh(text) == weight


def thread(*posts: str) -> str:
    return "\n\n---\n\n".join(posts)


def test_a_post_that_is_too_long_is_named_with_what_to_take_out() -> None:
    assert X.faults("", thread("One.", "x" * 283), ASK) == ["Post 2 has 283 of 280 weighted characters. Take out 3."]
    assert X.faults("", "x" * 281, ASK) == ["The post has 281 of 280 weighted characters. Take out 1."]
    assert X.faults("", thread(*"abcdef"), ASK) == ["The thread has 6 of 5 posts. Take out 1."]
    assert X.faults("", thread(*"abcde"), ASK) == []


def test_empty_posts_are_none_and_hyphens_in_a_sentence_part_nothing() -> None:
    assert X.tidy("One.\n---\n\n---\n \n-----\nTwo --- and a half.\n---\n") == thread("One.", "Two --- and a half.")
    assert X.metadata("", "One.\n\n---\n\n")["says"] == "One post"


def test_a_thread_is_copied_whole_or_post_by_post() -> None:
    copies = X.copies("", thread("One.", "Two."))
    assert [(copy.label, copy.text) for copy in copies] == [
        ("Copy the thread", "One.\n\nTwo."),
        ("Copy post 1", "One."),
        ("Copy post 2", "Two."),
    ]


def test_a_post_says_what_counts_otherwise_than_it_looks() -> None:
    (post,) = X.look("", "Rain ☂ here: example.com")["posts"]
    assert (post["weight"], post["why"]) == (5 + 2 + 7 + 23, "the link counts 23, ☂ counts 2")


def test_hashtags_are_added_to_the_last_post_while_they_fit() -> None:
    reply = X.Reply(posts=["One.", "x" * 270], hashtags=["oak floors", "#é"])
    assert X.assemble(reply) == thread("One.", "x" * 270 + " #é")


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#one and #two.", ["one", "two"]),
        ("#1 of 10, a#b, &#39; and https://x.org/#part?q=#no", []),
        ("#one#two (#three)", ["one", "two", "three"]),
        ("#été #日本 #2026goals", ["été", "日本", "2026goals"]),
        ("# Heading", []),
    ],
)
def test_a_hashtag_is_told_from_a_number_a_part_of_a_link_and_a_heading(text: str, tags: list[str]) -> None:
    assert hashtags(text) == tags


def test_hashtags_become_one_word_each_behind_one_mark() -> None:
    assert tagged(["oak floors", "##damp", "DAMP", "old-houses", "", "12", "#"]) == "#oakFloors #damp #oldHouses"


def post(words: int, tags: str = "") -> str:
    half = " ".join(["word"] * (words // 2))
    return "\n\n".join(filter(None, (half, " ".join(["word"] * (words - words // 2)), tags)))


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (post(150), []),
        (post(300, "#a #b #c #d #e"), []),
        (post(149), ["The post has 149 of at least 150 words. Add 1."]),
        (post(301), ["The post has 301 of 300 words. Take out 1."]),
        (post(200).replace("\n\n", "\n"), ["The post has 1 of at least 2 paragraphs. Part it with a blank line."]),
        (post(200, "#a #b #c #d #e #f"), ["The post has 6 of 5 hashtags. Take out 1."]),
        (post(200) + "x" * 2002, ["The post has 3,002 of 3,000 characters. Take out 2."]),
    ],
)
def test_the_rules_of_linkedin_hold_to_the_word(body: str, faults: list[str]) -> None:
    assert LINKEDIN.faults("", body, ASK) == faults


def test_hashtags_at_the_end_become_one_last_paragraph_and_are_no_words() -> None:
    assert LINKEDIN.tidy("One.\nTwo. \n\n\n#a\n\n#b #c\n") == "One.\nTwo.\n\n#a #b #c"
    assert LINKEDIN.tidy("One.\n#a #b") == "One.\n\n#a #b"
    assert LINKEDIN.metadata("", "We like #oak here.\n\n#a #b")["word_count"] == 4


def test_the_fold_is_between_two_words() -> None:
    text = "word " * 100
    assert 0 < fold(text) <= 210
    assert text[: fold(text)].endswith("word")
    assert fold("short") == 0
    assert fold("x" * 500) == 210
    look = LINKEDIN.look("", "Short.\n\n" + "word " * 60 + "\n\n#a")
    assert (look["shown"][0], look["cut"], look["tags"]) == ("Short.", True, "#a")


def test_characters_are_counted_in_the_strictest_way() -> None:
    assert characters("a😀é👨‍👩‍👧") == 1 + 2 + 1 + 8


REEL = """## Hook

{hook}

Scene: A close-up

## Value

{value}

Scene: Two hands

## Call to action

Try it now.

## Caption

A caption.

#a #b"""


def reel(words: int) -> str:
    return REEL.format(hook="Stop right there.", value=" ".join(["word"] * (words - 6)))


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (reel(38), []),
        (reel(150), []),
        (reel(37), ["The script has 14.8 of at least 15 seconds. Add 1 word."]),
        (reel(151), ["The script has 60.4 of 60 seconds. Take out 1 word."]),
        (
            reel(60).replace("## Call to action\n\nTry it now.\n\n", ""),
            ["The script has 2 of at least 3 spoken parts. Write what is said under Call to action."],
        ),
        (
            reel(60).replace("Scene: Two hands", ""),
            ["The script has 1 of at least 2 scenes. Add a line “Scene: …” under what is said."],
        ),
        (reel(60) + " #c #d #e #f", ["The caption has 6 of 5 hashtags. Take out 1."]),
        (reel(60) + "x" * 2200, ["The caption has 2,217 of 2,200 characters. Take out 17."]),
        (
            "Hello there, dear viewers of this desk!\n\n" + reel(60),
            [
                "“Hello there, dear viewers of this…” stands under no heading. Put it under Hook, Value, Call to action or Caption."
            ],
        ),
        (
            reel(60).replace("Stop right", "Stop #right"),
            ["A hashtag stands in what is spoken. Put it in the caption."],
        ),
    ],
)
def test_the_rules_of_a_reel_hold_to_the_word(body: str, faults: list[str]) -> None:
    assert INSTAGRAM.faults("", body, ASK) == faults


def test_a_script_typed_in_another_way_is_the_same_script() -> None:
    typed = (
        "##caption\nA caption.\n#a #b\n# HOOK:\nStop right there.\n- scene 1: A close-up\n\n### cta\nTry it now.\n"
        "##  Value ##\nword word\n[Scene: Two hands"
    )
    assert INSTAGRAM.tidy(typed) == (
        "## Hook\n\nStop right there.\nScene: A close-up\n\n## Value\n\nword word\nScene: Two hands\n\n"
        "## Call to action\n\nTry it now.\n\n## Caption\n\nA caption.\n#a #b"
    )


def test_a_section_written_twice_is_one_and_an_unknown_one_is_kept_and_named() -> None:
    body = INSTAGRAM.tidy("## Hook\nOne.\n## Value\nTwo.\n## Hook\nThree.\n## Outro\nFour.")
    assert body == "## Outro\nFour.\n\n## Hook\n\nOne.\n\nThree.\n\n## Value\n\nTwo."
    assert any(
        fault.startswith("“## Outro Four.…” stands under no heading.") for fault in INSTAGRAM.faults("", body, ASK)
    )


def test_a_reel_says_how_long_it_runs_and_within_which_range() -> None:
    kept, look = INSTAGRAM.metadata("", reel(100)), INSTAGRAM.look("", reel(100))
    assert (kept["says"], kept["duration_estimate"], kept["duration_range"]) == ("40 s spoken", 40.0, [36, 45])
    assert [(part["name"], part["start"], part["end"]) for part in look["sections"]] == [
        ("Hook", 0, 1),
        ("Value", 1, 39),
        ("Call to action", 39, 40),
    ]
    assert kept["scene_suggestions"] == ["A close-up", "Two hands"]


def test_what_is_assembled_is_read_back_out_of_the_body() -> None:
    said = INSTAGRAM.Reply(
        hook="Stop right there.",
        hook_shot="A close-up",
        value="First, look.\nThen turn.",
        value_shots=["Two hands", "A tap"],
        call_to_action="Try it now.",
        call_to_action_shot="A warm room",
        caption="A caption.",
        hashtags=["a", "old houses"],
    )
    kept = INSTAGRAM.metadata("", INSTAGRAM.assemble(said))
    assert kept["sections"] == {"hook": said.hook, "value": said.value, "call_to_action": said.call_to_action}
    assert kept["scene_suggestions"] == ["A close-up", "Two hands", "A tap", "A warm room"]
    assert (kept["caption"], kept["hashtags"]) == ("A caption.\n\n#a #oldHouses", ["a", "oldHouses"])
    posts = X.Reply(posts=["One.\n\nStill one.", "Two."], hashtags=[])
    assert [tweet["text"] for tweet in X.metadata("", X.assemble(posts))["tweets"]] == posts.posts


HOSTILE = ["#" * 100_000, "## " + "*" * 99_000 + "a", "a." * 50_000, "日本." * 33_000, "日" * 99_990 + "a.b", "#a\n" * 33_000,
           "---\n" * 25_000, "scene:" * 16_000, "## Hook\n" * 12_500, "\n" * 100_000, "👨‍👩‍👧" * 20_000, "http://a.com/(" * 7_000]  # fmt: skip


@pytest.mark.parametrize("platform", SOCIAL, ids=lambda platform: platform.slug)
def test_a_hundred_thousand_characters_of_anything_are_measured_in_a_moment(platform: Social) -> None:
    for text in HOSTILE:
        started = time.perf_counter()
        platform.measures("", text, ASK)
        platform.faults("", text, ASK)
        assert time.perf_counter() - started < 5, text[:20]


def test_an_ordinary_text_is_measured_while_one_types() -> None:
    body = LINKEDIN.tidy(SENTENCE * 14 + "\n\n" + SENTENCE * 3 + "See https://example.com/a.\n\n#a #b")
    for platform, text in ((LINKEDIN, body), (X, thread(*[SENTENCE * 3] * 5)), (INSTAGRAM, reel(120))):
        platform.measures("", text, ASK)
        started = time.perf_counter()
        for _ in range(20):
            platform.measures("", text, ASK)
        assert (time.perf_counter() - started) / 20 < 0.02, platform.slug
