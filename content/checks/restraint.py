"""Does it speak, or does it shout? Emoji, capitals, exclamation marks, tags within sentences."""

import re

from content.platforms import Ask
from content.platforms.text import quotable, words
from content.platforms.weighing import emoji

from .base import Finding, found, is_plain, not_asked, read, several

EMOJI = 2  # a text may have these many, and one more for every fifty words
SOUP = 3  # times as many: nobody reads that
_SHOUTED = re.compile(r"(?<![\w#@])[A-Z][A-Z'’]{3,}(?![\w-])(?:[ \t]+[A-Z][A-Z'’]*(?!\w))*")
_BANGS = re.compile(r"[!?！？]{2,}")
_INLINE = re.compile(r"(?<![\w&/])[#＃]\w*[^\W\d_]\w*")
_CALLS = re.compile(r"(?<!!)!(?!!)")


class Restraint:
    name = "restraint"
    label = "Restraint"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        if not is_plain(ask):
            return not_asked(self, "Not looked for in an article.")
        text = "\n\n".join(block.source for block in read(body, ask))
        length = max(len(words(text)), 1)
        pictures, allowed = emoji(text), EMOJI + length // 50
        # One such word is a name (NASA, IKEA); a run of them, or several, is a raised voice.
        shouted = [match[0] for match in _SHOUTED.finditer(text)]
        shouted = [run for run in shouted if " " in run] or (shouted if len(set(shouted)) > 3 else [])
        bangs, tags = _BANGS.findall(text), _INLINE.findall(text)
        calls = len(_CALLS.findall(text))
        cost, says = 0.0, []
        if len(pictures) > allowed:
            cost += 0.4 + 0.1 * (len(pictures) - allowed)
            says.append(
                f"{several(len(pictures), 'emoji').removesuffix('s')} in {length:,} words. Keep {allowed} at most."
            )
        if shouted:
            cost += 0.3 + 0.1 * len(shouted)
            says.append("It shouts in capitals. Write them small.")
        if bangs or calls > 2 + length // 60:
            cost += 0.3 + 0.1 * (len(bangs) + calls // 3)
            says.append(f"{several(calls + len(bangs), 'exclamation mark')}. Let the words do it.")
        if len(tags) > 3:
            cost += 0.2 + 0.1 * (len(tags) - 3)
            says.append(f"{several(len(tags), 'hashtag')} within sentences. Put them at the end.")
        if not says:
            return found(self, 1, "It speaks in a calm voice.")
        soup = len(pictures) > SOUP * allowed
        marked = [*dict.fromkeys(pictures), *shouted, *bangs]
        return found(self, 1 - cost, " ".join(says), quotes=quotable(body, marked), hard=soup or cost >= 1.5)


check = Restraint()
