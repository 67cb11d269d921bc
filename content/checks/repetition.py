"""Does the text say things twice?"""

from collections import Counter
from itertools import pairwise

from content.platforms import Ask
from content.platforms.text import quotable, sentences, stem, words

from .base import Finding, found, listed, number, prose, sentence

LONG = 6  # words: shorter sentences may come back on purpose
COMPARED = 150  # paragraphs compared with each other
_COMMON = frozenset(
    words(
        """about above after again also although always another around back because been before being below
        between both came cannot could does doing done down each else even ever every first from gets give
        goes going good have here into just keep kind know last less like little long look made make many
        more most much must never next none nothing often once one only other over part people rather same
        should side since some something still such take than that their them then there these they thing
        things this those though through under until upon used very want well were what when where whether
        which while will with within without would year your yours they're don't that's you're"""
    )
)


class Repetition:
    name = "repetition"
    label = "Repetition"
    out_of = 1.5
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        paragraphs = [block.text for block in prose(body, ask)]
        lines = [line for text in paragraphs for line in sentences(text)]
        spoken = [words(text) for text in paragraphs]
        cost, says, marked = 0.0, [], []
        for c, message, quotes in (
            self._twice(lines),
            self._alike(paragraphs, spoken),
            self._openings(lines),
            self._runs(spoken),
            self._near(spoken, {stem(word) for word in words(f"{ask.topic} {ask.keyword} {title}")}),
        ):
            cost += c
            says += [message] * bool(message)
            marked += quotes
        if not says:
            return found(self, 1, "Nothing is said twice.")
        return found(self, 1 - cost, " ".join(says[:3]), quotes=quotable(body, marked), hard=cost >= 0.75)

    @staticmethod
    def _twice(lines: list[str]) -> tuple[float, str, list[str]]:
        """The same sentence again."""
        times = Counter(" ".join(words(line)) for line in lines)
        first = {" ".join(words(line)): line for line in reversed(lines)}
        again = [text for text, n in times.items() if n > 1 and len(text.split()) >= LONG]
        if not again:
            return 0.0, "", []
        extra = sum(times[text] - 1 for text in again)
        return (
            0.3 * extra,
            f"Said more than once: {listed([first[text] for text in again], 2)}.",
            [first[t] for t in again],
        )

    @staticmethod
    def _alike(paragraphs: list[str], spoken: list[tuple[str, ...]]) -> tuple[float, str, list[str]]:
        """A paragraph that says what another one said, in nearly the same words."""
        sets = [(at, {stem(word) for word in said}) for at, said in enumerate(spoken) if len(said) >= 15][:COMPARED]
        twins = []
        for i, (at, one) in enumerate(sets):
            if any(len(one & other) >= 0.65 * len(one | other) for _, other in sets[:i]):
                twins.append(paragraphs[at])
        if not twins:
            return 0.0, "", []
        message = "A paragraph repeats" if len(twins) == 1 else f"{sentence(number(len(twins)))} paragraphs repeat"
        return 0.35 * len(twins), f"{message} an earlier one: {listed(twins, 1)}.", twins

    @staticmethod
    def _openings(lines: list[str]) -> tuple[float, str, list[str]]:
        """Sentences that begin alike: three words that come back, or one word three times running."""
        starts = [tuple(words(line[:80])[:3]) for line in lines]
        times = Counter(start for start in starts if len(start) == 3)
        often = [(start, n) for start, n in times.most_common(3) if n >= 3]
        cost, says, marked = 0.0, [], []
        for start, n in often:
            cost += 0.1 * (n - 2)
            opening = next(line for line in lines if tuple(words(line[:80])[:3]) == start)
            shown = " ".join(opening.split()[:3])
            says.append(f"{sentence(number(n))} sentences begin “{shown}”.")
            marked.append(shown)
        return min(cost, 0.6), " ".join(says[:1]), marked

    @staticmethod
    def _runs(spoken: list[tuple[str, ...]]) -> tuple[float, str, list[str]]:
        """Runs of three words that come back: under 6 % in what people write, more where a model loops."""
        runs = Counter(" ".join(run) for said in spoken for run in zip(said, said[1:], said[2:], strict=False))
        total = sum(runs.values())
        if total < 60:
            return 0.0, "", []
        share = 1 - len(runs) / total
        if share <= 0.07:
            return 0.0, "", []
        most = max(runs, key=lambda run: (runs[run], len(run)))
        return (
            (share - 0.05) * 4,
            f"{share:.0%} of all three-word runs come back: “{most}”.".replace("%", " %"),
            [most],
        )

    @staticmethod
    def _near(spoken: list[tuple[str, ...]], own: set[str]) -> tuple[float, str, list[str]]:
        """One word too often within two paragraphs; the words of the topic are allowed to come back."""
        worst: dict[str, int] = {}
        counts = [Counter(word for word in said if len(word) > 4 and word not in _COMMON) for said in spoken]
        for (one, other), (a, b) in zip(pairwise(counts), pairwise(spoken), strict=True):
            size = max(len(a) + len(b), 80)
            for word, n in one.items():
                together = n + other[word]
                if together >= 4 and together / size > 0.024 and stem(word) not in own:
                    worst[word] = max(worst.get(word, 0), together)
        if not worst:
            return 0.0, "", []
        word, n = max(worst.items(), key=lambda pair: pair[1])
        return min(0.25 * len(worst), 0.5), f"“{word}” {number(n)} times in two paragraphs.", [word]


check = Repetition()
