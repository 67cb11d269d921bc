"""Did the writer finish, or does the text break off?"""

import re

from content.platforms import Ask
from content.platforms.text import Block, count_plain, quotable, words

from .base import Finding, found, headline, is_plain, listed, read, several

# Not “for”, “of” or “in”: “What to look for” is a whole heading.
_DANGLING = frozenset(words("a an the and or but nor with your our their its my his her"))
# What may follow the last sentence of a post: tags, links, marks and pictures.
_TRAILER = re.compile(r"(?:\s*(?:#[\w]{1,60}|https?://\S{1,300}|[^\w\s.,;:!?…。！？()\"“”'‘’-]))+\s*$")
_ENDED = re.compile(r"[.!?…。！？:][\"'”’)\]*_]*$")


def breaks_off(text: str) -> bool:
    """Whether a paragraph stops before its sentence does."""
    tail = text[-400:].strip()
    tail = _TRAILER.sub("", tail) or "."
    if _ENDED.search(tail):
        return False
    return count_plain(text) >= 8 or tail[-1] in ",;–—-(" or dangles(tail)


def dangles(text: str) -> bool:
    """Whether the text ends in a word that wants another one."""
    last = words(text[-60:])[-1:]
    return bool(last) and last[0] in _DANGLING


class Complete:
    name = "complete"
    label = "Finished"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        parts, title = [block for block in read(body, ask) if block.text], headline(title, ask)
        if not [block for block in parts if not block.heading]:
            return found(self, 0, "There is no text yet.", hard=True)
        broken = [block.text for block in parts if block.kind == "p" and breaks_off(block.text)]
        heads = [block.text for block in parts if block.heading and dangles(block.text) and count_plain(block.text) > 2]
        if title and not any(block.kind == "h1" for block in parts) and dangles(title) and count_plain(title) > 2:
            heads.insert(0, title)
        if self._cut(parts):
            end = parts[-1].text[-60:]
            return found(self, 0, f"The text breaks off: “…{end}”. Finish it.", quotes=quotable(body, [end]), hard=True)
        if broken or heads:
            says = []
            if broken:
                ends = listed(["…" + text[-50:] for text in broken])
                says.append(f"{several(len(broken), 'paragraph', 'breaks')} off: {ends}.")
            if heads:
                says.append(f"Unfinished heading: {listed(heads)}.")
            quotes = quotable(body, [text[-50:] for text in broken] + heads)
            share = 0.7 - 0.35 * (len(broken) + len(heads) - 1)
            if is_plain(ask) and broken:  # a few paragraphs are all there is: one that breaks off is seen at once
                return found(self, 0, " ".join(says), quotes=quotes, hard=True)
            return found(self, share, " ".join(says), quotes=quotes, hard=len(broken) > 2)
        return found(self, 1, "Every paragraph ends where its sentence does.")

    @staticmethod
    def _cut(parts: list[Block]) -> bool:
        last = parts[-1]
        if last.heading:
            return True
        if last.kind == "li":
            items = [block for block in parts[-8:] if block.kind == "li"]
            stopped = sum(bool(_ENDED.search(item.text)) for item in items[:-1])
            unlike = stopped > 0 and stopped == len(items) - 1 and not _ENDED.search(last.text)
            return unlike or dangles(last.text) or last.text[-1] in ",;–—-("
        return last.kind in ("p", "quote") and (breaks_off(last.text) or last.text.endswith(":"))


check = Complete()
