"""How much of the text would be true of anything?"""

from pathlib import Path

from content.platforms import Ask
from content.platforms.text import quotable, sentences, stem, words

from .base import Finding, found, listed, not_asked, prose
from .concrete import evidence

VAGUE = frozenset(stem(word) for word in Path(__file__).with_suffix(".txt").read_text("utf-8").split())
USUAL, EMPTY = 0.035, 0.095  # vague words of all words: what people write, and what says nothing


class Filler:
    name = "filler"
    label = "Substance"
    out_of = 2.5
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        own = {stem(word) for word in words(f"{ask.topic} {ask.keyword}")}
        total, vague = 0, 0
        hollow: list[tuple[float, str]] = []
        spent: dict[str, int] = {}
        for block in prose(body, ask):
            for line in sentences(block.text):
                spoken = words(line)
                empty = [word for word in spoken if (root := stem(word)) in VAGUE and root not in own]
                total, vague = total + len(spoken), vague + len(empty)
                for word in empty:
                    spent[word] = spent.get(word, 0) + 1
                if len(empty) > 2 and not evidence(line):
                    hollow.append((len(empty) / len(spoken), line))
        if total < 40:
            return not_asked(self, "Too short to tell.")
        share = 1 - (vague / total - USUAL) / (EMPTY - USUAL)
        if share >= 0.8:
            return found(self, share, "Most sentences say something of their own.")
        worst = [line for _, line in sorted(hollow, key=lambda pair: pair[0], reverse=True)[:5]]
        common = sorted(spent, key=lambda word: spent[word], reverse=True)
        every = f"One word in {round(total / vague)}"
        message = f"{every} could stand in any text: {listed(common[:3])}… Say who, what and how much."
        return found(self, share, message, quotes=quotable(body, worst))


check = Filler()
