"""Is it about what was asked?"""

from content.platforms import Ask
from content.platforms.text import stem, words

from .base import Finding, found, is_plain, listed, not_asked, read

_COMMON = frozenset(
    words(
        """a an the and or but nor of to in on at by for with from as into about over under after before
        between is are was were be been being do does did has have had can could may might will would
        shall should must not no it its this that these those what why how when where who which whose your
        our my their his her you we they he she i me us them than then so if up out off more most less
        least very just only also how's what's introduction beginner beginners guide tips complete
        ultimate best top things ways need know every make making write article blog post text story"""
    )
)


class Topic:
    name = "topic"
    label = "On topic"
    out_of = 1.5
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        wanted = {
            stem(word): word for word in words(f"{ask.topic} {ask.keyword}") if word not in _COMMON and word.isalnum()
        }
        if not wanted:
            return not_asked(self, "No topic was given.")
        parts = read(body, ask)
        spoken = [stem(word) for block in parts for word in words(block.text)]
        if not spoken:
            return found(self, 0, "There is no text yet.", hard=True)
        times = dict.fromkeys(wanted, 0)
        for word in spoken:
            if word in times:
                times[word] += 1
        missing = [word for root, word in wanted.items() if not times[root]]
        coverage = 1 - len(missing) / len(wanted)
        density = 100 * sum(times.values()) / len(spoken)
        headings = " ".join([title, *(block.text for block in parts if block.heading)])
        titled = bool(times.keys() & {stem(word) for word in words(headings)})
        least = 0.2 if is_plain(ask) else 0.34  # a post of a hundred words cannot say them all
        if coverage < least or density < 0.35 or (coverage <= 0.5 and density < 1 and not titled):
            return found(
                self,
                0,
                f"Off the topic: {listed(missing or list(wanted.values()), 5)} hardly come up.",
                hard=True,
            )
        share = 0.6 * min(1.0, coverage / 0.7) + 0.3 * min(1.0, density / 1.0) + 0.1 * titled
        if share >= 0.8:
            return found(self, share, "Stays with what was asked.")
        says = (
            f"{listed(missing, 5)} {'is' if len(missing) == 1 else 'are'} not mentioned."
            if missing
            else "The topic comes up seldom."
        )
        return found(self, share, f"Drifts from the topic. {says}")


check = Topic()
