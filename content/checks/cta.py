"""Does the end send the reader anywhere?"""

import re

from content.platforms import Ask
from content.platforms.text import sentences, words

from .base import Finding, found, is_plain, listed, prose

_DOING = frozenset(
    words(
        """ask apply begin book bring browse build buy call check choose click comment compare contact count
        download draw email explore find follow get give go grab hire invite join keep learn leave let
        listen look make mark measure message note open order pick plan post print put read register reply
        request ring save schedule see send set share show sign start stop subscribe swap take talk tell
        test treat try turn use visit wait walk watch weigh write"""
    )
)
_STATED = [("is",), ("are",), ("was",), ("can",), ("will",)]  # after it: “reading is …” asks for nothing
_LEADS = frozenset(words("""then so and now first next please just finally but always never tonight today tomorrow"""))
_ADDRESSED = re.compile(r"\b(?:you|your|yours)\b", re.I)
_INVITES = re.compile(
    r"\b(?:let us know|get in touch|sign up|find out more|reach out to us|write to (?:me|us))\b", re.I
)


def asks(line: str) -> bool:
    """Whether a sentence asks its reader to act: an imperative, an invitation, a question to “you”."""
    if _INVITES.search(line) or (line.rstrip("\"'”’)").endswith("?") and _ADDRESSED.search(line)):
        return True
    for clause in re.split(r"[,;:–—]\s", line[:600]):
        spoken = words(clause[:80])[:4]
        while spoken and spoken[0] in _LEADS:
            spoken = spoken[1:]
        if spoken and spoken[0] in _DOING and spoken[1:2] not in _STATED:
            return True
    return False


class CallToAction:
    name = "cta"
    label = "Call to action"
    out_of = 0.5
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        plain = is_plain(ask)
        ending = prose(body, ask)[-3 if plain else -2 :]  # under what is spoken, a caption may still follow
        lines = [line for block in ending for line in sentences(block.text)]
        called = [line for line in lines if asks(line) or (plain and line.endswith("?"))]
        if called:
            return found(self, 1, f"The end says what to do: {listed(called[-1:])}.")
        if ending and ending[-1].links:
            return found(self, 1, "The end links on.")
        return found(self, 0, "Nothing at the end tells the reader what to do next.", level="warn")


check = CallToAction()
