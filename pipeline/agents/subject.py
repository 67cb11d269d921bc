"""The topic as a phrase that fits into a sentence: “How to insulate a loft” is “insulating a loft” there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .sifting import is_word

_PREPOSITIONS = frozenset(
    [
        "for",
        "in",
        "on",
        "with",
        "about",
        "through",
        "at",
        "from",
        "without",
        "under",
        "of",
        "by",
        "after",
        "before",
        "during",
        "over",
        "into",
        "across",
        "and",
        "or",
        "as",
    ]
)
_LINKS = re.compile(rf" (?:{'|'.join(sorted(_PREPOSITIONS))}) ")
_ARTICLE = re.compile(r"^(?:an?|the|your|my|our)(?: |$)", re.I)
# What people put around a topic when they think of the article and not of the thing.
_WRAPPINGS = re.compile(
    r"^(?:(?:an?|the|your|my) )?(?:(?:\w+[’']?s?|step-by-step) )?(?:guide|introduction|intro|primer|tips|basics) (?:to|for|on|of|about) |"
    r"^(?:everything|all|what) (?:you|to) (?:need to )?know about |^(?:the )?(?:benefits|basics|art|importance|joys?) of ",
    re.I,
)
_COUNTED = re.compile(
    r"^(?:\d+|two|three|four|five|six|seven|eight|nine|ten) (?:\w+ ){0,2}?"
    r"(?:tips|ways|ideas|reasons|steps|rules|lessons|mistakes|things|habits)\b(?: (?P<link>for|to|on|about|with|in|of))? ?",
    re.I,
)
_DOING = re.compile(r"^(?:how (?:to|do you|do i|can you|i|we)|should (?:you|i|we)|ways to) ", re.I)
_CLAUSE = re.compile(r"^(?:why|how|what|when|where|who|which) ", re.I)
_MATTERS = re.compile(
    r"^why (?P<thing>.+?) (?:matters?|is important|are important|is good|are good|works?|helps?)\b(?P<rest>.*)$", re.I
)
_YES_OR_NO = re.compile(r"^(?:is|are|do|does|can|will|was|were|has|have) ", re.I)
_READERS = re.compile(
    r" for (?:absolute |complete |busy |new |small )?(?:beginners|starters|newcomers|everyone|dummies|adults|parents|students)$",
    re.I,
)
_DOUBLED = re.compile(r"^(?:[^aeiou]*[aeiou][bdgklmnprtvz]|begin|forget|refer|control|travel)$")


@dataclass(frozen=True)
class Subject:
    """`phrase` stands in the middle of a sentence, `short` is it without its readers, both for one thing or several.

    `name` is the topic as it was given, without its full stop.
    """

    name: str
    phrase: str
    short: str
    plural: bool = False

    @property
    def is_doing(self) -> bool:
        """Something one does, such as “composting” or “hiring your first employee”, and not a thing or a question."""
        head = _LINKS.split(self.phrase)[0].lower().split()
        return any(word.endswith("ing") and len(word) > 5 for word in head) and head[0] != "understanding"

    @property
    def parts(self) -> list[str]:
        """What stands between its prepositions, without articles: “cash flow”, “small shop”."""
        return [_ARTICLE.sub("", part) for part in _LINKS.split(self.phrase) if _ARTICLE.sub("", part)]

    @property
    def words(self) -> dict[str, str]:
        """What a template can use: $t the whole, $s the short one, $S at a sentence's start, and the verb's forms."""
        return {
            "t": self.phrase,
            "s": self.short,
            "S": capital(self.short),
            "is": "are" if self.plural else "is",
            "does": "do" if self.plural else "does",
            "goes": "go" if self.plural else "goes",
            "it": "them" if self.plural else "it",
            "z": "" if self.plural else "s",
        }


def of(topic: str) -> Subject:
    """The subject of a topic as a person typed it."""
    name = " ".join(topic.split()).strip(" .?!:;")
    phrase = _unwrapped(name)
    short = _READERS.sub("", phrase)
    return Subject(name=name, phrase=phrase, short=short, plural=_is_plural(short))


def _unwrapped(name: str) -> str:
    head = name.split(": ")[0]
    counted = _COUNTED.match(head)
    if counted:
        rest = head[counted.end() :]
        return gerund(rest) if counted["link"] == "to" else rest or lowered(head)
    if _WRAPPINGS.match(head):
        return _WRAPPINGS.sub("", head)
    matters = _MATTERS.match(head)
    if matters:
        return lowered(matters["thing"]) + matters["rest"].rstrip(" ?")
    doing = _DOING.match(head)
    if doing:
        return gerund(head[doing.end() :])
    if _CLAUSE.match(head):
        return f"understanding {lowered(head)}"
    if _YES_OR_NO.match(head):
        return "this question"
    parts = re.split(r" (?:vs[.]?|versus) ", head, maxsplit=1)
    return f"choosing between {parts[0]} and {parts[1]}" if len(parts) == 2 else lowered(head)


def lowered(phrase: str) -> str:
    """Without the capital of a sentence's start; “NHS waiting lists”, “Excel” and “Roman York” keep theirs."""
    first, _, rest = phrase.partition(" ")
    later = [word for word in rest.split() if word[0].isalpha() and word.lower() not in _PREPOSITIONS]
    names_itself = first[1:] != first[1:].lower() or (later and all(word[0].isupper() for word in later))
    # “Kubernetes” and “Krankenversicherung” are in no English dictionary, and “Python 3.14” is a name by its number.
    names_itself = names_itself or not is_word(first.lower()) or rest[:1].isdigit()
    article = first.lower() in {"a", "an", "the"}
    return phrase if names_itself and not article else phrase[:1].lower() + phrase[1:]


def capital(phrase: str) -> str:
    return phrase[:1].upper() + phrase[1:]


def gerund(verb_phrase: str) -> str:
    """“plan a garden” → “planning a garden”."""
    verb, space, rest = lowered(verb_phrase).partition(" ")
    if verb.endswith("ing") and len(verb) > 5:
        return f"{verb}{space}{rest}"
    if verb.endswith("ie"):
        verb = verb[:-2] + "y"
    elif verb.endswith("e") and verb not in {"be", "see", "agree"} and not verb.endswith(("oe", "ye")):
        verb = verb[:-1]
    elif _DOUBLED.match(verb) and verb not in {"control"}:
        verb += verb[-1]
    return f"{verb}ing{space}{rest}"


def _is_plural(phrase: str) -> bool:
    """Whether its head, the last word before a preposition, is a plural."""
    head = ""
    for word in phrase.split():
        if word.lower() in _PREPOSITIONS and head:
            break
        head = word.lower().strip(",")
    first = phrase.split()[0].lower() if phrase else ""
    if first in {"a", "an"} or first.endswith("ing") or not is_word(head):  # “Kubernetes” is a name
        return False
    return head in {"people", "children"} or (
        head.endswith("s") and not head.endswith(("ss", "us", "is", "ics", "ness", "news"))
    )
