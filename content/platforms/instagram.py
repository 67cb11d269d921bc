"""Instagram: the script of a reel, spoken over scenes, and its caption."""

import re
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, Field

from .base import Beat, Copy, Measure
from .social import Part, Rule, Social, character_rule, hashtag_rule, hashtags, lines, paragraphs, tagged
from .text import count_plain

SPOKEN = ("hook", "value", "call_to_action")
NAMES = {"hook": "Hook", "value": "Value", "call_to_action": "Call to action", "caption": "Caption"}
WORDS_A_SECOND = 2.5  # 150 words a minute, a usual pace of speaking
SLOW, FAST = 2.2, 2.8  # words a second; who speaks clearly is between the two
SHORTEST, LONGEST = 15, 60  # seconds
FEWEST_SCENES = 2
MOST_CAPTION = 2200  # characters

_MARKS = re.compile(r"[^a-z]+")
_SECTIONS = {
    "hook": "hook",
    "value": "value",
    "calltoaction": "call_to_action",
    "cta": "call_to_action",
    "caption": "caption",
}
_SCENE = re.compile(r"[ \t]*(?:[-*•][ \t]+)?[\[(*_]*scene(?:[ \t]+\d{1,3})?[*_]*[ \t]*:[*_]*[ \t]*(?P<shot>.*)$", re.I)


class Reel(Part):
    hook: str = Field(description="The first 3 to 5 seconds, spoken: 8 to 13 words that stop a thumb.")
    hook_shot: str = Field(description="What one sees meanwhile, in one line.")
    value: str = Field(description="40 to 50 seconds, spoken: 90 to 120 words that show how.")
    value_shots: list[str] = Field(min_length=1, max_length=4, description="What one sees meanwhile, a line each.")
    call_to_action: str = Field(description="The last 5 to 10 seconds, spoken: 10 to 25 words, what to do now.")
    call_to_action_shot: str = Field(description="What one sees meanwhile, in one line.")
    caption: str = Field(description="One to three sentences under the reel.")
    hashtags: list[str] = Field(max_length=5, description="One to five, without #.")


@dataclass
class Script:
    """A body, read: the lines of each section, its scenes among them, and what stands under no known heading."""

    sections: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in NAMES})
    named: set[str] = field(default_factory=set)
    strays: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, body: str) -> "Script":
        script = cls()
        under = script.strays
        for line in body.split("\n"):
            heading = headed(line)
            name = _SECTIONS.get(_MARKS.sub("", heading.lower()))
            if name:
                if script.sections[name]:
                    script.sections[name].append("")
                under = script.sections[name]
                script.named.add(name)
            elif heading and under is not script.sections["caption"]:
                under = script.strays
                under.append(line.strip())
            else:
                under.append(line.strip())
        return script

    def text(self, name: str) -> str:
        """What is said in a section, or stands in the caption."""
        kept = self.sections[name]
        return paragraphs("\n".join(kept if name == "caption" else [line for line in kept if not _SCENE.match(line)]))

    def scenes(self, name: str) -> list[str]:
        found = [match["shot"].strip() for line in self.sections[name] if (match := _SCENE.match(line))]
        return [shot for shot in found if shot]

    @property
    def spoken(self) -> list[str]:
        return [text for name in SPOKEN if (text := self.text(name))]

    @property
    def shots(self) -> list[str]:
        return [shot for name in SPOKEN for shot in self.scenes(name)]

    @property
    def stray(self) -> str:
        return paragraphs("\n".join(self.strays))


