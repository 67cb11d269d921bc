"""Figures, dates, quotations and links that neither the facts nor the sources hold."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal
from urllib.parse import urlsplit

from content.platforms import Ask
from content.platforms.text import quotable, sentences, words

from .base import Finding, found, listed, prose, several

Sort = Literal["figure", "date", "quotation", "link", "appeal"]
TOO_MANY = 5  # unsupported claims: with more than half of all, or with these many statistics, it was made up
STATISTICS = 3  # claims about many others: shares, ratios, studies

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SCALE = r"(?:\s?(?:thousand|million|billion|trillion|bn|m|k)\b)?"
_TENS = "ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}(?:,? \d{{4}})?|"
    rf"{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?\b|"
    rf"{_MONTH} \d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}})\b"
)
_MONEY = re.compile(
    rf"[£$€¥]\s?(?P<a>{_NUMBER}){_SCALE}|"
    rf"\b(?P<b>{_NUMBER}){_SCALE}\s?(?:dollars?|euros?|pounds? sterling|USD|EUR|GBP)\b"
)
_PERCENT = re.compile(
    rf"(?<![\w.])(?P<a>{_NUMBER})\s?(?:%|percent\b|per cent\b|percentage points?\b)|"
    rf"\b(?P<w>(?i:{_TENS}))(?:-\w+)? per ?cent\b"
)
_RATIO = re.compile(
    r"\b(?:\d+|one|two|three|four|five|six|seven|eight|nine) "
    r"(?:out of|in) (?:every )?(?:\d+|three|four|five|ten)\b",
    re.I,
)
_PLAIN = re.compile(
    rf"(?<![\w.,:/#-])(?P<a>{_NUMBER})"
    r"(?P<scale>\s?(?:thousand|million|billion|trillion|bn)\b)?(?![\w:/]|[.,]\d)"
    r"(?: (?P<unit>[A-Za-z°-]+))?"
)
_SPELLED = re.compile(
    rf"\b(?:a|one|two|three|four|five|six|seven|eight|nine|{_TENS})(?:-\w+)? "
    r"(?:hundred thousand|thousand|million|billion)\b"
    r"(?: [a-z]+)?",
    re.I,
)
_STUDY = re.compile(r"\b(?:study|studies|survey|report|researchers?|census|poll|trial|paper)\b", re.I)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_DIGIT = re.compile(r"\d")
_QUOTE = re.compile(r"[“\"]([^“”\"\n]{12,400})[”\"]")
_SAID = re.compile(
    r"\b(?:said|says|say|wrote|writes|told|according|explained|explains|noted|put it|replied|quoted?)\b",
    re.I,
)
_APPEAL = re.compile(
    r"\b(?:(?:recent |many |several |new )?(?:studies|surveys|experts|scientists|researchers|doctors|statistics) "
    r"(?:have |has )?"
    r"(?:show|shown|suggest|suggested|say|agree|prove|proven|found|recommend|believe|indicate|confirm)\w*|"
    r"(?:research|science|evidence|data) (?:has |have )?"
    r"(?:shows?|shown|suggests?|proves?|proven|indicates?|confirms?|found)|"
    r"according to (?:experts|research|studies|a (?:recent )?(?:study|survey|report))|"
    r"(?:is|are|been) (?:proven|shown|known) to "
    r"(?:cure|prevent|treat|heal|reduce|increase|improve|boost)\w*)",
    re.I,
)
# One of these stands in everything that the pattern above finds.
_APPEALS = (
    *("studies", "surveys", "experts", "scientists", "researchers", "doctors", "statistics"),
    *("research", "science", "evidence", "data", "according to", "proven to", "shown to", "known to"),
)
_URL = re.compile(r"https?://[^\s)>\]\"”]{1,500}|\bwww\.[^\s)>\]\"”]{1,500}", re.I)
# "Step 3", "section 2", "3 tips", "20 minutes": the writer's own counting and the reader's own doing.
_COUNTER = re.compile(
    r"\b(?:steps?|tip|chapter|section|part|figure|table|number|no\.|page|grade|version|level|rule|day|week|top)\s*$",
    re.I,
)


@dataclass(frozen=True)
class Claim:
    sort: Sort
    text: str
    key: str  # what is looked for in the evidence

    @property
    def statistic(self) -> bool:
        """Whether it speaks of many others: a share, a ratio, a study, millions."""
        return self.sort == "appeal" or (self.sort == "figure" and not self.key.replace(".", "").isdigit())

    @property
    def noun(self) -> str:
        return {"figure": "figure", "date": "date", "quotation": "quotation", "link": "link"}.get(self.sort, "claim")


def claims(line: str) -> Iterator[Claim]:
    """What one sentence states as fact. Longer forms go first: “12 May 2024” is one date, and no figure."""
    taken: list[tuple[int, int]] = []

    def new(match: re.Match[str]) -> bool:
        if any(match.start() < end and start < match.end() for start, end in taken):
            return False
        taken.append(match.span())
        return True

    # Each pattern takes its time with every letter; most lines lack the one word without which it finds nothing.
    plain = line.lower()
    for m in _URL.finditer(line) if "http" in plain or "www." in plain else ():
        if new(m):
            yield Claim("link", m[0].rstrip(".,;"), address(m[0].rstrip(".,;")))
    for m in _QUOTE.finditer(line) if "“" in line or '"' in line or "”" in line else ():
        if (len(words(m[1])) >= 5 or _SAID.search(line)) and len(words(m[1])) >= 3 and new(m):
            yield Claim("quotation", m[1], " ".join(words(m[1])))
    counts = _DIGIT.search(line) is not None
    for m in _DATE.finditer(line) if counts else ():
        if new(m):
            yield Claim("date", m[0], " ".join(words(m[0])))
    for m in _MONEY.finditer(line) if counts else ():
        if new(m):
            yield Claim("figure", m[0], value(m["a"] or m["b"]))
    for m in _PERCENT.finditer(line) if counts or "cent" in plain else ():
        if new(m):
            yield Claim("figure", m[0], (value(m["a"]) if m["a"] else m["w"].lower()) + "%")
    for m in _RATIO.finditer(line) if " in " in plain or " out of " in plain else ():
        if new(m):
            yield Claim("figure", m[0], " ".join(words(m[0])))
    for m in _PLAIN.finditer(line) if counts else ():
        if _stated(line, m) and new(m):
            yield Claim("figure", m[0].strip(), value(m["a"]))
    spelled = _SPELLED.finditer(line) if "thousand" in plain or "illion" in plain else ()
    appeals = _APPEAL.finditer(line) if any(word in plain for word in _APPEALS) else ()
    for m in chain(spelled, appeals):
        if new(m):
            appeal = m.re is _APPEAL
            yield Claim("appeal" if appeal else "figure", m[0], " ".join(words(m[0])))


def _stated(line: str, m: re.Match[str]) -> bool:
    """Whether a bare number says something of the world: no count, no year in passing, no instruction."""
    digits, before = m["a"], line[max(0, m.start() - 12) : m.start()]
    if _COUNTER.search(before) or (m["unit"] or "").lower() in ("x", "th", "st", "nd", "rd"):
        return False
    if _YEAR.fullmatch(digits) and not m["scale"]:
        return bool(_STUDY.search(line))
    return "." in digits or bool(m["scale"]) or float(digits.replace(",", "")) >= 100


def value(number: str) -> str:
    """A number without its dress: "1,500.0" and "1500" are the same."""
    whole = number.replace(",", "")
    return whole.rstrip("0").rstrip(".") if "." in whole else whole


def address(url: str) -> str:
    """A link without what does not change where it leads: scheme, “www.”, fragment, last slash."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
    except ValueError:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return parts.netloc.lower().removeprefix("www.") + parts.path.rstrip("/") + query


