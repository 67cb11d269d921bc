"""Is the text as long as was asked?"""

from content.platforms import Ask
from content.platforms.text import count_words

from .base import Finding, found, not_asked


class Words:
    name = "words"
    label = "Word count"
    out_of = 1.5
    platforms = ("blog",)

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        count, wanted = count_words(body), ask.word_range
        if wanted is None:
            return not_asked(self, f"{count:,} words. No length was asked for.")
        fewest, most = wanted
        if fewest <= count <= most:
            return found(self, 1, f"{count:,}, within {fewest:,} to {most:,}.")
        off = fewest - count if count < fewest else count - most
        advice = f"Add {off:,}" if count < fewest else f"Cut {off:,}"
        message = f"{count:,}, where {fewest:,} to {most:,} were asked. {advice}."
        # Less than half, or more than double, of what was asked is another kind of piece.
        return found(self, 0.8 - 2 * off / (ask.word_count or 1), message, hard=not fewest / 2 <= count <= most * 2)


check = Words()
