"""What in a sentence can be seen, counted or looked up: the opposite of filler."""

import re

from content.platforms.text import words

_FIGURE = re.compile(r"(?<![\w.])[£$€¥]?\d[\d.,]*")
_NAME = re.compile(r"(?<=[a-z,;:’] )(?:[A-Z][\w’'&-]*[a-z]\w*|[A-Z]{2,6}s?)\b(?: [A-Z][\w’'&-]+)*")
_QUOTED = re.compile(r"[“\"][^“”\"]{8,300}[”\"]")
_EXAMPLE = re.compile(r"\b(?:for example|for instance|e\.g\.|say,|case in point|imagine|picture this|suppose)", re.I)
_EXAMPLES = ("for example", "for instance", "e.g.", "say,", "case in point", "imagine", "picture this", "suppose")
_TOLD = re.compile(
    r"\b(?:I|we|he|she|they) (?:never |once |then |also )?"
    r"(?:had|was|were|did|went|took|made|found|bought|paid|wrote|built|said|told|left|lost|kept|sold|saw|learnt|spent|"
    r"\w{3,12}ed)\b|"
    r"\b(?:last|one) (?:week|month|year|spring|summer|autumn|winter|morning|evening|night|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|january|february|march|april|may|june|july|august|september|october|"
    r"november|december)\b",
    re.I,
)
_NUMERALS = frozenset(
    words(
        """two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty fifty sixty
        seventy eighty ninety hundred thousand dozen half quarter double twice third"""
    )
)


def evidence(line: str) -> int:
    """The concrete things in a sentence, counted: figures, names, quotations, examples, things that happened."""
    line = line[:2000]
    plain = line.lower()
    count = len(_FIGURE.findall(line)) + len(_NAME.findall(line)) + len(_TOLD.findall(line))
    if "“" in line or '"' in line or "”" in line:
        count += 2 * len(_QUOTED.findall(line))
    if any(word in plain for word in _EXAMPLES):  # most lines have none: the pattern takes longer to see that
        count += len(_EXAMPLE.findall(line))
    return count + sum(word in _NUMERALS for word in words(line))
