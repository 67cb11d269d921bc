"""How long X takes a text to be: the weighted count of twitter-text, configuration 3.

A link weighs 23, an emoji 2 however many code points it is made of, most of the world's other scripts 2 a character,
the rest 1. What is a link is asked of `twitter-text-parser`; https://github.com/twitter/twitter-text holds the rules.
Its own count is not asked, for two reasons: it knows the emoji of 2019 only, and it takes 0.7 s to load, which a text
without a dot need not pay for.
"""

import re
import unicodedata
import warnings

LINK = 23
# The code points that weigh 1; everything else weighs 2.
_LIGHT = re.compile(r"[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
_PICTURE = (
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    r"\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
_ONE = rf"{_PICTURE}(?:[\U0001f3fb-\U0001f3ff]\ufe0f?|\ufe0f)?"
_EMOJI = re.compile(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_ONE}(?:\u200d{_ONE})*(?:[\U000e0020-\U000e007e]+\U000e007f)?"
)
# A dot between two characters: without one there is no link.
_DOTTED = re.compile(r"[^\s.]\.[^\s.]")
_CHUNK = re.compile(r"[^ \n\t\r]+")
# What a host name could be made of. The library's patterns take quadratic time on a long one, cubic with many dots.
_HOST = re.compile(r"[^\s!'#%&()*+,/:;<=>?@\[\]^{|}~$\\]+")
_PATIENCE = 400_000  # about a tenth of a second


def weigh(text: str) -> int:
    """The weighted length of one post. Never raises; the time grows with the length of the text."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    weight, at = 0, 0
    for start, end in links(text):
        weight += _weigh(text[at:start]) + LINK
        at = end
    return weight + _weigh(text[at:])


def _weigh(text: str) -> int:
    left, emoji = _EMOJI.subn("", text)
    light = len(_LIGHT.findall(left))
    return 2 * emoji + light + 2 * (len(left) - light)


def emoji(text: str) -> list[str]:
    """The emoji in a text, a family or a flag being one."""
    return _EMOJI.findall(text)


def links(text: str) -> list[tuple[int, int]]:
    """Where the links in it begin and end, with a scheme or without."""
    if not _DOTTED.search(text):
        return []
    with warnings.catch_warnings():  # it reads its data in an old way, which its pinned helper warns of
        warnings.simplefilter("ignore")
        from twitter_text import extract_urls_with_indices  # type: ignore[import-untyped]

    found: list[tuple[int, int]] = []
    patience = _PATIENCE
    for chunk in _CHUNK.finditer(text):
        word = chunk[0]
        if not _DOTTED.search(word):
            continue
        patience -= sum(len(host[0]) ** 2 * (host[0].count(".") + 1) for host in _HOST.finditer(word))
        if patience < 0:  # no post: a link more or less does not make it one
            break
        found += [(chunk.start() + a, chunk.start() + b) for a, b in map(_where, extract_urls_with_indices(word))]
    return found


def _where(entity: dict[str, list[int]]) -> tuple[int, int]:
    start, end = entity["indices"]
    return start, end
