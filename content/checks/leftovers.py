"""Is anything left that was meant for the writer, and not for the reader?"""

import re

from content.platforms import Ask
from content.platforms.text import quotable

from .base import Finding, found, is_plain, listed, not_asked, read

_NAMED = "link|name|company|brand|product|city|date|number|url|handle|image|example|source|cta"
_BLANK = re.compile(
    r"(?i:"
    r"\[(?:your|my|the|insert|add|link|name|company|brand|product|city|date|number|topic|url|handle|cta|emoji|xx+)\b"
    r"[^\]\n]{0,60}\](?!\()|"
    r"<(?:your|insert|add|link|name|company)\b[^>\n]{0,60}>|"
    r"\blorem ipsum\b|"
    rf"\((?:insert|add|link to|your) (?:a |an |the |your )?(?:{_NAMED})s?\b[^)\n]{{0,60}}\)|"
    r"\binsert (?:a |an |the |your )?(?:link|name|image|number|example|url|date)s?(?: here)?\b|"
    r"\byour (?:name|company name|link|brand) here\b|"
    r"(?<=[@#])(?:yourname|yourhandle|yourbrand|yourcompany)\b"
    r")|"
    r"\{\{?\s*\w[\w ]{0,40}\}?\}|\b(?:TODO|TBD|TBC|FIXME)\b|\bXX+%?(?!\w)",
)
# A model that was asked for plain prose has no other use for brackets, tags and lines to write on.
_BLANK_IN_PROSE = re.compile(
    r"\[[^\]\n]*\]|\{[^}\n]*\}|<[a-z][^>\n]*>|\blorem ipsum\b|\b(?:TODO|TBD|XXX+)\b|\bINSERT [A-Z]|_{3,}|\$[a-z]+\b",
    re.I,
)
_ASSISTANT = re.compile(
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b|"
    r"^(?:sure|certainly|of course|absolutely)[,!.] (?:here|i(?:'|’)?(?:ll| will| can))|"
    r"^here(?:'|’)?s? (?:is |are )?(?:a |an |the |your |my )?(?:\w+ ){0,3}(?:post|tweet|thread|script|caption|version|draft)\b[^.\n]{0,80}:|"
    r"\bi (?:cannot|can(?:'|’)t|am unable to) (?:help|assist|write|create|provide)\b|"
    r"^(?:tweet|post|hook|insight|takeaway|caption|hashtags?|question)(?: ?\d)?:",
    re.I | re.M,
)
_MARKUP = re.compile(
    r"\*\*[^*\n]{1,200}\*\*|(?<![\w_])__[^_\n]{1,200}__|^#{1,6} \S[^\n]{0,80}|\[[^\]\n]{1,100}\]\(\S{1,200}\)|^```",
    re.M,
)


def blanks(text: str, *, in_prose: bool = False) -> list[str]:
    """Places left to be filled in, as they stand in the text. `in_prose`: a model’s, which was asked for plain prose."""
    return [match[0] for match in (_BLANK_IN_PROSE if in_prose else _BLANK).finditer(text)]


class Leftovers:
    name = "leftovers"
    label = "Leftovers"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        blocks = [block for block in read(body, ask) if block.kind != "code"]
        text = "\n\n".join(block.source for block in blocks)
        empty = blanks(text)
        if empty:
            message = f"To be filled in: {listed(list(dict.fromkeys(empty)))}. Write it or take it out."
            return found(self, 0, message, quotes=quotable(body, empty), hard=True)
        asides = [match[0] for match in _ASSISTANT.finditer(text)] if is_plain(ask) else []
        if asides:
            message = f"Said to the writer, not to the reader: {listed(list(dict.fromkeys(asides)))}. Take it out."
            return found(self, 0, message, quotes=quotable(body, asides), hard=True)
        marks = [match[0] for match in _MARKUP.finditer(text)] if is_plain(ask) else []
        if marks:
            message = f"Marks of Markdown, which show as they are there: {listed(marks)}. Write it plainly."
            return found(self, 0, message, quotes=quotable(body, marks))
        return not_asked(self, "Nothing is left to be filled in.")


check = Leftovers()
