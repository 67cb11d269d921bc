"""The sections that a small model can fill, and how each is asked for.

A question answered in a few sentences is what such a model does best; the literal opening turns the answer into the
start of a paragraph. `$t` is the topic, `$s` the topic without its readers, `$S` the same at a sentence's start; the
rest are verb forms (see `Subject.words`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

from .subject import Subject, capital


@dataclass(frozen=True)
class Ask:
    """A question and the literal opening of its answer."""

    question: str
    opening: str

    def fill(self, subject: Subject) -> Ask:
        return Ask(fill(self.question, subject), fill(self.opening, subject))


@dataclass(frozen=True)
class Angle:
    name: str
    headings: tuple[str, ...]
    asks: tuple[Ask, ...]

    def heading(self, subject: Subject, seed: int) -> str:
        return capital(fill(self.headings[seed % len(self.headings)], subject))


def fill(text: str, subject: Subject) -> str:
    return Template(text).substitute(subject.words)


def _angle(name: str, headings: Sequence[str], *asks: tuple[str, str]) -> Angle:
    return Angle(name, tuple(headings), tuple(Ask(*ask) for ask in asks))


OPENING = (
    Ask("What $is $t?", "$S $is "),
    Ask("What is $t about?", "$S $is about "),
    Ask("Why do people like $t?", "People turn to $s because "),
)

ANGLES = {
    angle.name: angle
    for angle in (
        _angle(
            "why",
            ("Why $s $is worth the time", "Why $s matter$z", "Reasons to care about $s"),
            ("Why $does $t matter?", "$S matter$z because "),
            ("What is a benefit of $t?", "Another good reason is that "),
            ("Who gains from $t?", "Most people find that "),
        ),
        _angle(
            "needs",
            ("What to have ready", "What you need before you start", "Before you start"),
            ("What do you need for $t?", "You need "),
            ("What do you need for $t?", "It helps to have "),
            ("How do you prepare for $t?", "Before you start, make sure that "),
        ),
        _angle(
            "first",
            ("Where to begin with $s", "The first step", "First things first"),
            ("What is the first step in $t?", "Start with "),
            ("What is the next step in $t?", "The next step is to "),
            ("What is the last step in $t?", "The last step is to "),
        ),
        _angle(
            "routine",
            ("A routine that lasts", "Little and often", "How to keep going"),
            ("How do you make $t a habit?", "A good habit is to "),
            ("What should you do every week for $t?", "Every week, take the time to "),
            ("How do you keep up $t?", "It gets easier when "),
        ),
        _angle(
            "mistake",
            ("Where $s $goes wrong", "Mistakes that are easy to avoid", "What not to do"),
            ("What is a common mistake in $t?", "A common mistake is to "),
            ("How do you avoid mistakes in $t?", "To avoid mistakes, "),
            ("What should you not do in $t?", "Try not to "),
        ),
        _angle(
            "trouble",
            ("When it does not work", "Small problems and what to do", "If things go wrong"),
            ("What is a common problem with $t?", "A common problem is "),
            ("How do you solve a problem with $t?", "One way to solve it is to "),
            ("What makes $t difficult?", "It is often difficult to "),
        ),
        _angle(
            "signs",
            ("How to tell that it works", "Signs that you are on the right track", "What to look for"),
            ("How do you know that $t $is going well?", "You know that it works when "),
            ("How do you check on $t?", "Check that "),
            ("How do you see progress in $t?", "Look for "),
        ),
        _angle(
            "cost",
            ("What it costs in time and money", "Saving time and money", "Time and money"),
            ("How do you save money on $t?", "To save money, "),
            ("How do you save time on $t?", "To save time, "),
            ("What is worth paying for in $t?", "It is worth paying for "),
        ),
        _angle(
            "choices",
            ("Choosing what suits you", "How to choose", "Several ways to do it"),
            ("How do you choose the right way of $t?", "When you choose, think about "),
            ("What is a simple kind of $t?", "The simplest way is to "),
            ("What is another way of doing $t?", "Another way is to "),
        ),
        _angle(
            "together",
            ("Doing it together", "Who can help", "Sharing the work"),
            ("How do other people help you with $t?", "Other people can "),
            ("Who can help you with $t?", "Talk to "),
            ("What can you learn from others about $t?", "Listen to "),
        ),
        _angle(
            "further",
            ("Going further", "Once you know the basics", "What comes later"),
            ("How do you get better at $t?", "To get better, "),
            ("What do you learn after the basics of $t?", "Once you know the basics, "),
            ("What is a harder part of $t?", "The harder part is to "),
        ),
    )
}

EXAMPLES = (
    Ask("Give a small example of $t.", "For example, you can "),
    Ask("Give an everyday example of $t.", "For instance, a beginner can "),
    Ask("Give one more example of $t.", "One good example is "),
    Ask("Give a simple example of $t.", "For instance, you could "),
)

# For long texts, when a section's own questions are used up.
MORE = (
    Ask("Give one more tip for $t.", "Another tip is to "),
    Ask("What is easy to forget in $t?", "It is easy to forget "),
    Ask("What do careful people do in $t?", "Careful people "),
    Ask("What takes the most time in $t?", "What takes time is "),
    Ask("What can you learn from $t?", "With some practice, you learn to "),
    Ask("What is worth writing down in $t?", "Write down "),
    Ask("What should you talk about with others in $t?", "Talk with others about "),
)

ENDING = Angle(
    "ending",
    ("What to do next", "Where to go from here", "Your next step", "Start this week"),
    (
        Ask("What is one small thing to do this week for $t?", "This week, take some time to "),
        Ask("What is one small thing to do today for $t?", "Choose one "),
        Ask("What should a beginner in $t do first?", "Begin with "),
        Ask("What should you write down for $t?", "Make a list of "),
    ),
)

# Which sections a style takes, in reading order: one out of each group.
PLANS: dict[str, tuple[tuple[str, ...], ...]] = {
    "explainer": (("why",), ("needs", "choices"), ("first",), ("mistake", "trouble"), ("signs",), ("cost", "routine")),
    "how-to": (("needs",), ("first",), ("mistake", "trouble"), ("signs", "routine"), ("choices",), ("cost",)),
    "opinion": (("why",), ("choices",), ("mistake",), ("cost", "together"), ("signs",), ("further",)),
    "story": (("why",), ("first",), ("trouble",), ("together", "signs"), ("routine",), ("further",)),
    "case study": (("needs",), ("first",), ("trouble", "mistake"), ("signs",), ("cost",), ("together",)),
    "checklist": (("needs",), ("first",), ("routine",), ("mistake",), ("signs",), ("cost",)),
}


def plan(style: str, sections: int, seed: int, subject: Subject) -> list[Angle]:
    """The angles of so many sections, in reading order; varied by seed. Only what one does needs things made ready."""
    groups = PLANS.get(style.lower(), PLANS["explainer"])
    chosen: list[str] = []
    for at, group in enumerate(groups):
        name = group[(seed >> at) % len(group)]
        name = "choices" if name == "needs" and not subject.is_doing else name
        if name not in chosen:
            chosen.append(name)
    spare = [name for name in ANGLES if name not in chosen and (name != "needs" or subject.is_doing)]
    turn = seed % len(spare)
    chosen = (chosen + spare[turn:] + spare[:turn])[: max(3, sections)]
    return [ANGLES[name] for name in chosen]
