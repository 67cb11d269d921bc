"""Is it as easy to read as its readers need it to be?"""

from content.platforms import Ask
from content.platforms.readability import grade_of
from content.platforms.text import quotable, sentences, words

from .base import Finding, found, is_plain, not_asked, prose

EASY, USUAL, EXPERT = (3.0, 8.5), (4.0, 11.0), (5.0, 15.0)  # the grades that suit each kind of reader
LOWEST = -3.4  # one word a sentence, one syllable a word
_EXPERTS = frozenset(
    words(
        """academic academics developer developers doctors engineer engineers expert experts lawyer lawyers physician
        physicians professional professionals researcher researchers scientist scientists specialist specialists"""
    )
)
_EASY = frozenset(words("""beginner beginners child children kids teenager teenagers learners newcomers"""))
LONG = 35  # words in a sentence that asks to be cut in two


class Readability:
    name = "readability"
    label = "Readability"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        lines = [line for block in prose(body, ask) for line in sentences(block.text)]
        found_grade = grade_of(lines)
        if found_grade is None:
            return not_asked(self, "Not measured: the text is very short, or not in English.")
        readers = set(words(ask.audience))
        low, high = EXPERT if readers & _EXPERTS else EASY if readers & _EASY else USUAL
        if is_plain(ask):  # what is spoken, or read on a phone, is short on purpose
            low = LOWEST
        if low <= found_grade <= high:
            return found(
                self,
                1,
                f"Grade {found_grade}, as asked." if ask.audience else f"Grade {found_grade}, easy to follow.",
            )
        if found_grade < low:
            return found(
                self,
                1 - (low - found_grade) * 0.2,
                f"Grade {found_grade}, choppy. Join some of the sentences.",
            )
        long = [line for line in lines if len(words(line)) > LONG]
        longest = sorted(long, key=len, reverse=True)[:5]
        advice = (
            f"The longest sentence has {len(words(longest[0]))} words: cut it in two."
            if longest
            else "Use shorter words."
        )
        share = 1 - (found_grade - high) * 0.15
        return found(
            self,
            share,
            f"Grade {found_grade}, wanted {high:g} at most. {advice}",
            quotes=quotable(body, longest),
        )


check = Readability()
