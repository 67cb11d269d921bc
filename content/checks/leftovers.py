"""Is anything left that was meant for the writer, and not for the reader?"""

import re

from content.platforms import Ask
from content.platforms.text import quotable

from .base import Finding, found, is_plain, listed, not_asked, read

_PLACEHOLDER = re.compile(
    r"\[(?:your|my|the|insert|add|link|name|company|brand|product|city|date|number|topic|url|handle|cta|emoji|x+)\b"
    r"[^\]\n]{0,60}\](?!\()|"
    r"<(?:your|insert|add|link|name|company)\b[^>\n]{0,60}>|"
    r"\{\{?\s*\w[\w ]{0,40}\}?\}|"
    r"\blorem ipsum\b|\b(?:TODO|TBD|TBC|FIXME)\b|\bXX+%?(?!\w)|"
    r"\((?:insert|add|link to|your)\b[^)\n]{0,60}\)|"
    r"\binsert (?:a |an |the |your )?(?:link|name|image|number|example|url|date)s?(?: here)?\b|"
    r"\byour (?:name|company name|link|brand) here\b|"
    r"(?<=[@#])(?:yourname|yourhandle|yourbrand|yourcompany)\b",
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


class Leftovers:
    name = "leftovers"
    label = "Leftovers"
    out_of = 1.0
    platforms = None

    def check(self, title: str, body: str, ask: Ask) -> Finding:
        blocks = [block for block in read(body, ask) if block.kind != "code"]
        text = "\n\n".join(block.source for block in blocks)
        blanks = [match[0] for match in _PLACEHOLDER.finditer(text)]
        if blanks:
            message = f"To be filled in: {listed(list(dict.fromkeys(blanks)))}. Write it or take it out."
            return found(self, 0, message, quotes=quotable(body, blanks), hard=True)
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