class Instagram(Social):
    slug = "instagram"
    name = "Instagram reel"
    icon = "instagram"
    default_word_count = 115
    hint = "## Hook, ## Value, ## Call to action and ## Caption open the parts. A line “Scene: …” says what one sees."
    preview = "content/previews/instagram.html"
    guidance = (
        f"Write the script of an Instagram reel of {SHORTEST} to {LONGEST} seconds, spoken at {WORDS_A_SECOND} words a "
        "second. Hook, 3 to 5 seconds: the thing one would not scroll past. Value, 40 to 50 seconds: show how, step by "
        "step, in short spoken sentences. Call to action, 5 to 10 seconds: what to do now. The whole has 80 to 145 "
        f"words. Give each part a scene that a camera could film, at least {FEWEST_SCENES} in all. Be visual and "
        "energetic, as someone who talks while doing. Then a caption of one to three sentences and at most five "
        "hashtags. No emoji in what is spoken. State no figure, name or quotation that was not given to you."
    )
    Reply: type[BaseModel] | None = Reel
    beats = (
        Beat(
            "hook",
            (
                ("What is the best part of $t?", "The best part of $s is "),
                ("What do people forget about $t?", "People forget that $s "),
                ("What is a common mistake in $t?", "A common mistake in $s is "),
            ),
            longest=20,
        ),
        Beat(
            "value",
            (
                ("What is the first step in $t?", "Start with "),
                ("How do you begin with $t?", "Begin with "),
                ("What do you need for $t?", "You need "),
            ),
            sentences=2,
        ),
        Beat(
            "value",
            (
                ("What is the next step in $t?", "The next step is to "),
                ("What is a good habit in $t?", "A good habit is to "),
                ("Give a small example of $t.", "For example, you can "),
            ),
            sentences=2,
        ),
        Beat(
            "value",
            (
                ("What should you not do in $t?", "Try not to "),
                ("Give one more tip for $t.", "Another tip is to "),
                ("How do you save time on $t?", "To save time, "),
            ),
            sentences=2,
        ),
        Beat(
            "call_to_action",
            (
                ("What is one small thing to do this week for $t?", "This week, take some time to "),
                ("What is one small thing to do this week for $t?", "Set aside some time this week to "),
                ("What is one small thing to do today for $t?", "Today, take a moment to "),
            ),
        ),
        Beat(
            "hook_shot",
            (
                ("What do you need for $t?", "Show what you need, such as "),
                ("What is a good habit in $t?", "Show a good habit, which is to "),
            ),
            shortest=8,
        ),
        Beat(
            "value_shots",
            (
                ("What is the first step in $t?", "Show the first step, which is to "),
                ("What is a good first step in $t?", "Show a good first step, which is to "),
                ("What is one small thing to do for $t?", "Show one small thing, which is to "),
            ),
            shortest=9,
        ),
        Beat(
            "call_to_action_shot",
            (
                ("What is the next step in $t?", "Film the next step, which is to "),
                ("What is one small thing to do this week for $t?", "Film what comes next, which is to "),
            ),
            shortest=9,
        ),
        Beat(
            "caption",
            (
                ("Why $does $t matter?", "$S matter$z because "),
                ("What is the best part of $t?", "The best part of $s is "),
                ("What is the hardest part of $t?", "The hardest part of $s is "),
            ),
        ),
    )

    def assemble(self, reply: Any) -> str:
        return "\n\n".join(
            filter(
                None,
                (
                    _section("hook", reply.hook, [reply.hook_shot]),
                    _section("value", reply.value, reply.value_shots),
                    _section("call_to_action", reply.call_to_action, [reply.call_to_action_shot]),
                    _section("caption", "\n\n".join(filter(None, (lines(reply.caption), tagged(reply.hashtags)))), []),
                ),
            )
        )

    def tidy(self, body: str) -> str:
        """Also: the sections in their order under their names, each once, a scene as “Scene: …”. What stands under no
        known heading comes first; a scene's number goes."""
        script = Script.read(paragraphs(body))
        parts = [script.stray]
        for name in NAMES:
            if name in script.named:
                kept = [_scene(line) if name != "caption" else line for line in script.sections[name]]
                parts.append(paragraphs(f"## {NAMES[name]}\n\n" + "\n".join(kept)))
        return paragraphs("\n\n".join(parts))

    def rules(self, body: str) -> list[Rule]:
        script = Script.read(body)
        words = count_spoken(script)
        seconds = round(words / WORDS_A_SECOND, 1)
        caption = script.text("caption")
        missing = [NAMES[name] for name in SPOKEN if not script.text(name)]
        few, many = int(SHORTEST * WORDS_A_SECOND + 0.5) - words, words - int(LONGEST * WORDS_A_SECOND)
        off = max(few, many)
        advice = f"{'Add' if few > 0 else 'Take out'} {off:,} word{'s' * (off != 1)}."
        parts = Measure("parts", "Parts", len(SPOKEN) - len(missing), len(SPOKEN), None, "spoken parts")
        return [
            Rule("The script", Measure("seconds", "Spoken", seconds, SHORTEST, LONGEST, "seconds"), advice),
            Rule("The script", parts, f"Write what is said under {' and '.join(missing)}."),
            Rule(
                "The script",
                Measure("scenes", "Scenes", len(script.shots), FEWEST_SCENES, None, "scenes"),
                "Add a line “Scene: …” under what is said.",
            ),
            hashtag_rule(caption, "The caption"),
            character_rule(caption, "The caption", MOST_CAPTION),
        ]

    def oddities(self, body: str) -> list[str]:
        script = Script.read(body)
        found = []
        if script.stray:
            start = " ".join(script.stray.split()[:6])[:60]
            found.append(f"“{start}…” stands under no heading. Put it under Hook, Value, Call to action or Caption.")
        if any(hashtags(text) for text in script.spoken):
            found.append("A hashtag stands in what is spoken. Put it in the caption.")
        if script.scenes("caption"):
            found.append("A scene stands in the caption. Put it under what is said meanwhile.")
        return found

    def metadata(self, title: str, body: str) -> dict[str, Any]:
        script = Script.read(body)
        words = count_spoken(script)
        seconds = round(words / WORDS_A_SECOND, 1)
        return {
            "word_count": words,
            "says": f"{seconds:.0f} s spoken",
            "duration_estimate": seconds,
            "duration_range": list(span(words)),
            "sections": {name: script.text(name) for name in SPOKEN},
            "scene_suggestions": script.shots,
            "caption": script.text("caption"),
            "hashtags": hashtags(script.text("caption")),
        }

    def look(self, title: str, body: str) -> dict[str, Any]:
        """{sections: [{name, text, scenes, words, seconds, start, end}], caption, words, seconds, low, high}: seconds
        as they are spoken at the usual pace, `low` to `high` the range of the whole."""
        script = Script.read(body)
        sections, words = [], 0
        for name in SPOKEN:
            text = script.text(name)
            start, words = words / WORDS_A_SECOND, words + count_plain(text)
            sections.append(
                {
                    "name": NAMES[name],
                    "text": text,
                    "scenes": script.scenes(name),
                    "words": count_plain(text),
                    "seconds": round(count_plain(text) / WORDS_A_SECOND, 1),
                    "start": round(start),
                    "end": round(words / WORDS_A_SECOND),
                }
            )
        low, high = span(words)
        return {
            "sections": sections,
            "caption": script.text("caption"),
            "words": words,
            "seconds": round(words / WORDS_A_SECOND, 1),
            "low": low,
            "high": high,
        }

    def copies(self, title: str, body: str) -> list[Copy]:
        script = Script.read(body)
        found = [Copy("Copy the script", body), Copy("Copy what is said", "\n\n".join(script.spoken))]
        return found + [Copy("Copy the caption", script.text("caption"))] * bool(script.text("caption"))

    def plain(self, body: str) -> str:
        script = Script.read(body)
        return "\n\n".join([*script.spoken, *filter(None, [script.text("caption")])])


def headed(line: str) -> str:
    """The heading that a line is, empty if it is none: “# Hook” and “##Hook” are, “#hook” is a hashtag."""
    line = line.strip()
    name = line.lstrip("#")
    return name.strip(" \t#") if line.startswith(("##", "# ", "#\t")) else ""


def count_spoken(script: Script) -> int:
    return sum(map(count_plain, script.spoken))


def span(words: int) -> tuple[int, int]:
    """The seconds it takes a fast and a slow speaker."""
    return round(words / FAST), round(words / SLOW)


def _section(name: str, text: str, shots: list[str]) -> str:
    scenes = "\n".join(f"Scene: {' '.join(shot.split())}" for shot in shots if shot.strip())
    said = text if name == "caption" else lines(text)
    return "\n\n".join(filter(None, (f"## {NAMES[name]}", said, scenes)))


def _scene(line: str) -> str:
    match = _SCENE.match(line)
    return f"Scene: {match['shot'].strip()}".strip() if match else line


platform = Instagram()
