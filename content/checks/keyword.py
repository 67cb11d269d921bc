"""Does the keyword stand where a reader and a search engine look first, and not too often?"""

from content.platforms import Ask
from content.platforms.blog import headline, opening
from content.platforms.text import blocks, count_words, mentions, strip_markdown, words

from .base import Finding, found, not_asked

STUFFED = 0.04  # of all words


class Keyword:
    name = "keyword"
    label = "Keyword"
    out_of = 1.0
    platforms = ("blog",)

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        keyword = ask.keyword.strip()
        if not keyword:
            return not_asked(self, "No keyword was asked for.")
        parts = blocks(body)
        text = " ".join(words(strip_markdown(body)))
        times = text.count(" ".join(words(keyword)))
        if times * len(words(keyword)) > STUFFED * max(count_words(body), 50):
            return found(self, 0.4, f"“{keyword}” {times:,} times: it reads as if written for a machine. Use it less.")
        if mentions(f"{title}\n{headline(parts)}", keyword):
            return found(self, 1, f"“{keyword}” is in the title.")
        if mentions(opening(parts), keyword):
            return found(self, 0.9, f"“{keyword}” is in the first paragraph.")
        if times:
            return found(self, 0.3, f"“{keyword}” comes late. Put it in the title or the first paragraph.")
        return found(self, 0, f"“{keyword}” is nowhere in the text.")


check = Keyword()