class Evidence:
    """All that a person or a source gave, ready to be searched."""

    def __init__(self, ask: Ask) -> None:
        given = "\n".join((*ask.facts, *ask.sources, ask.topic, ask.keyword, ask.audience))
        self.text = f" {' '.join(words(given))} "
        self.numbers = {value(n) for n in re.findall(_NUMBER, given)}
        self.percents = {(value(m["a"]) if m["a"] else m["w"].lower()) + "%" for m in _PERCENT.finditer(given)}
        self.links = {address(url.rstrip(".,;")) for url in _URL.findall(given)}

    def holds(self, claim: Claim) -> bool:
        if claim.sort == "link":
            return claim.key in self.links
        if claim.sort == "figure" and claim.key.endswith("%"):
            return claim.key in self.percents
        if claim.sort == "figure" and claim.key[:1].isdigit() and " " not in claim.key:
            return claim.key in self.numbers
        return f" {claim.key} " in self.text


class Claims:
    name = "claims"
    label = "Unsupported claims"
    out_of = 2.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        evidence = Evidence(ask)
        made, bare = 0, []
        for block in prose(body, ask):
            linked = [Claim("link", url, address(url)) for url in block.links if leads_away(url)]
            sourced = any(evidence.holds(link) for link in linked)
            known = {link.key for link in linked}
            bare += [link for link in linked if not evidence.holds(link)]
            made += len(linked)
            for line in sentences(block.text):
                for claim in sorted(claims(line[:3000]), key=lambda claim: line.find(claim.text)):
                    if claim.key in known:
                        continue
                    made += 1
                    # A paragraph that links to a given source has shown where its figures come from.
                    if not (evidence.holds(claim) or (sourced and claim.sort != "link")):
                        bare.append(claim)
        if not bare:
            return found(
                self,
                1,
                f"{several(made, 'claim', 'has')} a source." if made else "No figure, date or quotation to prove.",
            )
        nouns = {claim.noun for claim in bare}
        noun = nouns.pop() if len(nouns) == 1 else "claim"
        texts = list(dict.fromkeys(claim.text for claim in bare))
        them = "it" if len(bare) == 1 else "them"
        message = f"{several(len(bare), noun, 'has')} no source: {listed(texts)}. Source {them} or take {them} out."
        # Where nothing was given, who tells what happened has figures too; invented research is another thing.
        held_to = bool(ask.facts or ask.sources) and len(bare) > made / 2
        hard = len(bare) >= TOO_MANY and (held_to or sum(claim.statistic for claim in bare) >= STATISTICS)
        share = 0.775 - 0.225 * (len(bare) - 1)
        return found(self, share, message, quotes=quotable(body, texts), hard=hard, level="fail" if hard else None)


def leads_away(url: str) -> bool:
    """Whether a link leads off this site; one within it needs no source."""
    return url.lower().startswith(("http://", "https://"))


check = Claims()
